"""The file ``directions.safetensors`` in an ear's folder: named directions among activations, without torch.

**Layout.** One safetensors file. Each tensor is a vector, named as the direction: float16 or float32, as long as its
layer has channels or neurons. The metadata has one key, ``directions``: JSON with the version of the format, the hash
of the weights, and for each name its ``layer``, ``description``, and ``accuracy`` and ``chance`` as held out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics_file import hash_weights
from ear_engine.ear_files import check_weights
from ear_engine.errors import UserError

DIRECTIONS = "directions.safetensors"
FORMAT = 1
_AGAIN = "make it again with `ear-engine directions`"


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction in the normalized activations of a layer.

    Args:
        layer: whose.
        vector: (channels,) or (neurons,) channel-major, float32, of length 1. Activations are in standard deviations
            above their mean in the ear's statistics.
        description: what lies that way, in one line.
        accuracy, chance: how often the probe that it comes from is right on music it was not fitted to, and how often
            guessing is, both 0..1; 0 if nobody measured.
    """

    layer: str
    vector: NDArray[np.float32]
    description: str = ""
    accuracy: float = 0.0
    chance: float = 0.0


def write_directions(directions: Mapping[str, Direction], weights: str, path: Path) -> None:
    """Write the file aside, then rename it.

    Args:
        directions: by name.
        weights: SHA-256 of the ear's weights, hexadecimal.
        path: of the file.

    Raises:
        UserError: it cannot be written there.
    """
    about = {
        "format": FORMAT,
        "weights": weights,
        "directions": {
            name: {
                "layer": one.layer,
                "description": one.description,
                "accuracy": round(one.accuracy, 4),
                "chance": round(one.chance, 4),
            }
            for name, one in directions.items()
        },
    }
    tensors = {name: np.ascontiguousarray(one.vector, np.float16) for name, one in directions.items()}
    data = save(tensors, metadata={"directions": json.dumps(about, ensure_ascii=False, separators=(",", ":"))})
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        reason = f"cannot be written ({error.strerror})"
        raise UserError(str(path), reason, "name another file with --output", "cannot_write") from None


def load_directions(folder: Path) -> Mapping[str, Direction]:
    """The directions of the ear in a folder; none if it has no such file.

    Raises:
        UserError: the file is broken, in another format, or of other weights.
    """
    path = folder / DIRECTIONS
    if not path.is_file():
        return MappingProxyType({})
    found, weights = read_directions(path)
    if weights != hash_weights(folder):
        raise UserError(str(path), "belongs to other weights than this ear's", _AGAIN, "other_weights")
    return found


def read_directions(path: Path) -> tuple[Mapping[str, Direction], str]:
    """Read the file, whatever ear it belongs to: its directions, and the hash of that ear's weights.

    Raises:
        UserError: it is broken or in another format.
    """
    check_weights(path)
    try:
        with safe_open(str(path), framework="np") as file:
            about = json.loads((file.metadata() or {})["directions"])
            if about["format"] != FORMAT:
                raise UserError(str(path), "is in the format of another version", _AGAIN, "bad_directions")
            made = {
                str(name): Direction(
                    str(said["layer"]),
                    _unit(file.get_tensor(name)),
                    str(said["description"]),
                    float(said["accuracy"]),
                    float(said["chance"]),
                )
                for name, said in about["directions"].items()
            }
        return MappingProxyType(made), str(about["weights"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(str(path), f"is no whole file of directions ({error})", _AGAIN, "bad_directions") from None


def fitting(directions: Mapping[str, Direction], index: NeuronIndex) -> Mapping[str, Direction]:
    """Those that are as long as their layer has channels or neurons.

    Raises:
        UserError: one is of a layer that the ear does not have, or of another length.
    """
    for name, one in directions.items():
        layer = index[one.layer]
        if len(one.vector) not in (layer.channels, layer.neurons):
            reason = f"has {len(one.vector)} numbers, {layer.name} {layer.channels} channels of {layer.bins} bins"
            raise UserError(f"direction {name!r}", reason, _AGAIN, "bad_direction")
    return directions


def _unit(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """As float32, of length 1."""
    vector = values.astype(np.float32)
    length = float(np.linalg.norm(vector)) if vector.ndim == 1 else float("nan")
    if not (np.isfinite(length) and length > 0.0):
        raise ValueError("a vector is not finite, nothing, or no vector")
    return vector / np.float32(length)
