"""From what the performer decides to the gains of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ear_engine.playback.graph import Graph
from ear_engine.playback.mix import level, mix_gains


def apply_mix(graph: Graph, values: Mapping[str, Any], correlation: float, quiet: bool = False) -> None:
    """Let the graph glide to what the parameters say.

    Args:
        graph: that plays.
        values: of ``playback/…``, ``audition/…`` and ``cue/…``; what is missing is as it is by default.
        correlation: between wet and dry of the loop that is heard.
        quiet: the transport has stopped.
    """

    def number(name: str, usual: float) -> float:
        return float(values.get(name, usual))

    graph.set_mix(*mix_gains(number("playback/wet", 1.0), correlation))
    silent = quiet or bool(values.get("playback/mute", False))
    graph.set_level(level(number("playback/gain", 0.0), False), silent)
    graph.set_threshold(level(number("playback/limit", -1.0), False))
    graph.set_over(level(number("audition/level", 0.0), False), level(number("audition/duck", 0.0), False))
    graph.set_cue(level(number("cue/level", 0.0), False), str(values.get("cue/source", "off")))
