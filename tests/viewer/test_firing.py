"""Lists of those that fire: none who shines is left out, bright ones come first, lists hold as long as they may."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.viewer.firing import BRIGHT, LEAST_RANGE, NOTHING, POWER, STEADY, FiringList, Thresholds
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.offscreen import create_context, release_context
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
    thresholds = Thresholds(loop)
    for phase in np.linspace(0.0, 1.0, 41):
        made.whole([(loop, thresholds)], phase)
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
    both = [(loop, Thresholds(loop)) for loop in (loop_of(0), loop_of(1))]
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
    made.parted(loop, Thresholds(loop), 0.31, always, 3)
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


def test_nobody_fires_and_there_is_nobody(context: moderngl.Context) -> None:
    picture = spread((1, 4), links=False)
    quiet = PreparedLoop.of(picture.index, lights(picture, 0.0))
    made = FiringList(context, 4)
    made.whole([(quiet, Thresholds(quiet))], 0.5)
    assert not made.count
    made.parted(quiet, Thresholds(quiet), 0.5, np.ones(4, bool), 2)
    assert (made.bright, made.count) == (0, 0)
    made.release()
    FiringList(context, 0).release()
