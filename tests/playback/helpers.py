"""A session folder as the node and the dreamer would fill it, and a pyo server that the test drives."""

from __future__ import annotations

import ctypes
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.parameters import ParameterTree
from ear_engine.playback.backend import NullBackend, boot_server
from ear_engine.playback.limiter import Spans
from ear_engine.playback.options import AudioOptions
from ear_engine.playback.process import audio_main
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, loop_name, source_name, write_loop
from ear_engine.shared_memory.states import AudioState, ControlState, DreamerState, StateReader, StateWriter

RATE = 44100
DELAY = Spans.at(RATE).delay  # samples from the rings to the output
Audio = NDArray[np.float32]


def noise(samples: int, seed: int, level: float = 0.15) -> Audio:
    """(2, samples) of noise that no limiter minds."""
    return np.clip(level * np.random.default_rng(seed).standard_normal((2, samples)), -0.85, 0.85).astype(np.float32)


def sine(samples: int, frequency: float, rate: int = RATE) -> Audio:
    """(2, samples)."""
    wave = 0.5 * np.sin(2 * np.pi * frequency * np.arange(samples) / rate)
    return np.stack((wave, wave)).astype(np.float32)


class Session:
    """Writes what the node and the dreamer would write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loops = folder / "loops"
        self.loops.mkdir(parents=True)
        self.values: dict[str, Any] = dict(ParameterTree().values)
        self.control: ControlState | None = None
        self.dreamer: DreamerState | None = None
        self.processes: list[BaseProcess] = []
        self._control: StateWriter[ControlState] = StateWriter(folder, "control")
        self._dreamer: StateWriter[DreamerState] = StateWriter(folder, "dreamer")
        self._audio: StateReader[AudioState] = StateReader(folder, "audio", AudioState)

    def source(self, number: int, audio: Audio, beats: int = 4) -> None:
        """Publish a source and make it the current one."""
        file = source_name(number)
        write_loop(self.loops / file, LoopFile(0, audio, RATE, beats, source_number=number, name="test"))
        self.control = ControlState(number, dict(self.values), {}, file, number, [], "ear", 0)
        self._control.write(self.control)

    def carry(self, number: int, audio: Audio, beats: int = 4) -> None:
        """Publish a source of this length, with what was dreamed so far."""
        write_loop(self.loops / "carried-x.ear", LoopFile(1, audio, RATE, beats, source_number=number))
        self.source(number, audio, beats)
        assert self.control is not None
        self.control = replace(self.control, carried="carried-x.ear")
        self._control.write(self.control)

    def align(self, bar_at: float) -> None:
        """Ask for a bar line at a clock time."""
        assert self.control is not None
        self.control = replace(self.control, bar_at=bar_at)
        self._control.write(self.control)

    def set(self, group: str = "playback", **values: Any) -> None:
        """Change parameters of a group (``wet=0.5``), or ``stop``."""
        assert self.control is not None
        stop = bool(values.pop("stop", False))
        self.values.update({f"{group}/{name}": value for name, value in values.items()})
        sequence = self.control.sequence + 1
        self.control = replace(self.control, sequence=sequence, values=dict(self.values), stop=stop)
        self._control.write(self.control)

    def capture(self, number: int) -> None:
        """Ask for loop ``number`` of the live input."""
        assert self.control is not None
        self.control = replace(self.control, sequence=self.control.sequence + 1, captures=number)
        self._control.write(self.control)

    def audition(self, file: str, audio: Audio | None = None, rate: int = RATE) -> None:
        """Ask for an excerpt over the loop, of this audio unless it is there; for none if ``file`` is empty."""
        assert self.control is not None
        if audio is not None:
            write_loop(self.loops / file, LoopFile(0, audio, rate, 1))
        self.control = replace(self.control, sequence=self.control.sequence + 1, audition=file)
        self._control.write(self.control)

    def panic(self) -> None:
        """All silent, as the node says it."""
        assert self.control is not None
        panics = self.control.triggers.get("playback/panic", 0) + 1
        self.control = replace(self.control, triggers={"playback/panic": panics}, audition="")
        self.values["cue/source"] = "off"
        self.set(mute=True)

    def dream(self, loop: int, audio: Audio, source_number: int, beats: int = 4, file: bool = True) -> str:
        """Publish a dreamed loop."""
        name = loop_name(loop)
        if file:
            write_loop(self.loops / name, LoopFile(loop, audio, RATE, beats, source_number=source_number))
        self.alive(loop, name, source_number)
        return name

    def alive(self, loop: int = 0, file: str = "", source_number: int = 0, heartbeat: float | None = None) -> None:
        """Let the dreamer say that it runs."""
        at = now() if heartbeat is None else heartbeat
        self.dreamer = DreamerState(1, "running", at, "ear", "cpu", [], 0, 0.0, 0.0, loop, file, source_number, 0)
        self._dreamer.write(self.dreamer)

    def audio(self) -> AudioState | None:
        """What the audio process says."""
        return self._audio.read()

    def wait(self, condition: Callable[[AudioState], bool], seconds: float = 15.0) -> AudioState:
        """The first state for which ``condition`` holds."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            state = self.audio()
            if state is not None and condition(state):
                return state
            time.sleep(0.002)
        raise AssertionError(f"not within {seconds} s; the last state was {self.audio()}")


def spawn(session: Session, **options: Any) -> BaseProcess:
    """A real audio process, on the null backend unless told otherwise."""
    settings = AudioOptions(**{"backend": "null", **options})
    process = multiprocessing.get_context("spawn").Process(target=audio_main, args=(session.folder, settings))
    process.start()
    session.processes.append(process)
    return process


class Offline(NullBackend):
    """pyo's manual server without a clock: the test says when a block is due. ``rate`` is what the device claims."""

    def __init__(self, buffer_size: int = 256, rate: int = RATE, channels: int = 2) -> None:
        server = boot_server("manual", rate, buffer_size, channels=channels)
        assert server is not None
        super().__init__(server)

    def start(self) -> None:
        """Compute the blocks in which pyo's server fades in (5 ms)."""
        self._server.start()

    def block(self) -> None:
        """Compute one block."""
        self._server.process()

    def outputs(self) -> Audio:
        """What the last block sent to the device, (channels, samples)."""
        address, count = int(self._server.getOutputAddr(), 16), self.channels * self.buffer_size
        return np.array((ctypes.c_float * count).from_address(address)).reshape(self.buffer_size, self.channels).T
