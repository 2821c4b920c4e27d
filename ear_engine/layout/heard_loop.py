"""A loop as an ear hears it: every neuron's activation at every step of its layer, the loop's end before its start.

A layer that is pooled in time has fewer steps than the scalogram has frames. Each step hears up to frame
``step * stride`` and no further, so it is what a neuron does from there on, until the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.clip import Clip
from ear_engine.ear.activations import Recorder, index_layers, to_arrays
from ear_engine.ear.network import Ear
from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics import FRONT_END


@dataclass(frozen=True, eq=False)
class HeardLoop:
    """One loop, heard.

    Args:
        clip: the loop.
        index: neurons of the layers.
        activations: layer → (steps, neurons).
        frames: of the scalogram in the loop.
    """

    clip: Clip
    index: NeuronIndex
    activations: Mapping[str, NDArray[np.float32]]
    frames: int

    def starts(self, layer: str) -> NDArray[np.float64]:
        """When each step of a layer begins, and, last, when the loop ends: (steps + 1,), as shares of the loop."""
        steps = len(self.activations[layer])
        begin = np.minimum(np.arange(steps + 1) * self.index[layer].stride, self.frames)
        begin[-1] = self.frames
        return np.asarray(begin / self.frames, np.float64)


def hear_loop(ear: Ear, clip: Clip) -> HeardLoop:
    """Let an ear hear the middle of a clip at the ear's sample rate, on a CPU."""
    recorder = Recorder(ear, inputs=(FRONT_END,))
    with torch.no_grad(), recorder.recording() as trace:
        frames = int(ear(torch.from_numpy(clip.mid)[None], circular=True).features.shape[-1])
    return HeardLoop(clip, index_layers(trace, frames), to_arrays(trace), frames)
