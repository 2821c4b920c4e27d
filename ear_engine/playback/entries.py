"""Where a loop enters and how it lies there: on the beat of the one before, on another clock's bars, from the top."""

from __future__ import annotations

from dataclasses import replace

from ear_engine.playback.plan import continued_origin
from ear_engine.shared_memory.clock import BAR, bars_at, beats_at, next_boundary
from ear_engine.shared_memory.states import Entry


def same_time(one: Entry, samples: int, beats: int) -> bool:
    """Whether a loop of ``samples`` and ``beats`` has the length and tempo of ``one``."""
    return (one.samples, one.beats) == (samples, beats)


def following(previous: Entry, start: int, loop: Entry) -> Entry:
    """``loop`` as it goes on from ``previous`` at ``start``: in its phase, or on its beat if it has another time."""
    origin = continued_origin(previous, start, loop.samples, loop.beats)
    count = beats_at(previous, start)
    if not same_time(previous, loop.samples, loop.beats):
        count = round(2 * count) / 2  # rounded to a sample before
    return replace(loop, start=start, origin=origin, count=count, bar=bars_at(previous, start))


def shift_to(entry: Entry, line: float) -> int:
    """Samples by which ``entry`` must be moved, at most half a bar, so that a bar of it begins at sample ``line``.

    Loops without whole bars are moved so that a beat falls there.
    """
    cycle = entry.samples * (BAR if entry.beats % BAR == 0 else 1) / entry.beats
    return round((line - entry.origin + cycle / 2) % cycle - cycle / 2)


def shifted(entry: Entry, by: int, earliest: int) -> Entry:
    """``entry`` as it goes on ``by`` samples later, from its first bar line there at or after ``earliest`` on."""
    moved = replace(entry, origin=entry.origin + by)
    start = next_boundary(earliest, moved, BAR)
    beat = round((start - moved.origin) % entry.samples * entry.beats / entry.samples)
    cycle = BAR if entry.beats % BAR == 0 else 1
    count = beat + cycle * round((beats_at(entry, start) - beat) / cycle)
    bar = round(count / BAR) if cycle == BAR else bars_at(entry, start)
    return replace(moved, start=start, count=float(count), bar=bar)


def stopped(loop: Entry, start: int) -> Entry:
    """Silence from ``start`` on, where ``loop`` waits to be started."""
    return replace(loop, start=start, origin=start, count=0.0, bar=0, silent=True)


def from_the_top(loop: Entry, first: int, lead_in: int) -> Entry:
    """``loop`` with its first beat at sample ``first``; it fades in before that with what leads into its start."""
    lead = -lead_in * loop.beats / loop.samples
    return replace(loop, start=first - lead_in, origin=first, count=lead, bar=-1, silent=False)
