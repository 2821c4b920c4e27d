"""Morphs: from the sound that is there to a preset, over beats of what is heard.

It begins on the next beat. What cannot glide (a layer, a name, a scale, what is off) is switched there, and kept
targets are forgotten, as a recall does; numbers glide on the curves of their faders until the last beat. All of it is
one gesture in the log, of whoever asked. Whatever anyone else sets meanwhile stays as he has set it; another morph
goes on from wherever this one is; an undo ends it. While nothing is heard it waits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ear_engine.between import between, glides
from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.parameters import Value
from ear_engine.undo import GESTURES

MOST_BEATS = 1024.0
EVERY = 0.05
"""Seconds from one step to the next."""
_CLOSE = 1e-3  # beats: as good as on the beat

Timer = Callable[[float, Callable[[], None]], object]


class Told(Protocol):
    """Is told what becomes of a morph (:class:`ear_engine.osc.jobs.Job`)."""

    def progress(self, share: float, phase: str) -> None:
        """How far it is."""

    def done(self, *values: object) -> None:
        """It has arrived."""

    def fail(self, error: UserError) -> None:
        """It will not arrive."""


@dataclass
class _Morph:
    """A morph.

    Args:
        name: of the preset.
        goal: values at its end.
        over: beats.
        origin: who asked.
        told: what becomes of it.
        gesture: of its changes; empty before the first.
        starts: values at its beginning, of what still glides.
        last: beat of what is heard at the last look; None while nothing is.
        wait: beats until it begins.
        passed: beats since then.
        said: beats that were told.
    """

    name: str
    goal: Mapping[str, Value]
    over: float
    origin: str
    told: Told
    gesture: str = ""
    starts: dict[str, Value] = field(default_factory=dict)
    last: float | None = None
    wait: float | None = None
    passed: float = 0.0
    said: int = 0

    def look(self, beat: float | None) -> None:
        """``beat`` is heard; in a loop that has begun anew it is less than before."""
        if beat is not None and self.wait is None:
            self.wait = math.ceil(beat - _CLOSE) - beat
        elif beat is not None and self.last is not None:
            self.passed += max(0.0, beat - self.last)
        self.last = beat


class Morphs:
    """Plays one morph at a time.

    Args:
        control: all of it goes through it.
        beat: beats that have been heard at the moment, fractions too; None while nothing is.
        later: calls a function after so many seconds (``loop.call_later``).
    """

    def __init__(self, control: ControlLog, beat: Callable[[], float | None], later: Timer) -> None:
        self._control, self._beat, self._later = control, beat, later
        self._morph: _Morph | None = None
        self._waiting = False
        control.listen(self._changed)

    def begin(self, name: str, goal: Mapping[str, Value], over: float, origin: str, told: Told) -> None:
        """Begin another morph; the one before ends where it is.

        Args:
            name: of the preset.
            goal: its values.
            over: beats.
            origin: who asks.
            told: what becomes of it.

        Raises:
            UserError: it takes more beats than can be, or a value is refused; the one before goes on then.
        """
        if not 0.0 <= over <= MOST_BEATS:
            mend = f"use 0 to {MOST_BEATS:g}"
            raise UserError("a morph", f"cannot last {over:g} beats", mend, "out_of_range")
        goal = self._control.check(goal)
        self.end(UserError("this morph", "gives way to a later one", "ask for it again", "superseded"))
        self._morph = _Morph(name, goal, over, origin, told)
        self._look()

    def end(self, why: UserError) -> None:
        """End where it is."""
        morph, self._morph = self._morph, None
        if morph is not None:
            morph.told.fail(why)

    def stop(self, told: Told) -> None:
        """End the morph that tells ``told``, without a word."""
        if self._morph is not None and self._morph.told is told:
            self._morph = None

    def _tick(self) -> None:
        self._waiting = False
        self._look()

    def _look(self) -> None:
        morph = self._morph
        if morph is None:
            return
        morph.look(self._beat())
        since = -1.0 if morph.wait is None else morph.passed - morph.wait + _CLOSE
        try:
            if since >= 0.0 and not morph.gesture:
                self._switch(morph)
            if since >= 0.0:
                self._glide(morph, 1.0 if since >= morph.over else since / morph.over)
        except UserError as error:
            self.end(error)
        if self._morph is not None and not self._waiting:
            self._waiting = True
            self._later(EVERY, self._tick)

    def _switch(self, morph: _Morph) -> None:
        """Do what is done at once, in one change."""
        tree = self._control.tree
        now = tree.values
        gliding = [n for n, value in morph.goal.items() if glides(tree[n], now[n], value) and now[n] != value]
        morph.starts = {name: now[name] for name in gliding}
        switched = {name: value for name, value in morph.goal.items() if name not in morph.starts}
        changes = {**switched, "target/clear": True}
        change = self._control.apply(changes, morph.origin, known=False, gesture=f"morph {morph.name}")
        morph.gesture = change.gesture

    def _glide(self, morph: _Morph, share: float) -> None:
        tree = self._control.tree
        values = {name: between(tree[name], start, morph.goal[name], share) for name, start in morph.starts.items()}
        if share < 1.0:
            try:
                self._control.restore(values, None, morph.origin, morph.gesture)
            except UserError:  # a moment that cannot be, on a way that ends well
                return
            if int(share * morph.over) > morph.said:
                morph.said = int(share * morph.over)
                morph.told.progress(share, "morphing")
        else:
            self._control.restore(values, None, morph.origin, morph.gesture)
            self._morph = None
            morph.told.done(morph.name)

    def _changed(self, change: Change) -> None:
        """Let go of what someone else has set."""
        morph = self._morph
        if morph is None or not morph.gesture or change.gesture == morph.gesture:
            return
        touched = [name for name in change.values if name in morph.starts]
        if change.gesture.partition("#")[0] in GESTURES and (touched or change.held is not None):
            self.end(UserError("this morph", "was taken back", "ask for it again", "undone"))
            return
        if change.was.get("target/by") != change.values.get("target/by"):  # another target, another way to choose it
            touched += [name for name in morph.starts if name.startswith("target/")]
        for name in touched:
            morph.starts.pop(name, None)
