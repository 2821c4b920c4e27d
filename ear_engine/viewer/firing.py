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

POWER, STEADY = 2.4, 0.3
"""Of how bright a rank is; what of it shows at a neuron's least."""
NOTHING = 0.004
"""What fires less, 0..1, is quiet."""
LEAST_RANGE = 20.0
"""Ranks, 0..255, that a neuron's range in a loop is taken for if it is narrower."""
BRIGHT = 0.6
"""What fires as much, 0..1, is bright."""


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
        self._fires, self._shines, self._other = (np.empty(neurons, bool) for _ in range(3))
        self._has: object = None

    def forget(self) -> None:
        """Make the next list anew."""
        self._has = None

    def whole(self, loops: list[tuple[PreparedLoop, Thresholds]], phase: float) -> None:
        """List all that fire in any of the loops, by number."""
        has = tuple((loop, loop.frame(phase)[0]) for loop, _ in loops)
        if has == self._has:
            return
        self._fires[:] = False
        for loop, thresholds in loops:
            self._either(loop, phase, 2, thresholds.fires, self._other)
            self._fires |= self._other
        self._has, self.bright = has, 0
        self._write(self._numbers[self._fires])

    def parted(
        self, loop: PreparedLoop, thresholds: Thresholds, phase: float, always: NDArray[np.bool_], rows: int
    ) -> None:
        """List those that fire in any of some rows: first those that are bright in one, or are always to be among
        these, then the others; each by number.

        Args:
            loop: that sounds.
            thresholds: of it.
            phase: 0..1, in the first of the rows.
            always: (neurons,), who is never among the others.
            rows: how many.
        """
        self._either(loop, phase, rows, thresholds.fires, self._fires)
        self._either(loop, phase, rows, thresholds.shines, self._shines)
        self._shines |= always
        self._shines &= self._fires
        self._fires ^= self._shines
        bright, dim = self._numbers[self._shines], self._numbers[self._fires]
        self._has = None
        self._write(bright, dim)
        self.bright = len(bright)

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

    def _either(
        self, loop: PreparedLoop, phase: float, rows: int, above: NDArray[np.uint8], out: NDArray[np.bool_]
    ) -> None:
        """Who has a rank above some in one of the rows from a phase on."""
        first, neurons = loop.frame(phase)[0], len(self._rows)
        self._rows[:] = loop.ranks[first, :neurons]
        for row in range(first + 1, first + rows):
            np.maximum(self._rows, loop.ranks[row % loop.frames, :neurons], out=self._rows)
        np.greater(self._rows, above, out=out)


class Thresholds:
    """Ranks above which the neurons of a loop fire (``fires``) and are bright (``shines``), (neurons,) uint8.

    Args:
        loop: whose neurons.
    """

    def __init__(self, loop: PreparedLoop) -> None:
        self.fires, self.shines = _above(loop, NOTHING), _above(loop, BRIGHT)


def _above(loop: PreparedLoop, light: float) -> NDArray[np.uint8]:
    """The greatest whole rank of each neuron with which it is darker than that; 255 if it never is as bright.

    Light is (rank / 255 (s + (1 - s) (rank - least) / range)) ** power, and goes up with the rank.
    """
    least, most = loop.extremes[:, : loop.neurons].astype(np.float64)
    slope = (1.0 - STEADY) / np.maximum(most - least, LEAST_RANGE)
    level = STEADY - slope * least  # rank (level + slope rank) is to be:
    goal = 255.0 * light ** (1.0 / POWER)
    rank = (np.sqrt(level * level + 4.0 * slope * goal) - level) / (2.0 * slope)
    return np.asarray(np.clip(np.ceil(rank - 0.01) - 1.0, 0.0, 255.0), np.uint8)
