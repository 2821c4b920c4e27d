"""Keeping a performance: the node begins and ends it, and keeps the control log; the others keep what they do.

``ControlState.recording`` names the folder. The audio process keeps what sounds, the dreamer what it does, each in a
file of its own (``performance/naming.py``), so a process that dies takes nothing along.
"""

from __future__ import annotations

import hashlib
import os
import platform as machine
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import ear_engine
from ear_engine import platform
from ear_engine.change import Change
from ear_engine.control import ControlLog, acceptable
from ear_engine.ear_files import WEIGHTS
from ear_engine.errors import UserError
from ear_engine.performance.naming import CONTROL, ENDED, FORMAT, SUFFIX, new_part
from ear_engine.performance.writing import Made, RecordWriter
from ear_engine.playback.recorder import next_take
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import read_loop
from ear_engine.shared_memory.states import AudioState, DreamerState
from ear_engine.sources.source import name_problem
from ear_engine.whole_files import made_folder, need_room, not_written

ORIGIN = "node"
_LEAST_ROOM = 64 << 20  # bytes to begin with
_DISTRIBUTIONS = ("numpy", "torch", "pyo", "soxr")

Report = Callable[[str, str, str], None]  # level, code, message


@dataclass(frozen=True)
class RecordingReport:
    """How it goes: seconds of sound and megabytes on disk, and for how many minutes there is room, -1 if none knows."""

    name: str
    seconds: float
    megabytes: float
    minutes_left: float


