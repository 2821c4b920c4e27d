"""Pictures become JPEG in a thread of their own: one at a time, the frame loop never waits."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import numpy as np
from PIL import Image

from ear_engine.viewer.sinks.base import Pixels


class Encoder:
    """Encodes the picture it is given.

    Args:
        done: told the bytes of each JPEG, by the encoder's thread.
    """

    def __init__(self, done: Callable[[bytes], None]) -> None:
        self._done = done
        self._array: Pixels = np.zeros((0, 0, 4), np.uint8)
        self._quality = 0
        self._change = threading.Condition()
        self._busy = self._closed = False
        self._thread = threading.Thread(target=self._run, name="jpeg", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether it could not begin with another one."""
        return self._busy

    def take(self, pixels: Pixels, quality: int) -> None:
        """Encode a copy of a picture; nothing happens while the one before is being encoded."""
        with self._change:
            if self._busy:
                return
            if self._array.shape != pixels.shape:
                self._array = np.empty(pixels.shape, np.uint8)
            np.copyto(self._array, pixels)
            self._quality, self._busy = quality, True
            self._change.notify()

    def close(self) -> None:
        """End."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join(2.0)

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._busy and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
            try:
                self._done(encode(self._array, self._quality))
            finally:
                self._busy = False


def encode(pixels: Pixels, quality: int) -> bytes:
    """The bytes of a JPEG.

    Args:
        pixels: contiguous.
        quality: 1..100.
    """
    height, width, _ = pixels.shape
    file = io.BytesIO()
    image = Image.frombuffer("RGB", (width, height), pixels.tobytes(), "raw", "RGBX", 0, 1)
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
