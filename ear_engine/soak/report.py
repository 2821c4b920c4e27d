"""What was found, against what a stage needs: a table for people, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Line:
    """One thing that was measured.

    Args:
        name: what.
        value: how much; not a number if it could not be measured, infinite if it never came.
        unit: of it.
        target: most that it may be, None if it is told only.
        note: in words.
    """

    name: str
    value: float
    unit: str = ""
    target: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is what a stage needs; None if there is no target."""
        if self.target is None:
            return None
        return not math.isnan(self.value) and self.value <= self.target


@dataclass(frozen=True)
class Report:
    """All lines.

    Args:
        about: what was tried, where.
        lines: in order.
        events: sentences that the engine told, warnings and errors.
    """

    about: str
    lines: tuple[Line, ...]
    events: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether every target is met."""
        return all(line.met is not False for line in self.lines)

    def text(self) -> str:
        """For people."""
        rows = [(_mark(line), line.name, _number(line), _wanted(line), line.note) for line in self.lines]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        body = [
            f"{mark} {name.ljust(widths[1])}  {number.rjust(widths[2])}  {wanted.ljust(widths[3])}  {note}".rstrip()
            for mark, name, number, wanted, note in rows
        ]
        told = ["", "told meanwhile:", *(f"  {event}" for event in self.events)] if self.events else []
        end = "all that a stage needs" if self.met else "not all that a stage needs: see the lines with an x"
        return "\n".join((self.about, "", *body, *told, "", end))

    def data(self) -> dict[str, object]:
        """For programs."""
        lines: Sequence[dict[str, object]] = [
            {**asdict(line), "value": line.value if math.isfinite(line.value) else None, "met": line.met}
            for line in self.lines
        ]
        return {"about": self.about, "met": self.met, "lines": lines, "events": list(self.events)}


def _mark(line: Line) -> str:
    return {True: "+", False: "x", None: " "}[line.met]


def _number(line: Line) -> str:
    if math.isnan(line.value):
        return "?"
    if math.isinf(line.value):
        return "never"
    if 0.0 < abs(line.value) < 5e-4:
        return f"{line.value:.1e} {line.unit}".rstrip()
    digits = 0 if abs(line.value) >= 100 or line.value == int(line.value) else 1 if abs(line.value) >= 10 else 3
    return f"{line.value:,.{digits}f} {line.unit}".rstrip()


def _wanted(line: Line) -> str:
    return "" if line.target is None else f"(at most {line.target:g})"
