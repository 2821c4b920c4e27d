"""A session without an engine: an audio process that is only its slot, and loops whose activations are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ear_engine.osc.reports import LayerInfo, StatusReport
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, loop_name, source_name, write_loop
from ear_engine.shared_memory.states import AudioState, Entry, StateWriter

RATE = 44_100
LAYERS = (LayerInfo("scalogram", 1, 216), LayerInfo("encoder_0_conv1", 4, 150), LayerInfo("autoregressive_0", 8, 1))
STEPS = {"scalogram": 16, "encoder_0_conv1": 16, "autoregressive_0": 4}


def activations(loop: int) -> dict[str, np.ndarray]:
    """Row r of a layer holds ``loop + r / 16 + neuron / 1024``, which float32 represents exactly."""
    return {
        layer.name: (
            loop + np.arange(STEPS[layer.name])[:, None] / 16 + np.arange(layer.neurons)[None, :] / 1024
        ).astype(np.float32)
        for layer in LAYERS
    }


def synthetic_loop(number: int, samples: int = RATE * 2, channels: int = 2) -> LoopFile:
    noise = np.random.default_rng(number).uniform(-0.5, 0.5, (channels, samples)).astype(np.float32)
    if number == 0:
        return LoopFile(0, noise, RATE, 4, name="beat")
    values = activations(number)
    return LoopFile(number, noise, RATE, 4, objective=number / 8, frames=16, name="beat", activations=values)


class Session:
    """Writes what the dreamer and the audio process would write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "loops").mkdir(exist_ok=True)
        self._audio: StateWriter[AudioState] = StateWriter(folder, "audio")

    def publish(self, number: int, **options: int) -> Entry:
        """Write loop ``number`` (0: a source) and return its entry, starting with the session."""
        name = loop_name(number) if number else source_name(1)
        loop = synthetic_loop(number, **options)
        write_loop(self.folder / "loops" / name, loop)
        return Entry(0, 0, number, name, loop.samples, loop.beats)

    def play(self, *schedule: Entry, position: int = 0, at: float | None = None) -> None:
        """Let the audio process say that ``position`` was heard at clock time ``at`` (now if None)."""
        time = now() if at is None else at
        state = AudioState(1, "null", "", RATE, RATE, 256, position, time, 0.0, 0, list(schedule))
        self._audio.write(state)

    def close(self) -> None:
        self._audio.close()


def status(port: int = 9000) -> StatusReport:
    return StatusReport("running", port, "small", "cpu", "null", 42.5, 0.25, 3, 0, 2, {"node": 11, "audio": 12})
