"""What of the neurons' light is drawn in a frame, and what is kept from the frames before.

While nothing moves but the loop, quiet neurons are drawn once and kept. Live, where the processor draws, more is saved:
dim points and soft light (links and glow) are renewed in turns, each in every second frame, which nobody sees at 30
times a second, and what moves is drawn in one go. Bright points and those of the target never wait, and at few frames a
second nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass

from ear_engine.viewer.exposure import Due, Exposure
from ear_engine.viewer.point_drawing import Part
from ear_engine.viewer.points import NeuronPoints

_ROWS = 4.0  # of a loop, 43 a second: as far from frame to frame, what is of the frame before is seen to be late


@dataclass(frozen=True, eq=False)
class Moment:
    """What is seen in a frame.

    Args:
        world: 3x2 matrix to clip coordinates, column after column, float32.
        pixels: a unit of the map.
        phase: 0..1 in the loop.
        fade: 0..1 from the loop before to the one that sounds.
        of: what else light depends on, to be compared.
    """

    world: bytes
    pixels: float
    phase: float
    fade: float
    of: object


def gather(exposure: Exposure, points: NeuronPoints, moment: Moment, alternates: bool) -> Due:
    """Draw the neurons' light onto the points' surface.

    Args:
        exposure: the surfaces.
        points: the neurons.
        moment: what is seen.
        alternates: whether dim light may be that of the frame before; not while a loop fades.

    Returns:
        What was due.
    """
    step = (moment.phase - exposure.phase) % 1.0
    moves = exposure.saw not in (None, moment.world) or points.places.morph < 1.0
    exposure.saw, exposure.phase = moment.world, moment.phase
    turns = alternates and not moves and step * points.frames < _ROWS
    of = (points.look, moment.world, moment.pixels, moment.of)
    due = exposure.due(of if turns else None)
    if due is Due.SOFT and not points.parted(moment.phase):  # this step is longer than the one before
        exposure.due(None)
        due = exposure.due(of)

    def draw(part: Part) -> None:
        points.draw(moment.world, moment.pixels, moment.phase, moment.fade, part)

    if moves:
        exposure.keeps = None
        exposure.gather(None)
        for part in (Part.TOGETHER,) if alternates else (Part.QUIET, Part.FIRING):
            draw(part)
        return due
    if exposure.keeps is not points.look:
        exposure.gather(None, exposure.kept)
        draw(Part.QUIET)
        exposure.keeps = points.look
    if due is Due.ALL:
        exposure.gather(exposure.kept)
        draw(Part.FIRING)
        return due
    if due is not Due.SOFT:
        points.part(moment.phase, step)
        exposure.gather(exposure.kept, exposure.dim)
        draw(Part.DIM)
    exposure.gather(exposure.dim)
    draw(Part.BRIGHT)
    return due
