"""Where dim and soft light take turns: what is bright or touched is there at once, the rest a frame later at most."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.viewer import scene as scene_module
from ear_engine.viewer.camera import View
from ear_engine.viewer.exposure import Due, Exposure
from ear_engine.viewer.gathering import gather
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.offscreen import Offscreen, create_context, release_context
from ear_engine.viewer.palettes import find_palette
from ear_engine.viewer.quality import Detail
from tests.viewer.maps import at, lights, spread

SIZE = 240, 160
LONG = 64  # frames of a loop
ROUNDING = 2  # of 255, of sums in another order
MOVING = 4, 5
SHAPES = (8, 20), (8, 12), (16, 3)
NEURONS = 8 * 20 + 8 * 12 + 16 * 3
PLACES = (0.3, 0.5), (0.7, 0.5)


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = create_context()
    yield made
    release_context(made)


def opened(context: moderngl.Context, alternates: bool, ranks: NDArray[np.floating] | None = None) -> Offscreen:
    """A map with links, or as many single neurons as there are ranks for."""
    picture = at(*PLACES) if ranks is not None else spread(*SHAPES)
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


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Due]:
    """What was due in the frames so far."""
    found: list[Due] = []

    def note(*given: Any) -> Due:
        found.append(gather(*given))
        return found[-1]

    monkeypatch.setattr(scene_module, "gather", note)
    return found


def one_bright_and_one_dim(rows: int = LONG) -> NDArray[np.floating]:
    """Ranks of a loop in which one neuron begins to be bright in row 20, and one to be dim."""
    ranks = np.zeros((rows, 2))
    ranks[20:, 0], ranks[20:, 1] = 1.0, 0.55
    ranks[0, 1] = 1.0  # so that what it does later is dim
    return ranks


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
    live, whole = (opened(context, alternates, one_bright_and_one_dim()) for alternates in (True, False))
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
    both, phase, now = (live, whole), 0.1, 9.0
    weights = np.linspace(0.0, 1.0, NEURONS)

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
            for at_, seed in ((8.6, 1), (9.0, 2)):  # from the first to the second until 9.4
                scene.move(np.random.default_rng(seed).random((NEURONS, 2)).astype(np.float32), at_)
        elif what == 6:
            scene.play(lights(spread(*SHAPES), 0.7))
        elif what == 7:
            scene.focus(None)

    for what in range(8):
        for _ in range(5 + turn):
            live.render(phase, now)
        for drawing in both:
            touch(drawing, what)
        if what == 5:
            before, now = whole.render(phase, now).copy(), 9.2
        seen, expected = live.render(phase, now).copy(), whole.render(phase, now).copy()
        if what == 5:  # it is on its way
            assert off(before, expected) > 20 and off(expected, whole.render(phase, 9.3)) > 20
        if what in MOVING:  # as one point each, which has as much light
            assert seen.astype(float).mean() == pytest.approx(expected.astype(float).mean(), rel=0.01)
            assert np.abs(seen.astype(float) - expected).mean() < 1.0
            now = 9.5 if what == 5 else now  # there
            seen, expected = live.render(phase, now), whole.render(phase, now)
        assert off(seen, expected) <= ROUNDING, what
    assert off(live.render(0.7, now), whole.render(0.7, now)) <= ROUNDING  # a jump in the loop
    for drawing in both:
        drawing.release()


@pytest.mark.parametrize("turn", [0, 1])
def test_a_window_of_another_size_has_all_its_light_at_once(context: moderngl.Context, turn: int) -> None:
    live, whole = (opened(context, alternates) for alternates in (True, False))
    for count in range(5 + turn):
        live.render(0.1 + 0.01 * count)
    sized = [Offscreen(200, 90, context=context) for _ in range(2)]
    for drawing, other in zip((live, whole), sized, strict=True):
        drawing.scene.resize(other.size)
    for count in range(3):
        frames = []
        for drawing, other in zip((live, whole), sized, strict=True):
            drawing.scene.draw(other.target, other.camera, 0.2, 0.01 * count)
            frames.append(np.frombuffer(other.target.read(), np.uint8))
        assert frames[1].max() > 100
        assert off(frames[0], frames[1]) <= ROUNDING, count
    for drawing in (live, whole, *sized):
        drawing.release()


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("aimed", [False, True])
def test_a_frame_that_comes_late_lacks_nothing_that_is_bright_or_of_the_target(
    context: moderngl.Context, drawn: list[Due], turn: int, aimed: bool
) -> None:
    live, whole = (opened(context, alternates, one_bright_and_one_dim()) for alternates in (True, False))
    for one in (live, whole):
        one.scene.detail = Detail(0.0, False)
        one.scene.focus(np.array([0.0, 1.0]) if aimed else None)
    phase = 15.5 / LONG
    for _ in range(4 + turn):
        live.render(phase)
        phase += 0.7 / LONG
    assert drawn[-1] is (Due.SOFT, Due.DIM)[1 - turn]
    phase += 2.2 / LONG
    seen, expected = live.render(phase), whole.render(phase)
    assert 20.0 < phase * LONG < 22.5
    half = slice(120, 240) if aimed else slice(0, 120)
    assert expected[:, half].max() > 100
    assert off(seen[:, half], expected[:, half]) <= ROUNDING
    for drawing in (live, whole):
        drawing.release()


@pytest.mark.parametrize("rows, step, takes_turns", [(400, 8.6, False), (400, 3.0, True), (24, 1.4, True)])
def test_at_few_frames_a_second_nothing_waits_however_long_the_loop_is(
    context: moderngl.Context, drawn: list[Due], rows: int, step: float, takes_turns: bool
) -> None:
    live, whole = (opened(context, alternates, one_bright_and_one_dim(rows)) for alternates in (True, False))
    for count in range(8):
        phase = (12.0 + step * count) / rows
        seen = live.render(phase).copy()
        if count:
            assert (drawn[-1] is Due.ALL) is not takes_turns
            assert takes_turns or off(seen, whole.render(phase)) <= ROUNDING
    for drawing in (live, whole):
        drawing.release()


@pytest.mark.parametrize("step", [0.0, 0.01])
def test_while_the_target_is_dragged_nothing_is_kept_that_no_frame_would_use(
    context: moderngl.Context, drawn: list[Due], step: float
) -> None:
    live = opened(context, True)
    frames = []
    for count in range(8):
        if count < 5:
            live.scene.focus(np.roll(np.linspace(0.0, 1.0, NEURONS), 9 * count))
        frames.append(live.render(step * count).copy())
    assert drawn == [Due.BEGIN, *4 * [Due.ALL], Due.BEGIN, Due.SOFT, Due.DIM]
    whole = opened(context, False)
    for count in range(5):
        whole.scene.focus(np.roll(np.linspace(0.0, 1.0, NEURONS), 9 * count))
        assert off(frames[count], whole.render(step * count)) <= ROUNDING
    for drawing in (live, whole):
        drawing.release()


@pytest.mark.parametrize("before, after", [(False, False), (True, True), (True, False)])
def test_a_loop_that_has_faded_is_given_back(context: moderngl.Context, before: bool, after: bool) -> None:
    drawing, picture = opened(context, before), spread(*SHAPES)
    drawing.scene.play(PreparedLoop.of(picture.index, lights(picture, 0.5)))
    for count in range(4):
        drawing.render(0.01 * count, 0.0)
    drawing.scene.alternates = after
    loop = PreparedLoop.of(picture.index, lights(picture, 0.7))
    drawing.scene.play(loop, 1.0, 1.0)
    points = drawing.scene._points
    assert points is not None
    old = points._loaded[1]
    kept, buffers = weakref.ref(old.loop), (old.ranks, old.extremes)
    del old
    drawing.render(0.1, 1.5)
    gc.collect()
    assert kept() is not None and all(one.size for one in buffers)
    drawing.render(0.1, 2.0)
    gc.collect()
    assert kept() is None
    assert all(isinstance(one.mglo, moderngl.InvalidObject) for one in buffers)
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
