"""Who goes first on this machine."""

from __future__ import annotations

import os
import sys
from enum import IntEnum


class Urgency(IntEnum):
    """Who goes before whom, and all of these before everything else: priorities in real time, of 1 to 99."""

    ANSWERS = 1
    FEEDS = 3
    SOUNDS = 5  # as JACK's clients, below JACK's own


def lower_priority(by: int = 10) -> bool:
    """Let everything else on this machine go first; return whether the system does that."""
    usual_priority()
    return _nice(by)


def usual_priority() -> None:
    """Be no more urgent than others, though the process that started this one is."""
    if sys.platform.startswith("linux") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def raise_priority(urgency: Urgency, by: int = 10) -> bool:
    """Let this process, which sleeps most of the time, go before everything else on this machine: the thread that calls
    it, and threads and processes that it starts from then on.

    In real time if the system allows that (Linux; root, or the group of audio), so that nobody computes who is less
    urgent; else by its priority. Beside a dream, a viewer and four clients on two cores, a thread of high priority that
    was due still had to wait for up to 25 ms (measured).

    Returns:
        Whether the system allows any of it.
    """
    return _in_real_time(urgency) or _nice(-by)


def raise_thread_priority(by: int = 10) -> bool:
    """Let this thread, which sleeps but for moments, be as urgent as what sounds; return whether the system allows it,
    or else a higher priority."""
    if not sys.platform.startswith("linux"):  # the priority is that of the whole process
        return False
    return raise_priority(Urgency.SOUNDS, by)


def real_time_allowed() -> bool | None:
    """Whether this user's processes may run in real time; None if the system has no such thing or does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    return os.geteuid() == 0 or allowed == resource.RLIM_INFINITY or allowed >= Urgency.SOUNDS


def _in_real_time(urgency: Urgency) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(urgency))
    except OSError:  # not allowed: a limit on this machine, not a fault
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
