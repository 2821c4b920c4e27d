"""Small changes of pitch: the scalogram moves along its bins."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.log_polar import LOG_RANGE
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape, Transform

_ROOT = 4.0  # of power


class PitchShift(Transform):
    """Each copy sounds higher or lower by a random part of a few semitones, not only by whole bins.

    A shift by d bins takes bin p = j - d to bin j. Between bins the root of the amplitude is interpolated (Keys 1981,
    "Cubic convolution interpolation for digital image processing"): of sines shifted by five parts of semitones the
    upper 18 dB are then wrong by 2 dB at most, and by 10 dB if decibels are interpolated. What moves in from beyond the
    scalogram's edges is silent. The phase
    channel says by how many half turns a frame's advance differs from that of the bin's center: at pitch ratio r, from
    the nearest bin q, that is ``r (phase[q] + 2 hop (f[q] - f[p]))``, wrapped.
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """(batch, 3): bins up, octaves a bin, and half turns that the center of the lowest bin advances in a frame."""
        if settings.pitch_shift <= 0:
            return None
        reach = settings.pitch_shift * shape.bins_per_octave / 12.0
        bins = reach * (2.0 * torch.rand(shape.batch, generator=generator) - 1.0)
        turns = 2.0 * shape.f_min * shape.samples / shape.frames / shape.sample_rate
        return torch.stack([bins, torch.full_like(bins, 1.0 / shape.bins_per_octave), torch.full_like(bins, turns)], 1)

    def on_features(self, features: Tensor, numbers: Tensor) -> Tensor:
        """Move another way in each copy."""
        amplitude, phase = features.unbind(1)
        count = amplitude.shape[1]
        up, octaves, turns = numbers.T[..., None]
        place = torch.arange(count, device=features.device)
        origin = place - up  # (batch, bins)
        weights = _cubic((origin[..., None] - place).abs())
        roots = weights @ torch.expm1(amplitude * (LOG_RANGE / _ROOT))
        moved = torch.log1p(roots.clamp(min=0.0)) * (_ROOT / LOG_RANGE)
        nearest = origin.round().clamp(0, count - 1)
        picked = phase.gather(1, nearest.long()[..., None].expand_as(phase))
        ratio = torch.exp2(up * octaves)
        offset = turns * (torch.exp2(nearest * octaves) - torch.exp2(origin * octaves))
        turned = ratio[..., None] * (picked + offset[..., None])
        turned = torch.remainder(turned + 1.0, 2.0) - 1.0
        return torch.stack([moved, turned * (1.0 - torch.exp(-LOG_RANGE * moved))], dim=1)


def _cubic(distance: Tensor) -> Tensor:
    near = (1.5 * distance - 2.5) * distance.square() + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    weight: Tensor = torch.where(distance < 1.0, near, torch.where(distance < 2.0, far, torch.zeros_like(far)))
    return weight
