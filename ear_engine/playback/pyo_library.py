"""pyo, imported once, without its window toolkit and without what it and its drivers print."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any


def load_pyo() -> Any:
    """The pyo module (about 0.1 s the first time). JACK is never started by it, only joined."""
    os.environ["PYO_GUI_WX"] = "0"
    os.environ["JACK_NO_START_SERVER"] = "1"
    if "pyo" in sys.modules:
        return sys.modules["pyo"]
    with quiet():
        return importlib.import_module("pyo")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what native code prints (ALSA prints hundreds of lines about absent cards) to nowhere."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    kept: list[tuple[int, int]] = []
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            try:
                kept.append((number, os.dup(number)))
            except OSError:  # closed, as under a windowless parent
                continue
            os.dup2(nowhere, number)
        yield
    finally:
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)
