"""What decides a layout."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ear_engine.errors import UserError

EDGES = ("uniform", "weights")
CHARGES = ("deviation", "variance")
_STEEP, _SOFTER = 2.0, 0.024  # exponent from which more softening is wanted, and how much for each 1 above


@dataclass(frozen=True)
class LayoutSettings:
    """Settings of a layout; the same ones make the same layout on a CPU. Defaults were chosen by looking.

    Args:
        exponent: k of the repulsion. Low ones make narrow cells far apart, high ones fill a disc evenly.
        centering: l, as a multiple of the mean weight of a vertex's edges.
        growth: how many times greater centering is on each level than on the coarser one.
        softening: of the repulsion, as a share of the layout's RMS radius; in space, that to the power of 2/3.
        edges: ``uniform``, each pulls alike, or ``weights``, by the size of the trained weights.
        charges: what neurons push with, see :func:`~ear_engine.layout.charges.charges_of`; ``variance`` with a balance
            of 0 is the paper's.
        balance: how much more neurons with more edges push, see :func:`~ear_engine.layout.charges.balanced`.
        dimensions: 2 or 3.
        seed: of the first positions, and of the little that members of a coarse vertex are moved apart.
        steps: on each level at most.
        rest: residual at which a level has come to rest, see :class:`~ear_engine.layout.simulation.Simulation`.
    """

    exponent: float = 1.75
    centering: float = 0.02
    growth: float = 1.1
    softening: float = 0.008
    edges: str = "uniform"
    charges: str = "deviation"
    balance: float = 0.5
    dimensions: int = 2
    seed: int = 0
    steps: int = 300
    rest: float = 2e-3

    def check(self) -> None:
        """Make sure that it can be laid out so.

        Raises:
            UserError: a number is out of its range.
        """
        _within("k", self.exponent, 0.25, 4.0)
        _within("centering", self.centering, 1e-4, 10.0)
        _within("growth", self.growth, 1.0, 4.0)
        _within("softening", self.softening, 1e-3, 0.5)
        _within("balance", self.balance, 0.0, 4.0)
        _within("seed", self.seed, 0, 2**63 - 1)
        _within("steps", self.steps, 1, 1_000_000)
        _within("rest", self.rest, 1e-6, 1.0)
        if self.edges not in EDGES:
            raise UserError(f"edges {self.edges!r}", "are unknown", f"use {' or '.join(EDGES)}", "bad_value")
        if self.charges not in CHARGES:
            raise UserError(f"charges {self.charges!r}", "are unknown", f"use {' or '.join(CHARGES)}", "bad_value")
        if self.dimensions not in (2, 3):
            raise UserError(f"dimensions {self.dimensions}", "is neither 2 nor 3", "use 2 or 3", "bad_value")


def more_softening(exponent: float) -> float:
    """How much more than usual lets vertices come to rest at a steep exponent, too; found by trying, up to 2.5."""
    return max(0.0, _SOFTER * (exponent - _STEEP))


def _within(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise UserError(
            f"{name} {value:g}", f"is not in {low:g}..{high:g}", "use a number in that range", "out_of_range"
        )
