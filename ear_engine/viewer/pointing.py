"""The pointer over the map: where it is, what is under it, and whether it rests while an audience looks."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.viewer.finder import ScreenFinder
from ear_engine.viewer.stage import Stage

_RESTS = 3.0  # seconds after which a pointer that rests is no part of a picture without console
_REACH = 14.0  # units, at the usual size of letters, that a pointer may miss a neuron by


class Pointing:
    """Follows the pointer.

    Args:
        stage: what is pointed at; it shows the neuron that is found.
        finder: of its neurons.
        show: shows the pointer or hides it.
    """

    def __init__(self, stage: Stage, finder: ScreenFinder, show: Callable[[bool], None]) -> None:
        self._stage, self._finder, self._show = stage, finder, show
        self._moved = -1e9
        self.place: tuple[float, float] | None = None
        """Where it is over the map, in units of the window; None if it is elsewhere."""
        self.resting = False
        """Whether it is not seen."""
        self.neuron = -1
        """That is shown to be under it; -1 if none is."""
        self.under = -1
        """That is under it, also while it rests; -1 if none is."""

    def moves(self, at: float) -> None:
        """It has moved, or pressed something, at ``at`` seconds."""
        self._moved = at

    def find(self) -> bool:
        """Make the finder know where neurons are now; return whether there are any."""
        if self._stage.picture is not None:
            self._finder.place(self._stage.picture.positions)
        return self._stage.picture is not None

    def look(self, at: float, *, scale: float, audience: bool, blackout: bool, busy: bool) -> None:
        """Find what it is over; while the audience looks, one that rests is not there.

        Args:
            at: seconds.
            scale: of letters.
            audience: whether the map is all that is seen.
            blackout: whether the picture is dark.
            busy: whether a button is held.
        """
        resting = audience and not busy and (blackout or at - self._moved > _RESTS)
        if resting != self.resting:
            self.resting = resting
            self._show(not resting)
        self.under = -1
        if self.place is not None and not busy and self.find():
            self.under = self._finder.nearest(*self.place, _REACH * scale)
        self.neuron = -1 if resting else self.under
        self._stage.scene.letters = scale
        self._stage.scene.hover(self.neuron if self.neuron >= 0 else None)
