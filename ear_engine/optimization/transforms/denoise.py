"""De-noising: what lies between the sounds is taken away, a little with every beat."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape, Transform

_SIZE, _HOP = 2048, 1024  # samples: windows whose squares add up to 1
_FRAMES, _BINS = 43, 65  # over which the floor is measured, about 1 s and 1400 Hz at 44.1 kHz
_MARGIN = 6.0  # dB above the floor at which half of the decibels stay
_RATE = 12.0  # dB a beat, at full strength, by which noise at its own floor fades
_LEAST = 1e-12


class Denoise(Transform):
    """A gain for every place of a spectrogram, near 1 where something sounds and below where only the floor is.

    The floor of a place is the geometric mean of its surroundings, along frequency or along time, whichever is less: a
    tone stands out from its neighbors in frequency, a hit from those in time, and noise from neither. With r the
    place's power over 6 dB above its floor, it fades by 12 / (1 + r²) dB a beat.
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Largest fade of this step in dB, and where the first window lies, in samples: no grid of theirs is heard."""
        if settings.denoise <= 0:
            return None
        start = float(torch.randint(shape.samples, (), generator=generator))
        return torch.tensor([settings.denoise * _RATE * shape.step, start])

    def on_loop(self, audio: Tensor, numbers: Tensor) -> Tensor:
        """The loops with less between their sounds."""
        samples = audio.shape[-1]
        fade, start = numbers
        hops = -(-samples // _HOP)
        window = torch.hann_window(_SIZE, device=audio.device, dtype=audio.dtype).sqrt()
        place = torch.arange((hops + 2) * _HOP, device=audio.device) + start.long()
        pieces = audio[:, place % samples].unfold(1, _SIZE, _HOP) * window
        spectra = torch.fft.rfft(pieces)  # (variants, hops + 1, bins)
        pieces = torch.fft.irfft(spectra * _gain(spectra, fade), n=_SIZE) * window
        cleaned: Tensor = (pieces[:, :-1, _HOP:] + pieces[:, 1:, :_HOP]).flatten(1)
        back = (torch.arange(samples, device=audio.device) - start.long() - _HOP) % samples
        return cleaned[:, back]


def _gain(spectra: Tensor, fade: Tensor) -> Tensor:
    power = (spectra.real.square() + spectra.imag.square()).clamp(min=_LEAST)
    decibels = 10.0 * torch.log10(power)[:, None]
    reach = min(_FRAMES // 2, (decibels.shape[2] - 1) // 2)
    over_time = nn.functional.pad(decibels, (0, 0, reach, reach), mode="circular")
    over_bins = nn.functional.pad(decibels, (_BINS // 2, _BINS // 2, 0, 0), mode="reflect")
    floor = torch.minimum(
        nn.functional.avg_pool2d(over_time, (2 * reach + 1, 1), 1), nn.functional.avg_pool2d(over_bins, (1, _BINS), 1)
    )
    ratio = torch.pow(10.0, (decibels - floor - _MARGIN) / 10.0)
    gain: Tensor = torch.pow(10.0, -fade / 20.0 / (1.0 + ratio.square()))[:, 0]
    return gain
