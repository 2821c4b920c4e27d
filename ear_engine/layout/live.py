"""The map as a running simulation: charges follow what the ear hears, and vertices go where the forces take them.

It begins at the stored map, with the forces that made it. What was left of them there is taken away, so nothing moves
until something is heard: a layout ends when little is left, and where all is soft, as below an exponent of 1, little
moves far. What is told is turned back onto the stored map and has its scale: forces know no up, and an hour of small
turns would show.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.errors import UserError
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.charges import STRONGEST, WEAKEST, balanced, check_charges
from ear_engine.layout.far_fields import quick_field
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import physics_at
from ear_engine.layout.map_file import MapFile
from ear_engine.layout.orientation import aligned
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Simulation

_SMOOTH = 0.5  # seconds in which charges come nearer by 63 %
_LOUDEST = 4.0  # deviations above its mean, from which on a neuron pushes no harder
_AWAY = 4.0  # times the stored map's RMS radius, at which something has gone wrong


class LiveMap:
    """A map that moves.

    Args:
        graph: of the ear.
        charges: (neurons,), those of the stored map.
        stored: the map.
        device: what computes.

    Attributes:
        steps: made since the start.

    Raises:
        UserError: the map is of another graph.
    """

    def __init__(self, graph: NeuronGraph, charges: NDArray[np.float64], stored: MapFile, device: str = "cpu") -> None:
        if len(stored.positions) != graph.vertices:
            reason = f"is of {len(stored.positions)} neurons, but the ear has {graph.vertices}"
            raise UserError("the map", reason, "lay the ear out again with `ear-engine layout`", "other_ear")
        check_charges(charges, graph)
        self._settings = settings_of(stored)
        self._attraction = Attraction(graph, device)
        degree = self._attraction.degree[:, 0].double().cpu().numpy()
        self._still = self._tensor(balanced(charges, degree, self._settings.balance))
        self._charges = self._still
        self._stored = stored.positions.astype(np.float64)
        self._sizes = torch.ones_like(self._still)
        centered = self._stored - self._stored.mean(axis=0)
        self._size = float(np.linalg.norm(centered))
        self._start = self._tensor(centered)
        for _ in range(2):  # the first is not exact, if it is far from 1
            self._start = self._start * self._simulation(self._start).fitting_scale()
        self._running = self._at_rest()
        self.steps = 0

    @property
    def neurons(self) -> int:
        """How many there are."""
        return len(self._still)

    def follow(self, deviations: NDArray[np.float32], strength: float, seconds: float) -> None:
        """Let charges follow what is heard.

        Args:
            deviations: (neurons,), activations in deviations of what is usual, 0 is the mean.
            strength: 1 doubles the charge of a neuron that is four deviations above its mean, beside those that are
                not; 0 is the still map.
            seconds: since the last time.
        """
        heard = self._tensor(np.nan_to_num(deviations, nan=0.0)).clamp_(0.0, _LOUDEST).div_(_LOUDEST)
        goal = self._still * (1.0 + strength * heard).clamp_(WEAKEST, STRONGEST)
        goal *= self._still.mean() / goal.mean()  # or all would swell when all are loud
        self._charges = torch.lerp(goal, self._charges, math.exp(-max(seconds, 0.0) / _SMOOTH))
        self._running.charges = self._charges

    def step(self) -> None:
        """One step; from a place that cannot be it goes back to the stored map."""
        try:
            self._running.step()
            far = float(self._running.positions.abs().amax())
        except (FloatingPointError, ValueError):  # positions that are no numbers, or a radius that is none
            far = math.inf
        if not far < _AWAY * float(self._start.abs().amax()):
            self._charges = self._still  # they may be what was wrong
            self._running = self._at_rest()
        self.steps += 1

    def positions(self) -> NDArray[np.float32]:
        """Where neurons are, (neurons, 2 or 3), on the stored map's scale and turned as it is."""
        here = self._running.positions.double().cpu().numpy()
        here -= here.mean(axis=0)
        size = float(np.linalg.norm(here))
        scale = self._size / size if size > 0.0 else 1.0
        return np.asarray(aligned(here * scale, self._stored), np.float32)

    def _at_rest(self) -> Simulation:
        """At the stored map, which counts as rest."""
        found = self._simulation(self._start)
        found.hold()
        return found

    def _simulation(self, positions: Tensor) -> Simulation:
        settings = self._settings
        far = quick_field(len(positions))
        physics = physics_at(settings, 0, 1.0)
        return Simulation(self._attraction, self._charges, self._sizes, far, physics, positions, settings.seed)

    def _tensor(self, values: NDArray[np.float64] | NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(values).to(self._attraction.degree)


def settings_of(stored: MapFile) -> LayoutSettings:
    """The settings of a map; what another version of this program did not know has its default."""
    known = {field.name for field in dataclasses.fields(LayoutSettings)}
    try:
        given: dict[str, Any] = {name: value for name, value in stored.settings.items() if name in known}
        settings = LayoutSettings(**{**given, "dimensions": stored.positions.shape[1]})
        settings.check()
        return dataclasses.replace(settings, seed=int(settings.seed))
    except (AttributeError, TypeError, OverflowError, UserError):
        return LayoutSettings(dimensions=stored.positions.shape[1])
