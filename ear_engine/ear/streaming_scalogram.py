"""The scalogram of sound that goes on: only new frames are computed, from the past and a stated while ahead.

The windows of :mod:`ear_engine.ear.scalogram` are centered at their frame and long: the one at 40 Hz has its zeros
367 ms before and after it. So every frame waits ``delay`` seconds for what comes after its center, the same for all
bins, and what a window would see beyond that is cut off. With a bin's half width b, time t from the frame (below 0:
still to come) and the kernel h of that module, the kernel here is

    h(t) * fade(t / P) for t >= 0, h(t) * fade(-t / F) for t < 0        P = 3 / b,  F = min(P, delay)

where ``fade`` is 1 and then falls as a raised cosine to 0 at 1: over the last third of a whole side, over all of one
that is cut off. It is scaled so that a sine of amplitude A at the bin's center still gives A. Windows that are whole
(those above ``3 q / delay``) differ from the circular transform's by their faint tails only.

**Method.** Kernels are multiplied onto the last samples, octave by octave, as one matrix each. Octaves far below half
the sample rate are heard at a part of it, behind a low-pass of 120 dB, which makes them as short as the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.scalogram import Scalogram
from ear_engine.ear.shape import ScalogramConfig

_LOBES = 3.0  # of 1 / b: how far a whole kernel reaches to each side
_FADE = 1.0 / 3.0  # of a whole side
_SLOWEST = 8  # part of the sample rate at which low octaves are heard
_PASSED = 0.25  # of the slower rate: what is heard there
_ATTENUATION = 120.0  # dB


class StreamingScalogram:
    """Features of frames as they become complete.

    Frame m is centered at sample ``m * hop`` and complete when ``m * hop + delay_samples`` is there; before the first
    sample there was silence.

    Args:
        scalogram: of the ear.
        delay: seconds; what is nearer than the low-pass allows is as near as that.
        dtype: in which kernels are multiplied.
    """

    def __init__(self, scalogram: Scalogram, delay: float, dtype: torch.dtype = torch.float32) -> None:
        config = scalogram.config
        self._scalogram = scalogram
        self._hop = config.hop
        self._dtype = dtype
        factor = next(part for part in (_SLOWEST, 4, 2, 1) if config.hop % part == 0)
        low = int(np.sum(config.frequencies() * (1.0 + 1.0 / config.q) <= _PASSED * config.sample_rate / factor))
        self._low_pass = _low_pass(factor) if low else np.ones(1)
        wait = len(self._low_pass) // 2
        self.delay_samples = max(round(delay * config.sample_rate), wait + factor)
        """From a frame's center to the last sample that it waits for."""
        parts = [(1, range(low, config.bins))]
        if low:
            parts.insert(0, (factor, range(low)))
        self._banks = [
            _Bank.create(config, bins, part, (self.delay_samples - (wait if part > 1 else 0)) // part, dtype)
            for part, bins in parts
        ]
        early = wait // factor if low else 0  # samples of the slower signal that hear the first of the sound before it
        self._signals = [_Signal(bank.before, dtype) for bank in self._banks]
        self._signals[0].end -= early
        self._slow = _Signal(wait + early * factor, dtype) if low else None
        self._taps = torch.from_numpy(self._low_pass).to(dtype)
        self._wait = wait
        self._taken = 0  # samples so far
        self._frames = 0
        self._last: Tensor | None = None  # coefficients of the frame before

    @torch.no_grad()
    def __call__(self, audio: NDArray[np.floating[Any]]) -> Tensor:
        """Go on with new samples, (count,), finite; the frames that are complete by now, (1, 2, bins, frames)."""
        new = torch.from_numpy(np.ascontiguousarray(audio)).to(self._dtype)
        self._taken += len(new)
        self._signals[-1].add(new)
        if self._slow is not None:
            self._signals[0].add(self._slower(self._slow, new))
        complete = max(0, (self._taken - 1 - self.delay_samples) // self._hop + 1)
        frames = range(self._frames, complete)
        self._frames = complete
        if not frames:
            return new.new_zeros(1, 2, self._scalogram.config.bins, 0)
        columns = torch.stack([self._frame(number * self._hop) for number in frames], dim=-1)
        for signal, bank in zip(self._signals, self._banks, strict=True):
            signal.forget(frames.stop * self._hop // bank.factor - bank.before)
        before = columns.new_zeros(len(columns), 1) if self._last is None else self._last
        self._last = columns[:, -1:]
        joined = torch.cat([before, columns], dim=-1)[None]
        return self._scalogram.features(joined, float(self._hop), circular=False)[..., 1:]

    def _frame(self, center: int) -> Tensor:
        """Coefficients of one frame, (bins,)."""
        found = [
            octave.coefficients(signal, center // bank.factor)
            for signal, bank in zip(self._signals, self._banks, strict=True)
            for octave in bank.octaves
        ]
        return torch.cat(found)

    def _slower(self, signal: _Signal, new: Tensor) -> Tensor:
        """What there is of the signal at the slower rate: sample i is centered at i times the factor."""
        signal.add(new)
        factor = self._banks[0].factor
        first, stop = self._signals[0].end, (self._taken - 1 - self._wait) // factor + 1
        if stop <= first:
            return new[:0]
        part = signal.part(first * factor - self._wait, (stop - 1) * factor + self._wait + 1)
        signal.forget(stop * factor - self._wait)
        windows = part.unfold(0, len(self._taps), factor)
        return windows @ self._taps


@dataclass(frozen=True)
class _Octave:
    """Bins that are multiplied at once: kernels (2 * bins, length), real parts first, that end ``ahead`` samples after
    the frame."""

    kernels: Tensor
    before: int

    def coefficients(self, signal: _Signal, center: int) -> Tensor:
        length = self.kernels.shape[1]
        values = self.kernels @ signal.part(center - self.before, center - self.before + length)
        return torch.complex(*values.view(2, -1))


@dataclass(frozen=True)
class _Bank:
    """Octaves that are heard at the same part of the sample rate, the lowest first."""

    octaves: tuple[_Octave, ...]
    factor: int
    before: int  # samples before a frame that the longest kernel sees

    @staticmethod
    def create(config: ScalogramConfig, bins: range, factor: int, ahead: int, dtype: torch.dtype) -> _Bank:
        rate = config.sample_rate / factor
        octaves = []
        for first in range(bins.start, bins.stop, config.bins_per_octave):
            centers = config.frequencies()[first : min(first + config.bins_per_octave, bins.stop)]
            reach = int(_LOBES * config.q / centers[0] * rate)
            seconds = np.arange(reach, -min(reach, ahead) - 1, -1) / rate  # from the past to what comes
            kernels = np.array([_kernel(seconds, center, config.q, ahead / rate) for center in centers])
            octaves.append(_Octave(torch.from_numpy(np.concatenate([kernels.real, kernels.imag])).to(dtype), reach))
        return _Bank(tuple(octaves), factor, octaves[0].before if octaves else 0)


def _kernel(seconds: NDArray[np.float64], center: float, q: float, ahead: float) -> NDArray[np.complex128]:
    """Kernel of a bin for samples so many ``seconds`` before its frame."""
    half = center / q
    place = 2.0 * half * seconds
    pole = np.abs(np.abs(place) - 1.0) < 1e-9
    envelope = np.where(pole, 0.5, np.sinc(place) / np.where(pole, 1.0, 1.0 - place * place))
    whole = _LOBES / half
    to_come = min(whole, ahead)
    fade = np.where(
        seconds >= 0, _fade(seconds / whole, _FADE), _fade(-seconds / to_come, _FADE if to_come == whole else 1.0)
    )
    envelope = envelope * fade
    kernel: NDArray[np.complex128] = envelope * np.exp(2j * np.pi * center * seconds) * (2.0 / envelope.sum())
    return kernel


def _fade(share: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip((share - 1.0 + length) / length, 0.0, 1.0)))


def _low_pass(factor: int) -> NDArray[np.float64]:
    """A low-pass (Kaiser 1974) whose band ends at a quarter of the slower rate and whose stop band begins at three."""
    if factor == 1:
        return np.ones(1)
    width = np.pi / factor  # radians a sample
    side = int(np.ceil((_ATTENUATION - 7.95) / (2.285 * width) / 2.0))
    places = np.arange(-side, side + 1)
    taps = np.sinc(places / factor) * np.kaiser(len(places), 0.1102 * (_ATTENUATION - 8.7))
    return np.asarray(taps / taps.sum())


class _Signal:
    """The last samples of a signal by their numbers; those before the first are silent."""

    def __init__(self, silence: int, dtype: torch.dtype) -> None:
        self._held = torch.zeros(silence, dtype=dtype)
        self.end = 0  # number of the next sample

    def add(self, new: Tensor) -> None:
        self._held = torch.cat([self._held, new])
        self.end += len(new)

    def part(self, start: int, stop: int) -> Tensor:
        first = self.end - len(self._held)
        return self._held[start - first : stop - first]

    def forget(self, before: int) -> None:
        """Samples before number ``before`` are not needed any more."""
        self._held = self._held[max(0, before - (self.end - len(self._held))) :]
