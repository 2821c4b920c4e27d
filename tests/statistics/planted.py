"""An ear whose neurons are known, and music in which it is known what happens when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ear_engine.ear.network import EarConfig, Heard
from ear_engine.ear.scalogram import Scalogram

RATE = 44100
KEPT = 192  # frames of an excerpt that count
SECONDS = 12.0
TUNED = (60.0, 220.0, 1000.0, 3000.0, 9000.0)
"""Frequencies of the channels of the layer ``tuned``, which hears level; a sixth channel never fires."""


@dataclass(frozen=True)
class Piece:
    name: str
    samples: NDArray[np.float32]

    @property
    def length(self) -> int:
        return len(self.samples)

    def audio(self, start: int, length: int) -> NDArray[np.float32]:
        return self.samples[start : start + length]


class PlantedEar(nn.Module):
    """Layers: ``tuned`` (level at a frequency), ``sudden`` (rise of that level), ``turned`` (size of the phase)."""

    def __init__(self) -> None:
        super().__init__()
        self.config = EarConfig()
        self.scalogram = Scalogram(self.config.scalogram)
        self.tuned = Tuned(dead=True)
        self.sudden = Tuned()
        self.turned = Tuned()

    def fused(self) -> PlantedEar:
        return self

    def hear(self, features: Tensor, *, circular: bool) -> Heard:
        amplitude, phase = features.unbind(dim=1)
        before = torch.cat([amplitude[..., :6], amplitude[..., :-6]], dim=-1)
        self.tuned(amplitude)
        self.sudden(amplitude - before)
        self.turned(phase.abs())
        return Heard(features, amplitude, amplitude)


class Tuned(nn.Module):
    """Reads single bins."""

    def __init__(self, dead: bool = False) -> None:
        super().__init__()
        frequencies = EarConfig().scalogram.frequencies()
        self.bins = [int(np.abs(np.log(frequencies / hertz)).argmin()) for hertz in TUNED]
        self.dead = dead
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        chosen = x[:, self.bins]
        if self.dead:
            chosen = torch.cat([chosen, torch.full_like(chosen[:, :1], -1.0)], dim=1)
        fired: Tensor = self.activation(chosen)
        return fired


def music() -> tuple[Piece, ...]:
    """Six pieces: kicks at 60 Hz, a tone of 220 Hz, one of 1 kHz, hats around 9 kHz, noise, and faint hum."""
    rng = np.random.default_rng(5)
    time = np.arange(round(SECONDS * RATE)) / RATE
    noise = rng.standard_normal(len(time))
    spectrum, frequencies = np.fft.rfft(noise), np.fft.rfftfreq(len(time), 1 / RATE)

    def between(low: float, high: float) -> NDArray[np.float64]:
        return np.fft.irfft(spectrum * ((frequencies > low) & (frequencies < high)), len(time))

    beat = time % 0.5
    kicks = 0.8 * np.sin(2 * np.pi * 60 * beat) * np.exp(-beat / 0.08)
    hats = 0.5 * between(6000, 13000) * np.exp(-((time + 0.25) % 0.5) / 0.02)
    tone = 0.3 * np.sin(2 * np.pi * 220 * time) * (1 + 0.2 * np.sin(2 * np.pi * 0.3 * time))
    high_tone = 0.3 * np.sin(2 * np.pi * 1000 * time)
    pieces = {
        "kicks": kicks + 1e-3 * noise,
        "tone": tone + 1e-3 * noise,
        "high": high_tone + 1e-3 * noise,
        "hats": hats + 1e-3 * noise,
        "noise": 0.1 * noise,
        "hum": 0.01 * np.sin(2 * np.pi * 100 * time),
    }
    return tuple(Piece(name, samples.astype(np.float32)) for name, samples in pieces.items())
