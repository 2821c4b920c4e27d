"""What is aimed at, numbered: everyone who subscribes is told at once when it is another, and may ask which neurons."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.targets.resolve import Resolver
from ear_engine.web.target import AimNow

_BEATS = "playback/beats"  # a target may name a moment of the loop
_EVERY = 0.01  # seconds between two numbers that are told, however fast a fader moves


class Aimed:
    """Follows the targets; made within a running event loop.

    Args:
        control: what is aimed at.
        resolver: for the ear that listens; None while too little is known of it.
        tell: told the number of each new aim.
    """

    def __init__(
        self, control: ControlLog, resolver: Callable[[], Resolver | None], tell: Callable[[int], None]
    ) -> None:
        self._control, self._resolver, self._tell = control, resolver, tell
        self._known: Resolver | None = None
        self._number = 0
        self._loop = asyncio.get_running_loop()
        self._told = self._loop.time() - _EVERY
        self._telling = False
        control.listen(self._changed)

    def look(self) -> None:
        """See whether the ear is another one; its resolver is learned beside the event loop."""
        if self._resolver() is not self._known:
            self._known = self._resolver()
            self._count()

    def now(self) -> AimNow | None:
        """The current target and those that are kept, together; None while too little is known of the ear."""
        self.look()
        resolver, control = self._known, self._control
        if resolver is None:
            return None
        beats = float(control.tree.values[_BEATS])
        try:
            terms = resolver.resolve((control.target, *control.kept), beats, control.stored)
        except UserError:  # told to whoever asked for it
            terms = ()
        return AimNow(self._number, control.target.by, terms, resolver.facts)

    def _changed(self, change: Change) -> None:
        names = (*change.values, *change.triggers)
        if change.dropped or change.held or any(name.startswith("target/") or name == _BEATS for name in names):
            self._count()

    def _count(self) -> None:
        self._number += 1
        if not self._telling:
            self._telling = True
            self._loop.call_at(self._told + _EVERY, self._say)

    def _say(self) -> None:
        self._telling, self._told = False, self._loop.time()
        self._tell(self._number)
