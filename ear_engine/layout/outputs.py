"""A layout as a file, by the end of its name."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.layout.drawing import draw_png, draw_svg
from ear_engine.layout.exr import encode_exr
from ear_engine.layout.graph import VertexLayer
from ear_engine.layout.map_file import MapFile, write_map
from ear_engine.whole_files import made_folder, replacing


@dataclass(frozen=True, eq=False)
class Laid:
    """What is written.

    Args:
        layers: of the neurons.
        stored: positions, and what they are of.
        hertz: (neurons,), where each answers most; not a number where nobody knows.
    """

    layers: tuple[VertexLayer, ...]
    stored: MapFile
    hertz: NDArray[np.float64]


def suffix_of(path: Path) -> str:
    """The end of a name, if a layout can be written so.

    Raises:
        UserError: it cannot.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise UserError(
            f"file {str(path)!r}", "ends in nothing that a map can be", f"end its name with {known}", "bad_value"
        )
    return suffix


def write_layout(path: Path, laid: Laid) -> None:
    """Write it as its name says.

    Raises:
        UserError: the name says nothing that is known, or the file cannot be written.
    """
    suffix = suffix_of(path)
    if suffix == ".npz":
        write_map(path, laid.stored)
        return
    found = _ENCODERS[suffix](laid)
    made_folder(path.parent)
    with replacing(path) as file:
        file.write(found)


def _csv(laid: Laid) -> bytes:
    """One row a neuron: number, layer, channel, place, Hz (empty if nobody knows), and where it is, 0..1."""
    positions = laid.stored.positions
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "layer", "channel", "place", "hertz", *"xyz"[: positions.shape[1]]])
    for layer in laid.layers:
        for inside in range(layer.vertices):
            number = layer.offset + inside
            hertz = float(laid.hertz[number])
            known = f"{hertz:.1f}" if math.isfinite(hertz) else ""
            where = [f"{float(value):.6f}" for value in positions[number]]
            writer.writerow([number, layer.name, *divmod(inside, layer.places), known, *where])
    return text.getvalue().encode()


def _exr(laid: Laid) -> bytes:
    """Red, green and blue are x, y and z (0 in a plane), alpha is 1 where there is a neuron; see the header."""
    positions = laid.stored.positions
    count = len(positions)
    width = math.isqrt(max(count - 1, 0)) + 1
    height = -(-count // width)
    pixels = np.zeros((4, height * width), np.float32)
    pixels[: positions.shape[1], :count] = positions.T
    pixels[3, :count] = 1.0
    about: dict[str, str | int] = {
        "neurons": count,
        "mapId": laid.stored.id,
        "comments": f"{count} neurons, {width} a row, {height} rows; neuron 0 is at the left of the top row, the next "
        "to its right; R, G, B are x, y, z in 0..1, y upward, A is 1 where there is a neuron",
    }
    names = dict(zip("RGBA", pixels.reshape(4, height, width), strict=True))
    return encode_exr(names, about)


_ENCODERS: dict[str, Callable[[Laid], bytes]] = {
    ".svg": lambda laid: draw_svg(laid.layers, laid.stored.positions),
    ".png": lambda laid: draw_png(laid.layers, laid.stored.positions),
    ".csv": _csv,
    ".exr": _exr,
}
SUFFIXES = (".npz", *_ENCODERS)
