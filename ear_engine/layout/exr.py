"""A texture of 32-bit floats: OpenEXR, one uncompressed scanline after another.

After "OpenEXR File Layout" (openexr.com): magic number, version, a header of attributes, the place of each line in the
file, then the lines, their channels in alphabetical order.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_MAGIC, _VERSION = 20000630, 2
_FLOAT = 2  # 32-bit; 0 is an unsigned integer, 1 a half


def encode_exr(channels: Mapping[str, NDArray[np.float32]], about: Mapping[str, str | int]) -> bytes:
    """The bytes of a file.

    Args:
        channels: name → (height, width), the first row is the top one.
        about: attributes for the header beside those that have to be there; names in ASCII.
    """
    height, width = next(iter(channels.values())).shape
    names = sorted(channels)
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    listed = b"".join(_text(name) + struct.pack("<iB3xii", _FLOAT, 0, 1, 1) for name in names) + b"\0"
    header = struct.pack("<ii", _MAGIC, _VERSION)
    header += _attribute("channels", "chlist", listed)
    header += _attribute("compression", "compression", b"\0")
    header += _attribute("dataWindow", "box2i", window)
    header += _attribute("displayWindow", "box2i", window)
    header += _attribute("lineOrder", "lineOrder", b"\0")  # from the top down
    header += _attribute("pixelAspectRatio", "float", struct.pack("<f", 1.0))
    header += _attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0))
    header += _attribute("screenWindowWidth", "float", struct.pack("<f", 1.0))
    for name, value in about.items():
        if isinstance(value, int):
            header += _attribute(name, "int", struct.pack("<i", value))
        else:
            header += _attribute(name, "string", value.encode())
    header += b"\0"
    pixels = np.stack([np.asarray(channels[name], "<f4") for name in names], axis=1)  # (height, channels, width)
    size = len(names) * width * 4
    first, line = len(header) + 8 * height, 8 + size
    places = struct.pack(f"<{height}Q", *(first + line * row for row in range(height)))
    lines = (struct.pack("<ii", row, size) + pixels[row].tobytes() for row in range(height))
    return header + places + b"".join(lines)


def _attribute(name: str, kind: str, value: bytes) -> bytes:
    return _text(name) + _text(kind) + struct.pack("<i", len(value)) + value


def _text(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
