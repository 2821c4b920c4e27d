"""From the targets that are asked for to what a dream is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ear_engine.control import target_of
from ear_engine.errors import UserError
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.shared_memory.states import ControlState, Target
from ear_engine.targets.resolve import Resolver, clips_wanted

Wish = tuple[Target, Sequence[Target], Mapping[str, Target], Mapping[str, str]]


class Aim:
    """Keeps a dream aimed at what the control state says; what cannot be is declined, and it stays what it was."""

    def __init__(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin
        self._resolver: Resolver | None = None
        self._wish: Wish | None = None  # what was tried last
        self._good: Wish | None = None  # what was possible last

    def renew(self, resolver: Resolver | None = None) -> None:
        """There is a new dream: aim it too, with another ear's ``resolver`` if it has one."""
        self._resolver = resolver or self._resolver
        self._wish = None

    def follow(self, dream: Dream, control: ControlState) -> None:
        """Aim ``dream`` if anything about the targets has changed."""
        target = target_of(control.values)
        wish = target, control.kept, control.stored, control.clips
        if wish == self._wish:
            return
        if not clips_wanted(target, control.kept, control.stored) <= control.clips.keys():
            return  # the node is making them, and says so if it cannot
        fresh, self._wish = self._wish is None, wish
        try:
            self._take(dream, wish)
        except UserError as error:
            if fresh and wish == self._good:  # nobody has just asked for it: another ear does not have it
                self._bulletin.event("warning", error.code, str(error))
            else:
                self._bulletin.decline(control.sequence, f"target/{target.by}", error)
                if fresh and self._good is not None:
                    self._retake(dream, self._good)
        else:
            self._good = wish

    def drop(self, dream: Dream, sequence: int, error: UserError) -> None:
        """Dream of nothing until something else is asked for, since its objective has failed with ``error``."""
        dream.aim(())
        by = self._wish[0].by if self._wish is not None else "layer"
        self._good = None
        self._bulletin.decline(sequence, f"target/{by}", error)

    def _retake(self, dream: Dream, wish: Wish) -> None:
        try:
            self._take(dream, wish)
        except UserError as error:
            self._bulletin.event("warning", error.code, str(error))

    def _take(self, dream: Dream, wish: Wish) -> None:
        assert self._resolver is not None
        target, kept, stored, _ = wish
        dream.aim(self._resolver.resolve((target, *kept), dream.beats, stored))
