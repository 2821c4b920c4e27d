"""Pictures that are asked for: by a key, as often as one likes, or by the command line, once and then it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.png import write_png
from ear_engine.viewer.screenshots import Screenshots

_STEADY = 1.0  # seconds of light before a picture is taken by itself


class Shots:
    """Takes them.

    Args:
        options: say whether one is wanted by itself, where it goes, and when.
        say: told what a terminal should say.
        tell: told what is shown for a while.
    """

    def __init__(self, options: ViewOptions, say: Callable[[str], None], tell: Callable[[str], None]) -> None:
        self._options, self._say, self._tell = options, say, tell
        self._screenshots = Screenshots()
        self._lit: float | None = None
        self.wanted: Path | None = None
        """Where the next frame is to be written."""
        self.ending = False
        """Whether the viewer shall end, after the picture that is wanted."""

    def over(self, since: float) -> bool:
        """Whether it is time to end, ``since`` seconds after the beginning; the last picture is taken before."""
        options = self._options
        if options.seconds is not None and since >= options.seconds and self.wanted is None:
            if options.screenshot is None or self.ending:
                return True
            self.wanted = options.screenshot
            return False
        return self.ending and self.wanted is None

    def unseen(self) -> None:
        """Nothing is drawn: of that there is no last picture."""
        if self.ending:
            self.wanted = None

    def shoot(self, read: Callable[[], NDArray[np.uint8]], playing: bool, at: float) -> None:
        """Take what is wanted of the frame that has just been drawn.

        Args:
            read: the frame, (height, width, 3).
            playing: whether the ear is heard in it.
            at: seconds.

        Raises:
            UserError: the picture that the command line asks for cannot be written.
        """
        options = self._options
        if options.screenshot is not None and options.seconds is None and self.wanted is None:
            self._lit = at if playing and self._lit is None else self._lit
            if self._lit is not None and at - self._lit > _STEADY:
                self.wanted = options.screenshot
        if self.wanted is None:
            return
        path, self.wanted = self.wanted, None
        self.ending = self.ending or path == options.screenshot
        if self.ending:
            write_png(path, read())
            self._say(f"wrote {path}")
        elif problem := self._screenshots.save(path, read()):
            self._tell(problem)

    def tell_written(self, wait: bool = False) -> None:
        """Tell which have been written since the last call."""
        for path, error in self._screenshots.done(wait):
            if error is None:
                self._say(f"wrote {path}")
            self._tell(f"wrote {path}" if error is None else str(error))

    def close(self) -> None:
        """Wait for those that are being written."""
        self.tell_written(wait=True)
        self._screenshots.close()
