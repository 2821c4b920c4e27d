"""Loops that were never heard: activations drawn at random."""

from __future__ import annotations

import numpy as np

from ear_engine.clip import Clip
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.heard_loop import HeardLoop


def heard(
    graph: NeuronGraph, frames: int = 22, strides: tuple[int, ...] = (1, 2, 4), seconds: float = 0.5
) -> HeardLoop:
    """A loop of ``frames``, with layers of ``strides`` in turn, and a tone to hear."""
    random = np.random.default_rng(0)
    layers, activations = [], {}
    for number, layer in enumerate(graph.layers):
        stride = strides[number % len(strides)]
        layers.append(Layer(layer.name, layer.channels, layer.places, stride, layer.offset))
        activations[layer.name] = random.lognormal(0.0, 1.0, (-(-frames // stride), layer.vertices)).astype(np.float32)
    samples = round(seconds * 44100)
    tone = np.sin(2 * np.pi * 10 * np.arange(samples) / samples)
    audio = np.stack([0.5 * tone, 0.25 * tone]).astype(np.float32)
    return HeardLoop(Clip("tone", audio, 44100, 1, "given"), NeuronIndex(layers), activations, frames)
