"""What a viewer knows of the engine at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ear_engine.osc.reports import ClipInfo, LayerInfo
from ear_engine.parameters import Value
from ear_engine.viewer.audition import AuditionNews


@dataclass(frozen=True)
class LoopNews:
    """A loop that has been announced."""

    number: int
    path: str
    seconds: float
    beats: int
    tempo: float
    objective: float


@dataclass(frozen=True)
class EventNews:
    """Something the engine has told, or refused."""

    level: str
    code: str
    message: str
    at: float


@dataclass(frozen=True)
class Preset:
    """A preset of the engine."""

    name: str
    title: str
    description: str


@dataclass(frozen=True)
class Snapshot:
    """Everything at one moment; nothing in it changes any more.

    Args:
        connected: whether an engine answers.
        waiting: what is waited for, for people; empty if nothing is.
        engine: the engine's name; another one after it was started again.
        values: of all parameters.
        status: pairs of ``/ear/system/status``.
        layers, clips, presets, ears: what there is.
        objective: how strongly the target fires.
        curve: (seconds, objective), the oldest first.
        loops, events: the newest first.
        means: mean activation of each layer, in the order of ``layers``.
        laying_out: percent of the map that is done, while it is being made; None otherwise.
        audition: what has become of the last wish to hear a neuron; None if there was none, or it was ended.
    """

    connected: bool = False
    waiting: str = ""
    engine: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    layers: tuple[LayerInfo, ...] = ()
    clips: tuple[ClipInfo, ...] = ()
    presets: tuple[Preset, ...] = ()
    ears: tuple[str, ...] = ()
    objective: float = 0.0
    curve: tuple[tuple[float, float], ...] = ()
    loops: tuple[LoopNews, ...] = ()
    events: tuple[EventNews, ...] = ()
    means: tuple[float, ...] = ()
    laying_out: int | None = None
    audition: AuditionNews | None = None
