"""An excerpt as sound: cut around the moment that excites, with short fades, at any rate, as loud as it shall be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from ear_engine.audition.excerpts import Excerpt
from ear_engine.audition.recordings import Found, gone
from ear_engine.loudness import SILENT, LoudnessMeter

SECONDS = 4.0
"""Usual length."""
BEFORE = 0.75
"""Share of it up to the moment: what a neuron fires for lies before."""
PEAK = 0.85
"""Largest sample of an excerpt made as loud as a loop. With a loop that is ducked by 20 dB it stays below 1."""
USUAL = -18.0
"""LUFS of an excerpt if nobody knows better."""
_FADE = 0.01  # seconds
_QUIET = -45.0  # LUFS, below which a loop is no measure
_RAISED = 12.0  # dB at most, so that a faint passage does not become its noise

Mono = NDArray[np.float32]  # (samples,)


@dataclass(frozen=True, eq=False)
class Cut:
    """Sound of an excerpt.

    Args:
        audio: (samples,), -1..1.
        sample_rate: Hz.
        begins: seconds in its recording.
    """

    audio: Mono
    sample_rate: int
    begins: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.audio) / self.sample_rate


def cut(found: Found, excerpt: Excerpt, seconds: float = SECONDS, rate: int | None = None) -> Cut:
    """Read ``seconds`` around the moment of ``excerpt``; fewer if the recording is shorter.

    Args:
        found: its recording.
        excerpt: says when.
        seconds: length.
        rate: Hz; that of the recording if None.

    Raises:
        UserError: the recording is gone, or ends before that moment.
    """
    own = found.sample_rate
    start, length = window(found, excerpt, seconds)
    audio = faded(found.read(start, length), own)
    if rate is not None and rate != own:
        audio = np.asarray(soxr.resample(audio, own, rate, quality="HQ"), np.float32)
    return Cut(audio, own if rate is None else rate, start / own)


def window(found: Found, excerpt: Excerpt, seconds: float) -> tuple[int, int]:
    """First sample and number of samples of ``seconds`` around the moment of ``excerpt``, inside its recording.

    Raises:
        UserError: the recording ends before that moment.
    """
    rate, whole = found.sample_rate, found.entry.length
    length, moment = min(round(seconds * rate), whole), round(excerpt.seconds * rate)
    if not 0 <= moment <= whole + rate // 10:
        raise gone(excerpt.recording, found.corpus, f"ends before {excerpt.seconds:.1f} s")
    return min(max(moment - round(BEFORE * length), 0), whole - length), length


def faded(audio: Mono, rate: int) -> Mono:
    """A copy whose ends are silent."""
    made = audio.copy()
    count = min(round(_FADE * rate), len(made) // 2)
    ramp = np.sin(np.linspace(0.0, np.pi / 2, count, endpoint=False, dtype=np.float32)) ** 2
    made[:count] *= ramp
    made[len(made) - count :] *= ramp[::-1]
    return made


def as_loud_as(audio: Mono, rate: int, loudness: float) -> Mono:
    """A copy on both sides of a loop's loudness, as far as its peaks allow; what is faint stays faint.

    Args:
        audio: to be heard on both sides.
        rate: Hz.
        loudness: of the loop on both sides, LUFS; :data:`USUAL` if that is too soft to be a measure.
    """
    own = LoudnessMeter(len(audio), rate).measure(np.stack((audio, audio)))
    peak = float(np.abs(audio).max(initial=0.0))
    if own <= SILENT or peak <= 0.0:
        return audio.copy()
    wanted = loudness if loudness > _QUIET else USUAL
    gain = 10.0 ** (min(wanted - own, _RAISED) / 20.0)
    return audio * np.float32(min(gain, PEAK / peak))
