"""What the kept performance says of the sound: whether it was what was planned, and how soon hands were heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ear_engine.offline.replaying import play_again
from ear_engine.performance.reading import Kept, SoundPart

PROBE = "playback/gain"
"""The parameter by which it is measured how soon a message is heard."""
_QUIET = 0.5  # seconds before and after a change of it in which there must be no other
_LATEST = 2.0  # seconds after which a change of the gain is not that of the message any more
_DREAMED = ("target/", "tone/", "rhythm/", "dream/rate", "transform/", "penalty/")
_PATIENCE = 16.0  # beats after which a loop is not the answer to a change any more


@dataclass(frozen=True)
class Sound:
    """What was found.

    Args:
        seconds: of sound that can be computed again.
        compared: of them, that are known by their checksum.
        different: of those, that are not what was planned to the bit.
        missed: seconds that nobody has seen, since a process stood still or had died.
        entries: how often another loop has entered.
        applied: milliseconds from each change of the gain to the first sample that has it.
        dreamed: beats from each change of what is dreamed to the first loop that knows of it.
    """

    seconds: float
    compared: float
    different: float
    missed: float
    entries: int
    applied: tuple[float, ...] = ()
    dreamed: tuple[float, ...] = field(default=())


def look_at(kept: Kept) -> Sound:
    """Compute the sound again, compare it with what went out, and see when changes were heard.

    Raises:
        UserError: there is no sound, or it cannot be computed.
    """
    played, _ = play_again(kept)
    return Sound(
        seconds=played.seconds,
        compared=played.compared,
        different=sum(seconds for _, seconds in played.differences),
        missed=sum(count / part.rate for part in kept.sounds for _, count in part.misses),
        entries=sum(len(part.entries) for part in kept.sounds),
        applied=tuple(value for part in kept.sounds for value in _applied(kept, part)),
        dreamed=tuple(value for part in kept.sounds for value in _dreamed(kept, part)),
    )


def _applied(kept: Kept, part: SoundPart) -> Iterator[float]:
    """Milliseconds to the first sample of each change of the gain that was alone."""
    asked = np.array([change.time for change in kept.changes if PROBE in change.values])
    moved = np.array([_clock_of(part, sample) for sample in _level_moves(part)])
    for number, time in enumerate(asked):
        others = np.delete(asked, number)
        if len(others) and np.abs(others - time).min() < _QUIET:
            continue
        later = moved[moved >= time - 0.001]
        if len(later) and later[0] - time < _LATEST:
            yield max(1e3 * float(later[0] - time), 0.0)


def _level_moves(part: SoundPart) -> Iterator[int]:
    """Device samples from which on the level moves after it has lain still."""
    row = list(part.head["gains"]).index("level")
    before: float | None = None
    still = True
    for ramp in part.ramps:
        if row not in ramp.head["rows"]:
            still = True
            continue
        gains = ramp.array("gains")[list(ramp.head["rows"]).index(row)]
        last = float(gains[0]) if before is None else before
        moving = np.flatnonzero(gains != last)
        if still and before is not None and len(moving):
            yield int(ramp.head["at"]) + int(moving[0])
        before = float(gains[-1])
        still = len(gains) > 1 and gains[-1] == gains[-2]


def _clock_of(part: SoundPart, sample: int) -> float:
    """When a device sample left the graph: nothing is seen before it has, so the earliest mark is the clock."""
    ends = np.array([mark.at + mark.count for mark in part.marks], float)
    times = np.array([mark.time for mark in part.marks], float)
    near = np.argsort(np.abs(ends - sample))[:30]
    return float((times[near] - ends[near] / part.rate).min() + sample / part.rate)


def _dreamed(kept: Kept, part: SoundPart) -> Iterator[float]:
    """Beats from a change to the first loop that was dreamed with it."""
    known = sorted(
        (int(record.head["loop"]), int(record.head["sequence"]))
        for dream in kept.dreams
        for record in dream.records
        if record.kind == "publ"
    )
    entered = sorted((int(entry["loop"]), part.time_of(float(entry["start"])), entry) for entry in part.entries)
    begin = float(part.head["time"])
    for change in kept.changes:
        if not any(name.startswith(_DREAMED) for name in change.values):
            continue
        loop = next((loop for loop, sequence in known if sequence >= change.number), None)
        heard = next(((at, entry) for number, at, entry in entered if loop is not None and number >= loop), None)
        if heard is None:
            continue
        at, entry = heard
        tempo = int(entry["beats"]) * int(part.head["sample_rate"]) / int(entry["samples"])  # beats a second
        beats = (begin + at - change.time) * tempo
        if 0.0 <= beats < _PATIENCE:
            yield beats
