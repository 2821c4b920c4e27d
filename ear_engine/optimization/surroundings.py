"""What a dream is given besides its ear and its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.statistics import Statistics
from ear_engine.optimization.plugged import Parts


@dataclass(frozen=True)
class Surroundings:
    """What a dream knows besides its ear and its source.

    Args:
        statistics: what the ear's neurons do in music; without them, what they do with the source and some noise.
        clip: audio, (1 or 2, samples of the loop), of a clip that a target names; None if it is not there (yet).
        directions: named directions of this ear.
        parts: plug-ins; those installed if None.
    """

    statistics: Statistics | None = None
    clip: Callable[[str], NDArray[np.float32] | None] = lambda _name: None
    directions: Mapping[str, object] = field(default_factory=dict)
    parts: Parts | None = None

    def clips_on(self, device: torch.device) -> Callable[[str], Tensor | None]:
        """The middle, (samples,), of a clip that a target names; None if it is not there."""

        def clip(name: str) -> Tensor | None:
            audio = self.clip(name)
            return None if audio is None else torch.from_numpy(audio.mean(axis=0)).to(device)

        return clip
