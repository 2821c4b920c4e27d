"""A loop that was heard is taken up again: by a dream, and by the dreamer as the other processes see it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.optimization.dream import Dream
from tests.optimization.helpers import dream_of, settings

Audio = NDArray[np.float32]


def dreamed(ear: Ear, loop: Audio, steps: int = 6) -> tuple[Dream, Audio]:
    dream = dream_of(ear, loop)
    for _ in range(steps):
        dream.step(settings(), 0.25)
    return dream, dream.version().audio


def test_the_next_version_is_the_loop_bit_for_bit_and_then_the_dream_goes_on_from_it(ear: Ear, loop: Audio) -> None:
    dream, heard = dreamed(ear, loop)
    wanted = dream.version()
    for _ in range(6):
        dream.step(settings(), 0.5)
    assert np.abs(dream.version().audio - heard).max() > 1e-3
    dream.recall(heard)
    again = dream.version()
    assert np.array_equal(again.audio, heard) and np.array_equal(dream.version().audio, heard)
    for name, values in wanted.activations.items():
        assert np.array_equal(values, again.activations[name]), name
    dream.step(settings(), 0.01)
    moved = dream.version().audio
    assert not np.array_equal(moved, heard)
    assert np.sqrt(np.square(moved - heard).mean()) < 0.02 * np.sqrt(np.square(heard).mean())


def test_a_recalled_loop_has_a_gradient_and_stays_what_it_is(ear: Ear, loop: Audio) -> None:
    dream, heard = dreamed(ear, loop)
    dream.recall(heard)
    step = dream.step_number
    assert dream.version().gradient is None
    dream.feel(settings(time_mask=0.1, gradient_noise=0.5))
    version = dream.version()
    assert version.gradient is not None and np.abs(version.gradient).max() > 0
    assert np.array_equal(version.audio, heard) and dream.step_number == step


def test_sides_and_loudness_are_those_of_the_recalled_loop_until_the_source_returns(ear: Ear, loop: Audio) -> None:
    dream, heard = dreamed(ear, loop)
    at_first = dream_of(ear, loop).version().audio
    mirrored = np.ascontiguousarray(heard[::-1] * np.float32(0.5))
    dream.recall(mirrored)
    dream.step(settings(), 0.001)
    after = dream.version().audio
    assert np.abs((after[0] - after[1]) - (mirrored[0] - mirrored[1])).max() < 1e-3
    assert np.sqrt(np.square(after).mean()) == pytest.approx(np.sqrt(np.square(mirrored).mean()), rel=0.02)
    dream.reset()
    assert np.array_equal(dream.version().audio, at_first)


def test_silence_as_source_takes_a_recalled_loop_too(ear: Ear, loop: Audio) -> None:
    _, heard = dreamed(ear, loop)
    dream = dream_of(ear, np.zeros_like(loop))
    dream.recall(heard)
    assert np.array_equal(dream.version().audio, heard)
    dream.step(settings(), 0.01)
    assert np.abs(dream.version().audio - heard).max() < 0.1


def test_another_ear_takes_the_recalled_loop_over_as_it_was_heard(ear: Ear, loop: Audio) -> None:
    dream, heard = dreamed(ear, loop)
    dream.recall(heard)
    other = dream_of(ear, loop)
    other.inherit(dream, stretched=False)
    assert np.array_equal(other.version().audio, heard)
