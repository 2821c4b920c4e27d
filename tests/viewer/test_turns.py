"""Where dim and soft light take turns: what is bright or touched is there at once, the rest a frame later at most."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.viewer.camera import View
from ear_engine.viewer.exposure import Exposure
from ear_engine.viewer.offscreen import Offscreen, create_context, release_context
from ear_engine.viewer.palettes import find_palette
from ear_engine.viewer.quality import Detail
from tests.viewer.maps import at, lights, spread

SIZE = 240, 160
LONG = 64  # frames of a loop
ROUNDING = 2  # of 255, of sums in another order
MOVING = 4, 5
PLACES = (0.3, 0.5), (0.7, 0.5)


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = create_context()
    yield made
    release_context(made)


def opened(context: moderngl.Context, alternates: bool, ranks: NDArray[np.floating] | None = None) -> Offscreen:
    """A map with links, or as many single neurons as there are ranks for."""
    picture = at(*PLACES) if ranks is not None else spread((8, 20), (8, 12), (16, 3))
    if ranks is None:
        draw = np.random.default_rng(4)
        steps = np.cumsum(draw.normal(0.0, 0.1, (LONG, len(picture.index))), axis=0)
        ranks = np.abs((draw.random(len(picture.index)) + steps + 1.0) % 2.0 - 1.0)
    drawing = Offscreen(*SIZE, context=context)
    drawing.scene.alternates = alternates
    drawing.scene.show_map(picture)
    made = lights(picture, 0.0)
    drawing.scene.play(type(made)(1, np.round(255.0 * ranks).astype(np.uint8)))
    return drawing


def off(frame: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.abs(frame.astype(int) - other).max())


def test_at_rest_it_is_the_whole_picture(context: moderngl.Context) -> None:
    live, whole = (opened(context, alternates) for alternates in (True, False))
    for phase in (0.2, 0.21, 0.22, 0.22, 0.22):
        seen = live.render(phase)
    assert off(seen, whole.render(0.22)) <= ROUNDING
    for drawing in (live, whole):
        drawing.release()


@pytest.mark.parametrize("turn", [0, 1])
def test_what_is_bright_never_waits_and_what_is_dim_waits_for_one_frame(context: moderngl.Context, turn: int) -> None:
    ranks = np.zeros((LONG, 2))
    ranks[20:, 0], ranks[20:, 1] = 1.0, 0.55
    ranks[0, 1] = 1.0  # so that what it does later is dim
    live, whole = (opened(context, alternates, ranks) for alternates in (True, False))
    for one in (live, whole):
        one.scene.detail = Detail(0.0, False)
    step = 0.7 / LONG
    lags = []
    for count in range(24 + turn, -8, -1):
        phase = 20.0 / LONG - (count - 0.5) * step
        seen, expected = live.render(phase), whole.render(phase)
        bright, dim = (off(seen[:, half], expected[:, half]) for half in (slice(0, 120), slice(120, 240)))
        assert bright <= ROUNDING, count
        lags.append(dim > ROUNDING)
    assert not any(one and after for one, after in pairwise(lags))
    assert any(lags) or turn  # it is not for nothing
    for drawing in (live, whole):
        drawing.release()


@pytest.mark.parametrize("turn", [0, 1])
def test_what_is_touched_is_there_at_once(context: moderngl.Context, turn: int) -> None:
    live, whole = (opened(context, alternates) for alternates in (True, False))
    both, neurons, phase = (live, whole), 8 * 20 + 8 * 12 + 16 * 3, 0.1
    weights = np.linspace(0.0, 1.0, neurons)

    def touch(drawing: Offscreen, what: int) -> None:
        scene = drawing.scene
        if what == 0:
            scene.focus(weights)
        elif what == 1:
            scene.hover(20)
        elif what == 2:
            scene.palette = find_palette("ink")
        elif what == 3:
            scene.detail = Detail(0.5, False)
        elif what == 4:
            drawing.camera.view = View((0.4, 0.5), 1.3, 0.2)
        elif what == 5:
            scene.move(np.random.default_rng(1).random((neurons, 2)).astype(np.float32), 2.0)
        elif what == 6:
            scene.play(lights(spread((8, 20), (8, 12), (16, 3)), 0.7))
        elif what == 7:
            scene.resize((SIZE[0], SIZE[1]))
            scene.focus(None)

    for what in range(8):
        for _ in range(5 + turn):
            live.render(phase, 9.0)
        for drawing in both:
            touch(drawing, what)
        seen, expected = live.render(phase, 9.0).copy(), whole.render(phase, 9.0)
        if what in MOVING:  # as one point each, which has as much light
            assert seen.astype(float).mean() == pytest.approx(expected.astype(float).mean(), rel=0.01)
            assert np.abs(seen.astype(float) - expected).mean() < 1.0
            seen = live.render(phase, 9.0)
        assert off(seen, expected) <= ROUNDING, what
    assert off(live.render(0.7, 9.0), whole.render(0.7, 9.0)) <= ROUNDING  # a jump in the loop
    for drawing in both:
        drawing.release()


def test_while_one_loop_fades_into_the_next_everything_is_drawn(context: moderngl.Context) -> None:
    live, whole = (opened(context, alternates) for alternates in (True, False))
    picture = spread((8, 20), (8, 12), (16, 3))
    for drawing in (live, whole):
        drawing.render(0.0, 0.0)
        drawing.scene.play(lights(picture, np.random.default_rng(5).random(len(picture.index))), 1.0, 1.0)
    for count in range(4):
        now = 1.0 + 0.25 * count
        assert off(live.render(0.01 * count, now), whole.render(0.01 * count, now)) <= ROUNDING
    for drawing in (live, whole):
        drawing.release()


def test_who_looks_elsewhere_gets_all_of_it_and_disturbs_nothing(context: moderngl.Context) -> None:
    live, alone, whole = opened(context, True), opened(context, True), opened(context, False)
    size = 120, 80
    surfaces = Exposure(context, size)
    target = context.simple_framebuffer(size, 3)
    small = Offscreen(*size, context=context)
    for phase in (0.1, 0.11, 0.12, 0.13, 0.14):
        frames = []
        for drawing in (live, whole):
            drawing.scene.draw(target, small.camera, phase, 0.0, surfaces)
            frames.append(target.read())
        assert frames[0] == frames[1]
        assert (live.render(phase) == alone.render(phase)).all()
    surfaces.release()
    target.release()
    for drawing in (live, alone, whole, small):
        drawing.release()


def test_unless_it_is_asked_for_every_frame_has_all_its_light(context: moderngl.Context) -> None:
    drawing = Offscreen(*SIZE, context=context)
    assert not drawing.scene.alternates
    drawing.release()
