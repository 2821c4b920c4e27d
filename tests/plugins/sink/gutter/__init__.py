"""A whole sink: how bright each picture is, line after line into a file. After so many it breaks, if it is told to."""

from __future__ import annotations

from pathlib import Path


class Gutter:
    """``gutter:FILE`` or ``gutter:FILE:N``, which breaks at the N-th picture."""

    reads = False

    def __init__(self, argument):
        file, _, most = argument.partition(":")
        self.file, self.most, self.count = Path(file), int(most or 1 << 30), 0

    def open(self, context, width, height, name):
        """The file begins with what it is of."""
        self.file.write_text(f"{name} {width} {height}\n")
        return str(self.file)

    def wants(self):
        """Always."""
        return True

    def send(self, frame):
        """One line."""
        self.count += 1
        if self.count == self.most:
            raise RuntimeError("the gutter is full")
        with self.file.open("a") as file:
            file.write(f"{frame.texture.glo} {frame.texture.size} {frame.pixels.shape} {frame.pixels.max()}\n")

    def close(self):
        """The file ends with a word."""
        with self.file.open("a") as file:
            file.write("closed\n")
