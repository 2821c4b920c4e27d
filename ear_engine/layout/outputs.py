"""A layout as a file, by the end of its name; one at several points in time as a film, a sheet, or numbered files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.layout.drawing import draw_png, draw_sheet, draw_svg
from ear_engine.layout.graph import VertexLayer
from ear_engine.layout.heard_loop import HeardLoop
from ear_engine.layout.map_file import MapFile, write_map
from ear_engine.layout.tables import encode_csv, encode_positions
from ear_engine.whole_files import made_folder, replacing

FILM = ".mp4"  # written by :mod:`ear_engine.layout.animation`


@dataclass(frozen=True, eq=False)
class Moving:
    """A map at several points in time.

    Args:
        snapshots: (times, neurons, 2 or 3), 0..1, evenly spaced in the loop, the first at its start.
        loop: what is heard.
    """

    snapshots: NDArray[np.float32]
    loop: HeardLoop


@dataclass(frozen=True, eq=False)
class Laid:
    """What is written.

    Args:
        layers: of the neurons.
        stored: positions, and what they are of.
        hertz: (neurons,), where each answers most; not a number where nobody knows.
        moving: the map in time, if it was asked for.
    """

    layers: tuple[VertexLayer, ...]
    stored: MapFile
    hertz: NDArray[np.float64]
    moving: Moving | None = None


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


def files_of(path: Path, points: int | None) -> list[Path]:
    """The files that a layout named ``path`` is written to: numbered ones where a format has room for one map only.

    Args:
        path: as it was asked for.
        points: in time; None for a map that does not move.

    Raises:
        UserError: no layout can be written so, or a film of a map that does not move is asked for.
    """
    suffix = suffix_of(path)
    if points is None and suffix == FILM:
        mend = "add --time-points 8, or name a picture"
        raise UserError(
            f"file {str(path)!r}", "is a film, and a map without points in time is still", mend, "bad_value"
        )
    if points is None or suffix not in _NUMBERED:
        return [path]
    digits = len(str(points))
    return [path.with_stem(f"{path.stem}_{number:0{digits}}") for number in range(1, points + 1)]


def write_layout(path: Path, laid: Laid) -> list[Path]:
    """Write it as its name says, a film excepted; returns the files written.

    Raises:
        UserError: the name says nothing that is known, or a file cannot be written.
        ValueError: it is a film.
    """
    suffix, moving = suffix_of(path), laid.moving
    if suffix == FILM:
        raise ValueError("films are written by write_animation")
    if suffix == ".npz":
        write_map(path, laid.stored)
        return [path]
    if moving is not None and suffix in _NUMBERED:
        files = files_of(path, len(moving.snapshots))
        for number, (file, positions) in enumerate(zip(files, moving.snapshots, strict=True)):
            seconds = moving.loop.clip.seconds * number / len(files)
            moment = f"point {number + 1} of {len(files)}, {seconds:.3f} s into the loop"
            _write(file, _NUMBERED[suffix](laid, positions, moment))
        return files
    _write(path, _NUMBERED[suffix](laid, laid.stored.positions, "") if suffix in _NUMBERED else _WHOLE[suffix](laid))
    return [path]


def _write(path: Path, data: bytes) -> None:
    made_folder(path.parent)
    with replacing(path) as file:
        file.write(data)


def _png(laid: Laid) -> bytes:
    if laid.moving is None:
        return draw_png(laid.layers, laid.stored.positions)
    return draw_sheet(laid.layers, laid.moving.snapshots)


def _csv(laid: Laid) -> bytes:
    layers, moving = [layer.neurons for layer in laid.layers], laid.moving
    if moving is None:
        return encode_csv(layers, laid.hertz, laid.stored.positions)
    return encode_csv(layers, laid.hertz, moving.snapshots, moving.loop.clip.seconds)


_NUMBERED: dict[str, Callable[[Laid, NDArray[np.float32], str], bytes]] = {
    ".svg": lambda laid, positions, _moment: draw_svg(laid.layers, positions),
    ".exr": lambda laid, positions, moment: encode_positions(positions, moment, laid.stored.id),
}
"""Of one map; several take a file each."""
_WHOLE: dict[str, Callable[[Laid], bytes]] = {".png": _png, ".csv": _csv}
"""Of all of them."""
SUFFIXES = (".npz", ".svg", ".png", ".csv", ".exr", FILM)
