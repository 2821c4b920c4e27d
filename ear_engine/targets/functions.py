"""The functions of the algebra of objectives: what each takes, in which order, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "index", "indices", "number", "share", "span"]
"""``index``: a whole number from 0. ``indices``: one, or first..last. ``share``: 0 to 1. ``span``: low..high."""

EXPECTED: Mapping[Kind, str] = MappingProxyType(
    {
        "text": "a name",
        "index": "a whole number from 0",
        "indices": "a whole number from 0, or a range such as 3..7",
        "number": "a number",
        "share": "a number from 0 to 1",
        "span": "a range such as 200..800",
    }
)


@dataclass(frozen=True)
class Slot:
    """One argument of a function; those with ``=`` only are given by name."""

    name: str
    kind: Kind
    required: bool = False
    keyword: bool = False


@dataclass(frozen=True)
class Function:
    """One function."""

    name: str
    slots: tuple[Slot, ...]
    description: str

    def slot(self, name: str) -> Slot | None:
        """The argument of that name."""
        return next((slot for slot in self.slots if slot.name == name), None)

    @property
    def usage(self) -> str:
        """``neuron(layer, channel, [bin], [time=])``."""
        words = (f"{slot.name}=" if slot.keyword else slot.name for slot in self.slots)
        marked = (word if slot.required else f"[{word}]" for word, slot in zip(words, self.slots, strict=True))
        return f"{self.name}({', '.join(marked)})"


_LAYER = Slot("layer", "text", required=True)
_CHANNELS = Slot("channels", "indices", keyword=True)
_FREQ = Slot("freq", "span", keyword=True)
_TIME = Slot("time", "span", keyword=True)
_EXTENTS = (_CHANNELS, _FREQ, _TIME)

_ROWS = (
    Function(
        "neuron",
        (_LAYER, Slot("channel", "index", required=True), Slot("bin", "index"), _TIME),
        "one neuron",
    ),
    Function("channel", (_LAYER, Slot("channels", "indices", required=True), _FREQ, _TIME), "channels of a layer"),
    Function("layer", (_LAYER, *_EXTENTS), "a layer, or a part of it"),
    Function("region", (_LAYER, *_EXTENTS), "a part of a layer"),
    Function("band", (Slot("freq", "span", required=True), _TIME), "the level in a band of frequencies"),
    Function("name", (Slot("name", "text", required=True), _TIME), "neurons that go by a name"),
    Function(
        "map",
        (
            Slot("x", "share", required=True),
            Slot("y", "share", required=True),
            Slot("radius", "share"),
            _TIME,
        ),
        "a disc on the map",
    ),
    Function("depth", (Slot("depth", "share", required=True), _FREQ, _TIME), "a depth of the ear"),
    Function("direction", (Slot("name", "text", required=True), _TIME), "a named direction of a layer"),
    Function(
        "likeness",
        (Slot("clip", "text", required=True), Slot("layer", "text"), _FREQ, _TIME),
        "what the ear makes of a clip",
    ),
    Function("cpc", (), "how well the ear foresees"),
    Function("surprise", (), "how badly the ear foresees"),
    Function(
        "difference",
        (_LAYER, Slot("at", "number"), Slot("from", "number"), Slot("length", "number"), _CHANNELS, _FREQ),
        "how much two moments differ",
    ),
    Function("diversity", (_LAYER, _CHANNELS, _FREQ), "how much the loops of a batch differ"),
    Function("deep_dream", (_LAYER, *_EXTENTS), "whatever fires already"),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({row.name: row for row in _ROWS})
"""All functions by name."""
