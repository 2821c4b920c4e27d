"""The picture: a map, what fires on it at a phase of a loop, its links, the target, the neuron under the cursor.

A frame is the same for the same map, loop, camera, phase and time, so films are repeatable, unless light is allowed to
lag (:attr:`Scene.alternates`). Between two frames only uniforms and a row of a few hundred numbers change, and once a
frame of the loop the numbers of the neurons that fire.
"""

from __future__ import annotations

import math

import moderngl
import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer import shaders
from ear_engine.viewer.camera import Camera
from ear_engine.viewer.exposure import GLOW_REACH, Due, Exposure
from ear_engine.viewer.gathering import Moment, gather
from ear_engine.viewer.links import LinkCurves
from ear_engine.viewer.lit import WHOLE, Boxes, LitPlaces
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.model import LoopLights, MapPicture
from ear_engine.viewer.palettes import PALETTES, Palette
from ear_engine.viewer.points import NeuronPoints
from ear_engine.viewer.quality import Detail
from ear_engine.viewer.uniforms import set_uniform

_LINE = 5.0  # pixels that the light of a link reaches
_SETTLED = 1.0  # seconds after which a map that moved stands still
_SIZES = 4  # of framebuffers that the same scene is drawn to, in turns
_RING = 21.0  # diameter around the neuron under the cursor, in the screen's units


