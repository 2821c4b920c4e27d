"""Pictures of a loop for the console: what the ear hears (ranks of the scalogram), and what was changed (gradient)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.viewer.model import LoopLights

SCALOGRAM = "scalogram"
_HEARD = ((0.0, "05070d"), (0.35, "123a5a"), (0.65, "2f8f9d"), (0.85, "b6d98c"), (1.0, "fff6d6"))
_CHANGED = ((0.0, "05070d"), (0.3, "3a1a52"), (0.6, "a3344f"), (0.85, "f0903c"), (1.0, "fff2c8"))
_BRIGHTEST = 0.997  # quantile of the gradient that is drawn brightest


def heard_picture(index: NeuronIndex, lights: LoopLights) -> NDArray[np.uint8] | None:
    """The level of every bin, low ones below, (bins, frames, 4); None if this ear has no scalogram."""
    layer = next((layer for layer in index.layers if layer.name == SCALOGRAM), None)
    if layer is None or lights.ranks.shape[1] != len(index):
        return None
    level = lights.ranks[:, layer.offset : layer.offset + layer.bins]
    return _HEARD_COLORS[level.T[::-1]]


def changed_picture(lights: LoopLights) -> NDArray[np.uint8] | None:
    """How much the last steps changed each bin, low ones below, (bins, frames, 4); None if it is not known."""
    if lights.gradient is None or not lights.gradient.size:
        return None
    amount = np.abs(lights.gradient)
    brightest = float(np.quantile(amount, _BRIGHTEST))
    level = np.sqrt(np.clip(amount / brightest, 0.0, 1.0)) if brightest > 0.0 else np.zeros_like(amount)
    return _CHANGED_COLORS[(level * 255.0).astype(np.uint8).T[::-1]]


def _colors(stops: tuple[tuple[float, str], ...]) -> NDArray[np.uint8]:
    """256 colors, (256, 4), between the stops."""
    places = [place for place, _ in stops]
    columns = [[int(text[at : at + 2], 16) for _, text in stops] for at in (0, 2, 4)]
    steps = np.linspace(0.0, 1.0, 256)
    found = [np.interp(steps, places, column) for column in columns]
    return np.stack([*found, np.full(256, 255.0)], axis=1).astype(np.uint8)


_HEARD_COLORS = _colors(_HEARD)
_CHANGED_COLORS = _colors(_CHANGED)
