"""A dreamer without torch, a console that remembers, and a node that plays with them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ear_engine import platform
from ear_engine.ear_files import EarFolder
from ear_engine.node.children import audio_child, dreamer_pulse
from ear_engine.node.conductor import Node
from ear_engine.node.options import NodeOptions
from ear_engine.node.supervisor import ChildSpec
from ear_engine.node.wiring import Children
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import loop_name, read_loop, write_loop
from ear_engine.shared_memory.states import (
    AudioState,
    ControlState,
    DreamerState,
    Event,
    StateReader,
    StateWriter,
)

LAYERS = ["scalogram", "encoder_3_conv1", "autoregressive_6"]
RATE = 44100


def dream(session: Path, period: float = 0.3, refuse: str = "") -> None:
    """Publish the source, a little changed, every ``period`` seconds; or exit as one that cannot use its ear."""
    platform.ignore_interrupt()
    control: StateReader[ControlState] = StateReader(session, "control", ControlState)
    before = StateReader(session, "dreamer", DreamerState).read()
    writer: StateWriter[DreamerState] = StateWriter(session, "dreamer")
    loop, file, step = (before.loop, before.file, before.step) if before is not None else (0, "", 0)
    number = before.source_number if before is not None else 0
    events = before.events if before is not None else []
    if refuse:
        events = [Event(1, "error", "bad_checkpoint", refuse)]
    published = 0.0

    def tell(phase: str) -> None:
        state = control.read()
        layers = LAYERS if phase != "loading" else []
        sequence = state.sequence if state is not None else 0
        writer.write(
            DreamerState(
                os.getpid(), phase, now(), "standin", "cpu", layers, step, 10.0, 0.5, loop, file, number, sequence,
                events=events,
            )
        )  # fmt: skip

    tell("loading")
    if refuse:
        sys.exit(2)
    while platform.parent_alive():
        state = control.read()
        if state is not None and state.stop:
            return
        if state is not None and state.source and now() - published > period:
            source = read_loop(session / "loops" / state.source)
            loop, step, number, published = loop + 1, step + 1, state.source_number, now()
            file = loop_name(loop)
            audio = np.ascontiguousarray(source.audio * np.float32(0.9))
            frames = {name: np.full((8, 4), 0.5, np.float32) for name in LAYERS}
            changed = replace(source, loop=loop, audio=audio, source_number=number, frames=8, activations=frames)
            write_loop(session / "loops" / file, changed)
        tell("running")
        time.sleep(0.02)


def dreamer(session: Path, *, patience: float = 8.0, refuse: str = "", period: float = 0.3) -> ChildSpec:
    """The stand-in as a child."""
    return ChildSpec(
        "dreamer",
        dream,
        (session, period, refuse),
        meanwhile="the last loop plays on",
        pulse=dreamer_pulse(session),
        patience=patience,
    )


class Notes:
    """A console that remembers."""

    every = 0.2

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.reports: list[Mapping[str, Any]] = []
        self.statuses: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def warn(self, line: str) -> None:
        self.warnings.append(line)

    def status(self, line: str) -> None:
        self.statuses.append(line)

    def report(self, status: Mapping[str, Any]) -> None:
        self.reports.append(status)

    def close(self) -> None:
        pass


def options(**changes: Any) -> NodeOptions:
    """A node on the clock, on a free port."""
    plain = NodeOptions(ear=EarFolder("standin", Path("standin")), audio=AudioOptions("null"), osc_port=0)
    return replace(plain, **changes)


@asynccontextmanager
async def playing(
    chosen: NodeOptions | None = None, *, patience: float = 8.0, children: Children | None = None
) -> AsyncIterator[tuple[Node, Notes]]:
    """A node whose dream is heard; it ends at the end."""

    def standin(session: Path, chosen: NodeOptions) -> Sequence[ChildSpec]:
        return audio_child(session, chosen), dreamer(session, patience=patience)

    notes = Notes()
    node = Node(chosen or options(), notes, children=children or standin, signals=False)
    running = asyncio.create_task(node.run())
    try:
        await until(lambda: running.done() or (node.board.sounding and node.board.report().loop > 0), 20.0)
        yield node, notes
    finally:
        node.stop()
        await running


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for ``condition``."""
    end = time.perf_counter() + seconds
    while not condition():
        assert time.perf_counter() < end, f"not within {seconds} s"
        await asyncio.sleep(0.005)


def audio_state(node: Node) -> AudioState:
    """What the audio process says."""
    state = node.board.audio
    assert state is not None
    return state


def dreamer_state(node: Node) -> DreamerState:
    """What the dreamer says."""
    state = node.board.dreamer
    assert state is not None
    return state


def tone_file(path: Path, seconds: float = 2.0, rate: int = RATE) -> Path:
    """A WAV file with a tone."""
    import soundfile

    wave = 0.3 * np.sin(2 * np.pi * 220.0 * np.arange(round(seconds * rate)) / rate)
    soundfile.write(path, wave.astype(np.float32), rate)
    return path
