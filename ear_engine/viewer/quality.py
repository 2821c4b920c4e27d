"""How much is drawn, so that frames come in time: a step less while they are late, a step more while there is room."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """What may be left out.

    Args:
        links: share of the curves that is drawn.
        glow: whether bright points have a halo.
    """

    links: float = 1.0
    glow: bool = True


DETAILS = (Detail(), Detail(0.6), Detail(0.35), Detail(0.35, False), Detail(0.0, False))
"""From everything to what makes out the picture."""
_FRAMES = 30  # over which frames are judged
_ROOM = 0.6  # of the time: below it there is more
_PATIENCE = 10  # judgments in a row that there is room, before there is more


class Governor:
    """Chooses a detail by how long frames take.

    Args:
        milliseconds: that a frame may take.
    """

    def __init__(self, milliseconds: float = 16.0) -> None:
        self._allowed = milliseconds
        self._step = self._frames = self._roomy = 0
        self._sum = 0.0

    @property
    def detail(self) -> Detail:
        """What to draw."""
        return DETAILS[self._step]

    def took(self, milliseconds: float) -> None:
        """Tell of a frame; its time until GL was done."""
        self._sum += milliseconds
        self._frames += 1
        if self._frames < _FRAMES:
            return
        mean = self._sum / self._frames
        self._sum, self._frames = 0.0, 0
        self._roomy = self._roomy + 1 if mean < _ROOM * self._allowed else 0
        if mean > self._allowed and self._step < len(DETAILS) - 1:
            self._step += 1
        elif self._roomy >= _PATIENCE and self._step:
            self._step -= 1
            self._roomy = 0
