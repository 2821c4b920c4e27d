"""The file ``statistics.safetensors`` in an ear's folder, written and read without torch.

**Layout.** One safetensors file. Its metadata has one key, ``statistics``: JSON with the version of the format, the
hash of the weights, the layers, the music and the names. Tensors have n rows, one a neuron; activations between a
neuron's minimum and maximum are shares of that range in float16 (error at most 1/4096 of the range, and 1/2048 of the
distance from the minimum), rising as they rise. Recordings are numbered by the list in the metadata; 65535 is none.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.ranks import LEVELS
from ear_engine.ear.statistics import TOP, Heard, Statistics
from ear_engine.ear_files import WEIGHTS, check_weights
from ear_engine.errors import UserError

STATISTICS = "statistics.safetensors"
FORMAT = 1
_NOBODY = 65535
_AGAIN = "make it again with `ear-engine statistics`"
_FULL = ("mean", "variance", "low", "high", "floor", "frequency")  # float32
_HALF = ("active", "bandwidth", "onset", "decay", "tonality", "noisiness", "loudness", "glide", "phase")  # float16


def hash_weights(folder: Path) -> str:
    """SHA-256 of an ear's weights file, hexadecimal.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with (folder / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        raise UserError(str(folder / WEIGHTS), reason, "copy it again", "bad_checkpoint") from None


def write_statistics(statistics: Statistics, path: Path) -> None:
    """Write the file under a temporary name, then rename it: a kill leaves the old file or the new one.

    Raises:
        UserError: it cannot be written there (no such folder, disk full, not allowed).
    """
    about = {
        "format": FORMAT,
        "weights": statistics.weights,
        "layers": [[k.name, k.channels, k.bins, k.stride] for k in statistics.index.layers],
        "levels": LEVELS,
        "corpus": statistics.heard.corpus,
        "hours": statistics.heard.hours,
        "excerpts": statistics.heard.excerpts,
        "seed": statistics.heard.seed,
        "recordings": statistics.heard.recordings,
        "names": {layer: list(names) for layer, names in statistics.region_names.items()},
    }
    low, high = statistics.low[:, None], statistics.high[:, None]
    span = np.maximum(high - low, np.float32(1e-30))

    def shares(values: NDArray[np.float32]) -> NDArray[np.float16]:
        share: NDArray[np.float16] = np.clip((values - low) / span, 0.0, 1.0).astype(np.float16)
        return share

    nobody = statistics.excerpt_recording < 0
    tensors: dict[str, NDArray[Any]] = {name: getattr(statistics, name).astype(np.float32) for name in _FULL}
    tensors |= {name: getattr(statistics, name).astype(np.float16) for name in _HALF}
    tensors["quantiles"] = shares(statistics.quantiles[:, 1:-1])
    tensors["excerpt_recording"] = np.where(nobody, _NOBODY, statistics.excerpt_recording).astype(np.uint16)
    tensors["excerpt_seconds"] = statistics.excerpt_seconds.astype(np.float32)
    tensors["excerpt_activation"] = shares(np.where(nobody, low, statistics.excerpt_activation))
    tensors["region_bins"] = statistics.region_bins.astype(np.uint16)
    data = save(
        {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()},
        metadata={"statistics": json.dumps(about, ensure_ascii=False, separators=(",", ":"))},
    )
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        reason = f"cannot be written ({error.strerror})"
        raise UserError(str(path), reason, "name another file with --output", "cannot_write") from None


def load_statistics(folder: Path) -> Statistics | None:
    """The statistics of the ear in a folder; None if it has none.

    Raises:
        UserError: they are broken, in another format, or those of other weights.
    """
    path = folder / STATISTICS
    if not path.is_file():
        return None
    statistics = read_statistics(path)
    if statistics.weights != hash_weights(folder):
        raise UserError(str(path), "belongs to other weights than this ear's", _AGAIN, "other_weights")
    return statistics


def read_statistics(path: Path) -> Statistics:
    """Read the file, whatever ear it belongs to.

    Raises:
        UserError: it is broken or in another format.
    """
    check_weights(path)
    try:
        with safe_open(str(path), framework="np") as file:
            about = json.loads((file.metadata() or {})["statistics"])
            if about["format"] != FORMAT or about["levels"] != list(LEVELS):
                raise UserError(str(path), "is in the format of another version", _AGAIN, "bad_statistics")
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        return _build(about, tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError(str(path), f"is no whole statistics file ({error})", _AGAIN, "bad_statistics") from None


def _build(about: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Statistics:
    layers, offset = [], 0
    for name, channels, bins, stride in about["layers"]:
        layers.append(Layer(str(name), int(channels), int(bins), int(stride), offset))
        offset += layers[-1].neurons
    index = NeuronIndex(layers)
    n, channels = len(index), sum(layer.channels for layer in layers)

    def take(name: str, dtype: Any, *shape: int) -> NDArray[Any]:
        found = tensors[name]
        if found.shape != shape:
            raise ValueError(f"{name} has the shape {found.shape}, not {shape}")
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise ValueError(f"{name} has values that are not finite")
        return found.astype(dtype)

    columns = {name: take(name, np.float32, n) for name in (*_FULL, *_HALF)}
    low, high = columns["low"][:, None], columns["high"][:, None]

    def unshare(name: str, width: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = np.minimum(low + take(name, np.float32, n, width) * (high - low), high)
        return values

    quantiles = np.concatenate([low, unshare("quantiles", len(LEVELS) - 2), high], axis=1)
    recording = take("excerpt_recording", np.int32, n, TOP)
    recording[recording == _NOBODY] = -1
    recordings = tuple(str(name) for name in about["recordings"])
    region_bins = take("region_bins", np.int32, channels, 2)
    most = np.repeat([layer.bins for layer in layers], [layer.channels for layer in layers])
    names = {layer.name: tuple(str(name) for name in about["names"][layer.name]) for layer in layers}
    if (np.diff(quantiles, axis=1) < 0).any():
        raise ValueError("quantiles do not rise")
    if recording.max(initial=-1) >= len(recordings):
        raise ValueError("an excerpt is of an unknown recording")
    if (region_bins[:, 0] > region_bins[:, 1]).any() or (region_bins[:, 1] >= most).any():
        raise ValueError("a region is outside its layer")
    if any(len(names[layer.name]) != layer.channels for layer in layers):
        raise ValueError("names are missing")
    return Statistics(
        index,
        str(about["weights"]),
        Heard(str(about["corpus"]), float(about["hours"]), int(about["excerpts"]), int(about["seed"]), recordings),
        names,
        **columns,
        quantiles=quantiles,
        excerpt_recording=recording,
        excerpt_seconds=take("excerpt_seconds", np.float32, n, TOP),
        excerpt_activation=unshare("excerpt_activation", TOP),
        region_bins=region_bins,
    )
