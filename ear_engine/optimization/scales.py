"""Scales: which frequencies belong to one, as a gain of each bin of a spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROOTS = ("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")
SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor_pentatonic": (0, 3, 5, 7, 10),
    "whole_tone": (0, 2, 4, 6, 8, 10),
    "octaves": (0,),
    "fifths": (0, 7),
}
"""Semitones above the root."""

_A_HZ, _A = 440.0, 9  # and its pitch class, c being 0
_INSIDE, _OUTSIDE = 0.2, 0.5  # semitones from a pitch of equal temperament: in tune up to here, out of tune from there
_LOW_HZ, _HIGH_HZ = 80.0, 5000.0  # full effect between them, none from an octave beyond


def scale_gain(hertz: NDArray[np.float64], scale: str, root: str, lock: float) -> NDArray[np.float64]:
    """Gain of each frequency: 1 for the scale's pitches (A = 440 Hz, equal temperament), ``1 - lock`` between them.

    A pitch is 20 cents wide on both sides and ends in a raised cosine at 50, the middle between two semitones. The
    effect fades over an octave below 80 Hz, where bands of a semitone would ring for half a second, and above 5 kHz,
    where there is no sense of pitch.

    Args:
        hertz: frequencies, any shape.
        scale, root: names in :data:`SCALES` and :data:`ROOTS`.
        lock: 0..1.
    """
    audible = np.maximum(hertz, 1.0)
    pitch = 12.0 * np.log2(audible / _A_HZ) + _A - ROOTS.index(root)
    tones = np.array([*SCALES[scale], 12])
    within = pitch % 12.0
    distance = np.full(hertz.shape, np.inf)
    for tone in tones:
        distance = np.minimum(distance, np.abs(within - tone))
    outside = _rise((distance - _INSIDE) / (_OUTSIDE - _INSIDE))
    octaves = np.maximum(np.log2(_LOW_HZ / audible), np.log2(audible / _HIGH_HZ))
    return np.asarray(1.0 - lock * outside * (1.0 - _rise(octaves)))


def _rise(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0)))
