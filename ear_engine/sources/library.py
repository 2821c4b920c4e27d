"""Finds clips by name: the built-in loops, then audio files in given folders, and paths only where they are allowed."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from ear_engine.clip import LONGEST_SECONDS, Clip, load_clip, named_beats
from ear_engine.errors import UserError
from ear_engine.sources.loops import BEATS, builtin_description, builtin_names, builtin_tempo, render_builtin

SUFFIXES = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".w64", ".au"})
MOST_FILES = 10_000


@dataclass(frozen=True)
class ClipRow:
    """What is known about a clip without decoding it.

    Attributes:
        name: to load it by.
        seconds: its length; 0 if the file cannot be read.
        beats: in the loop, or None where only listening would tell.
        tempo: in BPM, or None likewise.
        description: one line.
    """

    name: str
    seconds: float
    beats: int | None
    tempo: float | None
    description: str


def _unsafe(name: str) -> str | None:
    """Why a name may not come from the network, or None."""
    if not name or name != name.strip():
        return "is empty or has spaces around it"
    if len(name) > 255:
        return "is longer than 255 characters"
    if any(ord(letter) < 32 or ord(letter) == 127 or 0xD800 <= ord(letter) < 0xE000 for letter in name):
        return "has characters that no name has"
    if "\\" in name or name.startswith(("/", "~")) or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "is a path, not a name"
    return None


class ClipLibrary:
    """Clips by name.

    A file's name here is its path within its folder, without the suffix and with ``/`` between folders. Built-in
    loops come first, then the folders in order, each in alphabetical order: the first with a name has it. Names are
    looked up, never joined to a path. Hidden files, and links that lead out of their folder, are not listed.

    Args:
        roots: folders with audio files, which need not exist.
        sample_rate: of the clips loaded, in Hz.
    """

    def __init__(self, roots: Sequence[Path], sample_rate: int = 44100) -> None:
        self._roots = tuple(roots)
        self._sample_rate = sample_rate

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        seen = 0
        for root in self._roots:
            home = root.resolve()
            for folder, folders, files in os.walk(root):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for file in sorted(files):
                    seen += 1
                    if seen > MOST_FILES:
                        return found
                    path = Path(folder, file)
                    name = path.relative_to(root).with_suffix("").as_posix()
                    listed = path.suffix.lower() in SUFFIXES and not file.startswith(".") and _unsafe(name) is None
                    if listed and path.resolve().is_relative_to(home):
                        found.setdefault(name, path)
        for name in builtin_names():
            found.pop(name, None)
        return found

    def names(self) -> tuple[str, ...]:
        """All names: built-in loops, then files."""
        return (*builtin_names(), *self._files())

    def load(self, name: str, *, allow_paths: bool = False, crop: bool = False) -> Clip:
        """Loads a clip.

        Args:
            name: of a built-in loop or a file in the folders, with or without its suffix.
            allow_paths: whether ``name`` may also be a path; only for the command line, never for the network.
            crop: of a file that is too long, take the start.

        Raises:
            UserError: for a name that is unknown or not allowed, or a file that :func:`load_clip` refuses.
        """
        if name in builtin_names():
            return render_builtin(name, self._sample_rate)
        problem = _unsafe(name)
        if problem is not None and not allow_paths:
            mend = "use a name that `ear-engine clips` lists"
            raise UserError(f"clip name {name[:60]!r}", problem, mend, "bad_name")
        files = self._files()
        for own, path in files.items():
            if name in (own, own + path.suffix):
                return replace(load_clip(path, sample_rate=self._sample_rate, crop=crop), name=own)
        if allow_paths and "\0" not in name and (Path(name).suffix or Path(name).name != name):
            return load_clip(Path(os.path.expanduser(name)), sample_rate=self._sample_rate, crop=crop)
        known = (*builtin_names(), *files)
        near = difflib.get_close_matches(name[:255], known, n=3, cutoff=0.4)
        mend = f"did you mean {' or '.join(near)}" if near else "`ear-engine clips` lists the names"
        raise UserError(f"clip {name[:60]!r}", "is not in the library", mend, "unknown_clip")

    def describe(self) -> tuple[ClipRow, ...]:
        """A row for each name, in the order of :meth:`names`, from headers and file names alone."""
        rows = []
        for name in builtin_names():
            tempo = builtin_tempo(name)
            rows.append(ClipRow(name, BEATS * 60.0 / tempo, BEATS, tempo, builtin_description(name)))
        rows.extend(_row(name, path) for name, path in self._files().items())
        return tuple(rows)


def _row(name: str, path: Path) -> ClipRow:
    try:
        header = soundfile.info(path)
    except (OSError, RuntimeError, TypeError, ValueError):
        return ClipRow(name, 0.0, None, None, f"{path.name}: cannot be read")
    seconds = header.frames / header.samplerate
    stated = named_beats(path.stem, seconds) if seconds > 0.0 else None
    beats = None if stated is None or round(stated) < 1 else round(stated)
    sides = {1: "mono", 2: "stereo"}.get(header.channels, f"{header.channels} channels")
    description = f"{path.name}: {sides}, {header.samplerate} Hz"
    if seconds > LONGEST_SECONDS:
        description += ", too long unless cropped"
    return ClipRow(name, seconds, beats, None if beats is None else beats * 60.0 / seconds, description)
