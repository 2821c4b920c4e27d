"""Power and loudness of the scalogram's log amplitude."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.log_polar import LOG_RANGE

_EXPONENT = 0.3  # of power: loudness doubles with every 10 dB (Stevens)


def power(features: Tensor) -> Tensor:
    """Power over that of silence, (batch, bins, frames), 1 or more, of features (batch, 2, bins, frames)."""
    return torch.exp(LOG_RANGE * features[:, 0])


def loudness(features: Tensor) -> Tensor:
    """About how loud each place is heard, (batch, bins, frames), 0 in silence."""
    return torch.expm1(_EXPONENT * LOG_RANGE * features[:, 0])
