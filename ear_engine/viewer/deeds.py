"""What keys make the viewer do, one method each, by the names in :mod:`ear_engine.viewer.keys`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ear_engine.viewer.gestures import TOOLS
from ear_engine.viewer.palettes import PALETTES
from ear_engine.viewer.screenshots import free_path

if TYPE_CHECKING:
    from ear_engine.viewer.app import App

_BRUSH = 1.25
_BRUSHES = 6.0, 240.0  # units of the window


class Deeds:
    """Does things to a viewer.

    Args:
        app: the viewer.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    def do(self, action: str, at: float) -> None:
        """Do what is called ``action``; nothing if it is empty.

        Args:
            action: a name of a binding.
            at: seconds.
        """
        if action in TOOLS:
            self._cancel(at)
            self._app.gestures.tool = next(tool for tool in TOOLS if tool == action)
            self._app.tell(f"left drag: {action}")
        elif action:
            method = getattr(self, f"_{action}")
            method(at)

    def _help(self, at: float) -> None:
        self._app.help = not self._app.help

    def _console(self, at: float) -> None:
        self._app.console_shown = not self._app.console_shown
        self._app.window.show_pointer(True)

    def _fit(self, at: float) -> None:
        self._app.stage.fit(at)

    def _fly_target(self, at: float) -> None:
        app = self._app
        weights = app.touch.weights if app.touch.count else app.asker.answered.weights
        picture = app.stage.picture
        if picture is not None and weights is not None and len(weights) == len(picture.index):
            app.stage.fly(picture.positions[np.asarray(weights) > 0.0], at)
        else:
            app.tell("nobody knows where that target is")

    def _fly_layer(self, at: float) -> None:
        picture, name = self._app.stage.picture, self._value("target/layer")
        layers = {layer.name: layer for layer in picture.index.layers} if picture is not None else {}
        if picture is not None and name in layers:
            self._app.stage.fly(picture.positions[layers[name].span], at)

    def _next_layer(self, at: float) -> None:
        self._step_layer(1)

    def _previous_layer(self, at: float) -> None:
        self._step_layer(-1)

    def _smaller(self, at: float) -> None:
        self._resize_brush(1.0 / _BRUSH)

    def _larger(self, at: float) -> None:
        self._resize_brush(_BRUSH)

    def _palette(self, at: float) -> None:
        self._step_palette(1)

    def _palette_back(self, at: float) -> None:
        self._step_palette(-1)

    def _links(self, at: float) -> None:
        self._app.change("view/links", 0.0 if float(self._value("view/links")) > 0.0 else 1.0)

    def _fullscreen(self, at: float) -> None:
        self._app.window.set_fullscreen(not self._app.window.fullscreen)

    def _monitor(self, at: float) -> None:
        self._app.tell(self._app.window.next_monitor())

    def _blackout(self, at: float) -> None:
        self._app.change("view/blackout", not self._value("view/blackout"))

    def _screenshot(self, at: float) -> None:
        self._app.shots.wanted = free_path(Path.cwd(), time.strftime("ear-engine-%Y%m%d-%H%M%S"))

    def _frames(self, at: float) -> None:
        self._app.frames_shown = not self._app.frames_shown

    def _escape(self, at: float) -> None:
        app = self._app
        if app.gestures.busy:
            self._cancel(at)
        elif app.help:
            app.help = False
        elif app.auditioning(at):
            app.client.stop_audition()
        elif app.window.fullscreen:
            app.window.set_fullscreen(False)

    def _audition(self, at: float) -> None:
        app = self._app
        if not app.client.snapshot().connected:
            app.tell("there is no engine that could play an excerpt")
        elif app.hovered >= 0:
            app.client.audition(app.hovered)
        elif app.auditioning(at):
            app.client.stop_audition()
        else:
            app.tell("point at a neuron to hear what excites it")

    def _cancel(self, at: float) -> None:
        for action in self._app.gestures.cancel():
            self._app.touch.take(action, self._app.finder, at)

    def _quit(self, at: float) -> None:
        self._app.shots.ending = True

    def _value(self, name: str) -> str:
        return self._app.client.snapshot().values[name]  # type: ignore[return-value]

    def _step_palette(self, by: int) -> None:
        names = [palette.name for palette in PALETTES]
        place = (names.index(self._value("view/palette")) + by) % len(names)
        self._app.change("view/palette", names[place])
        self._app.tell(f"{names[place]}: {PALETTES[place].about}")

    def _step_layer(self, by: int) -> None:
        names = [layer.name for layer in self._app.client.snapshot().layers]
        if names:
            now = self._value("target/layer")
            place = names.index(now) + by if now in names else 0
            self._app.change("target/layer", names[place % len(names)])

    def _resize_brush(self, by: float) -> None:
        gestures = self._app.gestures
        gestures.radius = min(max(gestures.radius * by, _BRUSHES[0]), _BRUSHES[1])
