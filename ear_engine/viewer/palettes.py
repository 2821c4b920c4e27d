"""Palettes: colors of layers, ground, target, links and bright cores. Colors are sRGB, 0..1.

On a dark ground light is drawn, on a light one ink; either way what is quiet is near the ground. Layers take colors in
turn, or, where a palette goes by depth, one between its first and its last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.yaml_files import nearest

Color = tuple[float, float, float]


def _rgb(text: str) -> Color:
    red, green, blue = (int(text[at : at + 2], 16) / 255.0 for at in (0, 2, 4))
    return red, green, blue


@dataclass(frozen=True)
class Palette:
    """Colors of one picture.

    Args:
        name: by which it is chosen.
        about: what it is for.
        layers: colors, at least one.
        by_depth: whether colors go from the first to the last layer, or in turn.
        ground: behind everything.
        core: what the brightest becomes.
        focus: of target neurons.
        link: of curves between groups.
        gain: of all light; 1 is usual.
        glow: how bright the halo around bright places is.
    """

    name: str
    about: str
    layers: tuple[Color, ...]
    by_depth: bool
    ground: Color
    core: Color
    focus: Color
    link: Color
    gain: float = 1.0
    glow: float = 0.32

    def colors(self, layers: int) -> NDArray[np.float32]:
        """Color of each layer, (layers, 3), the scalogram's first."""
        table = np.asarray(self.layers, np.float32)
        if not self.by_depth:
            return table[np.arange(layers) % len(table)]
        places = np.linspace(0.0, len(table) - 1.0, layers)
        columns = [np.interp(places, np.arange(len(table)), column) for column in table.T]
        return np.stack(columns, axis=1).astype(np.float32)


PALETTES: tuple[Palette, ...] = (
    Palette(
        "paper",
        "the four colors of the paper in turn, on black",
        tuple(map(_rgb, ("1e90ff", "e0b010", "d83a18", "239f2c"))),
        False,
        _rgb("000000"),
        _rgb("fff8ec"),
        _rgb("f2ffea"),
        _rgb("7f93b4"),
    ),
    Palette(
        "safe",
        "eight colors that color-blind people tell apart (Okabe and Ito, 2008), black left out",
        tuple(map(_rgb, ("56b4e9", "e69f00", "009e73", "d55e00", "f0e442", "0072b2", "cc79a7"))),
        False,
        _rgb("04060a"),
        _rgb("ffffff"),
        _rgb("ffffff"),
        _rgb("8c96a5"),
    ),
    Palette(
        "depth",
        "violet to yellow from the first layer to the last, ever lighter",
        tuple(map(_rgb, ("6a3fb5", "7e4fc4", "a650b8", "cc5796", "e66c6a", "f39145", "f8bb3c", "f4e55c"))),
        True,
        _rgb("05040a"),
        _rgb("fffbe8"),
        _rgb("9fffe0"),
        _rgb("75679c"),
    ),
    Palette(
        "stage",
        "for projectors: white, ice and amber, much contrast, a ground as dark as they can",
        tuple(map(_rgb, ("f4f7ff", "7fc4ff", "ffb347"))),
        False,
        _rgb("000000"),
        _rgb("ffffff"),
        _rgb("ff3a6a"),
        _rgb("6f8fb0"),
        1.25,
        0.2,
    ),
    Palette(
        "ink",
        "ink on paper, for print and bright rooms",
        tuple(map(_rgb, ("26303c", "3c4652"))),
        False,
        _rgb("f6f3ec"),
        _rgb("000000"),
        _rgb("c4281c"),
        _rgb("8d8a84"),
        1.5,
        0.06,
    ),
)


def find_palette(name: str) -> Palette:
    """The palette of a name.

    Raises:
        UserError: there is none.
    """
    for palette in PALETTES:
        if palette.name == name:
            return palette
    names = [palette.name for palette in PALETTES]
    raise UserError(f"palette {name!r}", "does not exist", nearest(name, names), "unknown_palette")
