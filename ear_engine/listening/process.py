"""The listening process: the ear on the live input, on one core, whether anything is dreamed or not.

It reads the ring that the audio process writes and what the performer decides, and writes one slot; nobody waits for
it, nor it for anyone. It runs only while ``listen/run`` is on.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

import torch

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.listening.inlet import Inlet
from ear_engine.listening.live_ear import LiveEar, LiveFrame
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.input_ring import InputReader, InputState
from ear_engine.shared_memory.listen_state import ListenState, ListenWriter, Phase
from ear_engine.shared_memory.states import ControlState, StateReader

DELAY = "listen/delay"
_REST = 0.006  # seconds between looks for new samples
_ALIVE = 0.25  # seconds between signs of life while nothing is heard
_STALLED = 0.5  # seconds without a sample after which the input stands still
_RECENT = 2.0  # seconds over which the load is measured
_SECOND_THOUGHTS = 5.0  # seconds in which another ear than the one that cannot listen may be chosen


class Listener:
    """The listening process's loop.

    Args:
        session: the session folder.
    """

    def __init__(self, session: Path) -> None:
        self._control = StateReader(session, "control", ControlState)
        self._reader = InputReader(session)
        self._writer = ListenWriter(session)
        self._folder = ""
        self._delay = 0.0
        self._ear: LiveEar | None = None
        self._inlet: Inlet | None = None
        self._state = ListenState(os.getpid(), "loading", now(), "")
        self._used: deque[tuple[float, float]] = deque()  # clock time, processor time

    def run(self) -> None:
        """Listen until the node says stop or is gone.

        Raises:
            UserError: the ear cannot listen; the slot says why.
        """
        self._tell("loading")
        while not self._over():
            control = self._control.read()
            if control is None:
                time.sleep(_REST)
                continue
            if self._ear is None or control.ear != self._folder:
                self._change(control)
                continue
            delay = float(control.values[DELAY])
            if delay != self._delay:
                self._delay = delay
                self._ear.restart(delay / 1000.0)
                self._inlet = Inlet(self._reader, self._ear.rate)
            if not self._listen(self._ear):
                time.sleep(_REST)

    def _over(self) -> bool:
        control = self._control.read()
        return (control is not None and control.stop) or not platform.parent_alive()

    def _change(self, control: ControlState) -> None:
        """Load an ear; the engine may soon take back one that cannot be used and was chosen while another listened."""
        heard = self._ear is not None
        self._folder, self._delay = control.ear, float(control.values[DELAY])
        self._ear = self._inlet = None
        self._tell("loading")
        try:
            self._ear = LiveEar(Path(self._folder), self._delay / 1000.0)
        except UserError as error:
            self._tell("failed", str(error))
            until = now() + (_SECOND_THOUGHTS if heard else 0.0)
            while not self._over():
                latest = self._control.read()
                if latest is not None and latest.ear != self._folder:
                    return
                if now() >= until:
                    raise
                time.sleep(_REST)
        else:
            self._inlet = Inlet(self._reader, self._ear.rate)
            self._tell("waiting")

    def _listen(self, ear: LiveEar) -> bool:
        """Hear what is new; return whether there was anything."""
        assert self._inlet is not None
        source = self._reader.state()
        if source is None:
            self._rest("waiting")
            return False
        audio, anew = self._inlet.take(source)
        if anew:
            ear.restart(self._delay / 1000.0)
        if not len(audio):
            self._rest("stalled" if now() - source.time > _STALLED else self._state.phase)
            return False
        for frame in ear.hear(audio):
            self._tell_frame(ear, frame, source)
        return True

    def _tell_frame(self, ear: LiveEar, frame: LiveFrame, source: InputState) -> None:
        assert self._inlet is not None
        at, played = now(), self._inlet.when(frame.center, source)
        self._used.append((at, time.process_time()))
        while at - self._used[0][0] > _RECENT:
            self._used.popleft()
        first = self._used[0]
        self._state = replace(
            self._state,
            phase="listening",
            heartbeat=at,
            frame=frame.number,
            time=played,
            delay=ear.delay,
            late=at - played,
            load=(self._used[-1][1] - first[1]) / (at - first[0]) if at > first[0] else 0.0,
            level=self._inlet.level,
            clipped=self._inlet.clipped,
            broken=self._inlet.broken,
            skipped=self._inlet.skipped,
            surprise=-1.0 if frame.surprise is None else frame.surprise,
            surprise_rank=frame.surprise_rank,
            layers=tuple((layer.name, layer.neurons) for layer in ear.index.layers),
            activations=frame.activations,
            ranks=frame.ranks,
        )
        self._writer.write(self._state)

    def _rest(self, phase: Phase) -> None:
        """Say so now and then, while nothing is to be heard."""
        if phase != self._state.phase or now() - self._state.heartbeat >= _ALIVE:
            self._state = replace(self._state, phase=phase, heartbeat=now())
            self._writer.write(self._state)

    def _tell(self, phase: Phase, message: str = "") -> None:
        self._state = ListenState(os.getpid(), phase, now(), self._folder, message=message)
        self._writer.write(self._state)


def listen_main(session: Path) -> None:
    """Entry point of the spawned process.

    Raises:
        SystemExit: code 2 if the ear cannot listen (the reason is in the slot).
    """
    platform.ignore_interrupt()
    platform.lower_priority(5)  # behind what sounds, before the dream
    platform.reuse_memory()
    torch.set_num_threads(1)
    try:
        Listener(session).run()
    except UserError:
        raise SystemExit(2) from None
