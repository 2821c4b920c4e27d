"""What decides the places in an ear, without torch: the bins of its scalogram and the kernels of its encoder.

From these follows which frequency every position of a layer listens to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ear_engine.ear.statistics import FRONT_END
from ear_engine.ear_files import CONFIG
from ear_engine.yaml_files import build, load_yaml

_KIND = "cpc"


@dataclass(frozen=True)
class ScalogramConfig:
    """What the ear hears.

    Args:
        sample_rate: Hz.
        bins: number of frequency bins.
        bins_per_octave: spacing.
        f_min: center of the lowest bin, Hz.
        q: center frequency over half-amplitude bandwidth.
        hop: nominal hop length in samples; loops use the nearest hop that gives a whole number of frames.
        frame_multiple: the number of frames of a loop is a multiple of this (the network's total stride).
    """

    sample_rate: int = 44100
    bins: int = 216
    bins_per_octave: int = 24
    f_min: float = 40.0
    q: float = 14.67
    hop: int = 1024
    frame_multiple: int = 16

    def frequencies(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Center frequencies in Hz, shape (bins,)."""
        return np.asarray(self.f_min * 2.0 ** (np.arange(self.bins) / self.bins_per_octave))

    def loop_frames(self, samples: int) -> int:
        """Number of frames of a loop of ``samples`` samples: the multiple of ``frame_multiple`` nearest the hop."""
        return max(1, round(samples / (self.hop * self.frame_multiple))) * self.frame_multiple


@dataclass(frozen=True)
class EncoderBlockConfig:
    """One row of Table 1(a); kernels are (time, frequency), ``pad`` is the frequency padding of 3-wide kernels."""

    channels: int
    conv1: tuple[int, int]
    conv2: tuple[int, int]
    pool: int = 1
    pad: int = 1


PAPER_ENCODER = (
    EncoderBlockConfig(8, (3, 3), (1, 25), pool=2),
    EncoderBlockConfig(16, (1, 3), (1, 3)),
    EncoderBlockConfig(32, (3, 3), (1, 15)),
    EncoderBlockConfig(64, (1, 3), (1, 3)),
    EncoderBlockConfig(128, (3, 3), (1, 25), pool=2),
    EncoderBlockConfig(256, (1, 3), (1, 3)),
    EncoderBlockConfig(512, (3, 3), (1, 5), pad=0),
    EncoderBlockConfig(512, (1, 3), (1, 3), pad=0),
)


class HasBins(Protocol):
    """Any shape of an ear, :class:`ear_engine.ear.network.EarConfig` or :class:`Bins`."""

    @property
    def scalogram(self) -> ScalogramConfig:
        """What it hears."""

    @property
    def encoder(self) -> Sequence[EncoderBlockConfig]:
        """Blocks of its encoder."""


@dataclass(frozen=True)
class Bins:
    """The part of an ear's shape that decides its frequencies."""

    scalogram: ScalogramConfig = field(default_factory=ScalogramConfig)
    encoder: tuple[EncoderBlockConfig, ...] = PAPER_ENCODER


def bin_frequencies(config: HasBins) -> dict[str, list[float]]:
    """Center frequency in Hz of every bin position of the layers that have a frequency axis.

    A position's center is the middle of what it sees, followed through paddings, kernels and poolings.
    """
    scalogram = config.scalogram
    found = {FRONT_END: [float(f) for f in scalogram.frequencies()]}
    first, jump, count = 0.0, 1.0, scalogram.bins

    def hertz() -> list[float]:
        places = (first + jump * i for i in range(count))
        return [scalogram.f_min * 2.0 ** (place / scalogram.bins_per_octave) for place in places]

    for index, block in enumerate(config.encoder):
        for name, (_, kernel), pool in (("conv1", block.conv1, block.pool), ("conv2", block.conv2, 1)):
            pad = block.pad if kernel == 3 else 0
            first += jump * ((kernel - 1) / 2 - pad)
            count = (count + 2 * pad - kernel + 1) // pool
            first += jump * (pool - 1) / 2
            jump *= pool
            found[f"encoder_{index}_{name}"] = hertz()
    return found


def read_frequencies(folder: Path) -> Mapping[str, list[float]]:
    """:func:`bin_frequencies` of the ear in a folder; nothing for an ear of another kind.

    Raises:
        UserError: its ``config.yaml`` is missing or cannot be read.
    """
    config = load_yaml(folder / CONFIG)
    if config.get("kind", _KIND) != _KIND:
        return {}
    shape = config.get("shape") or {}
    parts = {key: shape[key] for key in ("scalogram", "encoder") if key in shape}
    return bin_frequencies(build(Bins, parts, str(folder / CONFIG)))
