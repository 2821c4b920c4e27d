"""Audio files in a folder: which there are, by their names, before any is opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ear_engine.corpora.corpus import Skipped

SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc"),
    *(".caf", ".w64", ".rf64", ".au"),
)
"""What audio files end in; what they hold is found out when they are decoded."""

_LONGEST_TEXT = 300  # characters


@dataclass(frozen=True)
class Source:
    """An audio file: its path relative to the source folder, its bytes, and when it changed (ns)."""

    path: str
    size: int
    changed: int


def find_audio(folder: Path) -> tuple[list[Source], list[Skipped]]:
    """Audio files under a folder by their suffix, sorted by path, and folders that cannot be opened.

    Links to folders are followed once; hidden files and folders are not looked at.
    """
    found: list[Source] = []
    skipped: list[Skipped] = []

    def closed(error: OSError) -> None:
        path = Path(os.path.relpath(error.filename, folder))
        skipped.append(Skipped(path, f"cannot be opened ({error.strerror})"))

    seen: set[str] = set()
    for top, folders, files in os.walk(folder, onerror=closed, followlinks=True):
        real = os.path.realpath(top)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.startswith(".") or not name.lower().endswith(SUFFIXES):
                continue
            path = Path(top, name)
            inside = path.relative_to(folder)
            try:
                stat = path.stat()
            except OSError as error:
                skipped.append(Skipped(inside, f"cannot be opened ({error.strerror})"))
                continue
            if path.is_file():
                found.append(Source(inside.as_posix(), stat.st_size, stat.st_mtime_ns))
    return sorted(found, key=lambda source: source.path), skipped


def one_line(text: str, longest: int = _LONGEST_TEXT) -> str:
    """A text on one line, without what a terminal would act on, cut to ``longest`` characters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:longest]
