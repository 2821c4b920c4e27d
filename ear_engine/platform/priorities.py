"""Who goes first on this machine."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum


class Urgency(IntEnum):
    """Who goes before whom, and all of these before everything else: priorities in real time, of 1 to 99."""

    ANSWERS = 1
    FEEDS = 3
    SOUNDS = 5  # as JACK's clients, below JACK's own


def lower_priority(by: int = 10) -> bool:
    """Let everything else on this machine go first; return whether the system does that."""
    return _nice(by)


def raise_priority(urgency: Urgency, by: int = 0) -> bool:
    """Let this process, which sleeps most of the time, go before everything else on this machine: the thread that calls
    it, and threads that it starts from then on.

    In real time if the system allows that (Linux; root, or the group of audio) up to what is most urgent, so that
    nobody computes who is less urgent; else by its priority, if it is raised ``by`` something. Beside a dream, a viewer
    and four clients on two cores, a thread of high priority that was due still had to wait for up to 25 ms (measured).

    Returns:
        Whether the system allows any of it.
    """
    return _in_real_time(urgency) or (by > 0 and _nice(-by))


def raise_thread_priority(by: int = 10) -> bool:
    """Let this thread, which sleeps but for moments, be as urgent as what sounds; return whether the system allows it,
    or else a higher priority."""
    if not sys.platform.startswith("linux"):  # the priority is that of the whole process
        return False
    return raise_priority(Urgency.SOUNDS, by)


@contextmanager
def at_urgency(urgency: Urgency | None) -> Iterator[None]:
    """Let this thread, if it runs in real time, be as urgent as that meanwhile, or as everyone else (None).

    Threads and processes that it starts begin as urgent as it is then, and stay so.
    """
    before = priority_of()
    if before == 0:
        yield
        return
    set_priority(urgency or 0)
    try:
        yield
    finally:
        set_priority(before)


def real_time_allowed() -> bool | None:
    """Whether this user's processes may run in real time, tried by a thread; None if the system has no such thing."""
    if not sys.platform.startswith("linux"):
        return None
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(_in_real_time(Urgency.ANSWERS)), name="may it")
    thread.start()
    thread.join()
    return found == [True]


def _in_real_time(urgency: Urgency) -> bool:
    """Let this thread be as urgent as that, unless what is most urgent may not be; return whether it is."""
    if not sys.platform.startswith("linux"):
        return False
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if soft != hard:
        with suppress(ValueError, OSError):  # then what is allowed at the moment counts
            resource.setrlimit(resource.RLIMIT_RTPRIO, (hard, hard))
    return set_priority(Urgency.SOUNDS) and set_priority(urgency)


def priority_of(thread: int = 0) -> int:
    """In real time, 1..99, of a thread by the system's number, this one if 0; 0 if it does not run so."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        real = os.sched_getscheduler(thread) in (os.SCHED_RR, os.SCHED_FIFO)
        return os.sched_getparam(thread).sched_priority if real else 0
    except OSError:  # it has ended, or a C library that does not tell
        return 0


def set_priority(priority: int, thread: int = 0) -> bool:
    """Run a thread, this one if 0, in real time, or, with priority 0, not; return whether the system does that."""
    if not sys.platform.startswith("linux"):
        return False
    policy = os.SCHED_RR if priority else os.SCHED_OTHER
    try:
        os.sched_setscheduler(thread, policy, os.sched_param(priority))
    except OSError:  # not allowed: a limit on this machine, not a fault; or it has ended
        return False
    return True


def _nice(by: int) -> bool:
    if not hasattr(os, "nice"):
        return False
    try:
        os.nice(by)
    except OSError:  # not allowed: a limit on this machine, not a fault
        return False
    return True
