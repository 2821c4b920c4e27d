"""What reading a damaged file of arrays (npz) can end in: numpy and what lies below it have no error of their own."""

from __future__ import annotations

import tokenize
import zipfile
import zlib

DAMAGED: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    SyntaxError,
    MemoryError,  # a shape that is larger than memory
    RuntimeError,  # a compression or encryption that is not known, too
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Seen with bytes changed at random; ``OSError`` is left out, since it says that the file cannot be read at all."""
