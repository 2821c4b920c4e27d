"""What a sink must be able to do: it gets the picture, without the console, and gives it to other programs.

A plug-in of kind ``sinks`` is called with what follows its name and a colon in ``--output NAME:…`` (nothing if nothing
does), and returns a :class:`Sink`. All its methods are called by the thread that has the GL context, between two frames
of the window, so none may take long. A sink that raises anything is named once and left out; frames go on. One that
listens for other machines should be :class:`Guarded`, too.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import moderngl
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(height, width, 4), RGBA, the top row first; alpha is 255."""


@dataclass(eq=False)
class Frame:
    """One picture.

    Args:
        texture: it, RGBA with 8 bits each, the bottom row first; drawn over by the next frame.
        at: seconds for which it was drawn, :func:`time.perf_counter`.
        quality: 1..100, for sinks that compress.
        read: fetches the pixels.
    """

    texture: moderngl.Texture
    at: float
    quality: int
    read: Callable[[], Pixels] = field(repr=False)

    @cached_property
    def pixels(self) -> Pixels:
        """The same in memory, until :meth:`Sink.send` returns; waits for the GPU unless the sink :attr:`Sink.reads`."""
        return self.read()


class Sink(Protocol):
    """Gives pictures to other programs."""

    @property
    def reads(self) -> bool:
        """Whether it looks at pixels. Frames then come one frame of the window later, and have them."""

    def open(self, context: moderngl.Context, width: int, height: int, name: str) -> str:
        """Begin, or go on with pictures of another size.

        Args:
            context: of GL, which is current.
            width, height: of the pictures, pixels.
            name: of what is shown, for programs that list it.

        Returns:
            Where others find it, for people; may be empty.
        """

    def wants(self) -> bool:
        """Whether it takes a frame now. While no sink does, none is drawn."""

    def send(self, frame: Frame) -> None:
        """Take a frame."""

    def close(self) -> None:
        """End; also after a failure, and before :meth:`open`."""


@runtime_checkable
class Guarded(Protocol):
    """A sink that others come to."""

    def admit(self, allowed: Container[str]) -> None:
        """Say which machines may, by IP address; before the first :meth:`Sink.open`."""
