"""All neurons as soft points of light.

A whole loop of ranks lies in one buffer; each frame binds the two rows of it that are around the phase. So nothing is
uploaded from frame to frame, and neurons are read in order, which graphics cards and processors alike do fast.

A neuron is a quiet point that is always there, and light over it while it fires. While nothing moves, quiet points need
not be drawn again, and of the others only those are drawn that fire (:mod:`ear_engine.viewer.firing`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import moderngl
import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer.firing import FiringList
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.model import MapPicture
from ear_engine.viewer.moving import MovingPlaces
from ear_engine.viewer.palettes import Palette
from ear_engine.viewer.point_drawing import Part, PointDrawing
from ear_engine.viewer.thresholds import POWER, STEADY, Thresholds
from ear_engine.viewer.uniforms import location, set_uniform

_COVERED = 0.16  # share of the ground that quiet neurons would cover if they lay evenly
_LARGEST = 0.02  # diameter of a quiet neuron, of the map
_GROWTH = 1.1  # how much larger the brightest is
_FOCUS = 0.4  # how much larger one of the target is
_LEAST, _MOST = 1.8, 96.0  # pixels drawn of any
_DIMMEST, _GAIN = 0.08, 3.2
_DARKER = 0.55  # how much darker the rest is where something is the target
_CELLS = 72  # a side, in which neurons are counted
_GAINS = 0.35, 1.6  # of the densest and the loneliest places


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A loop on the graphics card."""

    loop: PreparedLoop
    ranks: moderngl.Buffer
    extremes: moderngl.Buffer

    def release(self) -> None:
        self.ranks.release()
        self.extremes.release()


