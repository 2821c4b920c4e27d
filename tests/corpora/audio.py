"""Audio that the tests of corpora are made with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44100


def sine(frequency: float, seconds: float, rate: int = RATE, amplitude: float = 0.25) -> NDArray[np.float64]:
    """A sine, mono."""
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def write(path: Path, audio: NDArray[np.float64], rate: int = RATE, subtype: str | None = None) -> Path:
    """Write a file in the format that its suffix says, folders and all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate, subtype)
    return path


def write_music(folder: Path, count: int, seconds: float = 1.2) -> Path:
    """Different recordings ``0.wav``, ``1.wav``, … in a folder."""
    for number in range(count):
        write(folder / f"{number}.wav", sine(200 + 10 * number, seconds))
    return folder


def contents(store: Path) -> dict[str, bytes]:
    """What a store consists of: its index and its shards."""
    return {path.name: path.read_bytes() for path in store.iterdir() if path.name.startswith(("index", "shard"))}
