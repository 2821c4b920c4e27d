"""An array on its way over HTTP: a line of JSON that says what it is, then its bytes.

The line is filled up with spaces so that the bytes begin at a multiple of 64. It has at least::

    shape   of the array, the slowest index first
    dtype   uint8, or <f4 (little-endian float32)
    bytes   how many follow
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.web.answers import as_json

_ALIGN = 64
_LONGEST = 1 << 16
_TYPES = {"uint8": np.uint8, "<f4": np.float32}
_NAMES = {np.dtype(kind): name for name, kind in _TYPES.items()}


def write_block(about: Mapping[str, object], values: NDArray[Any]) -> bytes:
    """The bytes of an array of uint8 or float32."""
    name = _NAMES[values.dtype]
    line = as_json({**about, "shape": list(values.shape), "dtype": name, "bytes": values.nbytes})
    return line + b" " * (-(len(line) + 1) % _ALIGN) + b"\n" + np.ascontiguousarray(values, name).tobytes()


def read_block(data: bytes, dimensions: int = 2) -> tuple[dict[str, Any], NDArray[Any]]:
    """What the line says, and the array, read-only.

    Raises:
        ValueError: it is no whole block of so many dimensions.
    """
    end = data.find(b"\n", 0, _LONGEST)
    if end < 0:
        raise ValueError("has no line that says what it is")
    about = json.loads(data[:end])
    if not isinstance(about, dict):
        raise ValueError("has a line that says nothing")
    name, shape = about.get("dtype"), about.get("shape")
    if name not in _TYPES or not isinstance(shape, list) or len(shape) != dimensions:
        raise ValueError(f"is an array of {name} of the shape {shape}")
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError(f"has the shape {shape}")
    expected = math.prod(shape) * np.dtype(name).itemsize
    if expected != len(data) - end - 1 or about.get("bytes") != expected:
        raise ValueError(f"has {len(data) - end - 1} bytes, not {expected}")
    return about, np.frombuffer(data, name, offset=end + 1).reshape(shape)
