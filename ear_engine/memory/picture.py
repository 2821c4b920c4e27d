"""A loop as a picture: how loud each pitch is at each moment.

The loop is a circle, so one transform of the whole has it all: a Gaussian around each pitch (36 an octave, 30 Hz to
15 kHz) taken out of the spectrum and turned back is that pitch over time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST, PER_OCTAVE = 30.0, 15000.0, 36
_SPREAD = 1.6  # standard deviation of a Gaussian, in bins of the picture
_RANGE = 66.0  # dB from the brightest to black
_TILT = 3.0  # dB an octave that is taken off music's fall towards high pitches
_COLORS = np.array(
    [
        (8, 9, 14),
        (26, 22, 58),
        (76, 32, 104),
        (148, 44, 108),
        (214, 76, 82),
        (245, 138, 60),
        (252, 204, 104),
        (255, 250, 224),
    ],
    np.float64,
)

Pixels = NDArray[np.uint8]


def pitches(sample_rate: int) -> NDArray[np.float64]:
    """Hz of the rows of a picture, from low to high."""
    top = min(HIGHEST, 0.45 * sample_rate)
    count = int(PER_OCTAVE * np.log2(top / LOWEST)) + 1
    return LOWEST * 2.0 ** (np.arange(count) / PER_OCTAVE)


def levels(audio: NDArray[np.float32], sample_rate: int, columns: int) -> NDArray[np.float32]:
    """dB of each pitch over time, (rows, columns), of a loop (channels, samples)."""
    spectrum = np.fft.rfft(np.asarray(audio, np.float32).mean(axis=0)) / audio.shape[1]
    bins = len(spectrum)
    found = np.empty((len(pitches(sample_rate)), columns), np.float32)
    for row, pitch in enumerate(pitches(sample_rate)):
        center = pitch * audio.shape[1] / sample_rate
        width = max(1.0, center * (2.0 ** (_SPREAD / PER_OCTAVE) - 1.0))
        first, last = max(1, int(center - 3 * width)), min(bins, int(center + 3 * width) + 2)
        places = np.arange(first, last)
        piece = spectrum[first:last] * np.exp(-0.5 * np.square((places - center) / width))
        length = columns * -(-len(places) // columns)
        row_of = np.zeros(length, np.complex128)
        row_of[: len(places)] = piece
        power = np.square(np.abs(np.fft.ifft(row_of) * length)).reshape(columns, -1).max(axis=1)
        found[row] = 10.0 * np.log10(power + 1e-14)
    return found


def picture(audio: NDArray[np.float32], sample_rate: int, width: int, height: int) -> Pixels:
    """The loop as pixels, (height, width, 3), low pitches at the bottom; silence is black."""
    shown = levels(audio, sample_rate, width)
    shown += _TILT * np.log2(pitches(sample_rate) / LOWEST)[:, None].astype(np.float32)
    top = max(float(np.percentile(shown, 99.8)), -40.0)
    bright = np.clip((shown - top + _RANGE) / _RANGE, 0.0, 1.0)
    rows = np.linspace(len(bright) - 1, 0, height)
    below = np.floor(rows).astype(int)
    above = np.minimum(below + 1, len(bright) - 1)
    part = (rows - below)[:, None]
    return colored((1 - part) * bright[below] + part * bright[above])


def colored(bright: NDArray[np.floating]) -> Pixels:
    """Pixels, (…, 3), for brightness 0..1."""
    place = np.clip(bright, 0.0, 1.0) ** 1.4 * (len(_COLORS) - 1)
    below = np.minimum(place.astype(int), len(_COLORS) - 2)
    part = (place - below)[..., None]
    return np.asarray(np.round((1 - part) * _COLORS[below] + part * _COLORS[below + 1]), np.uint8)
