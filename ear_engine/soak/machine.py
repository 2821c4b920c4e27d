"""What the machine does meanwhile: memory of processes, time that others take, threads that are let in late."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_STEP = 0.005  # seconds that the probe sleeps
_LATE = 0.02  # seconds after which it was let in late
_WARM = 0.2  # share of a run in which memory may still grow


@dataclass
class Memory:
    """Megabytes of each process in time."""

    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def look(self, pids: dict[str, int], at: float) -> None:
        """Note what each takes at ``at``; one that has been replaced begins anew."""
        for name, pid in pids.items():
            size = resident(pid)
            if size is not None:
                self.samples.setdefault(f"{name} {pid}", []).append((at, size))

    def growth(self) -> dict[str, tuple[float, float]]:
        """Of each process that was there for most of the time: megabytes, and per cent that it has grown by.

        The line that fits best (least squares) through what came after the first fifth, from its beginning to its end.
        """
        found = {}
        spans = [values[-1][0] - values[0][0] for values in self.samples.values() if values]
        for name, values in self.samples.items():
            times, sizes = np.array(values).T
            if len(values) < 5 or times[-1] - times[0] < 0.5 * max(spans):
                continue
            settled = times >= times[0] + _WARM * (times[-1] - times[0])
            slope, _ = np.polyfit(times[settled], sizes[settled], 1)
            grown = slope * (times[settled][-1] - times[settled][0])
            found[name] = float(np.median(sizes[settled])), float(100.0 * grown / np.median(sizes[settled]))
        return found


class Probe:
    """A thread that wakes up again and again, and notes how late; and how much of the processor the host has taken."""

    def __init__(self) -> None:
        self.late: list[float] = []
        """Seconds, of those that were worth it."""
        self.worst = 0.0
        self._stolen = stolen()
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def stolen_share(self) -> float | None:
        """Share of the processors' time that went to other machines on the same host; None where it is not told."""
        after = stolen()
        if after is None or self._stolen is None:
            return None
        return (after - self._stolen) / max(time.monotonic() - self._began, 1e-3)

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._ended.wait(_STEP):
            at = time.monotonic()
            late = at - before - _STEP
            if late > _LATE:
                self.late.append(late)
                self.worst = max(self.worst, late)
            before = at


def resident(pid: int) -> float | None:
    """Megabytes of memory that a process alone has (private and its share of what is common); None if unknown."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    kilobytes = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")]
    return kilobytes[0] / 1024.0 if kilobytes else None


def stolen(path: Path = Path("/proc/stat")) -> float | None:
    """Seconds that the host has taken from this machine's processors, each counted; None where it does not tell."""
    try:
        words = path.read_text().split("\n", 1)[0].split()
    except OSError:
        return None
    return int(words[8]) / 100.0 if len(words) > 8 else None
