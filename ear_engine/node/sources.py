"""Source loops: from the name of a clip to a loop file that the other processes dream from and play.

A clip is decoded and fitted beside the event loop. If that fails, the loop that plays stays, the parameters go back to
what it was made with, and whoever asked is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ear_engine.clip import Clip, fit_clip
from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node.carrying import Carrier
from ear_engine.node.clip_names import ClipNames
from ear_engine.node.threads import in_thread
from ear_engine.parameters import Value
from ear_engine.shared_memory.loops import LoopFile, read_loop, source_name, write_loop
from ear_engine.shared_memory.states import ControlState
from ear_engine.sources.library import ClipLibrary

ORIGIN = "source"
_SHAPING = ("source/clip", "source/fit", "playback/tempo", "playback/beats")
_LENGTH = ("playback/tempo", "playback/beats")
_KEPT = 8  # source files

_log = logging.getLogger(__name__)

Refuse = Callable[[str, str, UserError], None]  # origin, address, error
Report = Callable[[str, str, str], None]  # level, code, message


@dataclass(frozen=True)
class _Wish:
    """What a source shall be made from, and who wants it."""

    clip: str
    fit: str
    tempo: float
    beats: int
    origin: str = ""
    address: str = ""
    reload: bool = False  # read the file again, it may have changed


class Sources:
    """Keeps the source loop what ``source/clip``, ``source/fit`` and, unless the clip leads, tempo and beats say.

    Args:
        control: its values are followed, and led where the clip decides them.
        library: clips by name.
        folder: the session's loops.
        refuse: told who wanted what cannot be had.
        report: told what everyone should know.
        dreamed: file of the newest dream; empty before the first.
    """

    def __init__(
        self,
        control: ControlLog,
        library: ClipLibrary,
        folder: Path,
        refuse: Refuse,
        report: Report,
        dreamed: Callable[[], str] = str,
    ) -> None:
        self._control = control
        self._folder = folder
        self._refuse = refuse
        self._report = report
        self._carrier = Carrier(folder, dreamed)
        self.names = ClipNames(library, report)
        self._claims: dict[str, tuple[str, Value]] = {}  # lengths asked for while a clip that leads them is made
        self._decoded: tuple[str, bool, Clip] | None = None  # name, cropped, clip: tempo changes need no new decoding
        self._current: Clip | None = None
        self._good: dict[str, Value] = {}  # values that the current source was made with
        self._wish: _Wish | None = None
        self._wake = asyncio.Event()
        control.validators["source/clip"] = self.names.check_name
        control.listen(self._changed)

    @property
    def current(self) -> Clip:
        """The clip being played, as it was fitted."""
        if self._current is None:
            raise RuntimeError("no source has been opened")
        return self._current

    @property
    def busy(self) -> bool:
        """Whether another one is being made."""
        return self._wish is not None

    def open(self, clip: str) -> None:
        """Make the first source, from a name or a path.

        Raises:
            UserError: it cannot be read, or not be fitted as the parameters say.
        """
        name, first = self.names.given(clip, crop=self._control.tree.values["source/fit"] == "crop")
        wish = self._wished(clip=name)
        self._decoded = (name, wish.fit == "crop", first)
        clip_leads = wish.fit == "clip_tempo"
        tree = self._control.tree
        chosen = [name for name in _LENGTH if clip_leads and tree.values[name] != tree[name].default]
        self._take(wish, self._make(wish))
        self._remark(chosen)
        self.names.report_faults()

    def rejoin(self, state: ControlState, first: str) -> None:
        """Go on with the source of a session whose node has died; what it had not made yet is made as soon as it runs.

        Args:
            state: what had been decided in it.
            first: clip that the engine was started with, a name or a path.

        Raises:
            UserError: its file has gone.
        """
        self.names.known(str(state.values["source/clip"]), first)
        try:
            loop = read_loop(self._folder / state.source)
        except (OSError, ValueError) as problem:
            mend = "start the engine again"
            raise UserError("the source loop", f"cannot be read any more ({problem})", mend, "bad_source") from None
        clip = self._current = Clip(loop.name, loop.audio, loop.sample_rate, loop.beats, "given")
        wish = self._wish = self._wished()
        fits = (clip.samples, clip.beats) == (round(wish.beats * 60.0 / wish.tempo * clip.sample_rate), wish.beats)
        self._good = {key: state.values[key] for key in _SHAPING}
        self._good |= {"source/clip": self.names.called(clip.name, wish.clip), "playback/beats": clip.beats}
        self._good["playback/tempo"] = wish.tempo if fits else clip.tempo
        self._wake.set()

    async def run(self) -> None:
        """Make sources as they are wished for; the latest wish wins."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wish = self._wish
            if wish is None:
                continue
            try:
                clip = await in_thread(partial(self._make, wish), "source")
                carried = await self._carry(wish, clip)
            except UserError as error:
                self._fail(wish, error)
            except Exception as problem:  # one clip must not end all later ones
                _log.exception("clip %s failed", wish.clip)
                reason = f"could not be made into a loop ({problem})"
                self._fail(wish, UserError(f"clip {wish.clip!r}", reason, "choose another", "bad_clip"))
            else:
                if wish is self._wish:
                    self._take(wish, clip, carried)
                    if wish is self._wish:
                        self._wish = None
                        self._answer_claims()

    def _remark(self, names: list[str]) -> None:
        if names:
            verb = "follows" if len(names) == 1 else "follow"
            message = f"{' and '.join(names)} {verb} the clip; with source/fit stretch or crop they can be chosen."
            self._report("info", "follows_clip", message)

    def _answer_claims(self) -> None:
        """Tell whoever wanted another length than the clip has that it is the clip that leads."""
        claims, self._claims = self._claims, {}
        for name, (origin, value) in claims.items():
            if value != self._good[name]:
                mend = "set source/fit to stretch or crop"
                self._refuse(origin, f"/ear/{name}", UserError(name, "follows the clip", mend, "follows_clip"))

    def _wished(self, **changes: Any) -> _Wish:
        values = self._control.tree.values
        wish = _Wish(
            clip=str(values["source/clip"]),
            fit=str(values["source/fit"]),
            tempo=float(values["playback/tempo"]),
            beats=int(values["playback/beats"]),
        )
        return replace(wish, **changes)

    def _changed(self, change: Change) -> None:
        changed = [name for name in _SHAPING if name in change.values]
        if not changed or change.origin == ORIGIN or self._current is None:
            return
        follows = self._control.tree.values["source/fit"] == "clip_tempo"
        if follows and all(name in _LENGTH for name in changed):
            for name in changed:
                self._claims[name] = (change.origin, change.values[name])
            wanting = {name: value for name, value in self._differing().items() if name in _LENGTH}
            self._control.apply(wanting, ORIGIN)  # what else differs is on its way
            if self._wish is None:
                self._answer_claims()
            self._remark(changed)
            return
        self._claims.clear()
        reload = "source/clip" in changed
        self._wish = self._wished(origin=change.origin, address=f"/ear/{changed[0]}", reload=reload)
        self._wake.set()

    def _make(self, wish: _Wish) -> Clip:
        crop = wish.fit == "crop"
        decoded = self._decoded
        if wish.reload or decoded is None or decoded[:2] != (wish.clip, crop):
            decoded = self._decoded = (wish.clip, crop, self.names.read(wish.clip, crop=crop))
        return fit_clip(decoded[2], wish.fit, wish.tempo, wish.beats)  # type: ignore[arg-type]  # checked by the table

    async def _carry(self, wish: _Wish, clip: Clip) -> str:
        """File that sounds until ``clip`` has been dreamed from, if it is only the length of the clip that changes."""
        now = self._current
        if now is None or now.name != clip.name or wish is not self._wish or self._is_there(clip):
            return ""
        carry = partial(self._carrier.carry, self._loop(clip), wish.fit == "stretch")
        return await in_thread(carry, "carried")

    def _is_there(self, clip: Clip) -> bool:
        now = self._current
        return now is not None and clip.beats == now.beats and np.array_equal(clip.audio, now.audio)

    def _loop(self, clip: Clip) -> LoopFile:
        """``clip`` as the next source."""
        number = self._control.snapshot().source_number + 1
        return LoopFile(0, clip.audio, clip.sample_rate, clip.beats, source_number=number, name=clip.name)

    def _take(self, wish: _Wish, clip: Clip, carried: str = "") -> None:
        """Make ``clip`` the source, unless it is what is there already, and lead the values that follow from it."""
        now, same, loop = self._current, self._is_there(clip), self._loop(clip)
        number = loop.source_number
        if not same:
            try:
                write_loop(self._folder / source_name(number), loop)
            except OSError as error:
                reason, mend = f"cannot be written ({error.strerror})", "make room in the temporary folder"
                refusal = UserError("the source loop", reason, mend, "no_room")
                if now is None:
                    raise refusal from None
                self._fail(wish, refusal)
                return
        self._current = clip
        self._good = {"source/clip": wish.clip, "source/fit": wish.fit}
        led = wish.fit == "clip_tempo"
        self._good["playback/tempo"] = clip.tempo if led else wish.tempo
        self._good["playback/beats"] = clip.beats if led else wish.beats
        if same:
            self._control.apply(self._differing(), ORIGIN)
            return
        self._control.set_source(source_name(number), ORIGIN, self._differing(), carried)
        self._prune(number)
        if clip.note:
            self._report("info", "clip_note", f"Clip {clip.name!r}: {clip.note}.")

    def _differing(self) -> dict[str, object]:
        """Values of the current source that the parameters do not have; what they have is not echoed."""
        values = self._control.tree.values
        return {name: value for name, value in self._good.items() if values[name] != value}

    def _prune(self, newest: int) -> None:
        self._carrier.prune(newest - 1)
        for path in self._folder.glob("source-*.ear"):
            if int(path.stem.removeprefix("source-")) <= newest - _KEPT:
                try:
                    path.unlink()
                except (PermissionError, FileNotFoundError):  # still mapped (Windows): next time
                    continue

    def _fail(self, wish: _Wish, error: UserError) -> None:
        if wish is self._wish:  # else a newer wish will decide
            self._control.apply(self._differing(), ORIGIN)
            self._wish = None
            self._claims.clear()
        self._refuse(wish.origin, wish.address, error)
        self._report("warning", error.code, f"{error} The loop that plays stays.")
