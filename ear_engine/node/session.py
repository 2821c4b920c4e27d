"""The session folder: made at the start, removed at the end, and those that dead nodes left behind."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from ear_engine import platform
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.map_state import MapReader
from ear_engine.shared_memory.owner import Owner, read_owner, write_owner
from ear_engine.shared_memory.states import AudioState, ControlState, DreamerState, StateReader

_State = TypeVar("_State", covariant=True)

_UNOWNED_SECONDS = 60.0  # a folder without an owner may be another node's that is just being made
_FRESH = 3.0  # seconds: a process that gave a sign of life since is the one that its state names


def open_session(parent: Path | None = None, keeper: int = 0) -> Path:
    """Remove what dead nodes left behind, then make a session folder that this process owns.

    Args:
        parent: where; what the platform prefers if None.
        keeper: process that starts another node if this one dies; 0 if there is none.
    """
    for folder in _parents(parent):
        remove_stale(folder)
    session = platform.new_session(parent)
    write_owner(session, Owner(os.getpid(), keeper))
    return session


def rejoin_session(keeper: int, parent: Path | None = None, afresh: bool = False) -> tuple[Path, ControlState] | None:
    """Take over the session that a node of the same keeper has died in; None if there is none.

    What that node's dream and map processes still do ends now, so that nobody writes where their successors do; the
    sound goes on. A session that cannot be taken over ends, with its sound.

    Args:
        keeper: of both.
        parent: where sessions are.
        afresh: take none over.

    Returns:
        the session folder, and what had been decided in it.
    """
    for folder in _parents(parent):
        for session in platform.session_folders(folder):
            owner = read_owner(session)
            if not keeper or owner is None or owner.keeper != keeper:
                continue
            if owner.alive and owner.node != os.getpid():  # whoever had our number before is dead
                continue
            state = _latest(StateReader(session, "control", ControlState))
            if afresh or state is None or state.stop or not state.source:
                playing = sounding(session)
                _end([*_orphans(session), *([] if playing is None else [playing])])
                close_session(session)
                continue
            write_owner(session, Owner(os.getpid(), keeper))
            _end(_orphans(session))
            return session, state
    return None


def close_session(session: Path) -> None:
    """Remove the session folder; what another process still has open (Windows) goes at the next start."""
    shutil.rmtree(session, ignore_errors=True)


def remove_stale(parent: Path) -> list[Path]:
    """Remove session folders in ``parent`` whose node and keeper are dead; return them."""
    removed = []
    for session in platform.session_folders(parent):
        owner = read_owner(session)
        if owner is None:
            stale = time.time() - _changed(session) > _UNOWNED_SECONDS
        else:
            stale = not owner.kept
        if stale:
            close_session(session)
            removed.append(session)
    return removed


def _parents(parent: Path | None) -> set[Path]:
    return {platform.session_parent(), platform.session_parent(room=0)} if parent is None else {parent}


class _Slot(Protocol[_State]):
    """What reads the latest state of one kind."""

    def read(self) -> _State | None:
        """None before the first."""

    def close(self) -> None:
        """Unmap the slot."""


def _latest(slot: _Slot[_State]) -> _State | None:
    """What a slot says; None if that cannot be understood (of another version), too."""
    try:
        return slot.read()
    except (OSError, ValueError, TypeError, KeyError):
        return None
    finally:
        slot.close()


def sounding(session: Path) -> int | None:
    """The audio process of a session that still plays; None if none does."""
    audio = _latest(StateReader(session, "audio", AudioState))
    if audio is None or now() - audio.time > _FRESH or not platform.process_alive(audio.pid):
        return None
    return audio.pid


def _orphans(session: Path) -> list[int]:
    """Processes of a dead node that still compute; the audio process is not one of them."""
    dreamer = _latest(StateReader(session, "dreamer", DreamerState))
    moving = _latest(MapReader(session))
    signs = [(dreamer.pid, dreamer.heartbeat)] if dreamer is not None else []
    signs += [(moving.pid, moving.heartbeat)] if moving is not None else []
    return [pid for pid, sign in signs if now() - sign < _FRESH and platform.process_alive(pid)]


def _end(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _changed(session: Path) -> float:
    try:
        return session.stat().st_mtime
    except OSError:  # removed by another node just now
        return time.time()
