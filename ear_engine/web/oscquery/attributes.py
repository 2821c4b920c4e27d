"""What OSCQuery says of one address, from the rows of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ear_engine.osc.commands import Argument, Command
from ear_engine.osc.leaves import Leaf
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.stream_table import StreamRow, type_tags
from ear_engine.parameters import Parameter

Facts = Mapping[str, Any]
"""Attribute → what it says; without ``CONTENTS`` and ``VALUE``."""

READ, WRITE = 1, 2
TYPES = {"float": "f", "int": "i", "bool": "T", "choice": "s", "text": "s", "trigger": "I"}
"""Kind of a parameter → what it takes. (Over OSC a switch is sent as 0 or 1, a trigger that has fired as 1.)"""
_UNITS = {"dB": "gain.db", "Hz": "time.hz", "s": "time.second", "ms": "time.ms", "BPM": "time.bpm"}
_ARGUMENT = {"i": "i", "f": "f", "s": "s", "a": "s"}


def of_leaf(leaf: Leaf) -> Facts:
    """A parameter, or its 0..1 twin."""
    row = leaf.row
    trigger = row.kind == "trigger"
    facts: dict[str, Any] = {
        "TYPE": "I" if trigger else "f" if leaf.norm else TYPES[row.kind],
        "ACCESS": WRITE if trigger else READ | WRITE,
        "DESCRIPTION": row.description + (" As 0..1, for faders." if leaf.norm else ""),
        "TAGS": [row.page, "normalized" if leaf.norm else "parameter"],
    }
    if trigger or row.kind == "text":
        return facts
    facts["CLIPMODE"] = ["both" if leaf.norm else row.clip if row.numeric else "none"]
    facts["RANGE"] = [{"MIN": 0.0, "MAX": 1.0} if leaf.norm else _range(row)]
    if row.unit and not leaf.norm:
        facts["UNIT"] = [unit(row.unit)]
    return facts


def of_command(command: Command) -> Facts:
    """A command; one that takes nothing takes the number of a request, as all do behind what they take."""
    arguments = command.arguments or (Argument("request", "i", 0),)
    tags = [_ARGUMENT[argument.tag] for argument in arguments]
    least = 0 if command.together else sum(argument.default is None for argument in arguments)
    shorter = {0, len(tags)} - {len(tags)} if command.together else range(least, len(tags))
    facts: dict[str, Any] = {
        "TYPE": "".join(tags),
        "ACCESS": WRITE,
        "DESCRIPTION": f"{command.description} {command.usage} — answer: {command.answer}",
        "TAGS": ["command"],
    }
    if shorter:
        facts["OVERLOADS"] = [{"TYPE": "".join(tags[:count])} for count in sorted(shorter, reverse=True)]
    return facts


def of_stream(address: str, row: StreamRow, layers: Sequence[LayerInfo]) -> Facts:
    """A stream or an event."""
    tags = type_tags(address, row, layers)
    parts = [*row.parts, *([row.many] * (len(tags) - len(row.parts)) if row.many is not None else [])]
    facts: dict[str, Any] = {
        "TYPE": tags,
        "ACCESS": READ,
        "DESCRIPTION": f"{row.description} {row.usage}",
        "TAGS": ["event" if row.event else "stream"],
    }
    ends = [(part.low, part.high) for part in row.parts]
    if row.many is None and any(end != (None, None) for end in ends):
        facts["RANGE"] = [_ends(low, high) for low, high in ends]
    if any(part.unit for part in parts):
        facts["UNIT"] = [unit(part.unit) or None for part in parts]
    return facts


def unit(text: str) -> str:
    """A unit by the name that OSCQuery has for it, if it has one."""
    return _UNITS.get(text, text)


def _range(row: Parameter) -> dict[str, Any]:
    if row.kind == "choice":
        return {"VALS": list(row.choices)}
    if row.kind == "bool":
        return {"VALS": [False, True]}
    low = row.low if row.zero is None else min(row.low, row.zero)
    return {"MIN": _number(row, low), "MAX": _number(row, row.high)}


def _number(row: Parameter, value: float) -> float:
    return int(value) if row.kind == "int" else float(value)


def _ends(low: float | None, high: float | None) -> dict[str, float] | None:
    ends = {name: end for name, end in (("MIN", low), ("MAX", high)) if end is not None}
    return ends or None
