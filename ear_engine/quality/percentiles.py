"""Where the value of a target lies among clips of music."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.loudness import LoudnessMeter
from ear_engine.quality.clips import Clips
from ear_engine.quality.judge import Judge
from ear_engine.quality.spectra import Floats, Loop
from ear_engine.targets.terms import Term

Report = Callable[[int, int], None]
_AT_ONCE = 10  # clips read before progress is told


@dataclass(frozen=True)
class Standing:
    """A value among those of music.

    Args:
        value: in the units of the target.
        percentile: share of clips below it, 0..100.
        beyond: how far above the corpus's median it lies, in units of the median to the 99.9th percentile: 1 is as
            strong as the strongest clip in a thousand.
        above: clips that are as strong or stronger.
    """

    value: float
    percentile: float
    beyond: float
    above: int


def standing(value: float, corpus: Floats) -> Standing:
    """Where ``value`` lies among ``corpus``, (clips,)."""
    middle, top = np.percentile(corpus, (50.0, 99.9))
    above = int((corpus >= value).sum())
    return Standing(
        float(value),
        float(100.0 * (corpus < value).mean()),
        float((value - middle) / max(float(top - middle), 1e-12)),
        above,
    )


def corpus_values(
    judge: Judge,
    clips: Clips,
    targets: Sequence[Sequence[Term]],
    loudness: float,
    progress: Report = lambda done, of: None,
) -> Floats:
    """The value of every target on every clip at this loudness, (clips, targets)."""
    rows = []
    for first in range(0, len(clips), _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, len(clips)))
        rows.append(judge.values(np.stack([clips.leveled(number, loudness) for number in numbers]), targets))
        progress(numbers[-1] + 1, len(clips))
    return np.concatenate(rows)


def leveled_middle(audio: NDArray[np.float32], loudness: float, sample_rate: int = 44100) -> Loop:
    """What the ear hears of a loop, (2, samples), turned to this loudness: the middle; silence stays silent."""
    middle = audio.mean(axis=0)
    measured = LoudnessMeter(len(middle), sample_rate).measure(np.stack([middle, middle]))
    gain = 10.0 ** ((loudness - measured) / 20.0) if middle.any() else 1.0
    return np.asarray(middle * gain, dtype=np.float32)
