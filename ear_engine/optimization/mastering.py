"""From what was dreamed to what is heard: no direct current, as loud as wanted, no true peak above -1 dBTP.

The loop is a circle, so the spectrum of the whole loop is exact: what lies below 5 Hz is a few of its bins, and the
signal between the samples is the same spectrum turned by a part of a sample (true peak: ITU-R BS.1770-4, annex 2, with
the oversampling filter replaced by the ideal one).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ear_engine.ear.real_fourier import RealFourier
from ear_engine.loudness import k_weighting
from ear_engine.optimization.limiter import BLOCK, CEILING, Levels, Profile, find_levels

OVERSAMPLING = 8
LOWEST_HZ = 5.0
_CLEAN = 1e-5  # -100 dBFS: less than this below 5 Hz is left as it is


@dataclass(frozen=True)
class Mastered:
    """A loop as it is heard.

    Args:
        audio: (2, samples), float32.
        gain: what the whole loop was multiplied by.
        loudness: LUFS; less than wanted only where the limiter would have to take more than 12 dB.
        limited: dB that the highest peak was turned down, 0 if nothing was limited.
    """

    audio: Tensor
    gain: float
    loudness: float
    limited: float


class Mastering:
    """For loops of one length.

    Args:
        samples: length of the loops.
        sample_rate: Hz.
        device: of the loops.
    """

    def __init__(self, samples: int, sample_rate: int, device: torch.device | str = "cpu") -> None:
        self._samples, self._rate = samples, sample_rate
        self._fourier = RealFourier.create(samples, torch.device(device))
        frequency = torch.fft.rfftfreq(samples, dtype=torch.float64)  # cycles a sample
        parts = torch.arange(1, OVERSAMPLING, dtype=torch.float64)[:, None] / OVERSAMPLING
        self._turns = torch.exp(2j * torch.pi * parts * frequency).to(device, torch.complex64)[:, None]
        self._weights = torch.from_numpy(k_weighting(samples, sample_rate)).to(device, torch.complex64)[None, None]
        self._low = int((frequency * sample_rate < LOWEST_HZ).sum())
        ramp = (torch.arange(BLOCK) / BLOCK).repeat(self._blocks, 1)
        ramp[-1] = (torch.arange(BLOCK) / (samples - (self._blocks - 1) * BLOCK)).clamp(max=1.0)
        self._ramp = ramp.to(device)

    def __call__(self, sides: Tensor, loudness: float) -> Mastered:
        """Master ``sides`` (2, samples) to ``loudness`` in LUFS.

        Where nothing has to be limited, the result is the input times one number.
        """
        sides, spectrum = self._without_low(sides)
        levels = find_levels(self._profile(sides, spectrum), loudness)
        audio = sides * levels.gain
        if levels.knots is None:
            return Mastered(audio, levels.gain, levels.loudness, 0.0)
        audio, spectrum = self._without_low(audio * self._curve(levels))
        peak = float(self._between(audio, spectrum * self._turns).amax())
        if peak > CEILING:  # a changing gain is not quite band-limited
            audio = audio * (CEILING / peak)
        return Mastered(audio, levels.gain, levels.loudness, -20.0 * float(np.log10(levels.knots.min())))

    def true_peak(self, audio: Tensor) -> float:
        """Highest true peak of ``audio`` (channels, samples), full scale 1, from eight values a sample."""
        return float(self._between(audio, self._fourier.spectrum(audio) * self._turns).amax())

    def profile(self, audio: Tensor) -> Profile:
        """Peaks and energy of ``audio`` (channels, samples) in blocks."""
        return self._profile(audio, self._fourier.spectrum(audio))

    @property
    def _blocks(self) -> int:
        return -(-self._samples // BLOCK)

    def _without_low(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """``audio`` without what lies below 5 Hz, and its spectrum; the same tensor if there is nothing."""
        spectrum = self._fourier.spectrum(audio)
        low = spectrum[:, : self._low]
        if float(low.abs().sum(dim=1).amax()) * 2.0 / self._samples <= _CLEAN:
            return audio, spectrum
        alone = torch.zeros_like(spectrum)
        alone[:, : self._low] = low
        return audio - self._fourier.inverse(alone), spectrum - alone

    def _profile(self, audio: Tensor, spectrum: Tensor) -> Profile:
        views = self._views(spectrum * torch.cat([self._weights, self._turns]))
        energy = views[0].square().sum(dim=0)
        peaks = torch.maximum(audio.abs().amax(dim=0), views[1:].abs().amax(dim=(0, 1)))
        rows = torch.nn.functional.pad(torch.stack([peaks, energy]), (0, self._blocks * BLOCK - self._samples))
        peaks, energy = rows.view(2, self._blocks, BLOCK)
        both = torch.stack([peaks.amax(dim=1), energy.sum(dim=1)]).cpu().double().numpy()
        return Profile(both[0], both[1], self._samples, self._rate)

    def _between(self, audio: Tensor, turned: Tensor) -> Tensor:
        views = self._views(turned)
        return torch.maximum(audio.abs().amax(), views.abs().amax())

    def _views(self, spectra: Tensor) -> Tensor:
        """(views, channels, bins) → (views, channels, samples)."""
        return self._fourier.inverse(spectra.flatten(0, 1)).view(*spectra.shape[:2], self._samples)

    def _curve(self, levels: Levels) -> Tensor:
        knots = torch.from_numpy(np.asarray(levels.knots, np.float32)).to(self._ramp)
        curve = torch.lerp(knots[:, None], knots.roll(-1)[:, None], self._ramp)
        return curve.flatten()[: self._samples]
