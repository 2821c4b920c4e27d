"""Groups of neurons, and which of them are joined: what is drawn as lines, since edges are millions.

A group is a layer's place, with all its channels. Groups are numbered layer after layer, place after place. No torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer

Links = NDArray[np.int32]
"""(links, 2): source group, target group; rising, each once."""
MOST_LINKS = 1 << 20


def no_links() -> Links:
    """Of a map that does not say what is joined."""
    return np.zeros((0, 2), np.int32)


def count_groups(layers: Sequence[Layer]) -> int:
    """Number of groups."""
    return sum(layer.bins for layer in layers)


def write_layers(layers: Sequence[Layer]) -> str:
    """JSON: name, channels, places of each."""
    return json.dumps([[layer.name, layer.channels, layer.bins] for layer in layers])


def read_layers(text: str) -> tuple[Layer, ...]:
    """Layers from :func:`write_layers`; their strides are not known and 1.

    Raises:
        ValueError: it says something else.
    """
    found: list[Layer] = []
    offset = 0
    for name, channels, places in json.loads(text):
        sizes = channels, places
        if not isinstance(name, str) or any(type(size) is not int or size < 1 for size in sizes):
            raise ValueError(f"no layer: {name!r}")
        found.append(Layer(name, channels, places, 1, offset))
        offset += channels * places
    if len({layer.name for layer in found}) != len(found):
        raise ValueError("two layers of one name")
    return tuple(found)


def links_fault(links: NDArray[np.generic], layers: Sequence[Layer]) -> str:
    """Why ``links`` cannot join groups of ``layers``; nothing if they can."""
    if links.ndim != 2 or links.shape[1] != 2 or links.dtype != np.int32 or len(links) > MOST_LINKS:
        return f"has links of the shape {links.shape} and the type {links.dtype}"
    groups = count_groups(layers)
    if len(links) and not (links.min() >= 0 and links.max() < groups):
        return f"has links of groups that are not among its {groups}"
    if (links[:, 0] == links[:, 1]).any():
        return "has links of a group with itself"
    numbers = links.astype(np.int64) @ np.array([groups, 1])
    if not (np.diff(numbers) > 0).all():
        return "has links that fall, or are there twice"
    return ""
