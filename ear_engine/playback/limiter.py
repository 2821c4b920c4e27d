"""The limiter behind everything that is played: it protects the PA, and touches nothing that is below its threshold.

Its side chain says how much is to be taken away, 0 where nothing is, so the gain is 1 to the last bit as long as
no sample comes near the threshold, and what goes out is what came in, later. With *x* the louder side and *T* the
threshold,

    a = 1 - T / max(|x|, T),  m = the largest a of the last ``hold``,  r = max(m, mean of m),  gain = 1 - mean of r

The first mean is over the ``release``, twice (two boxes, one after the other), and makes the gain come back slowly. The
second one, over ``attack`` twice, rounds its fall, and the signal waits ``delay`` until that is done. ``hold`` is more
than half a period of the lowest tone that is heard, so the gain of a steady tone stands still: no distortion, no
pumping. What rounding leaves over the threshold (a bit or two) is clipped.

Largest values and means over *n* = 2^k samples are made by *k* delays, each twice as long as the one before. So all is
delays, sums and comparisons of pyo, and :func:`limited` is the same arithmetic in numpy, bit for bit. (Lookahead by
sliding maxima and smoothing: P. Hämäläinen, "Smoothing of the control signal without clipped output in digital peak
limiters", DAFx 2002.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.playback.pyo_library import load_pyo

_USUAL = 44100  # Hz
_ATTACK, _HOLD, _RELEASE = 64, 2048, 4096  # samples at that rate: 1.5, 46 and 93 ms, the first and last twice


@dataclass(frozen=True)
class Spans:
    """How many samples the limiter looks at, powers of two; ``attack`` and ``release`` are each of two boxes."""

    attack: int
    hold: int
    release: int

    @property
    def delay(self) -> int:
        """Samples by which what goes out is later."""
        return 2 * self.attack - 2

    @classmethod
    def at(cls, rate: float) -> Spans:
        """Those of a rate in Hz: 126 samples of delay at 44,100 and 48,000, 254 at 96,000."""
        factor = 2.0 ** max(-3, round(math.log2(rate / _USUAL)))
        return cls(*(round(factor * span) for span in (_ATTACK, _HOLD, _RELEASE)))


class Limiter:
    """Both sides of a pyo signal limited by one gain.

    Args:
        signal: stereo.
        threshold: pyo signal, linear, above 0.
        rate: Hz.
    """

    def __init__(self, signal: Any, threshold: Any, rate: float) -> None:
        pyo = self._pyo = load_pyo()
        self._rate = rate
        self._objects: list[Any] = []
        spans = Spans.at(rate)
        sides = [self._keep(pyo.Abs(signal[side])) for side in range(2)]
        loudest = self._keep(pyo.Max(self._keep(pyo.Max(*sides)), threshold))
        excess = self._keep(pyo.Div(threshold, loudest, mul=-1.0, add=1.0))
        held = self._largest(excess, spans.hold)
        slow = self._mean(self._mean(held, spans.release), spans.release)
        taken = self._mean(self._mean(self._keep(pyo.Max(held, slow)), spans.attack), spans.attack)
        gain = self._keep(taken * -1.0 + 1.0)
        bound = self._later(threshold, spans.delay)
        quiet = self._keep(self._later(signal, spans.delay) * gain)
        self.signal = self._keep(pyo.Clip(quiet, self._keep(bound * -1.0), bound))
        """What may go out, ``Spans.delay`` later."""

    def close(self) -> None:
        """Let go of every pyo object."""
        del self.signal
        self._objects.clear()

    def _keep(self, made: Any) -> Any:
        self._objects.append(made)
        return made

    def _later(self, signal: Any, samples: int, **settings: Any) -> Any:
        delay, most = (samples + 0.5) / self._rate, (samples + 2) / self._rate
        return self._keep(self._pyo.SDelay(signal, delay=delay, maxdelay=most, **settings))

    def _largest(self, signal: Any, count: int) -> Any:
        for span in _doubling(count):
            signal = self._keep(self._pyo.Max(signal, self._later(signal, span)))
        return signal

    def _mean(self, signal: Any, count: int) -> Any:
        for span in _doubling(count):
            signal = self._later(signal, span, mul=0.5, add=self._keep(signal * 0.5))
        return signal


def limited(signal: NDArray[np.float32], threshold: NDArray[np.float32], rate: float) -> NDArray[np.float32]:
    """What :class:`Limiter` makes of a signal that silence came before.

    Args:
        signal: (2, samples).
        threshold: (samples,), linear, above 0.
        rate: Hz.

    Returns:
        (2, samples), the first ``Spans.at(rate).delay`` of them silent.
    """
    spans = Spans.at(rate)
    one, half = np.float32(1.0), np.float32(0.5)

    def mean(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        for span in _doubling(count):
            values = half * _delayed(values, span) + half * values
        return values

    held = one - threshold / np.maximum(np.abs(signal).max(axis=0), threshold)
    for span in _doubling(spans.hold):
        held = np.maximum(held, _delayed(held, span))
    slow = mean(mean(held, spans.release), spans.release)
    gain = one - mean(mean(np.maximum(held, slow), spans.attack), spans.attack)
    bound = _delayed(threshold, spans.delay)
    return np.clip(_delayed(signal, spans.delay) * gain, -bound, bound)


def _doubling(count: int) -> list[int]:
    return [1 << power for power in range(count.bit_length() - 1)]


def _delayed(values: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    made = np.zeros_like(values)
    made[..., samples:] = values[..., : values.shape[-1] - samples]
    return made
