"""When the next frame is due: in step with the screen, and never with more of the processor than is ours."""

from __future__ import annotations

FRAMES = 60.0  # a second
_FORGET = 0.15  # share of what a new frame tells
_IDLE = 0.25  # seconds between looks while there is nothing to draw


class Pacer:
    """Plans frames.

    Args:
        software: the processor draws; it is then shared with those who make the sound.
        cores: of the processor that we may use.
    """

    def __init__(self, software: bool, cores: int) -> None:
        self._software = software
        self._cores = cores
        self._begun = -1.0
        self._cpu = 0.0
        self._used = 0.0  # processor seconds a frame
        self._period = 1.0 / FRAMES
        self.frames = 0.0
        """Frames a second, lately."""
        self.frame_ms = 0.0
        """Milliseconds that drawing one takes, lately."""

    @property
    def used(self) -> float:
        """Processor seconds that a frame takes, lately, all threads together."""
        return self._used

    @property
    def effort_ms(self) -> float:
        """Milliseconds that a frame takes us, lately; where the processor draws, what it would take with nobody else
        there: while others need it there are fewer frames, not poorer ones."""
        return 1000.0 * self._used / self._cores if self._software else self.frame_ms

    def begin(self, at: float, cpu: float) -> None:
        """A frame begins.

        Args:
            at: seconds.
            cpu: seconds of the processor that this process has used so far.
        """
        if self._begun >= 0.0:
            took = max(at - self._begun, 1e-6)
            self.frames += _FORGET * (1.0 / took - self.frames)
            self._used += _FORGET * (max(cpu - self._cpu, 0.0) - self._used)
        self._begun, self._cpu = at, cpu

    def rest(self, at: float, share: float, hidden: bool = False) -> float:
        """Seconds until the next frame shall begin; 0 is at once.

        Args:
            at: when drawing had ended.
            share: 0..1 of the processor that drawing may take, where the processor draws.
            hidden: nothing of it is seen.
        """
        if hidden:
            return _IDLE
        self.frame_ms += _FORGET * (1000.0 * (at - self._begun) - self.frame_ms)
        period = self._period
        if self._software:
            period = max(period, self._used / (share * self._cores))
        return max(0.0, self._begun + period - at)
