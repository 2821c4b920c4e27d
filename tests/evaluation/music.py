"""Tiny corpora made of noise, for probes whose answers are known."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.ear.network import EarConfig
from ear_engine.errors import UserError
from ear_engine.evaluation.study import Library
from ear_engine.evaluation.window import Window, window_for

TINY = EarConfig(width=0.03)


@lru_cache
def tiny_window() -> Window:
    return window_for([TINY])


def noise(name: str, windows: float, level: float = -6.0, labels: Mapping[str, str] | None = None) -> Recording:
    """White noise of so many windows at a level in dB."""
    samples = round(windows * tiny_window().samples)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    wave = 10 ** (level / 20) * rng.uniform(-1, 1, samples)
    return Recording(name, (wave * 32767).astype(np.int16), labels or {})


def corpus(name: str, recordings: Sequence[Recording]) -> Corpus:
    return Corpus(name, Path("nowhere"), tuple(recordings), (), 44100)


def library(*corpora: Corpus) -> Library:
    """Finds these by name, and nothing else."""
    made = {one.name: one for one in corpora}

    def find(name: str) -> Corpus:
        if name not in made:
            raise UserError(f"corpus {name!r}", "is neither a corpus nor a folder", "name a folder", "not_found")
        return made[name]

    return find
