"""One line of a benchmark, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

_MORE_IS_BETTER = ("/s", "×")


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Args:
        part: one of :data:`ear_engine.benchmarks.PARTS`.
        case: what was measured, and against what.
        value: median of the engine's own figure.
        unit: of value, reference and target; rates end in ``/s`` and ratios are in ``×`` (more is better),
            everything else is a cost.
        reference: median of the plain reference's figure in the same run, interleaved with the engine's.
        ratio: how many times better than the reference, median over the rounds; below 1 is worse.
        floor_share: least time the machine could take over the time it took, 0..1: the larger of counted operations
            over the rate at which it multiplies matrices, and counted bytes over its memory bandwidth, both measured
            in the same run. None where neither limits.
        target: what the project asks for, if anything.
        met: whether ``value`` reaches ``target``.
    """

    part: str
    case: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    floor_share: float | None = None
    target: float | None = None
    met: bool | None = None


def judged(
    part: str,
    case: str,
    value: float,
    unit: str,
    *,
    reference: float | None = None,
    ratio: float | None = None,
    floor_share: float | None = None,
    target: float | None = None,
) -> Row:
    """A row with ``met`` filled in."""
    met = None
    if target is not None:
        met = value >= target if unit.endswith(_MORE_IS_BETTER) else value <= target
    return Row(part, case, value, unit, reference, ratio, floor_share, target, met)
