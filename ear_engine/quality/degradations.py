"""What happens to a loop on its way to other ears: moved in time, out of tune, dull, compressed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import soundfile

from ear_engine.clip import resample_loop
from ear_engine.quality.spectra import Loop

_SHIFTS = (0.0013, 0.0133, 0.171, 0.314, 0.622, 0.873)  # shares of the loop; none is a whole number of frames
_SEMITONES = 0.5
_CORNER = 8000.0  # Hz
_PEAK = 0.9


def shifted(loop: Loop, sample_rate: int) -> tuple[Loop, ...]:
    """Moved around the circle to six places between frames."""
    return tuple(np.roll(loop, round(share * len(loop))) for share in _SHIFTS)


def repitched(loop: Loop, sample_rate: int) -> tuple[Loop, ...]:
    """Half a semitone higher and lower, as a turntable does: shorter and longer too."""
    return tuple(
        resample_loop(loop[None], round(len(loop) * 2.0 ** (semitones / 12.0)))[0]
        for semitones in (-_SEMITONES, _SEMITONES)
    )


def dulled(loop: Loop, sample_rate: int) -> tuple[Loop, ...]:
    """Nothing above 8 kHz; from 7 kHz on it fades."""
    hertz = np.fft.rfftfreq(len(loop), 1.0 / sample_rate)
    gain = 0.5 + 0.5 * np.cos(np.pi * np.clip((hertz - 0.875 * _CORNER) / (0.125 * _CORNER), 0.0, 1.0))
    return (np.fft.irfft(np.fft.rfft(loop) * gain, len(loop)).astype(np.float32),)


def compressed(loop: Loop, sample_rate: int) -> tuple[Loop, ...]:
    """Through Vorbis at its lowest quality and back, the loop three times in a row, of which the middle one counts."""
    peak = max(float(np.abs(loop).max()), 1e-9)
    file = io.BytesIO()
    soundfile.write(
        file, np.tile(loop * (_PEAK / peak), 3), sample_rate, format="OGG", subtype="VORBIS", compression_level=1.0
    )
    file.seek(0)
    heard, _ = soundfile.read(file, dtype="float32")
    return (np.asarray(heard[len(loop) : 2 * len(loop)] * (peak / _PEAK), dtype=np.float32),)


Degradation = Callable[[Loop, int], tuple[Loop, ...]]
DEGRADATIONS: Mapping[str, Degradation] = MappingProxyType(
    {"shift": shifted, "pitch": repitched, "low-pass": dulled, "codec": compressed}
)
