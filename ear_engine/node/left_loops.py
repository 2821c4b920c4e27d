"""Loops that came along with the last set: clips for as long as the session lasts, in its folder.

They are copied, since what an engine has left goes when enough others have left theirs, and since undo may bring one
back that no set names any more. Whoever saves one keeps it as a clip (:mod:`ear_engine.node.set_loops`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ear_engine.clip import Clip
from ear_engine.node.options import NodeOptions
from ear_engine.osc.reports import ClipInfo
from ear_engine.sets.loops import FOLDER, kept_loops, names_in
from ear_engine.shared_memory.loops import whole_file
from ear_engine.sources.library import ClipLibrary


class LeftLoops:
    """See :class:`ear_engine.node.made_clips.MadeClips`; the library lists them already.

    Args:
        folder: of clips, in the session.
        library: which has that folder.
    """

    def __init__(self, folder: Path, library: ClipLibrary) -> None:
        self._names, self._library = frozenset(kept_loops(folder)), library

    def clips(self) -> Sequence[ClipInfo]:
        """None that the library does not list."""
        return ()

    def named(self, name: str) -> str | None:
        """By the name that the library has for it."""
        return name if name in self._names else None

    def read(self, name: str) -> Clip:
        """Its sound."""
        return self._library.load(name)


def bring_left(options: NodeOptions, session: Path) -> Path:
    """Copy the loops that the last set names into the session, beside those that are there since it began.

    Returns:
        folder of clips, which is there only if it has any.
    """
    folder = session / "left"
    if options.left is None:
        return folder
    named = names_in(options.start.plain, options.start.held)
    for name, path in kept_loops(options.left).items():
        if name in named:
            with suppress(OSError):  # said where it is missed, as of any clip that a set names
                (folder / FOLDER).mkdir(parents=True, exist_ok=True)
                with whole_file(folder / FOLDER / path.name) as file:
                    file.write(path.read_bytes())
    return folder
