"""The physical system: forces on all vertices, and how they move until little is left of them.

With positions p, charges q, edge weights w, exponent k and centering l (the paper's section 3)

    f_i = -l p_i + sum_j q_i q_j (p_i - p_j) / |p_i - p_j|^(k+1) + sum_j w_ij (p_j - p_i).

Where forces vanish does not depend on masses, so each vertex gets the mass that makes all swing alike: its stiffness.
That of springs is known, the weight of its edges and its centering. That of repulsion is not: between neighbors at a
distance d it is k q² / d^(k+1), in dense places a hundred times the springs'. So it is measured now and then: all
vertices are moved by a random little, and it is seen how forces change. Motion is velocity Verlet with the damping and
the step control of FIRE (Bitzek et al. 2006, "Structural relaxation made simple"): velocity turns toward the force,
steps grow while the motion goes downhill, and all stops and steps halve when it goes uphill.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.layout.attraction import Attraction
from ear_engine.layout.repulsion import FarField, Kernel

_FIRST_STEP, _LONGEST_STEP = 0.1, 0.7  # of the time that a spring of a vertex takes for a radian
_SHORTEST_STEP = 0.02  # at rest it is rounding that goes uphill: who halves for ever moves no more when charges change
_GROW, _SHRINK = 1.1, 0.5
_TURN, _TURN_LESS = 0.1, 0.99
_PATIENCE = 5  # steps downhill before steps grow
_LEAST = 1e-6  # softening, where all vertices are at one place
_SLACK = 1.01  # softening is set again if it is off by this factor: a grid that stays is cheaper, and forces smooth
_PROBE_EVERY, _PROBES = 10, 3  # steps between measurements of stiffness, and of how many the first is the largest
_PROBE_SELDOM, _ALIKE = 40, 0.05  # steps at most, and the change of all stiffness together up to which they double
_PROBE_REACH = 0.1  # softening lengths that vertices are moved


@dataclass(frozen=True)
class Physics:
    """The law of forces.

    Args:
        exponent: k.
        centering: l, as a multiple of the mean weight of a vertex's edges (of 1 where there are none).
        softening: of the repulsion, as a share of the layout's RMS radius.
    """

    exponent: float = 1.0
    centering: float = 0.02
    softening: float = 0.015


class Simulation:
    """Vertices in motion.

    Args:
        attraction: of the graph.
        charges: (vertices,), above 0.
        sizes: (vertices,), neurons that each stands for: what centering is multiplied by.
        far: how repulsion is summed.
        physics: the forces.
        positions: (vertices, 2 or 3), where it begins.
        seed: of the moves that measure stiffness.

    Attributes:
        positions, velocities: (vertices, dimensions).
        residual: RMS of what the forces would move in a radian's time, as a share of the RMS radius: 0 is at rest.
    """

    def __init__(
        self,
        attraction: Attraction,
        charges: Tensor,
        sizes: Tensor,
        far: FarField,
        physics: Physics,
        positions: Tensor,
        seed: int = 0,
    ) -> None:
        self.attraction, self.charges, self.far, self.physics = attraction, charges, far, physics
        edge = float(attraction.degree.sum() / sizes.sum())
        self._centering = (physics.centering * (edge or 1.0) * sizes)[:, None]
        springs = attraction.degree + self._centering
        self._springs = springs + 1e-3 * springs.mean()
        self._random = torch.Generator().manual_seed(seed)
        self._stiffness = torch.zeros_like(self._springs)
        self.positions = positions
        self.velocities = torch.zeros_like(positions)
        self.steps = 0
        self._probe_every = self._next_probe = _PROBE_EVERY
        self._softening = 0.0
        self._time, self._turn, self._downhill = _FIRST_STEP, _TURN, 0
        self._held: Tensor | None = None
        self._arrive()
        for _ in range(_PROBES):
            self._measure()
        self.residual = math.inf

    @property
    def kernel(self) -> Kernel:
        """The repulsion: its softening goes with the RMS radius, in steps of 1 %."""
        softening = max(self.physics.softening * self._radius, _LEAST)
        if not softening / _SLACK <= self._softening <= softening * _SLACK:
            self._softening = softening
        return Kernel(self.physics.exponent, self._softening)

    def forces(self, positions: Tensor) -> Tensor:
        """f at other positions under the same law, (vertices, dimensions)."""
        return self._sum(positions, self._repulsion(positions))

    def step(self) -> float:
        """One step of velocity Verlet; returns :attr:`residual`."""
        if self.steps == self._next_probe:
            self._measure()
            self._next_probe += self._probe_every
        self.steps += 1
        half = self.velocities + 0.5 * self._time * self._force / self._mass
        self.positions = self.positions + self._time * half
        self._arrive()
        acceleration = self._force / self._mass
        velocities = half + 0.5 * self._time * acceleration
        push = float((velocities * self._force).sum())
        speed, pull = float(velocities.norm()), float(acceleration.norm())
        if push > 0.0:
            velocities = (1.0 - self._turn) * velocities + self._turn * speed / max(pull, 1e-30) * acceleration
            self._downhill += 1
            if self._downhill > _PATIENCE:
                self._time = min(self._time * _GROW, _LONGEST_STEP)
                self._turn *= _TURN_LESS
        elif push < 0.0 or speed > 0.0:
            velocities = torch.zeros_like(velocities)
            self._time = max(self._time * _SHRINK, _SHORTEST_STEP)
            self._turn, self._downhill = _TURN, 0
        self.velocities = velocities
        self.residual = self._unrest()
        return self.residual

    def settle(self, steps: int, rest: float, told: Callable[[int], object] = lambda _step: None) -> int:
        """Go on until :attr:`residual` is below ``rest``, or so many steps; returns how many it took.

        Args:
            steps: at most.
            rest: share of the RMS radius.
            told: the number of each step, from 1.
        """
        for number in range(1, steps + 1):
            residual = self.step()
            told(number)
            if residual < rest:
                return number
        return steps

    def hold(self) -> None:
        """Take the forces that are left here away from now on: it rests where it is until charges change."""
        left = self._force.clone()
        self._held = left if self._held is None else self._held + left
        self._arrive()
        self.residual = self._unrest()

    def sum_by(self, far: FarField) -> None:
        """Sum repulsion another way from now on."""
        self.far = far
        self._arrive()
        self.residual = self._unrest()

    def fitting_scale(self) -> float:
        """What positions must be multiplied by so that all pushes together are as strong as all pulls (their virials).

        Pulls grow with the scale and pushes fall as its k-th power, as long as softening goes with it.
        """
        pushes = float((self._repelled * self.positions).sum())
        pulls = pushes - float((self._force * self.positions).sum())
        if not (pushes > 0.0 and pulls > 0.0):
            return 1.0
        return math.pow(pushes / pulls, 1.0 / (self.physics.exponent + 1.0))

    def _unrest(self) -> float:
        if len(self.positions) == 1:  # wherever it is
            return 0.0
        count = math.sqrt(len(self.positions))
        return float((self._force / self._springs).norm()) / count / max(self._radius, 1e-30)

    def _arrive(self) -> None:
        self._radius = radius(self.positions)
        self._repelled = self._repulsion(self.positions)
        self._force = self._sum(self.positions, self._repelled)

    def _repulsion(self, positions: Tensor) -> Tensor:
        return self.far(positions, self.charges, self.kernel)

    def _sum(self, positions: Tensor, repulsion: Tensor) -> Tensor:
        total = self.attraction(positions).add_(repulsion).addcmul_(self._centering, positions, value=-1.0)
        return total if self._held is None else total.sub_(self._held)

    def _measure(self) -> None:
        """Measure the stiffness of repulsion, and set masses: a random move's forces have its squares for variance."""
        size = self.kernel.softening * _PROBE_REACH
        move = torch.randn(self.positions.shape, generator=self._random).to(self.positions)
        change = (self._repulsion(self.positions + size * move) - self._repelled) / size
        found = change.square().mean(dim=1, keepdim=True).sqrt().clamp(min=_LEAST)
        if self.steps:  # what has become softer is believed by and by
            alike = abs(float(found.mean() / self._stiffness.mean()) - 1.0) < _ALIKE
            self._probe_every = min(2 * self._probe_every, _PROBE_SELDOM) if alike else _PROBE_EVERY
            found = torch.maximum(found, (found * self._stiffness).sqrt())
        else:
            found = torch.maximum(found, self._stiffness)
        self._stiffness = found
        self._mass = self._springs + found


def radius(positions: Tensor) -> float:
    """RMS distance from the middle."""
    return math.sqrt(sum(float(along.var(correction=0)) for along in positions.unbind(dim=1)))
