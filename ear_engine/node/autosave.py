"""Keeps the last set by itself: every change within a second or so, and the loop that is heard.

Written beside the event loop by a thread; the latest wins, and a disk that is full
or does not answer is said once and changes nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ear_engine.errors import UserError
from ear_engine.node.heard import Heard, HeardLoops
from ear_engine.node.threads import in_thread
from ear_engine.sets.last import LastFolder
from ear_engine.sets.text import WrittenSet
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.whole_files import not_written

EVERY = 0.5
"""Seconds between looks for something to keep."""
_LIVE = 5.0  # seconds between signs of life
_BYTES_A_SECOND = 2 << 20  # of loops: 32 s in stereo are kept every 5 s, four seconds every second
_AGAIN = 5.0  # seconds until it is tried again after a failure
_LEAST = 1.0  # seconds between two loops
_FAREWELL = 1.5  # seconds that the end waits for a disk

_log = logging.getLogger(__name__)

Report = Callable[[str, str, str], None]  # level, code, message
Text = Callable[[Path], WrittenSet]  # from the folder for loops that it names


class Autosave:
    """Keeps what :mod:`ear_engine.sets.last` finds again.

    Args:
        heard: the loops.
        folder: where to; asked when there is something to keep.
        stamp: another one if there is something else to keep.
        text: what writes the set as it is now, in a thread, and keeps loops that it names in the last set's folder.
        report: told if it cannot be kept.
    """

    def __init__(
        self,
        heard: HeardLoops,
        folder: Callable[[], LastFolder],
        stamp: Callable[[], object],
        text: Callable[[], Text],
        report: Report,
    ) -> None:
        self._stamp, self._text, self._report = stamp, text, report
        self._make = folder
        self._folder: LastFolder | None = None
        self._kept: object = None  # stamp of what is kept
        self._loop: LoopFile | None = None  # that is not kept yet
        self._after = 0.0  # clock time before which no other loop is kept
        self._seen = 0.0
        self._failing = False
        self._writing = threading.Lock()  # the end does not wait for a write that has begun
        heard.listen(self._heard)

    async def run(self) -> None:
        """Keep what is new, until cancelled."""
        while True:
            await asyncio.sleep(EVERY if await self._tried() else _AGAIN)

    async def close(self) -> None:
        """Keep what is not kept yet, and say that the engine has ended."""
        self._after = 0.0
        try:
            await asyncio.wait_for(self._tried(), _FAREWELL)
            if self._folder is not None:
                await asyncio.wait_for(in_thread(self._folder.leave, "autosave"), _FAREWELL)
        except TimeoutError:  # a disk that does not answer
            return

    def _heard(self, heard: Heard) -> None:
        if heard.loop is not None:
            self._loop = heard.loop

    async def _tried(self) -> bool:
        try:
            return await self._keep()
        except Exception:  # one set must not end all later ones, nor the end of the engine
            _log.exception("the last set is not kept")
            return False

    async def _keep(self) -> bool:
        """Keep what is new; return whether that could be done."""
        folder = self._folder = self._folder or self._make()
        stamp, at = self._stamp(), now()
        text = self._text() if stamp != self._kept else None
        loop = self._loop if at >= self._after else None
        live = at - self._seen > _LIVE
        if text is None and loop is None and not live:
            return True
        try:
            await in_thread(partial(self._write, folder, text, loop), "autosave")
        except (OSError, UserError) as error:  # the latter: a loop that the set names
            if not self._failing:
                self._failing = True
                said = not_written(folder.path, error) if isinstance(error, OSError) else error
                self._report("warning", "not_kept", f"The last set is not kept: {said}")
            return False
        self._failing, self._seen, self._kept = False, at, stamp
        if loop is not None:
            self._loop = None if self._loop is loop else self._loop
            self._after = at + max(_LEAST, loop.audio.nbytes / _BYTES_A_SECOND)
        return True

    def _write(self, folder: LastFolder, text: Text | None, loop: LoopFile | None) -> None:
        with self._writing:  # or one would take away the loops of the other's set
            if loop is not None:
                folder.keep_loop(loop)
            if text is not None:
                folder.keep_set(text(folder.path))
            folder.live()
