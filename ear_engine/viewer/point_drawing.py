"""A program that draws neurons, and what it reads: one for each way in which they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import moderngl

from ear_engine.viewer import shaders
from ear_engine.viewer.thresholds import LEAST_RANGE, NOTHING

Content = list[tuple[moderngl.Buffer, str, str]]
"""Buffers, their formats, and the attributes that read them."""


class Part(Enum):
    """What of the neurons is drawn."""

    QUIET = "QUIET"
    FIRING = "FIRING"
    BRIGHT = "BRIGHT"
    """Of those that fire, as they have been parted."""
    DIM = "DIM"
    TOGETHER = "TOGETHER"
    """All, each as one point that has the light of both: less work than quiet points and those that fire."""


@dataclass(frozen=True, eq=False)
class PointDrawing:
    """A program and its array."""

    program: moderngl.Program
    array: moderngl.VertexArray

    @staticmethod
    def of(
        context: moderngl.Context, content: Content, *defines: str, numbers: moderngl.Buffer | None = None
    ) -> PointDrawing:
        """Of all neurons, or of those whose numbers (uint32) are in a buffer; ``defines`` are those of
        :data:`shaders.NEURONS`."""
        vertex, pixel = (shaders.with_defines(one, *defines) for one in (shaders.NEURONS, shaders.NEURON))
        program = context.program(vertex, pixel)
        for name, value in (("nothing", NOTHING), ("least_range", LEAST_RANGE)):
            if name in program:
                program[name] = value
        return PointDrawing(program, context.vertex_array(program, content, index_buffer=numbers))

    def release(self) -> None:
        """Give it back."""
        self.array.release()
        self.program.release()