class Recording:
    """Begins and ends keeping; while it does, every change of the log goes into the file.

    Args:
        control: the log.
        session: the session folder.
        audio: where the sound is.
        report: told what everyone should know.
        root: where performances lie; the user's folder if None.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        audio: Callable[[], AudioState | None],
        report: Report,
        root: Path | None = None,
    ) -> None:
        self._control = control
        self._loops = session / "loops"
        self._audio = audio
        self._report = report
        self._root = platform.user_recording_dir() if root is None else root
        self._file: RecordWriter | None = None
        self._last: RecordWriter | None = None  # which may still have something to write
        self._folder: Path | None = None
        self._failed = ""
        self._told: dict[str, int] = {}  # process → the last of its events that was there before
        self._since = 0.0
        self._kept = (0.0, 0.0, 0)  # seconds of sound by earlier audio processes, by the last one, and its pid
        self._files: set[str] = set()
        control.listen(self._changed)

    def open(self, where: str | None) -> None:
        """Go on with what a node before this one has begun, or begin what the command line asks for.

        Args:
            where: a name, or a folder that is not there yet.

        Raises:
            UserError: that cannot be made.
        """
        before = self._control.snapshot().recording
        if before:
            self._folder = Path(before)
            try:
                self._begin(self._folder)
            except UserError as error:  # the sound goes on without it
                self._failed = str(error)
        elif where is not None:
            path = Path(where).expanduser()
            self._start(path.absolute() if len(path.parts) > 1 else self._named(where), ORIGIN)

    def record(self, name: str, origin: str) -> Path:
        """Keep from now on.

        Args:
            name: of a folder among the recordings; the time if it is empty. One that is there already stays, and the
                next free name is taken.
            origin: who asked.

        Returns:
            the folder.

        Raises:
            UserError: it is running already, the name can be none, or there is no room.
        """
        return self._start(self._named(name or time.strftime("%Y-%m-%d %H.%M.%S")), origin)

    def stop(self, origin: str) -> Path:
        """End it; return the folder.

        Raises:
            UserError: nothing is kept.
        """
        if self._folder is None:
            raise UserError("the session", "is not being recorded", "send session/record first", "not_recording")
        folder, self._folder = self._folder, None
        self._control.set_recording("", origin)
        if self._file is not None:
            self._file.put("shut", {"time": now()})
            self._file.end()
            self._file = None
        return folder

    def status(self) -> RecordingReport | None:
        """How it goes; None if nothing is kept."""
        if self._folder is None:
            return None
        try:
            size = sum(path.stat().st_size for path in self._folder.glob(f"*{SUFFIX}"))
            free = shutil.disk_usage(self._folder).free
        except OSError:  # the disk has gone; whoever writes says so
            size, free = 0, 0
        took = now() - self._since
        left = free / (size / took) / 60.0 if size > 1 << 20 and took > 1.0 else -1.0
        return RecordingReport(self._folder.name, self._kept[0] + self._kept[1], size / 1e6, left)

    def look(self, audio: AudioState | None, dreamer: DreamerState | None) -> None:
        """End it where one of the processes could not go on; call it now and then."""
        if self._folder is None:
            return
        if audio is not None:
            before, last, pid = self._kept
            again = pid not in (0, audio.pid)
            self._kept = (before + last if again else before), audio.kept, audio.pid
        for name, state in (("audio", audio), ("dreamer", dreamer)):
            numbers = [event.number for event in state.events if event.code == ENDED] if state else []
            if max(numbers, default=0) > self._told.get(name, 0):
                self._told[name] = max(numbers)
                self._failed = self._failed or "another process cannot write there"
        if self._failed:
            folder, reason, self._failed = self.stop(ORIGIN), self._failed, ""
            message = f"Recording {folder.name} has ended ({reason}); what is there can be replayed, the sound goes on."
            self._report("error", "recording_ended", message)

    def close(self) -> None:
        """The engine ends: complete the file."""
        if self._file is not None:
            self._file.put("shut", {"time": now()})
        if self._last is not None:
            self._last.close()

    def _named(self, name: str) -> Path:
        problem = name_problem(name)
        if problem is None and ("/" in name or name.startswith(".") or not acceptable(name, 100)):
            problem = "is more than the name of a folder"
        if problem is not None:
            raise UserError(f"recording {name[:60]!r}", problem, "use a plain name, such as friday", "bad_name")
        return self._root / name

    def _start(self, wanted: Path, origin: str) -> Path:
        if self._folder is not None:
            reason = f"is being recorded already, as {self._folder.name}"
            raise UserError("the session", reason, "send session/stop first", "already_recording")
        folder = next_take(wanted)
        made_folder(folder)
        need_room(folder, _LEAST_ROOM)
        self._told = {"audio": self._newest(), "dreamer": self._told.get("dreamer", 0)}
        self._begin(folder)
        self._folder = folder
        self._control.set_recording(str(folder), origin)
        return folder

    def _newest(self) -> int:
        audio = self._audio()
        return max((event.number for event in audio.events), default=0) if audio is not None else 0

    def _begin(self, folder: Path) -> None:
        """Raises UserError if no file can be made."""
        path = new_part(folder, CONTROL)
        try:
            self._file = self._last = RecordWriter(path, self._ended)
        except OSError as error:
            raise not_written(path, error) from None
        state = self._control.snapshot()
        self._since, self._files, self._kept = now(), set(), (0.0, 0.0, 0)
        head = {"state": asdict(state), "time": now(), "created": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        self._file.later(lambda: (("open", {**_circumstances(), **head, "ear": _ear(Path(state.ear))}, {}),))
        self._keep_files((state.source, *state.clips.values()))

    def _ended(self, reason: str) -> None:
        self._failed = reason  # from the writing thread; the next look deals with it

    def _changed(self, change: Change) -> None:
        if self._file is None:
            return
        audio = self._audio()
        position = audio.position + (change.time - audio.time) * audio.sample_rate if audio is not None else None
        held = None if change.held is None else asdict(change.held[1])
        head: dict[str, object] = {
            "number": change.number,
            "time": change.time,
            "origin": change.origin,
            "values": dict(change.values),
            "triggers": list(change.triggers),
            "engine": dict(change.engine),
            "clips": None if change.clips is None else dict(change.clips),
            "captures": change.captures,
            "gesture": change.gesture,
            "held": held,
            "position": position,
        }
        self._file.put("chng", head)
        if "ear" in change.engine:
            ear = Path(str(change.engine["ear"]))
            self._file.later(lambda: (("ears", {"ear": _ear(ear)}, {}),))
        self._keep_files((*map(str, change.engine.values()), *(change.clips or {}).values()))

    def _keep_files(self, names: tuple[str, ...]) -> None:
        """Keep the loops of the session that are named, each once."""
        for name in names:
            if name.endswith(".ear") and name not in self._files and self._file is not None:
                self._files.add(name)
                self._file.later(lambda name=name: self._loop(name), 12 << 20)  # type: ignore[misc]

    def _loop(self, file: str) -> Made:
        """In the writing thread: a loop, with its audio."""
        loop = read_loop(self._loops / Path(file).name)
        named = ("loop", "sample_rate", "beats", "source_number", "step", "sequence", "name")
        return (("file", {"file": file, **{name: getattr(loop, name) for name in named}}, {"audio": loop.audio}),)


def _circumstances() -> dict[str, object]:
    """What computes, as far as it matters for whether the same comes out again."""
    versions = {}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = ""
    system = {"system": machine.system(), "machine": machine.machine(), "python": machine.python_version()}
    return {"format": FORMAT, "part": CONTROL, "engine": ear_engine.__version__, "versions": versions, **system}


def _ear(folder: Path) -> dict[str, str]:
    """Name, place and weights of an ear; the hash is empty if they cannot be read."""
    try:
        with open(folder / WEIGHTS, "rb", buffering=0) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        digest = ""
    return {"name": folder.name, "folder": os.fspath(folder), "weights": digest}
