"""Where a dream is, as arrays that can be kept: another dream of the same source goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.optimization.ascent import State
from ear_engine.optimization.recalling import Recalled


@dataclass(frozen=True)
class Snapshot:
    """Everything that the next step depends on besides the source, the ear and the settings.

    Args:
        state: the loops, and what the optimizer remembers.
        recalled: what is kept of a loop that was heard before, if the dream went on from one.
        level: RMS that "dB of change" refers to.
        since_reset: steps since the dream was at its source.
        step_number: steps so far.
    """

    state: State
    recalled: Recalled | None
    level: float
    since_reset: int
    step_number: int

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The same as arrays by name: ``audio``, ``memory0`` and so on, ``numbers``, and ``side`` and ``heard``."""
        state = {"audio": self.state.audio, **{f"memory{n}": kept for n, kept in enumerate(self.state.memory)}}
        if self.recalled is not None:
            state["side"] = self.recalled.side
        made = {name: tensor.detach().float().cpu().numpy().copy() for name, tensor in state.items()}
        if self.recalled is not None and self.recalled.audio is not None:
            made["heard"] = self.recalled.audio
        loudness = self.recalled.loudness if self.recalled is not None else 0.0
        made["numbers"] = np.array([self.level, self.since_reset, self.step_number, loudness], np.float64)
        return made

    @classmethod
    def of(cls, made: Mapping[str, NDArray[Any]], device: torch.device) -> Snapshot:
        """What :meth:`arrays` made, on ``device``."""
        state = {name: torch.from_numpy(array.copy()).to(device) for name, array in made.items()}
        level, since, number, loudness = (float(one) for one in made["numbers"])
        memory = tuple(state[f"memory{n}"] for n in range(sum(name.startswith("memory") for name in state)))
        recalled = Recalled(state["side"], loudness, made.get("heard")) if "side" in state else None
        return cls(State(state["audio"], memory), recalled, level, round(since), round(number))
