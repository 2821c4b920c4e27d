"""What activations of each layer are like, so that layers and neurons can be compared: from statistics, or a survey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ear_engine.ear.activations import NeuronIndex, Recorder, index_layers
from ear_engine.ear.network import Ear
from ear_engine.ear.statistics import FRONT_END, Statistics
from ear_engine.optimization.objectives.base import Norm, fire, planes

_LEAST = 0.25  # of the layer's median: the least deviation, lest neurons that hardly ever fire outweigh all others
_TINY = 1e-6


def survey(
    ear: Ear, recorder: Recorder, audio: Tensor, statistics: Statistics | None
) -> tuple[NeuronIndex, dict[str, Norm]]:
    """Layers of the ear, and what is normal in each.

    Args:
        ear: that listens.
        recorder: its hooks.
        audio: (samples,), a loop that no layer is constant on.
        statistics: of the ear; without them (or with those of another one) what it does with ``audio`` is normal:
            the mean and deviation of the whole layer for every neuron.
    """
    with torch.no_grad(), recorder.recording(raw=True) as trace:
        frames = ear(audio[None], circular=True).features.shape[-1]
    with torch.no_grad(), recorder.recording(raw=True) as silence:
        ear(torch.zeros_like(audio[None]), circular=True)
    index = index_layers(trace, int(frames))
    if statistics is None or statistics.index.layers != index.layers:
        norms = {name: _surveyed(raw if name == FRONT_END else torch.relu(raw)) for name, raw in trace.items()}
    else:
        norms = {layer.name: _measured(statistics, layer.name, audio.device) for layer in index.layers}
    return index, {name: _with_silence(norm, silence[name], name) for name, norm in norms.items()}


def _with_silence(norm: Norm, raw: Tensor, layer: str) -> Norm:
    still = fire(raw, layer)[0].mean(-1, keepdim=True)
    return replace(norm, silent=(still - norm.mean) / norm.deviation)


def _surveyed(fired: Tensor) -> Norm:
    _, channels, bins, _ = planes(fired).shape
    like = fired.new_ones(channels, bins, 1)
    return Norm(like * fired.mean(), like * fired.std().clamp(min=_TINY))


def _measured(statistics: Statistics, name: str, device: torch.device) -> Norm:
    layer = statistics.index[name]
    deviation = np.sqrt(statistics.variance[layer.span])
    deviation = np.maximum(deviation, max(_LEAST * float(np.median(deviation)), _TINY))

    def plane(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).view(layer.channels, layer.bins, 1).to(device)

    return Norm(plane(statistics.mean[layer.span]), plane(deviation))
