"""The stage: one scene and its camera, kept in step with what has been loaded, what sounds, and what is touched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import moderngl
import numpy as np
from numpy.typing import NDArray

from ear_engine.parameters import Value
from ear_engine.viewer.camera import Camera, View
from ear_engine.viewer.exposure import Exposure
from ear_engine.viewer.gestures import Fit, Pan, Turn, Zoom
from ear_engine.viewer.loader import Loaded, ReadyLoop
from ear_engine.viewer.model import Heard, MapPicture
from ear_engine.viewer.palettes import find_palette
from ear_engine.viewer.quality import Detail, Governor
from ear_engine.viewer.scene import Scene

_FADE = 0.12  # seconds from one loop's light to the next one's
_SLOW = 24.0  # milliseconds a frame
_DARKENS = 0.12  # seconds, a third of what a blackout takes

Margins = tuple[float, float, float]


class Stage:
    """What is shown behind everything.

    Args:
        context: of GL.
        size: of the window, in its units.
        pixels: of its framebuffer.
        software: the processor draws; frames may then take longer before anything is left out.
    """

    def __init__(
        self, context: moderngl.Context, size: tuple[int, int], pixels: tuple[int, int], software: bool = False
    ) -> None:
        self._context = context
        self.camera = Camera(*size)
        self.scene = Scene(context, pixels)
        self.governor = Governor(_SLOW) if software else Governor()
        self.picture: MapPicture | None = None
        self.playing: ReadyLoop | None = None
        self.fitted = True
        """Whether the whole map is being shown, also after the window has changed."""
        self._margins: Margins = (0.0, 0.0, 0.0)
        self._focus: NDArray[np.float32] | None = None
        self._phase = 0.0
        self._drawn = -1.0
        self._screen = context.detect_framebuffer(0)
        self.resize(size, pixels, (0.0, 0.0, 0.0))

    @property
    def context(self) -> moderngl.Context:
        """Of GL."""
        return self._context

    def resize(self, size: tuple[int, int], pixels: tuple[int, int], margins: Margins) -> None:
        """Another window, or other parts of it that are covered: left, right and below, in units of the window."""
        ratio = pixels[0] / size[0] if size[0] and pixels[0] else 1.0
        same = (self.camera.width, self.camera.height, self.camera.pixel_ratio) == (*size, ratio)
        if same and margins == self._margins:
            return
        if not same:
            self.camera.resize(*size, ratio)
            self.scene.resize(pixels)
            self._screen = self._context.detect_framebuffer(0)
            self._screen.viewport = (0, 0, *pixels)
        self._margins = margins
        if self.fitted:
            self.camera.view = self.framed(None)

    def framed(self, places: NDArray[np.floating] | None) -> View:
        """The view that has all of these places (None: of the whole map) in the part that is not covered."""
        if places is None:
            places = self.picture.positions if self.picture is not None else np.zeros((0, 2))
        camera, (left, right, below) = self.camera, self._margins
        width, height = max(camera.width - left - right, 1.0), max(camera.height - below, 1.0)
        free = Camera(width, height)
        free.view = camera.view
        view = free.fitted(places)
        scale = view.zoom * min(width, height)
        x, y = (left - right) / 2.0 / scale, below / 2.0 / scale
        cosine, sine = math.cos(view.rotation), math.sin(view.rotation)
        center = (view.center[0] - cosine * x - sine * y, view.center[1] - cosine * y + sine * x)
        return replace(view, center=center, zoom=scale / min(camera.width, camera.height))

    def fit(self, now: float, rotation: float | None = 0.0) -> None:
        """Fly to the whole map; upright, unless ``rotation`` is None."""
        if rotation is not None:
            turned = Camera(self.camera.width, self.camera.height)
            turned.view = replace(self.camera.view, rotation=rotation)
            here = self.camera.view
            self.camera.view = turned.view
            goal = self.framed(None)
            self.camera.view = here
        else:
            goal = self.framed(None)
        self.camera.fly_to(goal, now)
        self.fitted = True

    def handle(self, action: Pan | Zoom | Turn | Fit, now: float) -> None:
        """Look elsewhere, as a hand wants it."""
        if isinstance(action, Fit):
            self.fit(now)
            return
        if isinstance(action, Pan):
            self.camera.pan(action.right, action.down)
        elif isinstance(action, Zoom):
            self.camera.zoom_at((action.x, action.y), action.factor)
        else:
            self.camera.rotate(action.angle)
        self.fitted = False

    def fly(self, places: NDArray[np.floating], now: float) -> None:
        """Fly to these places, with some room around them."""
        if len(places):
            view = self.framed(places)
            self.camera.fly_to(replace(view, zoom=min(0.75 * view.zoom, 40.0)), now)
            self.fitted = False

    def update(self, loaded: Loaded, heard: Heard | None, focus: NDArray[np.float32] | None, now: float) -> bool:
        """Take what is new; return whether the map is another one."""
        another = False
        picture = loaded.picture
        if picture is not None and picture is not self.picture:
            before = self.picture
            self.picture = picture
            if before is not None and before.id == picture.id and len(before.index) == len(picture.index):
                self.scene.move(picture.positions, now)
            else:
                self.scene.show_map(picture)
                self.playing = self._focus = None
                another = True
                if self.fitted:
                    self.camera.view = self.framed(None)
        if self.picture is None or picture is None:
            return another
        if heard is not None:
            self._phase = heard.phase
            ready = (loaded.loops or {}).get(heard.loop)
            if ready is not None and ready is not self.playing:
                self.scene.play(ready.light, now, _FADE if self.playing is not None else 0.0)
                self.playing = ready
        if focus is not self._focus and (focus is None or len(focus) == len(self.picture.index)):
            self.scene.focus(focus)
            self._focus = focus
        return another

    def draw(self, values: Mapping[str, Value], now: float) -> None:
        """Draw a frame to the window, as ``view/…`` says."""
        self.advance(values, now)
        self.scene.draw(self._screen, self.camera, self._phase, now)
        self._screen.use()

    def advance(self, values: Mapping[str, Value], now: float) -> None:
        """Colors, light and camera become what ``view/…`` and time say; nothing is drawn."""
        palette = str(values["view/palette"])
        if palette != self.scene.palette.name:
            self.scene.palette = find_palette(palette)
        detail = self.governor.detail
        links = detail.links * float(values["view/links"])
        self.scene.detail = Detail(links, detail.glow and bool(values["view/glow"]))
        goal = 0.0 if values["view/blackout"] else float(values["view/light"])
        passed = now - self._drawn if self._drawn >= 0.0 else 1.0
        self._drawn = now
        self.scene.level += (goal - self.scene.level) * (1.0 - math.exp(-passed / _DARKENS))
        if abs(self.scene.level - goal) < 0.002:
            self.scene.level = goal
        self.camera.advance(now)

    def draw_to(self, target: moderngl.Framebuffer, surfaces: Exposure) -> None:
        """Draw the same elsewhere, as large as it fits: what is seen in the part of the window that is not covered.

        Args:
            target: where to.
            surfaces: of its size.
        """
        self.scene.draw(target, self.elsewhere(surfaces.size), self._phase, self._drawn, surfaces)
        self._screen.use()

    def elsewhere(self, size: tuple[int, int]) -> Camera:
        """A camera for a picture of another size that sees what is seen in the part that is not covered."""
        camera, (left, right, below) = self.camera, self._margins
        width, height = max(camera.width - left - right, 1.0), max(camera.height - below, 1.0)
        x, y = camera.to_world((left + width / 2.0, height / 2.0))
        scale = camera.scale * min(size[0] / width, size[1] / height)
        found = Camera(*size)
        found.view = replace(camera.view, center=(float(x), float(y)), zoom=scale / min(size))
        return found

    @property
    def focus(self) -> NDArray[np.float32] | None:
        """What shines as the target, as it was given."""
        return self._focus

    def read(self) -> NDArray[np.uint8]:
        """What the window shows, (height, width, 3), the top row first; before it is swapped."""
        width, height = self._screen.viewport[2:]
        data = self._screen.read((0, 0, width, height), components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1]

    def release(self) -> None:
        """Give everything back to GL."""
        self.scene.release()
