"""Takes: loops of the live input that were recorded in time, and the source saved as a file.

``source/record`` records one loop from the next bar on; what plays goes on meanwhile. It then is a clip, ``input N``,
and the source. Fired again while it waits or records, it is called off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path

import soundfile

from ear_engine.change import Change
from ear_engine.clip import Clip
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.listening import no_input
from ear_engine.node.threads import in_thread
from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.osc.jobs import Job
from ear_engine.osc.reports import ClipInfo
from ear_engine.shared_memory.clock import BAR, next_boundary, now, playhead
from ear_engine.shared_memory.loops import read_loop
from ear_engine.shared_memory.states import AudioState
from ear_engine.sources.source import name_problem
from ear_engine.whole_files import made_folder, need_room, replacing

RECORD = "source/record"
_CLIP = "source/clip"
_KEPT = 16
_PATIENCE = 3.0  # seconds beyond its end until a take must be there
_PREFIX = "input "


@dataclass(frozen=True)
class _Going:
    """A take that waits for its bar or is being recorded: ``start`` and ``samples`` in engine samples."""

    number: int
    start: int
    samples: int
    origin: str
    deadline: float


class Takes:
    """Records takes when ``source/record`` is fired; a :class:`~ear_engine.node.made_clips.MadeClips`.

    Args:
        control: whose triggers are followed, and whose source is led.
        folder: the session's loops.
        clips: where clips are saved.
        audio: latest state of the audio process.
        source: the clip that is dreamed from.
        refuse: told who wanted what cannot be had: origin, address, error.
        tell: told how a take goes: phase, share 0..1, name of the clip.
    """

    def __init__(
        self,
        control: ControlLog,
        folder: Path,
        clips: Path,
        *,
        audio: Callable[[], AudioState | None],
        source: Callable[[], Clip],
        refuse: Callable[[str, str, UserError], None],
        tell: Callable[[str, float, str], None],
    ) -> None:
        self._control = control
        self._folder = folder
        self._saved = clips
        self._audio, self._source, self._refuse, self._tell = audio, source, refuse, tell
        self._going: _Going | None = None
        self._files: dict[str, tuple[Path, ClipInfo]] = {}
        self._saving: set[asyncio.Task[None]] = set()
        for path in sorted(folder.glob("take-*.ear")):  # of a node before this one
            self._add(path)
        control.listen(self._changed)

    def clips(self) -> Sequence[ClipInfo]:
        """Those there are, the oldest first."""
        return tuple(info for _, info in self._files.values())

    def named(self, name: str) -> str | None:
        """The take of that name."""
        return name if name in self._files else None

    def read(self, name: str) -> Clip:
        """A copy of its sound."""
        try:
            loop = read_loop(self._files[name][0])
            return Clip(name, loop.audio.copy(), loop.sample_rate, loop.beats, "given")
        except (KeyError, OSError, ValueError) as error:
            raise UserError(f"clip {name!r}", f"cannot be read ({error})", "record it again", "bad_clip") from None

    def commands(self) -> tuple[Command, ...]:
        """``/ear/source/save``."""
        text = "Save the source as a WAV file among your clips, under this name; nothing is overwritten."
        answer = f"{DONE} s:address i:request s:clip s:path"
        return (Command("source/save", (Argument("name", "s"),), answer, text, self._save, cost=50.0),)

    def look(self) -> None:
        """See how the take goes; call it a few times a second."""
        going, audio = self._going, self._audio()
        if going is None or audio is None:
            return
        if audio.taken >= going.number:
            self._going = None
            if audio.taken_file:
                self._take(going, audio.taken_file)
            else:
                self._fail(going, "could not be recorded whole", "try again; the events say what is wrong")
        elif now() > going.deadline or not audio.input:
            self._going = None
            self._control.take(-1, going.origin)
            self._fail(going, "did not come", "see whether the input is still connected")
        else:
            going = self._going = _as_long_as_played(going, audio)
            heard = audio.position + (now() - audio.time - audio.latency) * audio.sample_rate
            share = (heard - going.start) / going.samples
            self._tell("waits" if share < 0 else "records", min(max(share, 0.0), 1.0), f"{_PREFIX}{going.number}")

    def _changed(self, change: Change) -> None:
        if RECORD not in change.triggers:
            return
        if self._going is not None:
            going, self._going = self._going, None
            self._control.take(-1, change.origin)
            self._tell("called_off", 0.0, f"{_PREFIX}{going.number}")
            return
        try:
            self._begin(change.origin)
        except UserError as error:
            self._refuse(change.origin, f"/ear/{RECORD}", error)

    def _begin(self, origin: str) -> None:
        audio = self._audio()
        if audio is None or not audio.input:
            raise no_input()
        here = playhead(audio, now())
        if here is None or here.entry.silent:
            raise UserError("the live input", "has nothing to be in time with", "set playback/run to 1", "not_playing")
        start = next_boundary(ceil(here.position), here.entry, BAR)
        seconds = (start - here.position + here.entry.samples) / audio.sample_rate
        self._control.take(start, origin)
        number = self._control.snapshot().takes
        self._going = _Going(number, start, here.entry.samples, origin, now() + seconds + audio.latency + _PATIENCE)
        self._tell("waits", 0.0, f"{_PREFIX}{number}")

    def _take(self, going: _Going, file: str) -> None:
        """It is there: the source from now on."""
        name = self._add(self._folder / file)
        if name is None:
            self._fail(going, "cannot be read", "try again")
            return
        self._tell("done", 1.0, name)
        self._control.apply({_CLIP: name}, going.origin, known=False)
        self._prune()

    def _add(self, path: Path) -> str | None:
        try:
            loop = read_loop(path)
            name = f"{_PREFIX}{int(path.stem.removeprefix('take-'))}"
        except (OSError, ValueError):
            return None
        self._files[name] = path, ClipInfo(name, loop.seconds, loop.beats)
        return name

    def _prune(self) -> None:
        for name in list(self._files)[:-_KEPT]:
            if name != self._control.tree.values[_CLIP]:
                path, _ = self._files.pop(name)
                with suppress(OSError):  # still mapped (Windows)
                    path.unlink()

    def _fail(self, going: _Going, reason: str, mend: str) -> None:
        name = f"{_PREFIX}{going.number}"
        self._tell("failed", 0.0, name)
        self._refuse(going.origin, f"/ear/{RECORD}", UserError(f"the take {name!r}", reason, mend, "no_take"))

    def _save(self, call: Call) -> None:
        name = str(call.arguments["name"]).strip().removesuffix(".wav")
        problem = name_problem(name) or ("is a path, not a name" if "/" in name or name.startswith(".") else None)
        if problem is not None:
            raise UserError(f"clip name {name[:60]!r}", problem, "use a plain name", "bad_name")
        clip = self._source()
        stem = f"{name} {clip.beats} beats" if "beat" not in name.lower() else name
        path = self._saved / f"{stem}.wav"
        if path.exists():
            raise UserError(f"clip {stem!r}", "is there already", "choose another name", "exists")
        job = call.engine.jobs.begin(call, lambda: None)
        task = asyncio.get_running_loop().create_task(self._write(job, clip, path))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _write(self, job: Job, clip: Clip, path: Path) -> None:
        try:
            await in_thread(partial(_write_wav, clip, path), "save")
        except UserError as error:
            job.fail(error)
        else:
            job.done(path.stem, str(path))


def _as_long_as_played(going: _Going, audio: AudioState) -> _Going:
    """``going``, as long as the loop that plays at its start: one of another length may have come meanwhile."""
    entry = next((entry for entry in reversed(audio.schedule) if entry.start <= going.start), None)
    if entry is None or entry.silent:
        return going
    longer = (entry.samples - going.samples) / audio.sample_rate
    return replace(going, samples=entry.samples, deadline=going.deadline + longer)


def _write_wav(clip: Clip, path: Path) -> None:
    made_folder(path.parent)
    need_room(path.parent, clip.audio.nbytes + 4096)
    with replacing(path) as file:
        soundfile.write(file, clip.audio.T, clip.sample_rate, subtype="FLOAT", format="WAV")