class NeuronPoints:
    """The neurons of one map.

    Args:
        context: of GL.
        picture: the map.
        palette: their colors.
    """

    def __init__(self, context: moderngl.Context, picture: MapPicture, palette: Palette) -> None:
        self._context, self._index = context, picture.index
        self._count = len(picture.index)
        places = np.ascontiguousarray(picture.positions[:, :2], np.float32)
        self.places = MovingPlaces(context, places)
        self._density = density_gain(places)
        self._colors = context.buffer(reserve=4 * self._count)
        self._focus = context.buffer(reserve=self._count)
        self._aimed = np.zeros(self._count, bool)
        self._focused = False
        self.look = object()
        """Another one whenever quiet neurons look different, or are elsewhere."""
        self._loaded: list[_Loaded] = []  # the loop that sounds, and the one before while it fades
        still = [(self.places.now, "2f", "place"), (self.places.before, "2f", "before")]
        still += [(self._colors, "4f1", "color"), (self._focus, "1f1", "focus")]
        self._list, self._parted = (FiringList(context, self._count) for _ in range(2))
        numbers, parted = self._list.buffer, self._parted.buffer
        self._drawings = {
            (Part.QUIET, False): PointDrawing.of(context, still, "QUIET"),
            (Part.FIRING, False): PointDrawing.of(context, still, "FIRING", numbers=numbers),
            (Part.FIRING, True): PointDrawing.of(context, still, "FIRING", "FADE", numbers=numbers),
            (Part.BRIGHT, False): PointDrawing.of(context, still, "FIRING", numbers=parted),
            (Part.TOGETHER, False): PointDrawing.of(context, still, "FIRING", "TOGETHER"),
        }
        self._drawings[Part.DIM, False] = self._drawings[Part.BRIGHT, False]
        self._diameter = min(_LARGEST, 2.0 * math.sqrt(_COVERED / (math.pi * max(self._count, 1))))
        self.focus(None)
        self.paint(palette)
        self.play(_nothing(self._count))

    def paint(self, palette: Palette) -> None:
        """Other colors."""
        values = np.empty((self._count, 4), np.float32)
        for layer, color in zip(self._index.layers, palette.colors(len(self._index.layers)), strict=True):
            values[layer.span, :3] = color
        values[:, 3] = self._density / _GAINS[1]
        self._colors.write((255.0 * values + 0.5).astype(np.uint8))
        for drawing in set(self._drawings.values()):
            set_uniform(drawing.program, "response", (POWER, STEADY, _DIMMEST, _GAIN * _GAINS[1] * palette.gain))
        self._focus_color = palette.focus
        self.look = object()

    def focus(self, weights: NDArray[np.floating] | None) -> None:
        """What is the target: (neurons,), 0..1; None is nothing."""
        values = np.zeros(self._count) if weights is None else np.clip(weights, 0.0, 1.0)
        if values.shape != (self._count,):
            raise ValueError(f"weights of the shape {values.shape} are not of {self._count} neurons")
        self._focus.write((255.0 * values + 0.5).astype(np.uint8))
        np.greater(values, 0.0, out=self._aimed)
        self._focused = bool(self._aimed.any())
        self.look = object()

    def move(self, places: NDArray[np.float32], now: float) -> None:
        """Other places, (neurons, 2), of a moving map."""
        self.places.move(places, now)
        self.look = object()

    def reach(self, scale: float) -> float:
        """Pixels that the light of the brightest reaches; ``scale`` is pixels a unit of the map."""
        largest = max(self._diameter * scale, 0.1) * (1.0 + _GROWTH + _FOCUS)
        return min(max(largest, _LEAST), _MOST) / 2.0 + 1.0

    def play(self, loop: PreparedLoop) -> None:
        """Another loop; the one before stays until :meth:`draw` is told that it has faded, or one more comes."""
        self._keep(1)
        context = self._context
        self._loaded.insert(0, _Loaded(loop, context.buffer(loop.ranks), context.buffer(loop.extremes)))

    @property
    def frames(self) -> int:
        """Of the loop that sounds."""
        return self._loaded[0].loop.frames

    def part(self, phase: float, step: float) -> None:
        """Part those that fire from a phase of the loop that sounds until a step later, both 0..1, for
        :attr:`Part.BRIGHT` and :attr:`Part.DIM`."""
        self._parted.parted(self._loaded[0].loop, phase, self._aimed, 2 + math.ceil(step * self.frames))

    def parted(self, phase: float) -> bool:
        """Whether those that fire at a phase, 0..1, were among them when they were parted last."""
        return self._parted.reaches(self._loaded[0].loop, phase)

    def draw(self, world: bytes, scale: float, phase: float, fade: float, part: Part) -> None:
        """Add the neurons' light to the framebuffer in use.

        Args:
            world: 3x2 matrix to clip coordinates, column after column, float32.
            scale: pixels a unit of the map.
            phase: 0..1 in the loop.
            fade: 0..1 from the loop before to the one that sounds; before its end :attr:`Part.FIRING` alone is right,
                and at its end the loop before is given back.
            part: what of it.
        """
        if fade >= 1.0:
            self._keep(1)
        fading = len(self._loaded) == 2 and part is Part.FIRING
        drawing = self._drawings[part, fading]
        program, array = drawing.program, drawing.array
        set_uniform(program, "world", world)
        set_uniform(program, "morph", self.places.morph)
        size = max(self._diameter * scale, 0.1)
        set_uniform(program, "sizes", (size, _GROWTH, _LEAST, _MOST))
        set_uniform(program, "target", (*self._focus_color, _DARKER if self._focused else 0.0))
        set_uniform(program, "larger", _FOCUS)
        if part is not Part.QUIET:
            set_uniform(program, "share", self._bind(program, array, self._loaded[0], phase, ""))
        if fading:
            set_uniform(program, "fade", fade)
            set_uniform(program, "share_before", self._bind(program, array, self._loaded[1], phase, "_before"))
        if part is Part.FIRING:
            self._list.whole([one.loop for one in self._loaded], phase)
        first, end = {
            Part.FIRING: (0, self._list.count),
            Part.BRIGHT: (0, self._parted.bright),
            Part.DIM: (self._parted.bright, self._parted.count),
        }.get(part, (0, self._count))
        if end > first:
            array.render(moderngl.POINTS, end - first, first=first)

    def release(self) -> None:
        """Give everything back."""
        for drawing in set(self._drawings.values()):
            drawing.release()
        self._colors.release()
        self._focus.release()
        self._list.release()
        self._parted.release()
        self.places.release()
        self._keep(0)

    def _keep(self, count: int) -> None:
        """Give back all loops but so many of the latest."""
        while len(self._loaded) > count:
            old = self._loaded.pop()
            old.release()
            self._list.forget(old.loop)
            self._parted.forget(old.loop)

    def _bind(
        self, program: moderngl.Program, array: moderngl.VertexArray, loaded: _Loaded, phase: float, suffix: str
    ) -> float:
        """Bind the two rows around a phase; returns how far it is from the first to the second."""
        first, second, share = loaded.loop.frame(phase)
        row = loaded.loop.ranks.shape[1]
        for name, buffer, number in (
            ("first", loaded.ranks, first),
            ("second", loaded.ranks, second),
            ("least", loaded.extremes, 0),
            ("most", loaded.extremes, 1),
        ):
            array.bind(location(program, name + suffix), "f", buffer, "f1", number * row, 1)
        return share


def density_gain(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """How bright a neuron is for how many there are around it, (n,): cells full of neurons shall not outshine all."""
    cell = np.clip((places * _CELLS).astype(np.intp), 0, _CELLS - 1)
    flat = cell[:, 1] * _CELLS + cell[:, 0]
    counts = np.bincount(flat, minlength=_CELLS * _CELLS).reshape(_CELLS, _CELLS)
    padded = np.pad(counts, 1)
    around = sum(padded[1 + dy : 1 + dy + _CELLS, 1 + dx : 1 + dx + _CELLS] for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    here = np.asarray(around, np.float64).ravel()[flat]
    gain = np.sqrt(np.median(here) / here) if len(here) else here
    return np.asarray(np.clip(gain, *_GAINS), np.float32)


def _nothing(neurons: int) -> PreparedLoop:
    """A loop in which nothing fires."""
    extremes = np.zeros((2, neurons), np.uint8)
    groups = np.zeros((1, 1), np.float32)
    return PreparedLoop(-1, neurons, np.zeros((1, neurons), np.uint8), extremes, groups, Thresholds(extremes))
