"""Augmentation of scalograms: what may change about a sound without changing what comes next in the music.

Changing only the past that the ear hears, and not the future it predicts (Kharitonov et al. 2021), teaches c to leave
out level, equalization, noise and pitch. Everything is computed from the scalogram's own definition: log amplitude is
``log(P / floor + 1) / -log floor`` of the power P, so gains multiply P and noise adds to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.errors import UserError

_LOG_RANGE = -math.log(1e-9)  # of the scalogram's amplitude
_WAVES = 5  # cosines that make an equalization curve
_TINY = 1e-12  # power in units of the floor


@dataclass(frozen=True)
class Augmentation:
    """How much may change; everything 0 is off.

    Args:
        of: ``past`` changes what contexts hear and keeps the codes to predict as they are; ``excerpt`` changes both.
        equalization_db: standard deviation of a smooth random curve over frequency.
        level_db: largest change of level, either way.
        noise_db: range of the level of added noise above the floor (-90 dB of full scale), 0..this; its color is
            random.
        pitch_bins: largest shift in frequency bins, either way.
        time_mask: longest mask of a stretch of time, frames.
        frequency_mask: widest mask of a band, bins.
        chance: that an excerpt is changed at all.
    """

    of: Literal["past", "excerpt"] = "past"
    equalization_db: float = 0.0
    level_db: float = 0.0
    noise_db: float = 0.0
    pitch_bins: int = 0
    time_mask: int = 0
    frequency_mask: int = 0
    chance: float = 1.0

    @property
    def on(self) -> bool:
        """Whether anything changes."""
        sizes = (self.equalization_db, self.level_db, self.noise_db, self.pitch_bins, self.time_mask)
        return self.chance > 0 and any((*sizes, self.frequency_mask))

    def check(self, where: str) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: a value is negative, or the chance above 1.
        """
        for name in ("equalization_db", "level_db", "noise_db", "pitch_bins", "time_mask", "frequency_mask", "chance"):
            if getattr(self, name) < 0:
                raise UserError(f"{where}: {name}", f"is {getattr(self, name)}", "use 0 or more", "out_of_range")
        if self.chance > 1:
            raise UserError(f"{where}: chance", f"is {self.chance}", "use 0 to 1", "out_of_range")


@dataclass(frozen=True)
class _Drawn:
    """Random choices for a whole batch, one row an excerpt; ``gain`` and ``noise`` are powers, (batch, bins)."""

    gain: NDArray[np.float32]
    noise: NDArray[np.float32]
    shift: NDArray[np.int64]
    time: NDArray[np.int64]
    band: NDArray[np.int64]
    roll: NDArray[np.int64]


def _draw(config: Augmentation, batch: int, bins: int, frames: int, rng: np.random.Generator) -> _Drawn:
    changed = (rng.random(batch) < config.chance).astype(np.float64)
    place = np.linspace(0.0, 1.0, bins)
    waves = np.arange(1, _WAVES + 1)
    turns = np.cos(np.pi * waves[None, :, None] * place + rng.uniform(0, 2 * np.pi, (batch, _WAVES, 1)))
    curve = (rng.standard_normal((batch, _WAVES, 1)) * turns).sum(1) * math.sqrt(2.0 / _WAVES)
    level = rng.uniform(-1.0, 1.0, (batch, 1)) * config.level_db
    gain = 10.0 ** ((config.equalization_db * curve + level) * changed[:, None] / 10.0)
    tilt = rng.uniform(-1.0, 1.0, (batch, 1)) * 15.0 * (place - 0.5)
    strength = rng.uniform(0.0, 1.0, (batch, 1)) * config.noise_db
    noise = (10.0 ** ((strength + tilt) / 10.0) - 1.0).clip(0.0) * changed[:, None] * (config.noise_db > 0)
    shift = np.round(rng.uniform(-1.0, 1.0, batch) * config.pitch_bins * changed).astype(np.int64)
    return _Drawn(
        gain.astype(np.float32),
        noise.astype(np.float32),
        shift,
        _spans(config.time_mask, frames, changed, rng),
        _spans(config.frequency_mask, bins, changed, rng),
        rng.integers(frames, size=batch),
    )


def _spans(longest: int, size: int, changed: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    length = np.round(rng.uniform(0.0, 1.0, len(changed)) * min(longest, size) * changed).astype(np.int64)
    start = np.floor(rng.random(len(changed)) * (size - length + 1)).astype(np.int64)
    return np.stack([start, start + length], axis=1)


def augment(
    features: Tensor,
    config: Augmentation,
    rng: np.random.Generator,
    *,
    batch: int | None = None,
    first: int = 0,
    bins_per_octave: int = 24,
) -> Tensor:
    """Changed copies of scalograms.

    Args:
        features: (rows, 2, bins, frames), float32.
        config: what may change.
        rng: of all choices.
        batch: size of the whole batch, of which ``features`` are the rows from ``first`` on; choices do not depend on
            how a batch is divided.
        first: see ``batch``.
        bins_per_octave: of the scalograms.

    Returns:
        The same shape.
    """
    rows, _, bins, frames = features.shape
    device = features.device
    drawn = _draw(config, rows if batch is None else batch, bins, frames, rng)
    own = slice(first, first + rows)
    amplitude, phase = features[:, 0], features[:, 1]
    if config.pitch_bins:
        shift = torch.from_numpy(drawn.shift[own]).to(device)
        amplitude, phase = _transpose(amplitude, phase, shift, torch.exp2(shift / bins_per_octave))
    gain, noise = (torch.from_numpy(x[own]).to(device)[:, :, None] for x in (drawn.gain, drawn.noise))
    power = torch.expm1(amplitude * _LOG_RANGE) * gain  # in units of the floor
    if config.noise_db > 0:
        grain = torch.from_numpy(rng.standard_exponential((bins, frames), dtype=np.float32)).to(device)
        turn = torch.from_numpy(rng.uniform(-1.0, 1.0, (bins, frames)).astype(np.float32)).to(device)
        places = (torch.arange(frames, device=device) + torch.from_numpy(drawn.roll[own]).to(device)[:, None]) % frames
        added = noise * grain[:, places].transpose(0, 1)
        share = (power + _TINY) / (power + added + _TINY)
        phase = share * phase + (1.0 - share) * turn[:, places].transpose(0, 1)
        power = power + added
    amplitude = torch.log1p(power) / _LOG_RANGE
    keep = _outside(drawn.time[own], frames, device)[:, None, :] & _outside(drawn.band[own], bins, device)[:, :, None]
    return torch.stack([amplitude * keep, phase * keep], dim=1)


def _transpose(amplitude: Tensor, phase: Tensor, shift: Tensor, ratio: Tensor) -> tuple[Tensor, Tensor]:
    bins = amplitude.shape[1]
    source = torch.arange(bins, device=amplitude.device) - shift[:, None]
    inside = (source >= 0) & (source < bins)
    index = source.clamp(0, bins - 1)[:, :, None].expand_as(amplitude)
    turned = torch.remainder(phase.gather(1, index) * ratio[:, None, None] + 1.0, 2.0) - 1.0
    return amplitude.gather(1, index) * inside[:, :, None], turned * inside[:, :, None]


def _outside(spans: NDArray[np.int64], size: int, device: torch.device) -> Tensor:
    bounds = torch.from_numpy(spans).to(device)
    place = torch.arange(size, device=device)
    return (place < bounds[:, :1]) | (place >= bounds[:, 1:])
