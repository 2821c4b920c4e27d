"""The addresses of parameters: each parameter's own, and that of its 0..1 twin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ear_engine.parameters import Parameter

_TOGETHER = 12  # names in a pattern


@dataclass(frozen=True)
class Leaf:
    """A parameter's address, or that of its 0..1 twin."""

    address: str
    row: Parameter
    norm: bool

    @property
    def tag(self) -> str:
        """Type of its value over OSC: i, f or s."""
        if self.norm:
            return "f"
        return {"float": "f", "int": "i", "bool": "i", "trigger": "i"}.get(self.row.kind, "s")

    def value(self, values: dict[str, Any]) -> Any:
        """What a get answers."""
        value = values[self.row.name]
        return self.row.normalize(value) if self.norm else value


def leaves(table: Iterable[Parameter]) -> dict[str, Leaf]:
    """All parameter addresses: every parameter's own, and the 0..1 twin of all but text."""
    found: dict[str, Leaf] = {}
    for row in table:
        found[row.address] = Leaf(row.address, row, False)
        if row.kind != "text":
            found[row.norm_address] = Leaf(row.norm_address, row, True)
    return found


def parameter_patterns(table: Iterable[Parameter]) -> Iterator[str]:
    """Patterns that mean all parameters that have a value, and no stream: one or more for each group."""
    groups: dict[str, list[str]] = {}
    for row in table:
        if row.kind != "trigger":
            groups.setdefault(row.group, []).append(row.name.partition("/")[2])
    for group, names in groups.items():
        for at in range(0, len(names), _TOGETHER):
            yield f"/ear/{group}/{{{','.join(names[at : at + _TOGETHER])}}}"
