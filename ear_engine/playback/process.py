"""The audio process: from spawn to sound in a few tenths of a second, and back at the right phase after a crash.

This module imports neither numpy nor pyo, so that the process that spawns it stays free of both.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import AudioState, ControlState, DreamerState, StateReader, StateWriter

if TYPE_CHECKING:
    from ear_engine.playback.backend import Backend
    from ear_engine.playback.feeder import Feeder
    from ear_engine.playback.lookout import Lookout
    from ear_engine.playback.recorder import Recorder

_TICK = 0.005  # seconds, at most
_KEEP_ALIVE = 0.05  # longest time between two states, seconds
_PARENT_CHECK = 0.1
_FADE = 0.05
EXIT_BAD_INPUT = 2
EXIT_DEVICE_CHANGES = 3


def audio_main(session: Path, options: AudioOptions) -> None:
    """Entry point of the spawned process; returns when ``ControlState.stop`` is set, or the parent and its keeper are
    gone.

    A state left in ``session`` by an earlier audio process is continued: the sound comes back where it would be by
    now. The recording then goes on in a new file (``take-2.wav``). It also begins there if ``take.wav`` exists: no file
    is ever overwritten. An event tells so, and ``AudioState.record_path`` always names the file.

    Exits with code 2 on bad input (the last event in the audio slot says what), with code 3 if the device is lost or
    back: a new process then plays on it, or on a clock until it is there (``standing_in.py``).
    """
    platform.ignore_interrupt()
    platform.raise_priority(platform.Urgency.FEEDS, by=10)
    ended = _Ending(options.keeper)
    signal.signal(signal.SIGTERM, ended.on_signal)
    sys.setswitchinterval(0.0005)  # the audio callback waits for the interpreter lock at most this long
    sys.stdout = sys.stderr  # the parent's stdout belongs to programs that read its status
    earlier = _earlier_state(session)
    events = EventLog() if earlier is None else EventLog(earlier.events)
    writer: StateWriter[AudioState] = StateWriter(session, "audio")
    try:
        _play(session, options, writer, events, earlier, ended)
    except UserError as error:
        events.report("error", error.code, str(error))
        writer.write(_silent_state(earlier, options, events))
        sys.exit(EXIT_BAD_INPUT)


class _Ending:
    """Whether it is time to end."""

    def __init__(self, keeper: int) -> None:
        self._signaled = False
        self._keeper = keeper
        self._checked = 0.0

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signaled = True

    def due(self, control: ControlState | None, at: float) -> bool:
        if at - self._checked > _PARENT_CHECK:
            self._checked = at
            alone = not platform.parent_alive() and not platform.process_alive(self._keeper)
            self._signaled = self._signaled or alone
        return self._signaled or (control is not None and control.stop)


def _play(
    session: Path,
    options: AudioOptions,
    writer: StateWriter[AudioState],
    events: EventLog,
    earlier: AudioState | None,
    ended: _Ending,
) -> None:
    from ear_engine.playback.audition import Audition
    from ear_engine.playback.feeder import Feeder
    from ear_engine.playback.graph import Graph
    from ear_engine.playback.library import LoopLibrary
    from ear_engine.playback.live_input import open_input
    from ear_engine.playback.lookout import Lookout
    from ear_engine.playback.recorder import Recorder, check_record_path
    from ear_engine.playback.standing_in import open_again

    take = None if options.record is None else check_record_path(options.record)
    backend, missing = open_again(options, events, earlier)
    lookout = None if missing is None else Lookout(missing)
    if options.latency is not None:
        backend.latency = options.latency
    recorder = None
    if take is not None:
        recorder = Recorder(take, backend.rate, events)
        if earlier is not None and earlier.record_path:
            events.report("info", "recording_goes_on", f"The sound was interrupted; its recording goes on in {take}.")
        elif take != options.record:
            events.report("info", "recording_renamed", f"{options.record} exists already; {take} is recorded instead.")
    graph = Graph(inputs=backend.inputs, cue=backend.channels > 2)
    capture = open_input(session, options, backend, events, earlier)
    taken = "" if earlier is None else earlier.audition
    audition = Audition(session / "loops", graph, backend.rate, backend.buffer_size, events, taken)
    feeder = Feeder(
        graph,
        backend,
        LoopLibrary(session / "loops", options.sample_rate, events),
        events,
        sample_rate=options.sample_rate,
        lead=options.lead,
        earlier=earlier,
        sink=None if recorder is None else recorder.write,
        capture=capture,
        audition=audition,
        missing=() if lookout is None else lookout.missing,
    )
    gc.freeze()
    platform.lock_memory()
    backend.start()
    changes = False
    try:
        changes = _loop(session, feeder, backend, recorder, writer, events, ended, lookout)
    finally:
        if not changes:
            backend.stop()
        if lookout is not None:
            lookout.close()
        feeder.drain(now())
        if recorder is not None:
            recorder.close()
        _publish(feeder, recorder, writer, changes)
        if changes:
            os._exit(EXIT_DEVICE_CHANGES)  # a driver whose device is gone need not let go of it ever
        graph.close()
        backend.close()


def _loop(
    session: Path,
    feeder: Feeder,
    backend: Backend,
    recorder: Recorder | None,
    writer: StateWriter[AudioState],
    events: EventLog,
    ended: _Ending,
    lookout: Lookout | None,
) -> bool:
    """Tick until it is time to end, then fade out; return whether the device was lost instead, or is back."""
    controls = StateReader(session, "control", ControlState)
    dreamers = StateReader(session, "dreamer", DreamerState)
    published, known = 0.0, -1
    while True:
        at = now()
        control = controls.read()
        if ended.due(control, at):
            break
        moved = feeder.tick(control, dreamers.read(), at)
        if moved or events.number != known or at - published > _KEEP_ALIVE:
            _publish(feeder, recorder, writer)
            published, known = at, events.number
        if feeder.stalled(at):
            events.report("error", "device_lost", f"The audio device {backend.device!r} takes no sound any more.")
            return True
        if lookout is not None and lookout.found():
            return True
        time.sleep(feeder.pause(now(), _TICK))
    feeder.fade_out()
    time.sleep(_FADE + 2 * backend.buffer_size / backend.rate)
    return False


def _publish(feeder: Feeder, recorder: Recorder | None, writer: StateWriter[AudioState], changes: bool = False) -> None:
    state = feeder.state(now(), changes)
    if state is not None:
        if recorder is not None:
            state = dataclasses.replace(state, recorded=recorder.seconds, record_path=str(recorder.path))
        writer.write(state)


def _earlier_state(session: Path) -> AudioState | None:
    """The state of the audio process before this one, if it ever sounded and the machine has not restarted since."""
    reader = StateReader(session, "audio", AudioState)
    state = reader.read()
    reader.close()
    return state if state is not None and state.schedule and state.time <= now() else None


def _silent_state(earlier: AudioState | None, options: AudioOptions, events: EventLog) -> AudioState:
    """A state that tells why nothing sounds; an earlier clock and schedule are left as they were."""
    if earlier is not None:
        return dataclasses.replace(earlier, pid=os.getpid(), events=events.latest())
    rate = options.sample_rate
    return AudioState(
        pid=os.getpid(),
        backend=options.backend,
        device=options.device or "",
        sample_rate=rate,
        device_rate=rate,
        buffer_size=options.buffer_size,
        position=0,
        time=now(),
        latency=0.0,
        dropouts=0,
        schedule=[],
        events=events.latest(),
    )
