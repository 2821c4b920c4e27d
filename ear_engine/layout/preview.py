"""A map in a terminal: dots of braille, two by four in a character, in the colors of the layers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from ear_engine.layout.drawing import COLORS
from ear_engine.layout.graph import VertexLayer

_WIDEST = 60  # characters
_ACROSS, _DOWN = 2, 4  # dots of a character
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # of the dots, by row and column
_BRAILLE = 0x2800
_SPARSE = 0.3  # of the neurons at a dot, in the mean of those that have some, up to which it stays dark


def show_preview(console: Console, layers: Sequence[VertexLayer], positions: NDArray[np.float32]) -> bool:
    """Print a map if the console is a terminal that can show it; returns whether it was.

    Args:
        console: where to.
        layers: of the neurons.
        positions: (neurons, 2 or 3), 0..1; of those in space, a view along their third axis.
    """
    if not console.is_terminal or not console.encoding.startswith("utf"):
        return False
    console.print(preview(layers, positions, min(_WIDEST, console.width - 1)))
    return True


def preview(layers: Sequence[VertexLayer], positions: NDArray[np.float32], width: int = _WIDEST) -> Text:
    """A map as text, ``width`` characters wide and half as many high.

    A dot with few neurons for this map stays dark, so that gaps are seen; a character has the color that most of its
    neurons have.
    """
    columns, rows = max(2, width), max(1, width // 2)
    side = np.array([columns * _ACROSS, rows * _DOWN])
    dots = np.minimum((np.clip(positions[:, :2], 0.0, 1.0) * side).astype(np.int64), side - 1)
    x, y = dots[:, 0], side[1] - 1 - dots[:, 1]
    counts = np.zeros((side[1], side[0]), np.int64)
    np.add.at(counts, (y, x), 1)
    lit = counts > _SPARSE * counts[counts > 0].mean()
    votes = np.zeros((rows, columns, len(COLORS)), np.int64)
    color = np.empty(len(positions), np.int64)
    for number, layer in enumerate(layers):
        color[layer.span] = number % len(COLORS)
    np.add.at(votes, (y // _DOWN, x // _ACROSS, color), 1)
    cells = lit.reshape(rows, _DOWN, columns, _ACROSS).transpose(0, 2, 1, 3)
    characters = _BRAILLE + (cells * _BITS).sum(axis=(2, 3))
    found = Text(no_wrap=True)
    for row in range(rows):
        if row:
            found.append("\n")
        here = votes[row].argmax(axis=1)
        for first, last in _runs(here):
            found.append("".join(map(chr, characters[row, first:last])), COLORS[int(here[first])])
    return found


def _runs(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last (exclusive) place of each run of equal values."""
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(itertools.pairwise(edges))
