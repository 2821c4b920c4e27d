"""Changes that keep the music and take away what gives a recording away: equalization, level, noise, pitch.

Everything is drawn from (seed, recording, place), so an excerpt is changed alike in every run and every corpus.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

EQUALIZATION_DB = 12.0
LEVEL_DB = 12.0
NOISE_DB = (10.0, 30.0)
SEMITONES = 1.0
_KNOTS = 10
_LOWEST, _HIGHEST = 30.0, 20000.0  # Hz


def changed(recording: Recording, start: int, length: int, sample_rate: int, seed: int) -> NDArray[np.float32]:
    """An excerpt as it might sound elsewhere.

    The pitch is moved by up to a semitone (resampling a longer or shorter stretch around the same middle), a smooth
    random curve of up to 12 dB up or down equalizes it, noise between white and pink is added 10 to 30 dB below it,
    and all of it is made up to 12 dB louder or quieter. Nothing is clipped.

    Args:
        recording: the source.
        start: first sample of the unchanged excerpt.
        length: samples.
        sample_rate: Hz.
        seed: of the changes.

    Returns:
        (length,), float32.
    """
    rng = np.random.default_rng((seed, zlib.crc32(recording.name.encode()), start))
    ratio = 2.0 ** (rng.uniform(-SEMITONES, SEMITONES) / 12.0)
    audio = _repitched(recording, start, length, ratio)
    spectrum = np.fft.rfft(audio)
    frequencies = np.asarray(np.fft.rfftfreq(length, 1.0 / sample_rate), np.float64)
    spectrum *= _equalization(frequencies, rng)
    audio = np.fft.irfft(spectrum, length).astype(np.float32)
    noise = _noise(frequencies, length, rng)
    power = float(np.mean(np.square(audio, dtype=np.float64)))
    audio += np.float32(math.sqrt(power) * 10.0 ** (-rng.uniform(*NOISE_DB) / 20.0)) * noise
    audio *= np.float32(10.0 ** (rng.uniform(-LEVEL_DB, LEVEL_DB) / 20.0))
    return audio


def _repitched(recording: Recording, start: int, length: int, ratio: float) -> NDArray[np.float32]:
    taken = min(round(length * ratio), recording.length)
    first = min(max(0, start + (length - taken) // 2), recording.length - taken)
    audio = np.asarray(soxr.resample(recording.audio(first, taken), taken / length, 1.0), np.float32)[:length]
    return np.pad(audio, (0, length - len(audio)))


def _equalization(frequencies: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Gain at each frequency: monotone cubic pieces between knots evenly spaced in octaves, so never beyond 12 dB."""
    knots = np.linspace(math.log2(_LOWEST), math.log2(_HIGHEST), _KNOTS)
    curve = PchipInterpolator(knots, rng.uniform(-EQUALIZATION_DB, EQUALIZATION_DB, _KNOTS))
    decibels = curve(np.log2(np.clip(frequencies, _LOWEST, _HIGHEST)))
    return np.asarray(10.0 ** (decibels / 20.0))


def _noise(frequencies: NDArray[np.float64], length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Gaussian noise of power 1 whose spectrum falls by 0 to 3 dB an octave."""
    tilt = rng.uniform(0.0, 0.5)
    spectrum = np.fft.rfft(rng.standard_normal(length)) * np.maximum(frequencies, _LOWEST) ** -tilt
    noise = np.fft.irfft(spectrum, length)
    return np.asarray(noise / noise.std(), np.float32)