class Scene:
    """What is drawn into any framebuffer of one GL context; used by the thread that has it.

    Args:
        context: GL 3.3 or later.
        size: width and height of the framebuffer, pixels; 0 draws nothing.
        palette: its colors.
    """

    def __init__(self, context: moderngl.Context, size: tuple[int, int], palette: Palette = PALETTES[0]) -> None:
        self._context, self._palette = context, palette
        self.detail = Detail()
        self.level = 1.0  # of all light, for a blackout that fades
        self.alternates = False
        """Whether work is saved as :func:`gather` does, for live drawing where the processor draws; films, and all that
        has to be the same again, have all light in every frame."""
        self._exposure: Exposure | None = None
        self._points: NeuronPoints | None = None
        self._links: LinkCurves | None = None
        self._picture: MapPicture | None = None
        self._loop: PreparedLoop | None = None
        self._before: PreparedLoop | None = None
        self._fade = (0.0, 0.0)  # when it began, seconds it takes
        self._hovered: int | None = None
        self.letters = 1.0  # how much larger than usual what belongs to letters is, beyond pixels a unit
        self._positions = np.zeros((0, 2), np.float32)
        self._activity_before = np.zeros(0, np.float32)
        self._places: LitPlaces | None = None
        self._moved = -math.inf
        self._seen: dict[tuple[object, ...], Boxes] = {}
        self._ring = context.program(shaders.RING, shaders.RING_PIXEL)
        self._ring_array = context.vertex_array(self._ring, [])
        self.resize(size)

    @property
    def palette(self) -> Palette:
        """Its colors; another one holds from the next frame on."""
        return self._palette

    @palette.setter
    def palette(self, palette: Palette) -> None:
        self._palette = palette
        for part in (self._points, self._links):
            if part is not None:
                part.paint(palette)

    def resize(self, size: tuple[int, int]) -> None:
        """Another size of the framebuffer, pixels."""
        if self._exposure is not None:
            if self._exposure.size == size:
                return
            self._exposure.release()
        self._exposure = Exposure(self._context, size) if min(size) > 0 else None

    def show_map(self, picture: MapPicture) -> None:
        """Another map; loop, target and cursor of the one before are gone."""
        self._release_map()
        self._picture = picture
        self._positions = np.array(picture.positions[:, :2], np.float32)
        self._forget_places()
        self._points = NeuronPoints(self._context, picture, self._palette)
        self._links = LinkCurves(self._context, picture, self._palette)
        self._loop = self._before = self._hovered = None
        self._activity_before = np.zeros_like(self._links.activity)

    def move(self, positions: NDArray[np.float32], now: float) -> None:
        """Where the neurons of a moving map are now, (neurons, 2 or 3); they go there until the next set is due.

        Raises:
            ValueError: there is no map, or they are not as many.
        """
        if self._points is None or self._links is None:
            raise ValueError("there is no map to move")
        self._points.move(positions[:, :2], now)
        self._positions = np.array(positions[:, :2], np.float32)
        self._forget_places()
        self._moved = now
        self._links.move(self._positions, now)

    def play(self, lights: LoopLights | PreparedLoop, now: float = 0.0, fade: float = 0.0) -> None:
        """The loop that is heard from here on.

        Args:
            lights: it; prepared (by any thread) it costs an upload, else tens of milliseconds.
            now: seconds, of the clock that :meth:`draw` goes by.
            fade: seconds from the light of the loop before to this one's.

        Raises:
            ValueError: there is no map, or it has another number of neurons.
        """
        if self._picture is None or self._points is None:
            raise ValueError("there is no map to light")
        loop = lights if isinstance(lights, PreparedLoop) else PreparedLoop.of(self._picture.index, lights)
        if loop.neurons != len(self._picture.index):
            raise ValueError(f"a loop of {loop.neurons} neurons is not of {len(self._picture.index)}")
        self._points.play(loop)
        self._before, self._loop = self._loop, loop
        self._fade = now, fade

    def focus(self, weights: NDArray[np.floating] | None) -> None:
        """The target: (neurons,), 0..1; None if there is none.

        Raises:
            ValueError: they are not as many as neurons.
        """
        if self._points is not None:
            self._points.focus(weights)

    def hover(self, neuron: int | None) -> None:
        """The neuron under the cursor, if there is one."""
        self._hovered = neuron if neuron is not None and 0 <= neuron < len(self._positions) else None

    def draw(
        self,
        target: moderngl.Framebuffer,
        camera: Camera,
        phase: float,
        now: float = 0.0,
        surfaces: Exposure | None = None,
    ) -> None:
        """Draw a frame.

        Args:
            target: a framebuffer of the scene's size.
            camera: what is seen.
            phase: 0..1 in the loop that is heard.
            now: seconds, by which fades and moving maps go.
            surfaces: of the target, if that has another size; there is no cursor on it.
        """
        exposure = self._exposure if surfaces is None else surfaces
        if exposure is None:
            return
        context, world = self._context, np.ascontiguousarray(camera.matrix().T).tobytes()
        context.disable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        context.enable(moderngl.BLEND | moderngl.PROGRAM_POINT_SIZE)
        context.blend_func = moderngl.ONE, moderngl.ONE
        began, lasts = self._fade
        fade = min(max((now - began) / lasts, 0.0), 1.0) if lasts > 0.0 else 1.0
        if fade == 1.0:
            self._before = None
        exposure.begin(self._boxes(camera, world, now))
        if self._points is not None and self._links is not None:
            self._points.places.advance(now)
            alternates = self.alternates and surfaces is None and fade == 1.0
            moment = Moment(world, camera.scale * camera.pixel_ratio, phase, fade, (self._loop, self.detail))
            due = gather(exposure, self._points, moment, alternates)
            if due is not Due.DIM:
                exposure.glow(self._palette.glow if self.detail.glow else 0.0)
                self._links.places.advance(now)
                self._carry(self._links, phase, fade)
                self._links.draw(world, self.detail.links)
        exposure.expose(target, self._palette, self.level, self.detail.glow or self.detail.links > 0.0)
        if self._hovered is not None and surfaces is None and self._points is not None:
            self._draw_ring(world, self._points.places.at(self._hovered), camera.pixel_ratio * self.letters)

    def _forget_places(self) -> None:
        self._places, self._moved = None, -math.inf
        self._seen.clear()

    def release(self) -> None:
        """Give everything back to GL."""
        self._release_map()
        if self._exposure is not None:
            self._exposure.release()
            self._exposure = None
        self._ring_array.release()
        self._ring.release()

    def _boxes(self, camera: Camera, world: bytes, now: float) -> Boxes:
        """What of the screen can have light; all of it while the map moves."""
        points, links = self._points, self._links
        if points is None or links is None or self._moved <= now < self._moved + _SETTLED:
            return WHOLE
        key = world, camera.pixel_ratio, camera.width, camera.height, self.detail.glow, self.detail.links > 0.0
        found = self._seen.get(key)
        if found is None:
            if self._places is None:
                self._places = LitPlaces(self._positions, links.curves)
            pixels = camera.pixel_ratio * camera.scale
            reach = points.reach(pixels) + (GLOW_REACH if self.detail.glow else 0.0)
            found = self._places.boxes(camera, reach, _LINE if self.detail.links > 0.0 else None)
            while len(self._seen) >= _SIZES:
                self._seen.pop(next(iter(self._seen)))
            self._seen[key] = found
        return found

    def _carry(self, links: LinkCurves, phase: float, fade: float) -> None:
        if self._loop is None:
            links.activity[:] = 0.0
            return
        self._loop.activity(phase, links.activity)
        if fade < 1.0 and self._before is not None:
            self._before.activity(phase, self._activity_before)
            self._activity_before -= links.activity
            self._activity_before *= 1.0 - fade
            links.activity += self._activity_before

    def _draw_ring(self, world: bytes, where: NDArray[np.float32], pixel_ratio: float) -> None:
        self._context.enable(moderngl.BLEND)
        self._context.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        set_uniform(self._ring, "world", world)
        set_uniform(self._ring, "where", (float(where[0]), float(where[1])))
        set_uniform(self._ring, "color", self._palette.focus)
        set_uniform(self._ring, "edge", self._palette.ground)
        set_uniform(self._ring, "size", _RING * pixel_ratio)
        set_uniform(self._ring, "unit", pixel_ratio)
        self._ring_array.render(moderngl.POINTS, 1)

    def _release_map(self) -> None:
        for part in (self._points, self._links):
            if part is not None:
                part.release()
        self._points = self._links = None
