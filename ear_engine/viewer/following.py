"""What every viewer does to follow its engine, with a window or without one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from ear_engine.viewer.bulk import Bulk, HttpBulk, SessionBulk
from ear_engine.viewer.loader import Wanted
from ear_engine.viewer.model import Heard
from ear_engine.viewer.snapshot import Snapshot

_PATIENCE = 1.0  # seconds that all threads together get to end


class Thread(Protocol):
    """Works beside the frame loop."""

    def quit(self) -> None:
        """Ask it to end; returns at once."""

    def close(self, patience: float) -> None:
        """Wait for its end, so many seconds at most."""


def close_all(*threads: Thread) -> None:
    """End them, within a second: whoever waits for an answer is left to itself, and ends with the process."""
    for one in threads:
        one.quit()
    end = time.perf_counter() + _PATIENCE
    for one in threads:
        one.close(max(end - time.perf_counter(), 0.0))


def open_bulk(host: str, session: Path | None, engine: tuple[str, int]) -> Bulk | None:
    """Where maps and loops come from; None if nowhere.

    Args:
        host: of the engine.
        session: folder of an engine on this machine, which is then read directly.
        engine: its name, and its HTTP port; 0 if that is not known.
    """
    if session is not None and session.is_dir():
        return SessionBulk(session)
    return HttpBulk(host, engine[1]) if engine[1] else None


def wanted_of(snapshot: Snapshot, heard: Heard | None, seen: bool = True) -> Wanted:
    """What is to be fetched, given what is known of the engine, what is heard, and whether anyone looks."""
    port = snapshot.status.get("http_port", 0)
    engine = (snapshot.engine, port if isinstance(port, int) else 0) if snapshot.status else ("", 0)
    return Wanted(engine, str(snapshot.status.get("ear", "")), heard.loop if heard is not None else -1, seen)


def state_of(snapshot: Snapshot, place: object) -> str:
    """What a terminal should say: who answers, or what is waited for."""
    return snapshot.waiting or f"connected to {snapshot.engine} at {place}"
