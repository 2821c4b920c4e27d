"""A map in a terminal."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from ear_engine.layout.drawing import COLORS
from ear_engine.layout.preview import preview, show_preview
from tests.layout.graphs import layers

LAYERS = layers((10, 10), (10, 10))


def positions(dimensions: int = 2) -> np.ndarray:
    """The first layer at the left of the lower half, the second at the right of the upper one."""
    random = np.random.default_rng(0)
    lower = random.random((100, dimensions)) * 0.45
    upper = 1.0 - random.random((100, dimensions)) * 0.45
    return np.concatenate([lower, upper]).astype(np.float32)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_dots_lie_where_neurons_do_in_their_colors(dimensions: int) -> None:
    text = preview(LAYERS, positions(dimensions), 20)
    lines = text.plain.split("\n")
    assert [len(line) for line in lines] == [20] * 10
    lit = np.array([[character != "⠀" for character in line] for line in lines])
    assert lit[:5, 10:].any() and lit[5:, :10].any()
    assert not lit[:4, :9].any() and not lit[6:, 11:].any()
    at = {place: span.style for span in text.spans for place in range(span.start, span.end)}
    for row, column in np.argwhere(lit):
        assert at[row * 21 + column] == COLORS[1 if row < 5 else 0]


def test_one_neuron_is_one_dot() -> None:
    assert preview(layers((1, 1)), np.array([[0.0, 0.0]], np.float32), 4).plain == "⠀⠀⠀⠀\n⡀⠀⠀⠀"
    assert preview(layers((1, 1)), np.array([[1.0, 1.0]], np.float32), 4).plain == "⠀⠀⠀⠈\n⠀⠀⠀⠀"


@pytest.mark.parametrize("width", [80, 31, 2])
def test_on_a_terminal_it_is_as_wide_as_there_is_room(width: int) -> None:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(file=buffer, force_terminal=True, width=width, color_system=None)
    assert show_preview(console, LAYERS, positions())
    buffer.seek(0)
    lines = buffer.read().splitlines()
    assert max(map(len, lines)) == min(60, max(2, width - 1))


def test_elsewhere_there_is_none() -> None:
    plain = io.StringIO()
    assert not show_preview(Console(file=plain), LAYERS, positions())
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert not show_preview(Console(file=latin, force_terminal=True), LAYERS, positions())
    assert plain.getvalue() == ""
