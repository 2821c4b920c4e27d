"""What clips are called: those of the library, as last listed, those made here, and one that was given as a path."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from ear_engine.clip import Clip
from ear_engine.control import acceptable
from ear_engine.errors import UserError
from ear_engine.nearest import nearest
from ear_engine.node.made_clips import MadeClips
from ear_engine.node.threads import in_thread
from ear_engine.osc.reports import ClipInfo
from ear_engine.parameters import Value
from ear_engine.sources.library import ClipLibrary, ClipRow
from ear_engine.sources.source import name_problem

_LISTING_SECONDS = 5.0  # how old a list of the user's clips may be
_RELISTING_SECONDS = 1.0  # how old, if a name is not in it

_log = logging.getLogger(__name__)


class ClipNames:
    """Finds clips by name; folders are read beside the event loop.

    Args:
        library: clips by name.
        report: told of plug-ins whose clips are missing: level, code, message.
    """

    def __init__(self, library: ClipLibrary, report: Callable[[str, str, str], None]) -> None:
        self.made: list[MadeClips] = []
        """What there is besides the library."""
        self._library = library
        self._report = report
        self._paths: dict[str, str] = {}  # name → path, of clips that the command line gave
        self._spellings: dict[str, str] = {}  # what can be sent → name of the clip, as last listed
        self._faults: set[str] = set()
        self._rows: tuple[ClipRow, ...] = ()
        self._listed = -_LISTING_SECONDS
        self._listing: asyncio.Task[None] | None = None
        self._open = False

    def given(self, clip: str, *, crop: bool) -> tuple[str, Clip]:
        """The first clip, from a name or a path: what it is called from now on, and its audio.

        Raises:
            UserError: it cannot be read.
        """
        self._spellings = self._library.spellings()
        names = set(self._spellings.values())
        first = self._library.load(clip, allow_paths=True, crop=crop)
        name = clip
        if clip not in names and clip == first.name:
            name = f"{clip} (file)"  # a file given by its bare name
        elif clip not in names:
            name = first.name if first.name not in names else clip
        if not acceptable(name):  # a path or file name that no parameter takes
            name = "".join(letter for letter in name if letter.isprintable())[-100:] or "file"
        self._paths[name] = clip
        self._open = True
        return name, first

    def known(self, name: str, first: str) -> None:
        """A session goes on with clip ``name``; ``first``, a name or a path, is what it was started with."""
        self._spellings = self._library.spellings()
        if name not in self._spellings.values():
            self._paths[name] = first
        self._open = True

    def called(self, name: str, otherwise: str) -> str:
        """``name``, if there is such a clip in the library; else ``otherwise``."""
        return name if name in self._spellings.values() else otherwise

    def place(self, name: str) -> str:
        """What the clip ``name`` can be had by in another session: its name, or the path that was given for it."""
        given = self._paths.get(name)
        return name if given is None or given in self._spellings else str(Path(given).expanduser().absolute())

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """Clips of the library, as far as they were listed when this was asked last, and those made here."""
        self._refresh(_LISTING_SECONDS)
        made = (clip for one in self.made for clip in one.clips())
        return (*(ClipInfo(row.name, row.seconds, row.beats or 0) for row in self._rows), *made)

    async def list_clips(self) -> None:
        """Read the library's folders."""
        self._listed = time.monotonic()
        try:
            self._spellings = await in_thread(self._library.spellings, "names")
            self._rows = await in_thread(self._library.describe, "clips")
        except OSError as error:
            _log.warning("The clips cannot be listed: %s", error)

    def read(self, name: str, *, crop: bool = False) -> Clip:
        """Decode a clip, from any thread.

        Raises:
            UserError: it is unknown or cannot be read.
        """
        for made in self.made:
            if made.named(name) is not None:
                return made.read(name)
        path = self._paths.get(name)
        return self._library.load(path or name, allow_paths=path is not None, crop=crop)

    def check_name(self, value: Value) -> Value:
        """The name of the clip that ``value`` means, as far as clips have been listed.

        Raises:
            UserError: there is none; the nearest names are given.
        """
        name = str(value)
        for made in self.made:
            own = made.named(name)
            if own is not None:
                return own
        if name in self._paths:
            return name
        if name in self._spellings:
            return self._spellings[name]
        self._refresh(_RELISTING_SECONDS)  # it may have been added just now; folders are never read here
        problem = name_problem(name)
        if problem is not None:
            mend = "use a name that /ear/clips/list lists"
            raise UserError(f"clip name {name[:60]!r}", problem, mend, "bad_name")
        near = nearest(name, (*self._spellings.values(), *self._paths), 3, 0.4)
        mend = f"did you mean {' or '.join(near)}" if near else "/ear/clips/list lists the names"
        raise UserError(f"clip {name[:60]!r}", "is not in the library", mend, "unknown_clip")

    def _refresh(self, age: float) -> None:
        """List the clips again beside the event loop if the list is older than ``age`` seconds."""
        busy = self._listing is not None and not self._listing.done()
        if self._open and not busy and time.monotonic() - self._listed > age:
            self._listed = time.monotonic()
            self._listing = asyncio.get_running_loop().create_task(self.list_clips())

    def report_faults(self) -> None:
        """Name every plug-in whose clips are missing, once."""
        for fault in self._library.faults:
            if str(fault) not in self._faults:
                self._faults.add(str(fault))
                self._report("warning", fault.code, str(fault))
