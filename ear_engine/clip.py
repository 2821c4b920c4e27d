"""One loop of audio and its beats: the clip, and fitting it to a tempo.

A clip is a loop: its end runs into its start. Everything here treats time as a circle, so nothing adds a click there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from ear_engine.beats import MOST_BEATS
from ear_engine.errors import UserError

SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 32.0
SEAM_SECONDS = 0.005


@dataclass(frozen=True, eq=False)
class Clip:
    """One loop of audio and its beats.

    Attributes:
        name: as the user knows it.
        audio: float32, shape ``(channels, samples)`` with 1 or 2 channels, full scale 1.
        sample_rate: in Hz.
        beats: whole beats in the loop, 1 or more.
        beats_from: where that number comes from.
        note: what a user should know about how it was read, or nothing.
    """

    name: str
    audio: NDArray[np.float32]
    sample_rate: int
    beats: int
    beats_from: Literal["declared", "name", "estimate", "given"]
    note: str = ""

    def __post_init__(self) -> None:
        if self.audio.ndim != 2 or self.audio.shape[0] not in (1, 2) or self.audio.shape[1] < 1:
            raise ValueError(f"a clip's audio has shape (1 or 2, samples), not {self.audio.shape}")
        if self.audio.dtype != np.float32 or self.beats < 1 or self.sample_rate < 1:
            raise ValueError("a clip has float32 audio, at least one beat and a sample rate")

    @property
    def samples(self) -> int:
        """Length in samples."""
        return int(self.audio.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate

    @property
    def tempo(self) -> float:
        """Beats per minute."""
        return self.beats * 60.0 * self.sample_rate / self.samples

    @property
    def mid(self) -> NDArray[np.float32]:
        """Mean of the channels, shape ``(samples,)``."""
        return np.asarray(self.audio.mean(axis=0), dtype=np.float32)

    @property
    def side(self) -> NDArray[np.float32]:
        """Half the difference of left and right, shape ``(samples,)``; zero for mono."""
        return np.asarray(0.5 * (self.audio[0] - self.audio[-1]), dtype=np.float32)


def resample_loop(audio: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Resamples a loop to another number of samples, exactly one period to one period.

    soxr (VHQ) filters with the loop's other end as context, so the result loops as the original did.

    Args:
        audio: shape ``(channels, samples_in)``.
        samples: wanted, 1 or more.

    Returns:
        float32, shape ``(channels, samples)``.
    """
    before = audio.shape[1]
    if samples == before:
        return audio
    divisor = math.gcd(before, samples)
    unit, unit_out = before // divisor, samples // divisor
    units = -(-4096 * max(1, round(before / samples)) // unit)
    wrapped = np.pad(audio, ((0, 0), (units * unit, units * unit)), mode="wrap")
    longer = soxr.resample(np.ascontiguousarray(wrapped.T), before, samples, quality="VHQ")
    first = units * unit_out
    return np.ascontiguousarray(longer[first : first + samples].T, dtype=np.float32)


def _lay(audio: NDArray[np.float32], period: float, samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Copies of a loop at every ``period`` samples in a loop of ``samples``, cut or left to rest in between.

    A copy that does not end where the next one starts fades out over 5 ms, and the next one fades in beforehand with
    what leads into the clip's start in its own loop: starts keep their attack, and no seam clicks.
    """
    length = audio.shape[1]
    laid = np.zeros((audio.shape[0], samples), dtype=np.float32)
    starts = [round(copy * period) for copy in range(math.ceil(samples / period - 1e-6))]
    ends = [*starts[1:], samples]
    for start, end in zip(starts, ends, strict=True):
        kept = min(length, end - start)
        copy = audio[:, :kept].copy()
        if kept != length or end - start != length:
            fade = max(1, min(int(SEAM_SECONDS * sample_rate), kept // 4))
            ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
            copy[:, kept - fade :] *= ramp[::-1]
            following = audio[:, np.arange(-fade, 0) % length] * ramp
            laid[:, end - fade : end] += following
        laid[:, start : start + kept] += copy
    return laid


def fit_clip(clip: Clip, mode: Literal["clip_tempo", "stretch", "crop"], tempo: float, beats: int) -> Clip:
    """Fits a clip to a loop of so many beats at a tempo.

    ``clip_tempo``: the clip as it is, at its own tempo and length; the other arguments do not matter.

    ``stretch``: the clip is repeated or cut to ``beats`` of its own beats, then played faster or slower, with its
    pitch, so that they last ``60 / tempo`` seconds each (varispeed).

    ``crop``: the clip keeps its speed and pitch. It starts on the first beat and again after as many beats of the new
    tempo as come nearest to its own length: what is longer is cut there, what is shorter rests until then.

    Seams within a beat of the clip's own end are those of the clip; others are crossfaded over 5 ms.

    Args:
        clip: to fit.
        mode: one of the three.
        tempo: 20 to 300 BPM.
        beats: 1 to 64; the loop lasts 32 s at most.

    Returns:
        A clip of ``round(beats * 60 / tempo * sample_rate)`` samples (``clip_tempo``: the same clip).

    Raises:
        UserError: for a mode, tempo or number of beats that cannot be.
    """
    if mode == "clip_tempo":
        return clip
    subject = f"fitting clip {clip.name!r}"
    if mode not in ("stretch", "crop"):
        raise UserError(subject, f"has no mode {mode!r}", "use clip_tempo, stretch or crop", "bad_mode")
    if not 20.0 <= tempo <= 300.0:
        raise UserError(subject, f"cannot have a tempo of {tempo} BPM", "use 20 to 300", "bad_tempo")
    if not 1 <= beats <= MOST_BEATS or beats != int(beats):
        raise UserError(subject, f"cannot have {beats} beats", f"use 1 to {MOST_BEATS} whole beats", "bad_beats")
    seconds = beats * 60.0 / tempo
    if seconds > LONGEST_SECONDS + 1e-9:
        reason = f"would last {seconds:.1f} s, longer than {LONGEST_SECONDS:g} s"
        raise UserError(subject, reason, "use fewer beats or a higher tempo", "too_long")
    samples = round(seconds * clip.sample_rate)
    if mode == "stretch":
        own = round(clip.samples * beats / clip.beats)
        audio = resample_loop(_lay(clip.audio, clip.samples, own, clip.sample_rate), samples)
    else:
        grid = 60.0 / tempo * clip.sample_rate
        period = max(1, round(clip.samples / grid))
        audio = _lay(clip.audio, period * grid, samples, clip.sample_rate)
    return replace(clip, audio=audio, beats=int(beats), beats_from="given")
