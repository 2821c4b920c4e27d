"""What an objective is counted in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ear_engine.targets.terms import Term

_ABOVE = "deviations above music's mean"
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "linear": _ABOVE,
        "direction": _ABOVE,
        "difference": "deviations",
        "deep_dream": "squared deviations",
        "cpc": "nats",
        "surprise": "nats",
    }
)
"""By objective; likeness and diversity are scores, of plug-ins nothing is known."""


def unit_of(terms: Iterable[Term]) -> str:
    """The unit of the sum of ``terms``; nothing if it has none, or if several are mixed."""
    units = {_UNITS.get(term.objective, "") for term in terms if term.weight}
    return units.pop() if len(units) == 1 else ""


def with_unit(text: str, unit: str) -> str:
    """``text`` and, if there is one, the unit behind it."""
    return f"{text} {unit}" if unit else text
