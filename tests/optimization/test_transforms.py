"""Transforms: random, repeatable, circular, and never more than asked for."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.optimization.transforms import Copies, FrequencyMask, TimeMask, TimeShift
from tests.optimization.helpers import settings


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(0, 2**31), st.floats(0, 1), st.integers(1, 50))
def test_time_shift_is_a_roll_and_says_by_how_much(seed: int, reach: float, samples: int) -> None:
    audio = torch.arange(samples, dtype=torch.float32).expand(3, -1)
    moved = TimeShift().on_audio(Copies(audio, torch.zeros(3)), settings(time_shift=reach), generator(seed))
    for copy, shift in zip(moved.audio, moved.shifts, strict=True):
        steps = round(float(shift) * samples)
        assert 0 <= steps <= max(0, reach * samples)
        assert torch.equal(copy, audio[0].roll(steps))


@given(st.integers(0, 2**31), st.floats(0, 1))
def test_masks_hide_one_stretch_up_to_the_share(seed: int, share: float) -> None:
    ones = torch.ones(2, 2, 40, 60)
    hidden = 1 - TimeMask().on_features(ones, settings(time_mask=share), generator(seed))
    assert torch.equal(hidden[:, :1, :1].expand_as(hidden), hidden)
    for row in hidden[:, 0, 0]:
        assert row.sum() <= share * 60 + 1
        assert (row != row.roll(1)).sum() <= 2  # one stretch, around the loop
    bands = 1 - FrequencyMask().on_features(ones, settings(freq_mask=share), generator(seed))
    assert torch.equal(bands[:, :1, :, :1].expand_as(bands), bands)
    for row in bands[:, 0, :, 0]:
        assert row.sum() <= share * 40 + 1
        assert (row[1:] != row[:-1]).sum() <= 2


def test_off_costs_nothing() -> None:
    copies, features = Copies(torch.randn(1, 8), torch.zeros(1)), torch.randn(1, 2, 4, 4)
    assert TimeShift().on_audio(copies, settings(), generator(0)) is copies
    assert TimeMask().on_features(features, settings(), generator(0)) is features
    assert FrequencyMask().on_features(features, settings(), generator(0)) is features
