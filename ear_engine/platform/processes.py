"""Parents and children: who is alive, and whom Ctrl-C reaches."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ear_engine.platform.priorities import at_urgency


def ignore_interrupt() -> None:
    """Leave Ctrl-C to the parent: the terminal sends it to every process, and the parent ends them in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def shielding_children() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, not even before they can call :func:`ignore_interrupt`, and are no
    more urgent than others (:func:`ear_engine.platform.priorities.at_urgency`).

    The signal is only held back from this thread, so none is lost. Windows has nothing of the kind.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    with at_urgency(None):
        resource_tracker.ensure_running()  # the first start would do so, and let the signal through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def parent_alive() -> bool:
    """Whether the process that started this one (with :mod:`multiprocessing`) still runs; True if none did."""
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()


def process_alive(pid: int) -> bool:
    """Whether process ``pid`` runs; one that has ended but is not yet waited for does not."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        synchronize, running = 0x00100000, 0x00000102  # os.kill(pid, 0) would send Ctrl-C there
        handle = ctypes.windll.kernel32.OpenProcess(synchronize, False, pid)
        if not handle:
            return False
        try:
            return bool(ctypes.windll.kernel32.WaitForSingleObject(handle, 0) == running)
        finally:
            ctypes.windll.kernel32.CloseHandle(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, but there
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # no /proc (macOS), or it has ended just now
        return not Path("/proc/self").exists()
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")
