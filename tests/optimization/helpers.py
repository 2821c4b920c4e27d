"""Regions and settings for dreams in tests."""

from __future__ import annotations

from ear_engine.optimization.settings import DreamSettings
from ear_engine.shared_memory.states import Region


def region(layer: str = "encoder_1_conv1", **changes: float) -> Region:
    """A region of a layer: all of it unless said otherwise."""
    values = {"channel": 0.5, "channel_width": 1.0, "freq_low": 20.0, "freq_high": 20000.0}
    values |= {"start": 0.0, "length": 0.0, "weight": 1.0} | changes
    return Region(layer=layer, **values)


def settings(*regions: Region, **changes: float) -> DreamSettings:
    """Settings without any randomness unless asked for."""
    values = {"rate": -18.0, "pull": 0.0, "tilt": -3.0, "reshape": 0.85}
    values |= {"time_shift": 0.0, "time_mask": 0.0, "freq_mask": 0.0} | changes
    batch = int(values.pop("batch_size", 1))
    return DreamSettings(regions=regions or (region(),), batch_size=batch, **values)
