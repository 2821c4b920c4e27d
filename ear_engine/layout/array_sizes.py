"""How large the arrays of a file will be, before anything is read. No torch."""

from __future__ import annotations

import math
import zipfile
from typing import BinaryIO

import numpy as np

_DENSEST = 16  # times its size that a file may hold: arrays are stored as they are, and honest numbers compress little
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_sizes(file: BinaryIO) -> None:
    """Make sure that an npz file holds what it says, and not so much more than its own size that it would fill memory.

    Args:
        file: it, at any place; afterwards at its start.

    Raises:
        ValueError: an array is larger or smaller than its header says, or all together are too large.
        zipfile.BadZipFile: it is none; and what else a damaged file ends in (:data:`ear_engine.array_files.DAMAGED`).
    """
    size = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > _DENSEST * size:
            raise ValueError(f"a file of {size} bytes that holds more than {_DENSEST} times as many")
        for part in parts:
            with archive.open(part) as array:
                shape, _, dtype = _READERS[np.lib.format.read_magic(array)](array)
                header = array.tell()
            if header + math.prod(shape) * dtype.itemsize != part.file_size:
                raise ValueError(f"{part.filename} is not as large as its shape {shape}")
    file.seek(0)
