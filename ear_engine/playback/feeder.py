"""Keeps the ring ahead of the sound, and tells the others where the sound is."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.playback.audition import Audition
from ear_engine.playback.backend import Backend
from ear_engine.playback.capture import Capture
from ear_engine.playback.cue import Cue
from ear_engine.playback.desk import apply_mix
from ear_engine.playback.events import EventLog
from ear_engine.playback.graph import Graph
from ear_engine.playback.keeping import Keeping
from ear_engine.playback.library import LoopLibrary
from ear_engine.playback.plan import Plan
from ear_engine.playback.ring import RingWriter
from ear_engine.playback.schedule import Scheduler
from ear_engine.playback.timeline import Timeline
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import AudioState, ControlState, DreamerState

_SETTLE = 4  # blocks watched before the first sample is placed
_STALLED = 1.0  # seconds without a block after which a device counts as gone
_ABSENT = 0.25  # seconds between two looks after which it is us who stood still


class Feeder:
    """One tick every few milliseconds does everything between the states and the ring.

    A dropout is counted when the device stood still (see :mod:`ear_engine.playback.timeline`), when the graph ran past
    what was written (it plays silence then), or when the process before this one died.

    Args:
        graph: on ``backend``'s server.
        library: of the session's loops.
        sample_rate: of the engine, in Hz.
        lead: how far ahead of the graph the ring is filled, in seconds; at least two blocks.
        earlier: last state of a process that this one continues: its clock, schedule and dropouts go on.
        capture: gets what comes in, if the graph has inputs.
        audition: what is heard over the loop.
        missing: backend and device that ``backend`` stands in for.
        clock: of ticks; asked again when the counter has been looked at, so that what is seen is never seen too early.
        sink: gets what really went out, (count, 2) at the device's rate, in order and without gaps.
    """

    def __init__(
        self,
        graph: Graph,
        backend: Backend,
        library: LoopLibrary,
        events: EventLog,
        *,
        sample_rate: int,
        lead: float = 0.15,
        earlier: AudioState | None = None,
        sink: Callable[[NDArray[np.float32]], None] | None = None,
        capture: Capture | None = None,
        audition: Audition | None = None,
        missing: Sequence[str] = (),
        clock: Callable[[], float] = now,
    ) -> None:
        self.plan = Plan()
        self._graph = graph
        self._backend = backend
        self._events = events
        self._rate = sample_rate
        self._soonest = 2 * backend.buffer_size + graph.delay  # from the counter to what can still be written
        self._lead = min(max(round(lead * backend.rate), self._soonest) + 1024, graph.ring // 2)
        self._earlier = earlier
        self._sink = sink
        self._capture = capture
        self._audition = audition
        self._missing = list(missing)
        self._clock = clock
        self._asked = 0 if earlier is None else earlier.captured
        self._scheduler = Scheduler(self.plan, library, sample_rate)
        self._cue = Cue(library, sample_rate) if graph.cue else None
        ahead = None if self._cue is None else self._cue.plan
        self._writer = RingWriter(graph, self.plan, sample_rate, backend.rate, ahead)
        self._keeping = Keeping(graph, self.plan, self._writer, _described(backend, sample_rate), events)
        self._timeline = Timeline(backend.rate, backend.buffer_size)
        self._underruns = 0 if earlier is None else earlier.dropouts + 1
        self._played = 0  # device samples that have left the graph
        self._moved = 0.0  # clock time at which that was noticed
        self._looked = 0.0  # clock time of the last look
        self._anchored = False
        self._starved = False
        self._peak = 0.0

    @property
    def dropouts(self) -> int:
        """Times the sound broke in this session."""
        return self._underruns + self._timeline.dropouts

    def stalled(self, at: float) -> bool:
        """Whether no block has left for a second at clock time ``at``, though we looked."""
        return self._moved > 0 and at - self._moved > _STALLED

    def pause(self, at: float, longest: float) -> float:
        """Seconds from clock time ``at`` to the next tick, at most ``longest``: blocks are looked at as they leave."""
        return self._timeline.pause(at, longest)

    def tick(self, control: ControlState | None, dreamer: DreamerState | None, at: float) -> bool:
        """Do what is due at clock time ``at``; return whether a block has left since the last tick."""
        if control is not None:
            self._keeping.follow(control.recording, self._played, at)
        moved = self._follow(at)
        if not self._anchored:
            if self._timeline.observed < _SETTLE:
                return moved
            self._begin(at)
        if self._played + self._graph.delay > self._writer.written:
            self._underruns += not self._starved
            self._starved = True
            device = self._played + self._soonest
            self._writer.anchor(device, self._writer.engine_position(device))
        elif moved:
            self._starved = False
        self._scheduler.tick(control, dreamer, self._writer.rendered, at, self._heard_from)
        if self._cue is not None:
            self._cue.tick(control, dreamer, self.plan, self._writer.rendered)
        self._writer.fill(self._played + self._lead)
        self._keeping.rendered()
        heard = round(self._writer.engine_position(self._played))
        if control is not None:
            current = self.plan.at(heard)
            correlation = 1.0 if current is None else current.correlation
            apply_mix(self._graph, control.values, correlation, self._scheduler.quiet(control, heard))
            if self._audition is not None:
                self._audition.tick(control, self._played, self._played + self._lead)
            self._asked = max(self._asked, control.captures)
            if self._capture is not None:
                entry = current.entry if current is not None else None
                self._capture.look(control.captures, entry, heard)
                self._capture.record(control.takes, control.take_from, entry, heard)
        self.plan.prune(heard)
        if self._cue is not None:
            self._cue.plan.prune(heard)
        return moved

    def fade_out(self) -> None:
        """Glide to silence."""
        self._graph.fade_out()

    def drain(self, at: float) -> None:
        """Hand on what has left the graph, without feeding it; nothing is kept after it."""
        self._follow(at)
        self._keeping.close(at)

    def state(self, at: float, lost: bool = False) -> AudioState | None:
        """What the others may know, at clock time ``at``; None before the first sample is placed.

        The device being ``lost``, the loop goes on by the clock, where the next process finds it.
        """
        if not self._anchored:
            return None
        # A graph that has stopped does not go on in the books: at most two blocks beyond what was seen to leave.
        device = self._timeline.position_at(at)
        if not lost:
            device = min(device, self._played + 2.0 * self._backend.buffer_size)
        peak, self._peak = self._peak, 0.0
        return AudioState(
            pid=os.getpid(),
            backend=self._backend.name,
            device=self._backend.device,
            sample_rate=self._rate,
            device_rate=self._backend.rate,
            buffer_size=self._backend.buffer_size,
            position=round(self._writer.engine_position(device)),
            time=at,
            latency=self._backend.latency,
            dropouts=self.dropouts,
            schedule=self.plan.schedule(),
            peak=peak,
            captured=self._asked if self._capture is None else self._capture.captured,
            captured_file="" if self._capture is None else self._capture.file,
            taken=0 if self._capture is None else self._capture.taken,
            taken_file="" if self._capture is None else self._capture.take_file,
            input=self._capture is not None,
            audition="" if self._audition is None else self._audition.taken,
            audition_left=0.0 if self._audition is None else self._audition.left(device),
            missing=self._missing,
            kept=self._keeping.seconds,
            events=self._events.latest(),
        )

    def _follow(self, at: float) -> bool:
        """Unwrap the graph's position, hand on what it has played and silence that part of the ring."""
        unseen = at - (self._looked or at)
        self._moved = (self._moved or at) + (unseen if unseen > _ABSENT else 0.0)
        self._looked = at
        index = self._graph.index()
        seen = self._clock()
        if index is None:
            return False
        ring = self._graph.ring
        step = (index - self._played) % ring
        # After a pause of ours that is longer than the ring, only the clock tells how often it went round.
        step += max(round((unseen * self._backend.rate - step) / ring), 0) * ring
        if step == 0:
            return False
        known = min(step, ring - self._backend.buffer_size)
        frames = self._graph.captured(self._played + step - known, known)
        self._peak = max(self._peak, float(np.abs(frames).max()))
        if self._sink is not None:
            self._sink(frames)
        if self._capture is not None:
            self._capture.hear(self._graph.heard(self._played + step - known, known), step - known)
        self._keeping.played(self._played + step - known, frames, step - known, seen)
        self._graph.clear(self._played + step - known, known)
        self._played += step
        self._moved = at
        self._timeline.observe(self._played, seen)
        return True

    def _heard_from(self, at: float) -> float:
        """Engine sample that is heard at clock time ``at``."""
        return self._writer.engine_position(self._timeline.position_at(at - self._backend.latency))

    def _begin(self, at: float) -> None:
        """Place the first sample as soon as it can be heard: at zero, or where an earlier process would be by now."""
        device = self._played + self._soonest
        engine = 0.0
        if self._earlier is not None:
            moment = at + (device - self._timeline.position_at(at)) / self._backend.rate
            moment += self._backend.latency - self._earlier.latency
            engine = self._earlier.position + (moment - self._earlier.time) * self._rate
        self._writer.anchor(device, engine)
        if self._earlier is not None:
            self._scheduler.restore(self._earlier.schedule, self._writer.rendered)
        self._anchored = True


def _described(backend: Backend, sample_rate: int) -> dict[str, object]:
    rates = {"sample_rate": sample_rate, "device_rate": backend.rate, "buffer_size": backend.buffer_size}
    return {"backend": backend.name, "device": backend.device, "latency": backend.latency, **rates}
