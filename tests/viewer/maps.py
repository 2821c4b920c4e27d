"""Small maps and loops to draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.viewer.model import LoopLights, MapPicture

FRAMES = 8


def index_of(*shapes: tuple[int, int]) -> NeuronIndex:
    """Layers of so many channels and bins."""
    layers, offset = [], 0
    for number, (channels, bins) in enumerate(shapes):
        layers.append(Layer(f"layer_{number}", channels, bins, 1, offset))
        offset += channels * bins
    return NeuronIndex(layers)


def spread(*shapes: tuple[int, int], links: bool = True) -> MapPicture:
    """Layers on top of each other, bins from left to right, channels beside each other."""
    index = index_of(*shapes)
    places = np.zeros((len(index), 2), np.float32)
    for number, layer in enumerate(index.layers):
        channel, bin_ = np.divmod(np.arange(layer.neurons), layer.bins)
        places[layer.span, 0] = (bin_ + 0.5 + 0.3 * (channel / layer.channels - 0.5)) / layer.bins
        places[layer.span, 1] = (number + 0.5) / len(index.layers)
    firsts = np.cumsum([0, *(layer.bins for layer in index.layers)])
    pairs = [
        (firsts[n] + s, firsts[n + 1] + t)
        for n in range(len(index.layers) - 1)
        for s in range(index.layers[n].bins)
        for t in range(index.layers[n + 1].bins)
    ]
    found = np.array(pairs if links else [], np.int32).reshape(-1, 2)
    return MapPicture("m", index, places, found)


def at(*places: tuple[float, float]) -> MapPicture:
    """One layer, a neuron at each place."""
    index = index_of((1, len(places)))
    return MapPicture("p", index, np.array(places, np.float32), np.zeros((0, 2), np.int32))


def lights(picture: MapPicture, ranks: NDArray[np.floating] | float, loop: int = 1) -> LoopLights:
    """A loop of so many frames; ranks 0..1, (frames, neurons) or what becomes that."""
    values = np.broadcast_to(np.asarray(ranks, np.float64), (FRAMES, len(picture.index)))
    return LoopLights(loop, np.round(255.0 * values).astype(np.uint8))


def flash(picture: MapPicture, neuron: int, frame: int = 2) -> LoopLights:
    """One neuron fires in one frame."""
    ranks = np.zeros((FRAMES, len(picture.index)))
    ranks[frame, neuron] = 1.0
    return lights(picture, ranks)
