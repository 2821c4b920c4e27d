"""What is decided, for the other processes: written once after any number of changes in a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ear_engine.control import Change, ControlLog
from ear_engine.shared_memory.states import ControlState, StateWriter

Report = Callable[[str, str, str], None]  # level, code, message


class Publishing:
    """Keeps the control slot what the control log says; made within a running event loop.

    Args:
        control: the log.
        session: folder with the slot.
        report: told what does not get there.
    """

    def __init__(self, control: ControlLog, session: Path, report: Report) -> None:
        self._control = control
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._writer: StateWriter[ControlState] = StateWriter(session, "control")
        self._due = False
        self._failing = False
        self._closed = False

    def open(self) -> None:
        """Write what is decided by now, and whatever changes from here on."""
        self._control.listen(self._changed)
        self.now()

    def now(self) -> None:
        """Write it at once."""
        self._due = False
        if self._closed:
            return
        try:
            self._writer.write(self._control.snapshot())
        except (OSError, ValueError) as problem:  # the next change may get through
            if not self._failing:
                reason = f"The last change does not reach the sound and the dream ({problem}); fire target/clear."
                self._report("error", "not_published", reason)
            self._failing = True
        else:
            self._failing = False

    def close(self) -> None:
        """Write nothing more."""
        self._closed = True
        self._writer.close()

    def _changed(self, change: Change) -> None:
        if not self._due:
            self._due = True
            self._loop.call_soon(self.now)
