"""Lists of those that fire: none who shines is left out, bright ones come first, lists hold as long as they may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.viewer import thresholds as thresholds_module
from ear_engine.viewer.firing import FiringList
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.offscreen import Offscreen, create_context, release_context
from ear_engine.viewer.thresholds import BRIGHT, LEAST_RANGE, NOTHING, POWER, STEADY
from tests.viewer.maps import FRAMES, index_of, lights, spread

NEURONS = 600


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = create_context()
    yield made
    release_context(made)


def loop_of(seed: int) -> PreparedLoop:
    """Neurons with wide and narrow ranges; some never fire."""
    draw = np.random.default_rng(seed)
    least, range_ = draw.random((2, NEURONS))
    ranks = np.clip(1.5 * least - 0.6 + 0.5 * range_ * draw.random((FRAMES, NEURONS)), 0.0, 1.0)
    picture = spread((1, NEURONS), links=False)
    return PreparedLoop.of(index_of((1, NEURONS)), lights(picture, ranks))


def shine(loop: PreparedLoop, ranks: NDArray[np.floating]) -> NDArray[np.floating]:
    """As the shader has it."""
    least, most = loop.extremes[:, : loop.neurons].astype(float)
    between = (ranks - least) / np.maximum(most - least, LEAST_RANGE)
    return np.asarray((ranks / 255.0 * (STEADY + (1.0 - STEADY) * between)) ** POWER)


def listed(one: FiringList) -> NDArray[np.uint32]:
    return np.frombuffer(one.buffer.read(4 * one.count), np.uint32) if one.count else np.zeros(0, np.uint32)


@pytest.mark.parametrize("seed", [0, 1])
def test_whoever_shines_is_listed_and_hardly_anyone_else(context: moderngl.Context, seed: int) -> None:
    loop, made = loop_of(seed), FiringList(context, NEURONS)
    for phase in np.linspace(0.0, 1.0, 41):
        made.whole([loop], phase)
        first, second, share = loop.frame(phase)
        row, other = (loop.ranks[one, :NEURONS].astype(float) for one in (first, second))
        light = shine(loop, row + share * (other - row))
        numbers = listed(made)
        assert (np.diff(numbers.astype(int)) > 0).all()
        assert np.isin(np.flatnonzero(light > NOTHING), numbers).all()
        assert (shine(loop, np.maximum(row, other))[numbers] > 0.9 * NOTHING).all()
    made.release()


def test_while_a_loop_fades_those_of_both_are_listed(context: moderngl.Context) -> None:
    made = FiringList(context, NEURONS)
    both = [loop_of(0), loop_of(1)]
    found = []
    for some in (both[:1], both[1:], both):
        made.whole(some, 0.3)
        found.append(listed(made))
    assert (np.union1d(found[0], found[1]) == found[2]).all()
    made.release()


def test_bright_ones_and_those_that_are_always_to_be_come_first(context: moderngl.Context) -> None:
    loop, made = loop_of(2), FiringList(context, NEURONS)
    always = np.zeros(NEURONS, bool)
    always[::7] = True
    made.parted(loop, 0.31, always, 3)
    first = loop.frame(0.31)[0]
    soon = [(first + row) % FRAMES for row in range(3)]
    light = shine(loop, loop.ranks[soon, :NEURONS].astype(float)).max(axis=0)
    bright, dim = np.split(listed(made), [made.bright])
    assert len(bright) and len(dim)
    expected = (light > BRIGHT) | always & (light > NOTHING)
    assert set(np.flatnonzero(expected)) <= set(bright)
    assert (expected[bright] | (np.abs(light[bright] / BRIGHT - 1.0) < 0.1)).all()
    assert set(np.flatnonzero((light > NOTHING) & ~expected)) <= set(dim) | set(bright)
    assert not np.intersect1d(bright, dim).size
    made.release()


class Read(np.ndarray[Any, Any]):
    """Rows that count how often they are read."""

    reads = 0

    def __getitem__(self, key: Any) -> Any:
        Read.reads += 1
        return np.asarray(super().__getitem__(key))


def test_a_list_in_two_parts_reads_each_of_its_rows_once(context: moderngl.Context) -> None:
    loop, made = loop_of(2), FiringList(context, NEURONS)
    Read.reads = 0
    made.parted(replace(loop, ranks=loop.ranks.view(Read)), 0.31, np.zeros(NEURONS, bool), 3)
    assert made.bright and Read.reads == 3
    made.release()


def test_a_list_knows_how_far_it_reaches(context: moderngl.Context) -> None:
    loop, other, made = loop_of(0), loop_of(1), FiringList(context, NEURONS)
    assert not made.reaches(loop, 0.0)
    for first in (0, FRAMES - 2):  # the second one around the end of the loop
        made.parted(loop, (first + 0.5) / FRAMES, np.zeros(NEURONS, bool), 3)
        reached = [made.reaches(loop, (first + row + 0.5) / FRAMES) for row in range(FRAMES)]
        assert reached == [True, True] + [False] * (FRAMES - 2)
        assert not made.reaches(other, (first + 0.5) / FRAMES)
    made.whole([loop], (FRAMES - 1.5) / FRAMES)
    assert made.bright == 0 and not made.reaches(loop, (FRAMES - 1.5) / FRAMES)
    made.parted(loop, (FRAMES - 1.5) / FRAMES, np.zeros(NEURONS, bool), 2)
    assert made.bright > 0
    made.whole([loop], (FRAMES - 1.5) / FRAMES)
    assert made.bright == 0
    made.parted(loop, (FRAMES - 1.5) / FRAMES, np.zeros(NEURONS, bool), 2)
    made.forget(other)
    assert made.reaches(loop, (FRAMES - 1.5) / FRAMES)
    made.forget(loop)
    assert not made.reaches(loop, (FRAMES - 1.5) / FRAMES)
    made.release()


def test_whoever_prepares_a_loop_has_its_thresholds_made(
    context: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = loop_of(0)
    drawing = Offscreen(16, 16, context=context)
    drawing.scene.show_map(spread((1, NEURONS), links=False))
    monkeypatch.setattr(thresholds_module, "_above", lambda *_: pytest.fail("by the thread that draws"))
    drawing.scene.play(loop)
    drawing.render(0.5)
    drawing.release()


def test_nobody_fires_and_there_is_nobody(context: moderngl.Context) -> None:
    picture = spread((1, 4), links=False)
    quiet = PreparedLoop.of(picture.index, lights(picture, 0.0))
    made = FiringList(context, 4)
    made.whole([quiet], 0.5)
    assert not made.count
    made.parted(quiet, 0.5, np.ones(4, bool), 2)
    assert (made.bright, made.count) == (0, 0)
    made.release()
    FiringList(context, 0).release()
