"""How soon a change of the gain is in the sound: milliseconds from the message to the first sample that has it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ear_engine.performance.reading import Kept, SoundPart
from ear_engine.playback.mix import level
from ear_engine.soak.clocks import PartClock, changes_of, clocks_of, end_of_play
from ear_engine.soak.waits import FIRST, KILLED, LAST, NEVER, Away, Waits, any_away

PROBE = "playback/gain"
"""The parameter by which it is measured how soon a message is heard."""
_STILL = 256  # samples after which a level that has not moved lies still
_GLIDE = 0.1  # seconds: who changes it again sooner has not let it be heard, or is not told apart
_CLOSE = 1e-3  # of a linear gain: it went where it was told to
_SAME = 1e-6  # dB by which a value may differ that is the same
_UNWRITTEN = 0.5  # seconds, at most, until a change of the log is kept; one who dies sooner takes it along
_COMMITTED = "from when the node took them"
_OVERRIDDEN = "changed again at once"
_SILENT = "while all was silent"
_FOLLOWED = "while it still moved"


@dataclass(frozen=True)
class Pulse:
    """A message that changes the gain.

    Args:
        time: when it was sent, seconds on the shared clock.
        value: dB.
    """

    time: float
    value: float


@dataclass(frozen=True)
class _Asked:
    """A change of the gain.

    Args:
        time: when it was asked for, seconds.
        before, after: linear gains.
        audible: whether anything could be heard.
        sent: whether it is known when its message was sent; if not, ``time`` is when the node took it.
    """

    time: float
    before: float
    after: float
    audible: bool
    sent: bool


@dataclass(frozen=True)
class _Move:
    """The level has moved: clock times of its first and last sample, seconds, and the gain before and after."""

    begin: float
    end: float
    before: float
    after: float


def gain_waits(
    kept: Kept, away: Sequence[Away] = (), pulses: Sequence[Pulse] | None = None, ended: float | None = None
) -> Waits:
    """Milliseconds from each change, when its message was sent, to the first sample that has it.

    One that is not heard before the next change of the gain, or at all, counts as never heard, and so does a message
    that never reached the log. Left out are those that are overridden at once or fall into the glide of another, that
    came before the first sound or at the end of play, and those about a time at which a killed process was away.

    Args:
        kept: the performance.
        away: when killed processes were not there.
        pulses: messages that changed the gain, in the order in which they were sent; None if that is not known. A
            change without one (an undo) counts from when the node took it, which is later than its message.
        ended: when playing ended, seconds on the shared clock; None if it is not known.
    """
    waits = Waits()
    clocks = clocks_of(kept)
    end = end_of_play(kept, ended)
    sent, lost = _matched(kept, pulses or ())
    moves = [list(_moves(clock)) for clock in clocks]
    asked = list(_asked(kept, sent))
    committed = 0
    for number, one in enumerate(asked):
        following = asked[number + 1].time if number + 1 < len(asked) else math.inf
        sounding = [place for place, clock in enumerate(clocks) if clock.begin <= one.time]
        reason = _excuse(one, asked[number - 1].time if number else -math.inf, following)
        reason = _outside(one.time, bool(sounding), end, away) or reason
        if reason:
            waits.left_out[reason] += 1
            continue
        heard = next((move.begin for move in moves[sounding[-1]] if _answers(move, one, following)), NEVER)
        waits.values.append(1e3 * (heard - one.time))
        committed += not one.sent
    for pulse in lost:
        reason = _outside(pulse.time, any(clock.begin <= pulse.time for clock in clocks), end, away, _UNWRITTEN)
        if reason:
            waits.left_out[reason] += 1
        else:
            waits.values.append(NEVER)
    if pulses is None:
        waits.since = f"{_COMMITTED}: when they were sent is not known"
    elif committed:
        waits.since = f"{committed} of them without a pulse, {_COMMITTED}"
    return waits


def _matched(kept: Kept, pulses: Sequence[Pulse]) -> tuple[dict[int, float], list[Pulse]]:
    """When the message of each change was sent, by its number, and the messages that never reached the log.

    A change is that of the latest message before it with its value; those that were passed over never came.
    """
    sent: dict[int, float] = {}
    lost: list[Pulse] = []
    first = 0
    for change in changes_of(kept):
        if PROBE not in change.values or change.state.get("gesture"):  # an undo is nobody's message
            continue
        until = bisect_right(pulses, change.time, lo=first, key=lambda pulse: pulse.time)
        value = float(change.values[PROBE])
        place = next((n for n in reversed(range(first, until)) if abs(pulses[n].value - value) < _SAME), None)
        if place is not None:
            sent[change.number] = pulses[place].time
            lost += pulses[first:place]
            first = place + 1
    return sent, [*lost, *pulses[first:]]


def _outside(time: float, sounding: bool, end: float, away: Sequence[Away], until: float = _GLIDE) -> str:
    """Why it could not be heard whatever it was, empty if it could; ``until`` seconds after it a death matters."""
    if not sounding:
        return FIRST
    if end - time < _GLIDE:
        return LAST
    return KILLED if any_away(away, time - _GLIDE, time + until) else ""


def _excuse(one: _Asked, previous: float, following: float) -> str:
    if not one.audible:
        return _SILENT
    if following - one.time < _GLIDE:
        return _OVERRIDDEN
    return _FOLLOWED if one.time - previous < _GLIDE else ""


def _answers(move: _Move, one: _Asked, following: float) -> bool:
    """Whether the level moved since it was asked to, and no other change was the reason."""
    if not one.time <= move.begin < following or (move.after - move.before) * (one.after - one.before) <= 0.0:
        return False
    return move.end >= following or abs(move.after - one.after) < _CLOSE


def _asked(kept: Kept, sent: Mapping[int, float]) -> Iterator[_Asked]:
    values = dict(dict(kept.head.get("state", {})).get("values", {}))
    for change in changes_of(kept):
        before = float(values.get(PROBE, 0.0))
        values.update(change.values)
        after = float(values.get(PROBE, 0.0))
        if before != after:
            audible = not values.get("playback/mute", False) and bool(values.get("playback/run", True))
            time = sent.get(change.number, change.time)
            yield _Asked(time, level(before, False), level(after, False), audible, change.number in sent)


def _moves(clock: PartClock) -> Iterator[_Move]:
    """How the level moved after it had lain still."""
    samples, levels, first = _course(clock.part)
    if not len(samples):
        return
    before = np.concatenate(([first], levels[:-1]))
    begins = np.concatenate(([0], np.flatnonzero(np.diff(samples) > _STILL) + 1))
    for begin, end in zip(begins, [*begins[1:], len(samples)], strict=True):
        times = clock.left(float(samples[begin])), clock.left(float(samples[end - 1]))
        yield _Move(*times, float(before[begin]), float(levels[end - 1]))


def _course(part: SoundPart) -> tuple[np.ndarray, np.ndarray, float]:
    """Device samples at which the level is another than before, what it is there, and what it was at first."""
    row = list(part.head["gains"]).index("level")
    last: float | None = None
    first, samples, levels = 0.0, [], []
    for ramp in part.ramps:
        rows = list(ramp.head["rows"])
        if row not in rows:
            continue
        line = ramp.array("gains")[rows.index(row)].astype(float)
        if last is None:
            first = last = float(line[0])
        moving = np.flatnonzero(line != np.concatenate(([last], line[:-1])))
        samples.append(int(ramp.head["at"]) + moving)
        levels.append(line[moving])
        last = float(line[-1])
    empty = np.zeros(0)
    return np.concatenate([empty, *samples]), np.concatenate([empty, *levels]), first
