"""Which neurons fire around a phase of a loop: numbers on the graphics card, so that only those are drawn.

Half of all neurons do not fire at any one phase. Who fires in neither of the two rows around a phase does not fire
between them either, so a list holds until the phase comes to another row. Where not everything is drawn in every frame,
the list is parted: first those that are bright, soon will be, or are of the target, then the dim ones.
"""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer.loop_light import PreparedLoop


class FiringList:
    """The list of one map.

    Args:
        context: of GL.
        neurons: how many there are.
    """

    def __init__(self, context: moderngl.Context, neurons: int) -> None:
        self.buffer = context.buffer(reserve=max(4 * neurons, 4), dynamic=True)
        """Of uint32."""
        self.bright = self.count = 0
        """How many of the list are bright, and how many it has; bright ones come first if it is parted."""
        self._numbers = np.arange(neurons, dtype=np.uint32)
        self._rows = np.empty(neurons, np.uint8)
        self._fires, self._other = (np.empty(neurons, bool) for _ in range(2))
        self._has: tuple[tuple[PreparedLoop, int], ...] = ()  # whole: loops, and the first of two rows of each
        self._parted: tuple[PreparedLoop, int, int] | None = None  # in parts: a loop, the first row, how many rows

    def forget(self, loop: PreparedLoop) -> None:
        """Let go of a loop that is not drawn any more."""
        if any(listed is loop for listed, _ in self._has):
            self._has = ()
        if self._parted is not None and self._parted[0] is loop:
            self._parted = None

    def whole(self, loops: list[PreparedLoop], phase: float) -> None:
        """List all that fire in any of the loops, by number."""
        has = tuple((loop, loop.frame(phase)[0]) for loop in loops)
        if has == self._has:
            return
        self._fires[:] = False
        for loop in loops:
            np.greater(self._most(loop, phase, 2), loop.thresholds.fires, out=self._other)
            self._fires |= self._other
        self._has, self._parted, self.bright = has, None, 0
        self._write(self._numbers[self._fires])

    def parted(self, loop: PreparedLoop, phase: float, always: NDArray[np.bool_], rows: int) -> None:
        """List those that fire in any of some rows: first those that are bright in one, or are always to be among
        these, then the others; each by number.

        Args:
            loop: that sounds.
            phase: 0..1, in the first of the rows.
            always: (neurons,), who is never among the others.
            rows: how many.
        """
        most, shines = self._most(loop, phase, rows), self._other
        np.greater(most, loop.thresholds.fires, out=self._fires)
        np.greater(most, loop.thresholds.shines, out=shines)
        shines |= always
        shines &= self._fires
        self._fires ^= shines
        bright, dim = self._numbers[shines], self._numbers[self._fires]
        self._has, self._parted = (), (loop, loop.frame(phase)[0], rows)
        self._write(bright, dim)
        self.bright = len(bright)

    def reaches(self, loop: PreparedLoop, phase: float) -> bool:
        """Whether both rows around a phase, 0..1, of a loop are among those that a list in two parts is of."""
        if self._parted is None or self._parted[0] is not loop:
            return False
        _, first, rows = self._parted
        return (loop.frame(phase)[0] - first) % loop.frames + 2 <= rows

    def release(self) -> None:
        """Give the buffer back."""
        self.buffer.release()

    def _write(self, *parts: NDArray[np.uint32]) -> None:
        self.buffer.orphan()
        self.count = 0
        for part in parts:
            if len(part):
                self.buffer.write(part, 4 * self.count)
            self.count += len(part)

    def _most(self, loop: PreparedLoop, phase: float, rows: int) -> NDArray[np.uint8]:
        """The greatest rank of each neuron in the rows from a phase on, (neurons,), until the next call."""
        first, neurons = loop.frame(phase)[0], len(self._rows)
        self._rows[:] = loop.ranks[first, :neurons]
        for row in range(first + 1, first + rows):
            np.maximum(self._rows, loop.ranks[row % loop.frames, :neurons], out=self._rows)
        return self._rows
