"""A loop brought to another number of samples and beats: laid on the beats, with its pitch, or played faster or slower.

Time is a circle here: a loop's end runs into its start, before and after.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import soxr
from numpy.typing import NDArray

SEAM_SECONDS = 0.005

Audio = NDArray[np.float32]  # (channels, samples)


def refit(audio: Audio, beats: int, samples: int, beats_out: int, sample_rate: int, *, stretched: bool) -> Audio:
    """A loop of ``beats`` as one of ``samples`` and ``beats_out``.

    Args:
        audio: shape ``(channels, samples_in)``.
        beats: that it has.
        samples: wanted, 1 or more.
        beats_out: wanted.
        sample_rate: in Hz.
        stretched: repeated or cut to so many of its own beats, then played faster or slower, and its pitch with it
            (varispeed); else :func:`lay_beats`.

    Returns:
        float32, shape ``(channels, samples)``.
    """
    if not stretched:
        return lay_beats(audio, beats, samples, beats_out, sample_rate)
    own = round(audio.shape[1] * beats_out / beats)
    return resample_loop(tile(audio, max(1, own), sample_rate), samples)


def lay_beats(audio: Audio, beats: int, samples: int, beats_out: int, sample_rate: int) -> Audio:
    """The beats of a loop, each cut out and laid on a beat of the new one, at their own speed and pitch.

    Beat *i* of the new loop begins at sample ``round(i * samples / beats_out)`` with beat *i* (modulo ``beats``) of the
    old one, to a sample. What is longer than a new beat is cut there, what is shorter rests until the next. A beat that
    does not run into the next one fades out over 5 ms, and the next one fades in beforehand with what leads into it in
    its own loop: starts keep their attack, and no seam clicks. At its own tempo a loop is what it was.

    Args:
        audio: shape ``(channels, samples_in)``.
        beats: that it has.
        samples: wanted.
        beats_out: wanted.
        sample_rate: in Hz.
    """
    length = audio.shape[1]
    if abs(length / beats * beats_out - samples) < 1.0:
        return tile(audio, samples, sample_rate)
    laid = np.zeros((audio.shape[0], samples), dtype=np.float32)
    starts = [round(beat * samples / beats_out) for beat in range(beats_out + 1)]
    cuts = [round(beat * length / beats) for beat in range(beats + 1)]
    for number, (start, end) in enumerate(pairwise(starts)):
        first, last = cuts[number % beats], cuts[number % beats + 1]
        kept = min(last - first, end - start)
        piece = audio[:, first : first + kept].copy()
        fade = max(1, min(int(SEAM_SECONDS * sample_rate), kept // 4))
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        piece[:, kept - fade :] *= ramp[::-1][:kept]
        following = cuts[(number + 1) % beats_out % beats]
        laid[:, start : start + kept] += piece
        lead = audio[:, np.arange(following - fade, following) % length] * ramp
        laid[:, np.arange(end - fade, end) % samples] += lead
    return laid


def tile(audio: Audio, samples: int, sample_rate: int) -> Audio:
    """A loop repeated or cut to ``samples``; where it is cut, it runs into its start over 5 ms."""
    length = audio.shape[1]
    tiled = np.take(audio, np.arange(samples), axis=1, mode="wrap").astype(np.float32)
    rest = samples % length
    if rest:
        fade = max(1, min(int(SEAM_SECONDS * sample_rate), rest // 4))
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        tiled[:, samples - fade :] *= ramp[::-1]
        tiled[:, samples - fade :] += audio[:, np.arange(-fade, 0) % length] * ramp
    return np.ascontiguousarray(tiled)


def resample_loop(audio: Audio, samples: int) -> Audio:
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
