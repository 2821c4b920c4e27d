"""Loops that a night could have had."""

from __future__ import annotations

from typing import Any

import numpy as np

from ear_engine.memory.remembered import Kind, Remembered
from ear_engine.memory.store import MemoryStore
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.shared_memory.states import Target

RATE = 8000
TARGET = Target("encoder_3_conv1", 0.5, 0.1, 20.0, 20000.0, 0.0, 0.0, 1.0)


def sound(number: int, seconds: float = 0.5) -> LoopFile:
    """A tone of its own."""
    wave = 0.4 * np.sin(2 * np.pi * (200 + 20 * number) * np.arange(round(RATE * seconds)) / RATE)
    return LoopFile(number, np.stack([wave, wave]).astype(np.float32), RATE, 4)


def loop(number: int, parent: int, **more: Any) -> Remembered:
    """Loop ``number``, of source 1."""
    kind: Kind = "dream" if parent else "source"
    facts = {"name": f"{number} a loop", "samples": 4000, "digest": str(number), "heard": 1.7e9 + number, **more}
    return Remembered(
        number=number, kind=kind, parent=parent, source=1, clip="beat", sample_rate=RATE, beats=4, objective=0.5,
        loudness=-18.0, step=number, sequence=number, seed=0, ear="small", target=TARGET,
        values={"target/layer": "encoder_3_conv1"}, **facts,
    )  # fmt: skip


def hear(store: MemoryStore, parent: int, **more: Any) -> int:
    """Let a loop be remembered; its number."""
    number = store.next_number()
    store.write(number, sound(number))
    store.add(loop(number, parent, **more))
    return number
