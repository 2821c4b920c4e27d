"""Clips that targets liken the loop to: from their names to loop files of the current loop's length.

Besides the clips of the library there are ``now``, the loop that is heard when it is named; ``source``, whatever the
source is; and ``input``, a loop of the live input, taken when it is named. Clips are decoded and fitted beside the
event loop. If that fails, the target goes back to what it was, and whoever asked is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ear_engine.clip import Clip
from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node.imprint_files import ImprintFiles, LoopShape
from ear_engine.node.sources import Refuse, Report, Sources
from ear_engine.node.threads import in_thread
from ear_engine.shared_memory.clock import now, playhead
from ear_engine.shared_memory.states import AudioState, Target
from ear_engine.targets.resolve import clips_of

ORIGIN = "node"
NOW, SOURCE, INPUT = "now", "source", "input"
_NO_INPUT = "start with --input and an audio device that has inputs"
_PATIENCE = 3.0  # seconds beyond two loops until the live input must have come

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Wish:
    """A clip that is wanted: by whom, and for now and input, in which file it was put aside."""

    name: str
    origin: str = ""
    address: str = ""
    file: str = ""


class Imprints:
    """Keeps ``ControlState.clips`` what the targets name.

    Args:
        control: whose targets.
        sources: where clips come from, and what they are fitted to.
        folder: the session's loops.
        audio: latest state of the audio process.
        refuse: told who wanted what cannot be had.
        report: told what everyone should know.
    """

    def __init__(
        self,
        control: ControlLog,
        sources: Sources,
        folder: Path,
        audio: Callable[[], AudioState | None],
        refuse: Refuse,
        report: Report,
    ) -> None:
        self._control = control
        self._sources = sources
        self._store = ImprintFiles(folder, lambda name, crop: sources.names.read(name, crop=crop))
        self._audio = audio
        self._refuse = refuse
        self._report = report
        self._clips: dict[str, Clip] = {}  # as decoded
        self._files: dict[str, str] = {}  # as fitted
        self._pending: dict[str, _Wish] = {}
        self._serving = ""
        self._failed: set[str] = set()  # not tried again before they are named again
        self._listening: tuple[_Wish, int, float] | None = None  # for the input: wish, number of the capture, deadline
        self._shape: LoopShape | None = None
        self._good = control.target  # the last target whose clips were all there
        self._wake = asyncio.Event()
        control.judges.append(self._judge)
        control.listen(self._changed)

    def open(self) -> None:
        """The first source is there: see to what the targets name already.

        Raises:
            UserError: a clip that a target names is not in the library.
        """
        self._check(self._control.target)
        self._review(Change(0, 0.0, ORIGIN, dict(self._control.tree.values)))

    async def run(self) -> None:
        """Make what is wanted, one after the other."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                self._serving = next(iter(self._pending))
                await self._serve(self._pending.pop(self._serving))
                self._serving = ""

    def look(self) -> None:
        """See whether the live input has come; call it every now and then."""
        if self._listening is None:
            return
        wish, number, deadline = self._listening
        if INPUT not in self._wanted():  # nobody waits for it any more
            self._listening = None
            return
        audio = self._audio()
        if audio is not None and audio.captured >= number:
            self._listening = None
            if audio.captured_file:
                self._queue(replace(wish, file=audio.captured_file))
            else:
                self._fail(wish, UserError("the input", "is not there", _NO_INPUT, "no_input"))
        elif now() > deadline:
            self._listening = None
            self._fail(wish, UserError("the input", "did not come", _NO_INPUT, "no_input"))

    def _judge(self, target: Target, kept: Sequence[Target], stored: Mapping[str, Target]) -> None:
        if self._shape is None:  # before, it is not known which clips there are
            return
        self._check(target)
        if target.by == "morph":
            for name, one in stored.items():
                for clip in sorted(clips_of(one) & self._failed):
                    mend = f"choose another target and fire target/{name}"
                    raise UserError(
                        f"stored target {name}", f"needs clip {clip!r}, which cannot be had", mend, "bad_clip"
                    )

    def _check(self, target: Target) -> None:
        for name in sorted(clips_of(target)):
            if name not in (NOW, SOURCE, INPUT) and name not in self._files:
                self._sources.names.check_name(name)

    def _changed(self, change: Change) -> None:
        names = (*change.values, *change.triggers)
        aims = change.held is not None or any(name.startswith("target/") for name in names)
        if self._shape is not None and ("source" in change.engine or aims):
            self._review(change)

    def _review(self, change: Change) -> None:
        """Ask for every clip that is named and not there, and for all of them if the loop has another length."""
        wanted = self._wanted()
        named = clips_of(self._control.target) if {"target/imprint", "target/objective"} & set(change.values) else ()
        asked = (name for name in ("target/imprint", "target/objective", "target/by") if name in change.values)
        address = f"/ear/{next(asked, 'target/imprint')}"
        clip = self._sources.current
        mode = "stretch" if self._control.tree.values["source/fit"] == "stretch" else "crop"
        shape = LoopShape(mode, clip.tempo, clip.beats, clip.samples)
        refit, self._shape = shape != self._shape, shape
        self._failed -= set(named)
        for name in sorted(wanted - {SOURCE} - self._failed):
            wish = _Wish(name, change.origin, address)
            if not refit and name not in named and (name in self._pending or name == self._serving):
                continue
            if name == NOW and (name in named or name not in self._clips):
                wish = replace(wish, file=self._store.put_aside(self._heard()))
                self._clips.pop(name, None)
            elif name == INPUT and (name in named or name not in self._clips):
                self._listen(wish, clip.seconds)
                continue
            elif not refit and name in self._files:
                continue
            self._queue(wish)
        self._tell()

    def _wanted(self) -> frozenset[str]:
        targets = (self._control.target, *self._control.kept, *self._control.stored.values())
        return frozenset().union(*(clips_of(target) for target in targets))

    def _listen(self, wish: _Wish, seconds: float) -> None:
        if self._listening is None:
            number = self._control.snapshot().captures + 1
            self._listening = wish, number, now() + 2 * seconds + _PATIENCE
            self._control.capture(ORIGIN)

    def _queue(self, wish: _Wish) -> None:
        self._pending[wish.name] = wish
        self._wake.set()

    async def _serve(self, wish: _Wish) -> None:
        shape = self._shape
        assert shape is not None
        file = self._store.new()
        try:
            clip = await in_thread(partial(self._make, wish, shape, file), "imprint")
        except UserError as error:
            self._fail(wish, error)
            return
        except Exception as problem:  # one clip must not end all later ones
            _log.exception("clip %s failed", wish.name)
            reason = f"could not be made into an imprint ({problem})"
            self._fail(wish, UserError(f"clip {wish.name!r}", reason, "choose another", "bad_clip"))
            return
        self._clips[wish.name], self._files[wish.name] = clip, file
        if shape != self._shape:
            self._queue(replace(wish, file=""))
        self._tell()

    def _make(self, wish: _Wish, shape: LoopShape, file: str) -> Clip:
        """Decode (unless it is at hand), fit and write a clip; in a thread."""
        clip = self._clips.get(wish.name)
        if wish.file or clip is None:
            clip = self._store.decode(wish.name, shape.mode, wish.file)
        self._store.write(file, clip, shape)
        return clip

    def _heard(self) -> str:
        """File of the loop that is heard."""
        audio = self._audio()
        head = playhead(audio, now()) if audio is not None else None
        return head.entry.file if head is not None else self._control.snapshot().source

    def _tell(self) -> None:
        """Let the dreamer know which files there are, and remove those that nobody needs."""
        wanted = self._wanted()
        before = self._control.snapshot().clips
        clips = {name: file for name, file in self._files.items() if name in wanted or name in (NOW, INPUT)}
        if SOURCE in wanted:
            clips[SOURCE] = self._control.snapshot().source
        self._files = {name: file for name, file in clips.items() if name != SOURCE}
        self._clips = {name: clip for name, clip in self._clips.items() if name in self._files}
        if clips != before:
            self._control.set_clips(clips, ORIGIN)
            self._store.prune({*clips.values(), *before.values()})
        if clips_of(self._control.target) <= clips.keys():
            self._good = self._control.target

    def _fail(self, wish: _Wish, error: UserError) -> None:
        """Go back to the last target whose clips were there, and forget kept ones that never will be whole.

        A clip that was there before (the live input, taken once more) stays what it was.
        """
        self._refuse(wish.origin, wish.address, error)
        if wish.name in self._files:
            return
        self._failed.add(wish.name)
        self._control.drop_kept(lambda kept: wish.name in clips_of(kept), ORIGIN)
        played = (self._control.target, *(self._control.stored.values() if self._control.target.by == "morph" else ()))
        if not any(wish.name in clips_of(target) for target in played):  # a newer one has taken its place
            return
        good = self._good if wish.name not in clips_of(self._good) else replace(self._good, by="layer")
        back = {f"target/{name}": getattr(good, name) for name in ("by", "imprint", "objective")}
        try:
            self._control.apply(back, ORIGIN)
        except UserError:  # another ear or other kept targets have come meanwhile
            self._control.apply({"target/by": "layer"}, ORIGIN)
        self._report("warning", error.code, f"{error} The target stays what it was.")
