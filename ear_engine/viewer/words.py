"""What a neuron under the pointer is, in lines for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from ear_engine.viewer.audition import plain

_MOST = 5  # excerpts


def words(about: Mapping[str, object]) -> tuple[str, ...]:
    """What it is called, layer, channel and where it hears, what it does in music, its number, the music it fires for.

    Args:
        about: as :func:`ear_engine.web.neurons.describe` says it; what is missing or of another kind is left out.
    """
    lines = [str(about["name"])[:100]] if about.get("name") else []
    place = f"{str(about.get('layer', ''))[:60].replace('_', ' ')}   channel {about.get('channel', '?')}"
    hertz = about.get("hertz")
    if _finite(hertz):
        place += f"   {hertz:,.0f} Hz".replace(",", " ")
    lines.append(place)
    numbers = [value for value in map(about.get, ("mean", "deviation", "active")) if _finite(value)]
    if len(numbers) == 3:
        mean, deviation, active = numbers
        lines.append(f"mean {mean:.2f} ± {deviation:.2f}   active {100.0 * active:.0f} % of the time")
    return (*lines, f"neuron {about.get('number', '?')}", *_music(about.get("excerpts")))


def _finite(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that a float can be; those of JSON have no bounds."""
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


def _music(excerpts: object) -> Iterator[str]:
    """The recordings that excite it most, and when."""
    if not isinstance(excerpts, list) or not excerpts:
        return
    yield "excited most by (A plays)"
    for number, excerpt in enumerate(excerpts[:_MOST], 1):
        if isinstance(excerpt, Mapping) and isinstance(excerpt.get("recording"), str):
            seconds = excerpt.get("seconds")
            when = ""
            if _finite(seconds):
                when = f"   {int(seconds) // 60}:{int(seconds) % 60:02d}"
            yield f"{number}   {plain(excerpt['recording'])}{when}"
