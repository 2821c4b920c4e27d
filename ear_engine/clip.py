"""One loop of audio and its beats: the clip, and fitting it to a tempo.

A clip is a loop: its end runs into its start. Everything here treats time as a circle, so nothing adds a click there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ear_engine.beats import MOST_BEATS
from ear_engine.errors import UserError
from ear_engine.fitting import SEAM_SECONDS as SEAM_SECONDS
from ear_engine.fitting import refit
from ear_engine.fitting import resample_loop as resample_loop

SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 32.0


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


def fit_clip(clip: Clip, mode: Literal["clip_tempo", "stretch", "crop"], tempo: float, beats: int) -> Clip:
    """Fits a clip to a loop of so many beats at a tempo.

    ``clip_tempo``: the clip as it is, at its own tempo and length; the other arguments do not matter.

    ``stretch``: the clip is repeated or cut to ``beats`` of its own beats, then played faster or slower, with its
    pitch, so that they last ``60 / tempo`` seconds each (varispeed).

    ``crop``: the clip keeps its speed and pitch. Each of its beats is laid on a beat of the loop: what is longer than
    that is cut, what is shorter rests until the next (:func:`ear_engine.fitting.lay_beats`).

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
    stretched = mode == "stretch"
    audio = refit(clip.audio, clip.beats, samples, int(beats), clip.sample_rate, stretched=stretched)
    return replace(clip, audio=audio, beats=int(beats), beats_from="given")
