"""A map for other programs: a table with a row for each neuron, and a texture of positions. No torch."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer
from ear_engine.layout.exr import encode_exr
from ear_engine.layout.map_file import identity


def encode_csv(
    layers: Sequence[Layer], hertz: NDArray[np.floating], positions: NDArray[np.float32], seconds: float | None = None
) -> bytes:
    """One row a neuron: number, layer, channel, place, Hz (empty if nobody knows), and where it is, 0..1.

    Of a moving map, such rows for each point in time, which goes before them in seconds.

    Args:
        layers: of the neurons.
        hertz: (neurons,), where each answers most; not a number where nobody knows.
        positions: (neurons, 2 or 3), or (times, neurons, 2 or 3) if it moves.
        seconds: length of the loop that it moves in, if it does.
    """
    snapshots = positions[None] if seconds is None else positions
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    time = [] if seconds is None else ["time"]
    writer.writerow([*time, "index", "layer", "channel", "place", "hertz", *"xyz"[: snapshots.shape[2]]])
    for number, here in enumerate(snapshots):
        when = [] if seconds is None else [f"{seconds * number / len(snapshots):.4f}"]
        for row in _rows(layers, hertz, here):
            writer.writerow([*when, *row])
    return text.getvalue().encode()


def _rows(layers: Sequence[Layer], hertz: NDArray[np.floating], positions: NDArray[np.float32]) -> list[list[object]]:
    rows: list[list[object]] = []
    for layer in layers:
        for inside in range(layer.neurons):
            number = layer.offset + inside
            answers = float(hertz[number])
            known = f"{answers:.1f}" if math.isfinite(answers) else ""
            where = [f"{float(value):.6f}" for value in positions[number]]
            rows.append([number, layer.name, *divmod(inside, layer.bins), known, *where])
    return rows


def encode_positions(positions: NDArray[np.float32], moment: str = "", of: str = "") -> bytes:
    """OpenEXR: red, green and blue are x, y and z (0 in a plane), alpha is 1 where there is a neuron; see the header.

    Args:
        positions: (neurons, 2 or 3).
        moment: which point in time they are of, in words.
        of: id of the map that goes with them; their own if none is given.
    """
    count = len(positions)
    width = math.isqrt(max(count - 1, 0)) + 1
    height = -(-count // width)
    pixels = np.zeros((4, height * width), np.float32)
    pixels[: positions.shape[1], :count] = positions.T
    pixels[3, :count] = 1.0
    about: dict[str, str | int] = {
        "neurons": count,
        "mapId": of or identity(positions),
        "comments": f"{count} neurons, {width} a row, {height} rows; neuron 0 is at the left of the top row, the next "
        "to its right; R, G, B are x, y, z in 0..1, y upward, A is 1 where there is a neuron",
    }
    if moment:
        about["moment"] = moment
    names = dict(zip("RGBA", pixels.reshape(4, height, width), strict=True))
    return encode_exr(names, about)
