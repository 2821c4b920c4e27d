"""What steers a dream step, read from the parameter table's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ear_engine.shared_memory.states import ControlState, Region


@dataclass(frozen=True)
class DreamSettings:
    """One consistent set of everything a step reads; see the parameter table for units and ranges."""

    rate: float  # dB of change a beat
    pull: float  # half-life in beats, 0 = off
    regions: tuple[Region, ...]
    tilt: float  # dB an octave
    reshape: float  # 0..1
    time_shift: float  # share of the loop
    time_mask: float  # share of the loop
    freq_mask: float  # share of the bins
    batch_size: int


def current_region(values: Mapping[str, Any]) -> Region:
    """The region that ``target/…`` describes."""
    names = ("layer", "channel", "channel_width", "freq_low", "freq_high", "start", "length", "weight")
    return Region(**{name: values[f"target/{name}"] for name in names})


def settings_of(control: ControlState) -> DreamSettings:
    """Settings of a control state: the current region first, then the kept ones."""
    values = control.values
    return DreamSettings(
        rate=float(values["dream/rate"]),
        pull=float(values["dream/pull"]),
        regions=(current_region(values), *control.kept),
        tilt=float(values["tone/tilt"]),
        reshape=float(values["tone/reshape"]),
        time_shift=float(values["transform/time_shift"]),
        time_mask=float(values["transform/time_mask"]),
        freq_mask=float(values["transform/freq_mask"]),
        batch_size=int(values["optimizer/batch_size"]),
    )
