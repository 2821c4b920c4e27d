"""The paper's figures 2 and 3 with an ear of this project: three exponents, four levels.

python -m ear_engine.layout.figures FOLDER
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.layout.charges import charges_of
from ear_engine.layout.drawing import draw_png
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.multilevel import Level
from ear_engine.layout.orientation import into_square, turned
from ear_engine.layout.settings import LayoutSettings
from ear_engine.whole_files import replacing

EXPONENTS = (1.25, 1.75, 2.0)
_SIDE = 700  # pixels of one picture
_SHOWN = (100, 800, 4000)  # vertices of the levels that are shown beside the finest, about


def main(folder: Path, name: str = "small") -> None:
    """Write ``map_exponents.png`` and ``map_levels.png``."""
    ear = find_ear(name).path
    graph = graph_of(load_ear(ear))
    charges = charges_of(graph, load_statistics(ear))
    rested: list[tuple[NeuronGraph, NDArray[np.float64]]] = []

    def settled(level: Level, positions: NDArray[np.float64]) -> None:
        rested.append((level.graph, positions))

    pictures = []
    for exponent in EXPONENTS:
        rested.clear()
        found = lay_out(graph, charges, LayoutSettings(exponent=exponent), settled=settled)
        print(f"k = {exponent:g}: {found.seconds:.1f} s, residual {found.residual:.1e}", flush=True)
        pictures.append(draw_png(graph.layers, found.positions, _SIDE))
        if exponent == LayoutSettings().exponent:
            _write(folder / "map_levels.png", [_picture(*one) for one in _some(rested)])
    _write(folder / "map_exponents.png", pictures)


def _some(
    rested: Sequence[tuple[NeuronGraph, NDArray[np.float64]]],
) -> list[tuple[NeuronGraph, NDArray[np.float64]]]:
    near = [min(rested, key=lambda one: abs(np.log(one[0].vertices / count))) for count in _SHOWN]
    return [*near, rested[-1]]


def _picture(graph: NeuronGraph, positions: NDArray[np.float64]) -> bytes:
    return draw_png(graph.layers, into_square(turned(positions, graph)), _SIDE)


def _write(path: Path, pictures: Sequence[bytes]) -> None:
    """One beside the other, as one file."""
    from matplotlib.image import imread, imsave

    row = np.concatenate([imread(io.BytesIO(one))[..., :3] for one in pictures], axis=1)
    buffer = io.BytesIO()
    imsave(buffer, row, format="png", metadata={"Software": ""})
    with replacing(path) as file:
        file.write(buffer.getvalue())
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
