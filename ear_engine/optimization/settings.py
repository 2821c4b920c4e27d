"""What steers a dream step, read from the parameter table's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DreamSettings:
    """One consistent set of everything a step reads; see the parameter table for units and ranges."""

    rate: float  # dB of change a beat
    pull: float  # half-life in beats, 0 = off
    tilt: float  # dB an octave
    reshape: float  # 0..1
    low: float  # dB
    mid: float  # dB
    high: float  # dB
    tonal: float  # -1..1
    scale: str
    root: str
    scale_lock: float  # 0..1
    grid: str
    density: float  # 0..1
    lock: float  # 0..1
    time_shift: float  # share of the loop
    pitch_shift: float  # semitones
    loudness: float  # dB
    time_mask: float  # share of the loop
    freq_mask: float  # share of the bins
    gradient_noise: float  # share of the change
    denoise: float  # 0..1
    activation_penalty: float  # 0..1
    noise_penalty: float  # 0..1
    high_frequency_penalty: float  # 0..1
    total_variation_penalty: float  # 0..1
    method: str
    parametrization: str
    batch_size: int


_GROUPS = {
    "dream": ("rate", "pull"),
    "tone": ("tilt", "reshape", "low", "mid", "high", "tonal", "scale", "root", "scale_lock"),
    "rhythm": ("grid", "density", "lock"),
    "transform": ("time_shift", "pitch_shift", "loudness", "time_mask", "freq_mask", "gradient_noise", "denoise"),
    "optimizer": ("method", "parametrization", "batch_size"),
}
_PENALTIES = ("activation", "noise", "high_frequency", "total_variation")


def settings_of(values: Mapping[str, Any]) -> DreamSettings:
    """Settings that the parameters' values say, checked ones, by their names in the table."""
    fields = {name: values[f"{group}/{name}"] for group, names in _GROUPS.items() for name in names}
    penalties = {f"{name}_penalty": values[f"penalty/{name}"] for name in _PENALTIES}
    return DreamSettings(**fields, **penalties)
