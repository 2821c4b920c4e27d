"""What hands do in the window, in order: keys become deeds, gestures move the picture or choose neurons."""

from __future__ import annotations

import time
from collections.abc import Callable

from ear_engine.viewer.deeds import Deeds
from ear_engine.viewer.events import Button, Event, Key, Moved, Text, Wheel
from ear_engine.viewer.finder import ScreenFinder
from ear_engine.viewer.gestures import Fit, Gestures, Hover, Pan, Turn, Zoom
from ear_engine.viewer.keys import action_of
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.pointing import Pointing
from ear_engine.viewer.stage import Stage
from ear_engine.viewer.touch import Touch
from ear_engine.viewer.window import Window


class Hands:
    """Follows them.

    Args:
        window: where they are.
        panel: gets all of it, and may want it for itself.
        covered: whether the panel is seen at a place of the window.
        deeds: what keys do.
        gestures: what the pointer does becomes actions.
        pointing: knows where the pointer is over the map.
        stage: is moved.
        touch: chooses neurons.
        finder: finds them.
    """

    def __init__(
        self,
        window: Window,
        panel: Panel,
        covered: Callable[[float, float], bool],
        *,
        deeds: Deeds,
        gestures: Gestures,
        pointing: Pointing,
        stage: Stage,
        touch: Touch,
        finder: ScreenFinder,
    ) -> None:
        self._window, self._panel, self._covered = window, panel, covered
        self._deeds, self._gestures, self._pointing = deeds, gestures, pointing
        self._stage, self._touch, self._finder = stage, touch, finder

    def follow(self, wait: float) -> None:
        """Do what has happened since the last call; waits so many seconds for something to happen."""
        for event in self._window.events(wait):
            self._take(event, time.perf_counter())
        self._touch.turn()

    def _take(self, event: Event, at: float) -> None:
        self._panel.take(event)
        if isinstance(event, Moved | Button | Wheel):
            self._point(event, at)
        elif isinstance(event, Key) and not self._panel.wants_keys:
            self._deeds.do(action_of(event), at)
        elif isinstance(event, Text) and event.code == ord("?") and not self._panel.wants_keys:
            self._deeds.do("help", at)

    def _point(self, event: Moved | Button | Wheel, at: float) -> None:
        self._pointing.moves(at)
        covered = self._covered(event.x, event.y)
        if covered and not self._gestures.busy:
            self._pointing.place = None
            return
        mapped = self._pointing.find()
        for action in self._gestures.take(event, at):
            if isinstance(action, Hover):
                self._pointing.place = (action.x, action.y)
            elif isinstance(action, Pan | Zoom | Turn | Fit):
                self._stage.handle(action, at)
            elif mapped:
                self._touch.take(action, self._finder, at)
        if isinstance(event, Moved):
            self._pointing.place = (event.x, event.y)
