"""The map as a file: ``map.npz``, with positions, what they are of, and how they were made.

Arrays:
    positions: (neurons, 2 or 3) float32, 0..1
    id: of the positions, 16 hexadecimal digits, so that programs can tell whether theirs is the same
    weights: SHA-256 of the ear's weights
    settings: JSON
    snapshots: (times, neurons, 2 or 3) float32, 0..1 on a scale of their own, if it was laid out at points in time
    layers: JSON, name, channels and places of each; maps made before there were any have none
    links: (links, 2) int32, numbers of the groups that are joined (:mod:`ear_engine.layout.groups`), beside layers
    format: 1
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.array_files import DAMAGED
from ear_engine.ear.neurons import Layer
from ear_engine.errors import UserError
from ear_engine.layout.array_sizes import check_sizes
from ear_engine.layout.groups import Links, links_fault, no_links, read_layers, write_layers
from ear_engine.layout.settings import LayoutSettings
from ear_engine.whole_files import made_folder, replacing

MAP = "map.npz"
"""Its name in the folder of an ear."""
FORMAT = 1
_AGAIN = "lay the ear out again with `ear-engine layout`"


@dataclass(frozen=True, eq=False)
class MapFile:
    """A map as it is stored.

    Args:
        positions: (neurons, 2 or 3), 0..1.
        weights: SHA-256 of the ear's weights, hexadecimal.
        settings: names and values, those of another version too.
        snapshots: (times, neurons, 2 or 3), 0..1, if there are any.
        layers: of the neurons; none if the file does not say.
        links: source and target of the groups that are joined, (links, 2); none without layers.
    """

    positions: NDArray[np.float32]
    weights: str
    settings: Mapping[str, object]
    snapshots: NDArray[np.float32] | None = None
    layers: tuple[Layer, ...] = ()
    links: Links = field(default_factory=no_links)

    @staticmethod
    def of(
        positions: NDArray[np.float32],
        weights: str,
        settings: LayoutSettings,
        snapshots: NDArray[np.float32] | None = None,
        layers: tuple[Layer, ...] = (),
        links: Links | None = None,
    ) -> MapFile:
        """A new one."""
        joined = no_links() if links is None else links
        return MapFile(positions, weights, dataclasses.asdict(settings), snapshots, layers, joined)

    @property
    def id(self) -> str:
        """Of the positions."""
        return identity(self.positions)


def identity(positions: NDArray[np.float32]) -> str:
    """16 hexadecimal digits that other positions do not have."""
    values = np.ascontiguousarray(positions, "<f4")
    return hashlib.sha256(str(values.shape).encode() + values.tobytes()).hexdigest()[:16]


def write_map(path: Path, stored: MapFile) -> None:
    """Write a map; the same one makes the same bytes.

    Raises:
        UserError: it cannot be written.
    """
    buffer = io.BytesIO()
    arrays = {
        "positions": np.ascontiguousarray(stored.positions, np.float32),
        "id": np.array(stored.id),
        "weights": np.array(stored.weights),
        "settings": np.array(json.dumps(dict(stored.settings), sort_keys=True)),
        "format": np.array(FORMAT),
    }
    if stored.snapshots is not None:
        arrays["snapshots"] = np.ascontiguousarray(stored.snapshots, np.float32)
    if stored.layers:
        arrays["layers"] = np.array(write_layers(stored.layers))
        arrays["links"] = np.ascontiguousarray(stored.links, np.int32)
    np.savez(buffer, allow_pickle=False, **arrays)
    made_folder(path.parent)
    with replacing(path) as file:
        file.write(buffer.getvalue())


def read_map(path: Path, neurons: int | None = None, weights: str | None = None) -> MapFile:
    """Read a map.

    Args:
        path: of the file.
        neurons: that the ear has, if it is known.
        weights: hash of the ear's weights, if the map must be of them.

    Raises:
        UserError: it is missing or damaged, or of another ear.
    """
    subject = f"map {str(path)!r}"
    try:
        with path.open("rb") as data:
            check_sizes(data)
            with np.load(data, allow_pickle=False) as file:
                written = int(file["format"])
                if written != FORMAT:
                    raise UserError(subject, f"is of format {written}, not {FORMAT}", _AGAIN, "bad_map")
                stored = _stored(file)
                said = _text(file["id"])
    except FileNotFoundError:
        raise UserError(subject, "does not exist", _AGAIN, "not_found") from None
    except OSError as error:
        raise UserError(subject, f"cannot be read ({error.strerror or error})", _AGAIN, "bad_map") from None
    except DAMAGED:
        raise UserError(subject, "is no map, or a damaged one", _AGAIN, "bad_map") from None
    positions = stored.positions
    if positions.ndim != 2 or positions.shape[1] not in (2, 3) or not len(positions):
        raise UserError(subject, f"has positions of the shape {positions.shape}", _AGAIN, "bad_map")
    if not _inside(positions):
        raise UserError(subject, "has positions outside 0..1", _AGAIN, "bad_map")
    times = stored.snapshots
    if times is not None and (times.shape[1:] != positions.shape or not times.size or not _inside(times)):
        raise UserError(subject, f"has snapshots of the shape {times.shape}, or outside 0..1", _AGAIN, "bad_map")
    described = sum(layer.neurons for layer in stored.layers)
    if stored.layers and described != len(positions):
        raise UserError(
            subject, f"has layers of {described} neurons, and {len(positions)} positions", _AGAIN, "bad_map"
        )
    fault = links_fault(stored.links, stored.layers)
    if fault:
        raise UserError(subject, fault, _AGAIN, "bad_map")
    if stored.id != said:
        raise UserError(subject, "has other positions than its id says", _AGAIN, "bad_map")
    if neurons is not None and len(positions) != neurons:
        raise UserError(subject, f"is of {len(positions)} neurons, but the ear has {neurons}", _AGAIN, "other_ear")
    if weights is not None and stored.weights != weights:
        raise UserError(subject, "is of an ear with other weights", _AGAIN, "other_ear")
    return stored


def _stored(file: Mapping[str, NDArray[np.generic]]) -> MapFile:
    """What a file holds.

    Raises:
        ValueError: something is of a type that it cannot be of; and what else a damaged file ends in.
    """
    settings = json.loads(_text(file["settings"]))
    if not isinstance(settings, dict):
        raise ValueError("settings without names")
    return MapFile(
        _floats(file["positions"]),
        _text(file["weights"]),
        settings,
        _floats(file["snapshots"]) if "snapshots" in file else None,
        read_layers(_text(file["layers"])) if "layers" in file else (),
        np.asarray(file["links"]) if "layers" in file else no_links(),
    )


def _text(found: NDArray[np.generic]) -> str:
    if found.ndim or found.dtype.kind != "U":
        raise ValueError(f"text of the shape {found.shape} and the type {found.dtype}")
    return str(found)


def _floats(found: NDArray[np.generic]) -> NDArray[np.float32]:
    if found.dtype.kind != "f":
        raise ValueError(f"coordinates of the type {found.dtype}")
    return np.asarray(found, np.float32)


def _inside(places: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(places).all() and places.min() >= 0.0 and places.max() <= 1.0)
