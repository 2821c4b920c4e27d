"""What every viewer does to follow its engine, with a window or without one."""

from __future__ import annotations

from pathlib import Path

from ear_engine.viewer.bulk import Bulk, HttpBulk, SessionBulk
from ear_engine.viewer.loader import Wanted
from ear_engine.viewer.model import Heard
from ear_engine.viewer.news import Snapshot


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
