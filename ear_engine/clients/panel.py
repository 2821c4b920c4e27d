"""The play page of the panels (Max, TouchOSC, Open Stage Control): what is on it, in which order.

Everything about a parameter (range, unit, curve, words) comes from the one table; here it is only chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.presets import list_presets
from ear_engine.resources import resource

PAD = ("target/x", "target/y")
"""The two parameters of the XY pad on the map."""


@dataclass(frozen=True)
class Section:
    """Parameters that stand together.

    Args:
        title: for people.
        rows: faders, toggles and the pad's two.
        words: choices and texts.
        buttons: triggers.
    """

    title: str
    rows: tuple[Parameter, ...]
    words: tuple[Parameter, ...] = ()
    buttons: tuple[Parameter, ...] = ()


_SECTIONS: tuple[tuple[str, str, str, str], ...] = (
    ("Dream", "dream/run dream/autopilot dream/rate dream/pull", "source/clip", "source/reset"),
    ("Map", "target/x target/y target/radius", "", ""),
    (
        "Target",
        "target/depth target/channel target/channel_width target/freq_low target/freq_high target/morph",
        "target/name",
        "target/a target/b target/keep target/clear",
    ),
    (
        "Tone",
        "tone/tilt tone/reshape tone/low tone/mid tone/high tone/tonal tone/scale_lock",
        "tone/scale tone/root",
        "",
    ),
    ("Rhythm", "rhythm/density rhythm/lock", "rhythm/grid", ""),
    (
        "Playback",
        "playback/mute memory/hold playback/wet playback/gain",
        "playback/quantize",
        "playback/panic playback/tap memory/keep memory/back memory/dice",
    ),
)


def sections(tree: ParameterTree | None = None) -> tuple[Section, ...]:
    """The page: 26 parameters that are turned, the words and buttons beside them.

    Raises:
        UserError: the table has no such parameter any more.
    """
    table = ParameterTree() if tree is None else tree
    return tuple(
        Section(title, *(tuple(table[name] for name in names.split()) for names in columns))
        for title, *columns in _SECTIONS
    )


def rows(page: Iterable[Section] | None = None) -> tuple[Parameter, ...]:
    """All that is turned, in order."""
    return tuple(row for section in (sections() if page is None else page) for row in section.rows)


def label(row: Parameter) -> str:
    """Name of a parameter for people, without its group."""
    return row.name.split("/")[1].replace("_", " ")


def shown(row: Parameter, position: float) -> str:
    """What stands beside a fader at ``position`` 0..1: ``-18.0 dB``, ``minor``, ``on``.

    The scripts of the panels say the same; tests hold them to this.
    """
    value = row.denormalize(position)
    if row.kind == "choice":
        return str(value).replace("_", " ")
    if row.kind in ("bool", "trigger"):
        return "on" if value else "off"
    number = float(value)
    digits = 0 if row.kind == "int" or abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    scaled = math.floor(abs(number) * 10**digits + 0.5)
    text = f"{scaled / 10**digits:.{digits}f}"
    sign = "-" if number < 0 and scaled else ""
    return f"{sign}{text} {row.unit}".strip()


def shipped_layers() -> tuple[str, ...]:
    """Layers of the ear that plays by default, in forward order; what a panel shows before it has asked.

    Raises:
        UserError: the ear that ships is not there.
    """
    statistics = load_statistics(find_ear("small").path)
    return tuple(layer.name for layer in statistics.index.layers) if statistics is not None else ()


def shipped_presets() -> tuple[str, ...]:
    """Names of the presets that ship, in order."""
    return tuple(preset.name for preset in list_presets(ParameterTree(), (resource("configs", "presets"),)))
