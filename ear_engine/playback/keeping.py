"""What really sounds, kept so that it can be computed again bit for bit (``performance/naming.py`` says how).

Nothing is assumed of how the graph smooths a gain: gains are kept as they were, sample by sample, while they move. Of
loops only the audio and where they enter is kept. A checksum of what went out, every second, tells whether all of that
is enough.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.performance.naming import ENDED, FORMAT, SOUND, new_part
from ear_engine.performance.writing import Item, Made, RecordWriter
from ear_engine.playback.events import EventLog
from ear_engine.playback.graph import Graph
from ear_engine.playback.plan import Plan, PlannedLoop, Stereo
from ear_engine.playback.ring import RingWriter

GAINS = ("wet", "dry", "level", "over", "depth", "threshold")  # what Graph.applied gives


class Keeping:
    """Follows ``ControlState.recording``; each folder is tried once.

    Args:
        graph: whose gains are kept.
        plan: whose entries are kept as soon as they are rendered.
        writer: that renders it.
        head: what the file begins with: rates, block, backend.
        events: told if it cannot go on.
    """

    def __init__(self, graph: Graph, plan: Plan, writer: RingWriter, head: dict[str, object], events: EventLog) -> None:
        self.seconds = 0.0
        """Of sound that the file has."""
        self._graph = graph
        self._plan = plan
        self._writer = writer
        self._head = head
        self._rate = int(str(head["device_rate"]))
        self._events = events
        self._folder = ""
        self._file: RecordWriter | None = None
        self._last: RecordWriter | None = None  # which may still have something to write

    def follow(self, folder: str, played: int, at: float) -> None:
        """Begin or end what is asked for, at clock time ``at``; ``played`` device samples have left the graph."""
        if folder == self._folder:
            return
        self._folder = folder
        self._end_file(at)
        if not folder:
            return
        try:
            self._file = self._last = RecordWriter(new_part(Path(folder), SOUND), self._ended)
        except OSError as error:
            self._ended(error.strerror or str(error))
            return
        graph = {"gains": GAINS, "cue": self._graph.cue}
        self._file.put("open", {"format": FORMAT, "part": SOUND, "at": played, "time": at, **graph, **self._head})
        self.seconds = 0.0
        self._begin = self._marked = played
        self._end = played
        self._crc = 0
        self._gains: NDArray[np.float32] | None = None
        self._anchor: tuple[int, float, int] | None = None
        self._entered: list[PlannedLoop] = []
        self._loops = _Loops()

    def rendered(self) -> None:
        """Keep what the ring was filled with since the last time."""
        if self._file is None:
            return
        anchor = self._writer.anchored
        if anchor is not None and anchor != self._anchor:
            self._anchor = anchor
            self._file.put("anch", {"device": anchor[0], "engine": anchor[1], "silent": anchor[2]})
        final, loops = self._plan.entered(self._writer.rendered), self._loops
        for planned in final:
            if not any(planned is other for other in self._entered):
                weight = 256 + planned.wet.nbytes + planned.dry.nbytes
                self._file.later(lambda planned=planned: loops.entry(planned), weight)  # type: ignore[misc]
        self._entered = final

    def played(self, position: int, frames: NDArray[np.float32], missed: int, at: float) -> None:
        """Keep what went out: ``frames`` (count, 2) from device sample ``position`` on, after ``missed`` unseen ones.

        Call it before the graph's rings are cleared there.
        """
        if self._file is None:
            return
        if missed:
            self._mark(at)
            self._file.put("miss", {"at": self._marked, "count": position - self._marked})
            self._marked = self._end = position
            self._gains = None
        gains = self._graph.applied(position, len(frames))
        before = np.full((len(gains), 1), np.nan, np.float32) if self._gains is None else self._gains
        rows = [row for row, line in enumerate(gains) if not (line == before[row]).all()]
        if rows:
            self._file.put("ramp", {"at": position, "rows": rows}, {"gains": gains[rows]})
        self._gains = gains[:, -1:].copy()
        over = self._graph.over(position, len(frames))
        if over.any():
            self._file.put("over", {"at": position}, {"over": over})
        self._crc = zlib.crc32(np.ascontiguousarray(frames, "<f4").data, self._crc)
        self._end = position + len(frames)
        if self._end - self._marked >= self._rate:
            self._mark(at)

    def close(self, at: float) -> None:
        """End the file in order, and wait until it is written."""
        self._end_file(at)
        if self._last is not None:
            self._last.close()

    def _end_file(self, at: float) -> None:
        if self._file is not None:
            self._mark(at)
            self._file.put("shut", {"at": self._end, "time": at})
            self._file.end()
            self._file = None

    def _mark(self, at: float) -> None:
        assert self._file is not None
        count = self._end - self._marked
        if count:
            self._file.put("mark", {"at": self._marked, "count": count, "crc": self._crc, "time": at})
            self.seconds = (self._end - self._begin) / self._rate
        self._marked, self._crc = self._end, 0

    def _ended(self, reason: str) -> None:
        name = Path(self._folder).name
        message = f"Keeping the sound of {name} ended after {self.seconds:.0f} s ({reason}); the sound goes on."
        self._events.report("error", ENDED, message)


class _Loops:
    """The loops that one file has; of its writing thread, which may still be busy when the next file has begun."""

    def __init__(self) -> None:
        self._stored: set[str] = set()
        self._last_dry: tuple[Stereo, str] | None = None

    def entry(self, planned: PlannedLoop) -> Made:
        """An entry, after the audio that it needs."""
        made: list[Item] = []
        wet = self._audio(planned.wet, made)
        if self._last_dry is None or self._last_dry[0] is not planned.dry:
            self._last_dry = planned.dry, wet if planned.dry is planned.wet else self._audio(planned.dry, made)
        told = {"wet": wet, "dry": self._last_dry[1], "fade": planned.fade, "source_number": planned.source_number}
        made.append(("entr", {**asdict(planned.entry), **told}, {}))
        return made

    def _audio(self, audio: Stereo, made: list[Item]) -> str:
        """The key of this audio, which is added to ``made`` unless the file has it."""
        stored = audio[:1] if np.array_equal(audio[0], audio[1]) else audio
        key = hashlib.sha256(np.ascontiguousarray(stored, "<f4").data).hexdigest()[:16]
        if key not in self._stored:
            self._stored.add(key)
            made.append(("loop", {"key": key}, {"audio": stored}))
        return key
