"""Finds clips by name: of built-in loops, of plug-ins, of audio files in given folders; by path only where allowed."""

from __future__ import annotations

import difflib
import os
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.plugins import Registry
from ear_engine.sources.files import SUFFIXES, describe_file, load_clip
from ear_engine.sources.registered import RegisteredSources
from ear_engine.sources.source import ClipRow, name_problem

__all__ = ["ClipLibrary", "ClipRow"]

MOST_FILES = 10_000


class ClipLibrary:
    """Clips by name.

    Where several have a name, the first has it: the built-in loops, then plug-ins in alphabetical order, then the
    folders in order. So a name in a set means the same on every machine with the same plug-ins, whatever files lie
    there. A file's name is its path within its folder, without the suffix and with ``/`` between folders; a folder's
    files are in alphabetical order. Names are looked up, never joined to a path. Hidden files, and links that lead out
    of their folder, are not listed.

    Args:
        roots: folders with audio files, which need not exist.
        sample_rate: of the clips loaded, in Hz.
        registry: to find plug-ins of kind ``sources`` in, the built-in loops among them.
    """

    def __init__(self, roots: Sequence[Path], sample_rate: int = 44100, registry: Registry | None = None) -> None:
        self._roots = tuple(roots)
        self._sample_rate = sample_rate
        self._sources = RegisteredSources(Registry() if registry is None else registry)

    def _files(self, taken: Container[str]) -> dict[str, Path]:
        """Paths of files, by those of their names that are not taken."""
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
                    listed = path.suffix.lower() in SUFFIXES and not file.startswith(".") and name_problem(name) is None
                    if listed and name not in taken and _inside(path, home):
                        found.setdefault(name, path)
        return found

    def names(self) -> tuple[str, ...]:
        """All names: built-in loops, plug-ins' clips, then files."""
        owners = self._sources.owners()
        return (*owners, *self._files(owners))

    def spellings(self) -> dict[str, str]:
        """Everything that :meth:`load` takes as a name, with the clip's name: a file's name may have its suffix."""
        owners = self._sources.owners()
        found = {name: name for name in owners}
        files = self._files(owners)
        for name, path in files.items():
            found.setdefault(name + path.suffix, name)
        return {**found, **{name: name for name in files}}

    @property
    def faults(self) -> tuple[UserError, ...]:
        """What keeps plug-ins from offering their clips, as of the last time they were asked."""
        return tuple(self._sources.faults.values())

    def load(self, name: str, *, allow_paths: bool = False, crop: bool = False) -> Clip:
        """Loads a clip.

        Args:
            name: of a built-in loop, a plug-in's clip, or a file in the folders, with or without its suffix.
            allow_paths: whether ``name`` may also be a path; only for the command line, never for the network.
            crop: of a file that is too long, take the start.

        Raises:
            UserError: for a name that is unknown or not allowed, a file that :func:`load_clip` refuses, or a plug-in
                that fails.
        """
        owners = self._sources.owners()
        if name in owners:
            return self._sources.render(owners[name], name, self._sample_rate)
        problem = name_problem(name)
        if problem is not None and not allow_paths:
            mend = "use a name that `ear-engine clips` lists"
            raise UserError(f"clip name {name[:60]!r}", problem, mend, "bad_name")
        files = self._files(owners)
        for own, path in files.items():
            if name in (own, own + path.suffix):
                return replace(load_clip(path, sample_rate=self._sample_rate, crop=crop), name=own)
        if allow_paths and "\0" not in name and (Path(name).suffix or Path(name).name != name):
            return load_clip(Path(os.path.expanduser(name)), sample_rate=self._sample_rate, crop=crop)
        near = difflib.get_close_matches(name[:255], (*owners, *files), n=3, cutoff=0.4)
        mend = f"did you mean {' or '.join(near)}" if near else "`ear-engine clips` lists the names"
        reason = "is not in the library"
        for fault in self._sources.faults.values():
            reason += f" ({fault.subject} {fault.reason})"
        raise UserError(f"clip {name[:60]!r}", reason, mend, "unknown_clip")

    def describe(self) -> tuple[ClipRow, ...]:
        """A row for each name, in the order of :meth:`names`, from headers and file names alone."""
        owners = self._sources.owners()
        rows = [self._sources.describe(plugin, name) for name, plugin in owners.items()]
        rows.extend(describe_file(name, path) for name, path in self._files(owners).items())
        return tuple(rows)


def _inside(path: Path, home: Path) -> bool:
    """Whether a file found below ``home`` lies there; folders that are links are never entered."""
    return not path.is_symlink() or path.resolve().is_relative_to(home)
