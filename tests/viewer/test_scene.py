"""Frames drawn by EGL, without a display: what is drawn is where and as bright as it should be."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.viewer import offscreen as offscreen_module
from ear_engine.viewer.camera import View
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.offscreen import Offscreen, check_version, create_context, offscreen, release_context
from ear_engine.viewer.palettes import PALETTES, find_palette
from ear_engine.viewer.quality import DETAILS, Detail
from tests.viewer.maps import FRAMES, at, flash, index_of, lights, spread

SIZE = 240, 160
BARE = Detail(0.0, False)


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = create_context()
    yield made
    release_context(made)


@pytest.fixture
def drawing(context: moderngl.Context) -> Iterator[Offscreen]:
    made = Offscreen(*SIZE, context=context)
    yield made
    made.release()


def brightness(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    return frame.astype(np.float64).sum(axis=2)


def center_of_light(frame: NDArray[np.uint8]) -> tuple[float, float]:
    """In pixels from the top left; the middle of the first pixel is at a half."""
    light = brightness(frame)
    rows, columns = np.indices(light.shape) + 0.5
    return float((light * columns).sum() / light.sum()), float((light * rows).sum() / light.sum())


@pytest.mark.parametrize("place", [(0.5, 0.5), (0.13, 0.81), (0.9, 0.2)])
@pytest.mark.parametrize("view", [View(), View((0.5, 0.4), 0.7, 0.6), View((0.4, 0.5), 0.8, -2.0)])
def test_points_land_where_the_camera_says(drawing: Offscreen, place: tuple[float, float], view: View) -> None:
    picture = at(place)
    drawing.scene.detail = BARE
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    drawing.camera.view = view
    assert center_of_light(drawing.render(0.0)) == pytest.approx(drawing.camera.to_screen(place), abs=0.35)


def test_pixels_of_a_dense_screen_are_the_cameras_too(context: moderngl.Context) -> None:
    drawing = Offscreen(*SIZE, context=context)
    drawing.camera.resize(SIZE[0] / 2, SIZE[1] / 2, 2.0)
    picture = at((0.3, 0.7))
    drawing.scene.detail = BARE
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    assert center_of_light(drawing.render(0.0)) == pytest.approx(2.0 * drawing.camera.to_screen((0.3, 0.7)), abs=0.35)
    drawing.release()


def test_the_more_a_neuron_fires_the_more_it_shines(drawing: Offscreen) -> None:
    picture = at((0.5, 0.5))
    drawing.scene.show_map(picture)
    ranks = np.linspace(0.0, 1.0, FRAMES)[:, None]
    drawing.scene.play(lights(picture, ranks))
    sums = [brightness(drawing.render(frame / FRAMES)).sum() for frame in range(FRAMES)]
    assert sums == sorted(sums)
    assert sums[-1] > 3.0 * sums[0] > 0.0


def test_between_frames_and_round_the_loop_light_goes_straight(drawing: Offscreen) -> None:
    picture = at((0.5, 0.5))
    drawing.scene.show_map(picture)
    drawing.scene.play(flash(picture, 0, FRAMES - 1))
    last = FRAMES - 1
    phases = [(last - 0.5) / FRAMES, last / FRAMES, (last + 0.25) / FRAMES, (last + 0.75) / FRAMES, 0.0, 0.3]
    rising, full, falling, low, off, still = (brightness(drawing.render(phase)).sum() for phase in phases)
    assert full > falling > rising > low > off == still
    assert brightness(drawing.render(1.0 + last / FRAMES)).sum() == full


def test_quiet_neurons_are_still_to_be_seen(drawing: Offscreen) -> None:
    drawing.scene.show_map(at((0.5, 0.5)))
    assert brightness(drawing.render(0.0)).max() > 20


def test_the_target_shines_in_its_color_and_the_rest_goes_back(drawing: Offscreen) -> None:
    picture = at((0.25, 0.5), (0.75, 0.5))
    drawing.scene.detail = BARE
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 0.6))
    before = drawing.render(0.0).copy()
    drawing.scene.focus(np.array([0.0, 1.0]))
    after = drawing.render(0.0).copy()
    half = SIZE[0] // 2
    assert brightness(after[:, :half]).sum() < 0.8 * brightness(before[:, :half]).sum()
    assert brightness(after[:, half:]).sum() > 1.2 * brightness(before[:, half:]).sum()
    red, _, blue = after[:, half:].reshape(-1, 3).max(axis=0).astype(int)
    assert abs(red - blue) < 40  # the layer is blue, the target nearly white
    drawing.scene.focus(None)
    assert (drawing.render(0.0) == before).all()
    with pytest.raises(ValueError, match="2 neurons"):
        drawing.scene.focus(np.ones(3))


def test_the_neuron_under_the_cursor_has_a_ring(drawing: Offscreen) -> None:
    picture = at((0.25, 0.5), (0.75, 0.5))
    drawing.scene.show_map(picture)
    before = drawing.render(0.0).copy()
    drawing.scene.hover(1)
    changed = np.argwhere((drawing.render(0.0) != before).any(axis=2)) + 0.5
    middle = (changed.min(axis=0) + changed.max(axis=0)) / 2.0
    assert tuple(middle[::-1]) == pytest.approx(drawing.camera.to_screen((0.75, 0.5)), abs=1.0)
    drawing.scene.hover(99)
    assert (drawing.render(0.0) == before).all()


def test_links_brighten_with_the_groups_they_join(drawing: Offscreen) -> None:
    picture = spread((4, 1), (4, 1))
    ranks = np.zeros((FRAMES, 8))
    ranks[FRAMES // 2] = 1.0
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, ranks))
    drawing.scene.detail = Detail(1.0, False)
    row = round(float(drawing.camera.to_screen((0.5, 0.5))[1]))
    quiet, loud = (brightness(drawing.render(phase))[row - 4 : row + 4].sum() for phase in (0.0, 0.5))
    assert loud > 3.0 * quiet > 0.0
    drawing.scene.detail = BARE
    assert brightness(drawing.render(0.5))[row - 4 : row + 4].sum() == 0.0


def test_what_is_kept_between_frames_is_not_to_be_seen(context: moderngl.Context) -> None:
    """A frame after others is the one that is drawn first, whatever has changed between them."""
    picture, other = spread((40, 3)), spread((40, 2))

    def changes(drawing: Offscreen, step: int) -> None:
        scene = drawing.scene
        if step == 1:
            scene.focus(np.linspace(0.0, 1.0, len(picture.index)))
        elif step == 2:
            scene.palette = find_palette("ink")
        elif step == 3:
            drawing.camera.view = View((0.3, 0.4), 2.5, 0.4)
        elif step == 4:
            scene.move(np.random.default_rng(1).random((len(picture.index), 2)).astype(np.float32), 2.0)
        elif step == 5:
            scene.detail = Detail(0.5, False)
        elif step == 6:
            scene.show_map(other)
            scene.play(lights(other, 0.5))

    def opened() -> Offscreen:
        drawing = Offscreen(*SIZE, context=context)
        drawing.scene.show_map(picture)
        drawing.scene.play(lights(picture, np.linspace(0.0, 1.0, FRAMES)[:, None]))
        return drawing

    going = opened()
    for step in range(7):
        changes(going, step)
        for phase in (0.3, 0.6):
            seen = going.render(phase, 9.0).copy()
        fresh = opened()
        for one in range(step + 1):
            changes(fresh, one)
        assert (fresh.render(0.6, 9.0) == seen).all(), step
        fresh.release()
    going.release()


@pytest.mark.parametrize("zoom", [0.3, 0.5, 0.8, 3.0])
def test_what_is_left_out_of_the_glow_is_not_to_be_seen(context: moderngl.Context, zoom: float) -> None:
    """While a map moves all of the screen is exposed, else only where it can have light."""
    drawing = Offscreen(400, 300, context=context)
    draw = np.random.default_rng(6)
    picture = at(*(0.3 + 0.4 * draw.random((4000, 2))))
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    drawing.scene.focus(np.ones(4000))
    drawing.camera.view = View((0.3, 0.5), zoom)
    drawing.scene.move(picture.positions, 10.0)
    all_of_it, boxes = (drawing.render(0.0, now).astype(int) for now in (10.5, 20.0))
    assert np.abs(all_of_it - boxes).max() <= 1
    assert boxes.max() > 100
    drawing.release()


def test_frames_are_the_same_again(drawing: Offscreen, context: moderngl.Context) -> None:
    picture = spread((6, 20), (8, 12), (16, 3))
    ranks = np.random.default_rng(3).random((FRAMES, len(picture.index)))

    def frames(one: Offscreen) -> list[NDArray[np.uint8]]:
        one.scene.show_map(picture)
        one.scene.play(lights(picture, ranks))
        return [one.render(phase).copy() for phase in (0.0, 0.37, 0.8, 0.0)]

    first = frames(drawing)
    other = Offscreen(*SIZE, context=context)
    other.scene.show_map(spread((2, 2)))
    other.camera.view = View((0.2, 0.8), 3.0, 1.0)
    other.render(0.1)  # what was drawn before does not matter
    other.camera.view = drawing.camera.view
    assert all((a == b).all() for a, b in zip(first, frames(other), strict=True))
    assert (first[0] == first[3]).all()
    assert (first[0] != first[1]).any()
    other.release()


def test_palettes_differ_and_none_goes_white(drawing: Offscreen) -> None:
    picture = spread((16, 30), (16, 30), (64, 8))
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, np.random.default_rng(1).random((FRAMES, len(picture.index)))))
    frames = []
    for palette in PALETTES:
        drawing.scene.palette = palette
        frame = drawing.render(0.2).copy()
        assert frame[0, 0].tolist() == pytest.approx([255 * one for one in palette.ground], abs=1.0)
        if sum(palette.ground) < 1.0:
            assert (frame.min(axis=2) > 250).mean() < 0.01
        frames.append(frame)
    assert all((a != b).any() for n, a in enumerate(frames) for b in frames[:n])
    with pytest.raises(UserError, match="palette 'papr' does not exist; did you mean paper"):
        find_palette("papr")


def test_a_palette_by_depth_has_a_color_a_layer() -> None:
    assert len(np.unique(find_palette("depth").colors(26), axis=0)) == 26
    assert (find_palette("paper").colors(6)[:2] == find_palette("paper").colors(6)[4:]).all()


def test_one_loop_fades_into_the_next(drawing: Offscreen) -> None:
    picture = at((0.5, 0.5))
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 0.0, 1))
    drawing.scene.play(lights(picture, 1.0, 2), now=10.0, fade=2.0)
    sums = [brightness(drawing.render(0.0, now)).sum() for now in (10.0, 11.0, 12.0, 13.0)]
    assert sums[0] < sums[1] < sums[2] == sums[3]


def test_a_map_moves_from_one_set_of_places_to_the_next(drawing: Offscreen) -> None:
    picture = at((0.2, 0.5))
    drawing.scene.detail = BARE
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))

    def column(now: float) -> float:
        return float(drawing.camera.to_world(center_of_light(drawing.render(0.0, now)))[0])

    drawing.scene.move(np.array([[0.4, 0.5]], np.float32), 10.0)
    assert column(10.0) == pytest.approx(0.4, abs=0.01)  # nothing is known of its rate
    drawing.scene.move(np.array([[0.8, 0.5]], np.float32), 10.2)
    assert column(10.2) == pytest.approx(0.4, abs=0.01)
    assert column(10.3) == pytest.approx(0.6, abs=0.01)
    drawing.scene.move(np.array([[0.6, 0.5]], np.float32), 10.3)  # before it got there: from where it is
    assert column(10.3) == pytest.approx(0.6, abs=0.01)
    assert column(20.0) == pytest.approx(0.6, abs=0.01)
    with pytest.raises(ValueError, match="not those of before"):
        drawing.scene.move(np.zeros((2, 2), np.float32), 11.0)


def test_links_move_with_their_map(drawing: Offscreen) -> None:
    picture = spread((2, 1), (2, 1))
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    drawing.scene.detail = Detail(1.0, False)
    drawing.scene.move(picture.positions + np.float32([0.3, 0.0]), 1.0)
    row = round(float(drawing.camera.to_screen((0.5, 0.5))[1]))
    columns = np.flatnonzero(brightness(drawing.render(0.5, 2.0))[row])
    expected = drawing.camera.to_screen(picture.positions.mean(axis=0) + np.array([0.3, 0.0]))[0]
    assert columns.mean() == pytest.approx(expected, abs=2.0)


def test_links_glide_as_neurons_do(drawing: Offscreen) -> None:
    picture = spread((2, 1), (2, 1))
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    drawing.scene.detail = Detail(1.0, False)
    row = round(float(drawing.camera.to_screen((0.5, 0.5))[1]))

    def middle(now: float) -> float:
        return float(np.flatnonzero(brightness(drawing.render(0.5, now))[row]).mean())

    def expected(right: float) -> float:
        return float(drawing.camera.to_screen(picture.positions.mean(axis=0) + np.array([right, 0.0]))[0])

    drawing.scene.move(picture.positions, 1.0)
    drawing.scene.move(picture.positions + np.float32([0.3, 0.0]), 1.2)
    for now, right in ((1.2, 0.0), (1.3, 0.15), (1.35, 0.225), (1.4, 0.3), (2.0, 0.3)):
        assert middle(now) == pytest.approx(expected(right), abs=2.0)


def test_the_ring_is_seen_over_a_target_and_beside_it(drawing: Offscreen) -> None:
    picture = at(*((x / 40, y / 40) for x in range(10, 31) for y in range(10, 31)))
    drawing.scene.detail = BARE
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    drawing.scene.focus(np.ones(len(picture.index), np.float32))
    without = brightness(drawing.render(0.0, 0.0)).astype(float)
    drawing.scene.hover(220)
    changed = brightness(drawing.render(0.0, 0.0)).astype(float) - without
    assert (changed < -60.0).sum() > 20 and (changed > 60.0).sum() > 20
    drawing.scene.move(picture.positions, 1.0)
    drawing.scene.move(picture.positions + np.float32([0.2, 0.0]), 1.2)
    drawing.scene.focus(None)
    x, _ = drawing.camera.to_screen(picture.positions[220] + np.array([0.1, 0.0]))
    drawing.scene.hover(None)
    bare = brightness(drawing.render(0.0, 1.3)).astype(float)
    drawing.scene.hover(220)
    ring = np.abs(brightness(drawing.render(0.0, 1.3)).astype(float) - bare) > 20.0
    assert np.flatnonzero(ring.any(axis=0)).mean() == pytest.approx(x, abs=1.5)  # it goes with its neuron


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_without_size_nothing_is_drawn(context: moderngl.Context, size: tuple[int, int]) -> None:
    drawing = Offscreen(*size, context=context)
    drawing.scene.show_map(at((0.5, 0.5)))
    assert drawing.render(0.0).shape == (size[1], size[0], 3)
    drawing.release()


def test_one_pixel_and_one_neuron_and_no_map_at_all(context: moderngl.Context) -> None:
    drawing = Offscreen(1, 1, context=context)
    assert drawing.render(0.0).tolist() == [[[0, 0, 0]]]
    picture = at((0.5, 0.5))
    drawing.scene.show_map(picture)
    drawing.scene.play(flash(picture, 0, 0))
    assert drawing.render(0.0).sum() > 0
    drawing.scene.resize((0, 0))
    drawing.scene.resize((1, 1))
    assert drawing.render(0.0).sum() > 0
    drawing.release()


def test_what_is_not_of_the_map_is_refused(drawing: Offscreen) -> None:
    picture = at((0.5, 0.5), (0.6, 0.5))
    with pytest.raises(ValueError, match="no map"):
        drawing.scene.play(lights(picture, 0.0))
    drawing.scene.show_map(picture)
    with pytest.raises(ValueError, match="not of 2 neurons"):
        drawing.scene.play(lights(at((0.1, 0.1)), 0.0))
    with pytest.raises(ValueError, match="is not of 2"):
        drawing.scene.play(PreparedLoop.of(index_of((1, 5)), lights(at(*[(0.1, 0.1)] * 5), 0.0)))


def test_a_neuron_that_is_zoomed_out_of_sight_costs_nothing_and_breaks_nothing(drawing: Offscreen) -> None:
    drawing.scene.show_map(at((0.5, 0.5)))
    drawing.camera.view = View((40.0, 40.0), 5.0)
    assert drawing.render(0.0).max() == 0


def test_blackout_leaves_the_ground(drawing: Offscreen) -> None:
    drawing.scene.show_map(at((0.5, 0.5)))
    drawing.scene.level = 0.0
    assert drawing.render(0.0).max() == 0


@pytest.mark.parametrize("detail", DETAILS)
def test_every_detail_shows_the_neurons(drawing: Offscreen, detail: Detail) -> None:
    picture = spread((4, 6), (4, 6))
    drawing.scene.show_map(picture)
    drawing.scene.play(lights(picture, 1.0))
    drawing.scene.detail = detail
    assert (brightness(drawing.render(0.0)) > 100).sum() > len(picture.index) // 2


def test_frames_are_read_into_the_same_memory(drawing: Offscreen) -> None:
    drawing.scene.show_map(at((0.5, 0.5)))
    assert drawing.render(0.0) is drawing.render(0.5)


def test_a_context_of_its_own_is_given_back() -> None:
    with offscreen(8, 8) as drawing:
        assert drawing.render(0.0).shape == (8, 8, 3)


def test_without_egl_or_with_old_gl_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, context: moderngl.Context
) -> None:
    def fails(**_: object) -> None:
        raise Exception("libEGL.so not loaded")

    monkeypatch.setattr(offscreen_module.moderngl, "create_context", fails)
    with pytest.raises(UserError, match=r"needs EGL \(libEGL.so not loaded\); install a driver") as refused:
        create_context()
    assert refused.value.code == "no_gl"

    class Old:
        version_code, info, released = 210, {"GL_RENDERER": "Old One"}, False

        def release(self) -> None:
            self.released = True

    old = Old()
    with pytest.raises(UserError, match=r"is 2\.1 \(Old One\), and 3\.3 is needed") as refused:
        check_version(old)
    assert refused.value.code == "old_gl"
    assert old.released
    check_version(context)
