"""How many processor cores there are to compute with, and how soon idle threads leave them to others."""

from __future__ import annotations

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores(quota: Path = _QUOTA) -> int:
    """Processor cores that this process may use, at least 1.

    They are those it is bound to (Linux), and no more than the time that a container is given (control groups, version
    2); elsewhere all there are.

    Args:
        quota: the file that says how many microseconds of how many a container may compute: ``150000 100000``.
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    try:
        given, period = map(int, quota.read_text().split())
    except (OSError, ValueError):  # no control groups, or ``max 100000``: no limit
        return count
    return max(1, min(count, -(-given // max(1, period))))


def yield_cores() -> None:
    """Let idle OpenMP threads spin for a shorter while; call it before torch is imported, here or in a child.

    Dream steps a second on two cores, at a middle and the top layer: alone 69 and 31 with libgomp's default, 72 and 32
    with this, 35 and 18 without spinning (``OMP_WAIT_POLICY=PASSIVE``); beside three busy processes 1 and 0.8 with the
    default, 19 and 10 without spinning; beside one, 20 and 4 with this, 40 and 17 without. Whoever plays on a busy
    machine sets ``OMP_WAIT_POLICY=PASSIVE``, which is left alone here.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "100000")
