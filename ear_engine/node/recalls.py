"""A remembered loop is heard again: with its source and its length, if those are others now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.memory.remembered import Remembered
from ear_engine.node.aside import drop, hand_over
from ear_engine.node.memory_clips import clip_name
from ear_engine.node.remembering import Remembering, digest_of
from ear_engine.node.sources import ORIGIN as SOURCE
from ear_engine.node.sources import Sources
from ear_engine.node.turns import Turns, gives_way, no_room
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile

_SHAPING = ("source/fit", "source/clip", "playback/tempo", "playback/beats")
_PATIENCE = 10.0  # seconds for a source to come
_KEPT = 3  # files

Ended = Callable[[Change | None, UserError | None], None]


@dataclass(frozen=True)
class _Coming:
    """A loop that was written at ``path`` and waits for its source."""

    loop: Remembered
    path: Path
    origin: str
    ended: Ended
    deadline: float
    values: dict[str, object]


class Recalls:
    """Hands loops to the dreamer.

    Args:
        control: what is recalled is a change like any other.
        sources: what is dreamed from.
        remembering: what was heard.
        folder: the session's loops.
    """

    def __init__(self, control: ControlLog, sources: Sources, remembering: Remembering, folder: Path) -> None:
        self._control = control
        self._sources = sources
        self._remembering = remembering
        self._folder = folder
        self._coming: _Coming | None = None
        self._turns = Turns(folder, self._hashing)
        self._hashed: tuple[int, str] = (-1, "")  # number of the source, and its digest
        control.listen(self._changed)

    @property
    def busy(self) -> bool:
        """Whether something is being written that will be handed over."""
        return self._turns.busy

    def recall(self, loop: Remembered, origin: str, ended: Ended, sound: LoopFile | None = None) -> None:
        """Let ``loop`` be heard, and the dream go on from it; its sound is written beside the event loop before.

        Args:
            loop: which.
            origin: who asked.
            ended: told the change, or why it cannot be.
            sound: of the loop, if it is at hand: it may be forgotten meanwhile.

        Raises:
            UserError: its sound is gone.
        """
        sound = self._remembering.store.read(loop.number) if sound is None else sound

        def written(path: Path) -> None:
            self._cancel()
            self._recall(_Coming(loop, path, origin, ended, now() + _PATIENCE, {}))

        self._turns.begin(sound, written, partial(ended, None))

    def hold(self, sound: LoopFile, origin: str, ended: Ended) -> None:
        """Let ``sound``, which is heard, go on to be heard: no branch of the family begins.

        Args:
            sound: the loop, as long as the source.
            origin: who asked.
            ended: told the change, or why it cannot be.
        """

        def written(path: Path) -> None:
            ended(self._take(path, origin, branch=False), None)

        self._turns.begin(sound, written, partial(ended, None))

    async def step(self, sound: LoopFile, origin: str) -> Change:
        """Let ``sound``, a step of a morph that is as long as the source, be heard, and the dream rest on it.

        Raises:
            UserError: there is no room for it.
        """
        async with self._turns.written(sound) as path:
            return self._take(path, origin, still=True, morph=True)

    def _hashing(self) -> Callable[[], None] | None:
        """What finds the digest of the source, if that is not known: it takes a while for a long one."""
        number, clip = self._control.snapshot().source_number, self._sources.current
        if self._hashed[0] == number or self._remembering.root() is not None:
            return None

        def work() -> None:
            self._hashed = number, digest_of(clip.audio, clip.beats)

        return work

    def _recall(self, coming: _Coming) -> None:
        loop, origin = coming.loop, coming.origin
        if not self._sources.busy and self._fits(loop):
            coming.ended(self._take(coming.path, origin, loop.number), None)
            return
        values: dict[str, object] = {name: loop.values[name] for name in _SHAPING if name in loop.values}
        self._coming = replace(coming, values=values)
        try:
            self._control.apply(values, origin, gesture="recall")
        except UserError as error:  # its clip is gone: its source is remembered
            if not self._remembering.store.has_sound(loop.source):
                self._coming = None
                drop(coming.path)
                raise error
            values = {**values, "source/clip": clip_name(loop.source), "source/fit": "clip_tempo"}
            self._coming = replace(self._coming, values=values)
            try:
                self._control.apply(values, origin, gesture="recall")
            except UserError:
                self._coming = None
                drop(coming.path)
                raise

    def _take(
        self,
        path: Path,
        origin: str,
        number: int = 0,
        *,
        still: bool = False,
        morph: bool = False,
        branch: bool = True,
    ) -> Change:
        """Let the loop that was written at ``path``, which is as long as the source, be heard bit for bit.

        Args:
            path: where it was written.
            origin: who asked.
            number: of the remembered loop that it is, 0 if it is none.
            still: the dream rests on it.
            morph: it is a step of a morph.
            branch: whether it begins a branch of the family.

        Raises:
            UserError: it has gone.
        """
        count = self._control.snapshot().recalls + 1
        file = f"recall-{count:08d}.ear"
        sequence = self._control.number + 1
        try:
            hand_over(path, self._folder / file, sequence)
        except OSError as error:
            raise no_room(error) from None
        if branch:
            known = number if self._remembering.store.get(number) is not None else 0
            self._remembering.lineage.cut(sequence, known, morph)
        change = self._control.set_recall(file, origin, still)
        self._prune(count)
        return change

    def look(self) -> None:
        """See whether a source has not come, or was there already; call it every now and then."""
        coming = self._coming
        if coming is not None and now() > coming.deadline:
            self._fail(UserError(f"loop {coming.loop.number}", "waits for its source in vain", "try again", "late"))
        elif coming is not None and not self._sources.busy:
            self._arrived(coming)

    def give_up(self) -> None:
        """What is being written, or waits for its source, is not wanted any more."""
        self._turns.give_up()
        self._cancel()

    def _cancel(self) -> None:
        if self._coming is not None:
            self._fail(gives_way(f"loop {self._coming.loop.number}"))

    def fits(self, loop: Remembered) -> bool:
        """Whether ``loop`` is as long as what is heard."""
        clip = self._sources.current
        return (clip.samples, clip.beats, clip.sample_rate) == (loop.samples, loop.beats, loop.sample_rate)

    def _fits(self, loop: Remembered) -> bool:
        """Whether it also descends from the source that is there."""
        number, source = self._control.snapshot().source_number, self._remembering.store.get(loop.source)
        if not self.fits(loop) or source is None:
            return self.fits(loop)
        known = self._remembering.root()
        if known is not None:  # it takes a while to hash a long one
            return source.digest == known.digest
        if self._hashed[0] != number:
            clip = self._sources.current
            self._hashed = number, digest_of(clip.audio, clip.beats)
        return source.digest == self._hashed[1]

    def _changed(self, change: Change) -> None:
        coming = self._coming
        if coming is None:
            return
        if "source" in change.engine:
            self._arrived(coming)
        elif change.origin == SOURCE and change.values.get("source/clip", coming.values.get("source/clip")) != (
            coming.values.get("source/clip")
        ):
            reason = "cannot come back without its source"
            self._fail(UserError(f"loop {coming.loop.number}", reason, "see the other message", "bad_clip"))

    def _arrived(self, coming: _Coming) -> None:
        """The source of what is coming is there, as far as it can be."""
        self._coming = None
        if not self.fits(coming.loop):
            reason = "does not fit the source that has come"
            drop(coming.path)
            coming.ended(None, UserError(f"loop {coming.loop.number}", reason, "recall it again", "other_length"))
            return
        try:
            change = self._take(coming.path, coming.origin, coming.loop.number)
        except UserError as error:
            coming.ended(None, error)
        else:
            coming.ended(change, None)

    def _fail(self, error: UserError) -> None:
        coming, self._coming = self._coming, None
        if coming is not None:
            drop(coming.path)
            coming.ended(None, error)

    def _prune(self, newest: int) -> None:
        for path in self._folder.glob("recall-*.ear"):
            if int(path.stem.removeprefix("recall-")) <= newest - _KEPT:
                with suppress(OSError):  # still mapped (Windows): next time
                    path.unlink()
