"""Augmented scalograms against scalograms of sounds changed that way."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ear_engine.ear.scalogram import Scalogram, ScalogramConfig
from ear_engine.errors import UserError
from ear_engine.training.augmentation import Augmentation, augment

FRAMES = 32
SAMPLES = FRAMES * 1024
RATE = 44100
LOG_RANGE = -math.log(1e-9)
EVERYTHING = Augmentation("past", 6.0, 6.0, 30.0, 4, 12, 40)


def hear(audio: Tensor) -> Tensor:
    return Scalogram()(audio, circular=True, frames=FRAMES)


def noise(rows: int = 1, level: float = 0.1, seed: int = 0) -> Tensor:
    return level * torch.randn(rows, SAMPLES, generator=torch.Generator().manual_seed(seed))


def changed(features: Tensor, config: Augmentation, seed: int = 0, **options: int) -> Tensor:
    return augment(features, config, np.random.default_rng(seed), **options)


def power(features: Tensor) -> Tensor:
    """In units of the floor."""
    return torch.expm1(features[:, 0].double() * LOG_RANGE)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", [0.1, 1e-5])
def test_a_change_of_level_is_the_scalogram_of_a_louder_sound(seed: int, level: float) -> None:
    audio = noise(level=level)
    got = changed(hear(audio), Augmentation(level_db=12.0), seed)
    gain = math.sqrt(float((power(got) / power(hear(audio)))[0, 100].median()))
    assert 0.05 < abs(20.0 * math.log10(gain)) <= 12.0
    expected = hear(gain * audio)
    assert torch.allclose(got[:, 0], expected[:, 0], atol=1e-4)
    heard = expected[:, 0] > 0.4  # near the floor the phase channel fades with the level
    heard &= heard.roll(1, dims=-1)
    turned = torch.remainder(got[:, 1] - expected[:, 1] + 1.0, 2.0) - 1.0
    assert bool(heard.any()) is (level > 0.01)
    assert not (turned[heard].abs() > 1e-3).any()


@pytest.mark.parametrize("seed", range(4))
def test_equalization_is_the_scalogram_of_a_filtered_sound(seed: int) -> None:
    audio = noise()
    features = hear(audio)
    got = changed(features, Augmentation(equalization_db=4.0), seed)
    gains = (power(got) / power(features))[0].median(dim=1).values.sqrt()
    decibels = 20.0 * gains.log10()
    assert float(decibels.max() - decibels.min()) > 2.0
    assert float(decibels.diff().abs().max()) < 1.0  # smooth over frequency, the same at all times
    frequencies = np.fft.rfftfreq(SAMPLES, 1.0 / RATE)
    curve = np.interp(frequencies, ScalogramConfig().frequencies(), gains.numpy())
    filtered = np.fft.irfft(np.fft.rfft(audio[0].double().numpy()) * curve)
    expected = hear(torch.from_numpy(filtered).float()[None])
    wrong = (got[:, 0] - expected[:, 0]).abs()
    assert float(wrong.mean()) < 3e-3  # of the scale of -90 dB to 0 dB; the filter is not quite flat inside a bin
    assert float(wrong[expected[:, 0] > 0.6].max()) < 0.01
    assert torch.equal(got[:, 1], features[:, 1])


def test_the_curves_of_equalization_have_the_deviation_asked_for() -> None:
    features = hear(noise()).expand(400, -1, -1, -1)
    got = changed(features, Augmentation(equalization_db=5.0))
    decibels = 10.0 * (power(got) / power(features)).log10()[:, :, 7]
    assert float(decibels.std()) == pytest.approx(5.0, rel=0.1)
    assert float(decibels.mean()) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("frequency", [110.0, 220.0, 523.25])
@pytest.mark.parametrize("seed", range(5))
def test_a_shift_in_pitch_is_the_scalogram_of_the_transposed_sound(frequency: float, seed: int) -> None:
    def sine(hertz: float) -> Tensor:
        audio = 0.3 * torch.sin(2 * torch.pi * hertz / RATE * torch.arange(6 * SAMPLES, dtype=torch.float64))
        heard: Tensor = Scalogram()(audio.float()[None], circular=True)
        return heard[..., 92:100]  # far from the click where such a loop begins

    before = sine(frequency)
    got = changed(before, Augmentation(pitch_bins=6), seed)
    bins = int(got[0, 0, :, 4].argmax() - before[0, 0, :, 4].argmax())
    assert abs(bins) <= 6
    transposed = frequency * 2.0 ** (bins / 24)
    expected = sine(transposed)
    peak = int(expected[0, 0, :, 4].argmax())
    around = slice(peak - 2, peak + 3)
    assert torch.allclose(got[0, 0, around], expected[0, 0, around], atol=1e-3)
    offset = 2 * 1024 / RATE * (transposed - ScalogramConfig().frequencies()[around])
    plain = torch.from_numpy(max(1.0, 2.0 ** (-bins / 24)) * np.abs(offset) < 0.99)  # not wrapped, now or before
    assert plain[2]
    assert torch.allclose(got[0, 1, around][plain], expected[0, 1, around][plain], atol=2e-3)


def test_pitch_goes_both_ways_up_to_its_limit_and_what_was_not_heard_is_silent() -> None:
    features = torch.rand(200, 2, 216, 4, generator=torch.Generator().manual_seed(1)) + 0.1
    got = changed(features, Augmentation(pitch_bins=3))
    shifts = []
    for before, after in zip(features[:, 0], got[:, 0], strict=True):
        (found,) = [s for s in range(-3, 4) if torch.allclose(after[3 + s : 213 + s], before[3:213], atol=1e-5)]
        silent = after[:found] if found > 0 else after[216 + found :]
        assert found == 0 or not silent.any()
        shifts.append(found)
    assert set(shifts) == set(range(-3, 4))


def test_masks_are_silent_as_long_and_wide_as_allowed_and_all_else_stays() -> None:
    features = torch.rand(100, 2, 216, FRAMES, generator=torch.Generator().manual_seed(2)) + 0.1
    got = changed(features, Augmentation(time_mask=9, frequency_mask=30))
    hidden = (got == 0).all(dim=1)
    times, bands = hidden.all(dim=1), hidden.all(dim=2)
    assert torch.equal(hidden, times[:, None, :] | bands[:, :, None])
    for masks, longest in ((times, 9), (bands, 30)):
        sizes = masks.sum(dim=1)
        assert int(sizes.max()) == longest
        assert int(sizes.min()) == 0
        starts = (masks.int().diff(dim=1) == 1).sum(dim=1) + masks[:, 0].int()
        assert int(starts.max()) == 1  # one piece
    assert torch.allclose(got[~hidden[:, None].expand_as(got)], features[~hidden[:, None].expand_as(got)], atol=1e-5)


def test_noise_covers_what_is_softer_and_leaves_what_is_louder() -> None:
    frequencies = ScalogramConfig().frequencies()
    time = torch.arange(SAMPLES, dtype=torch.float64) / RATE
    loud = hear((0.5 * torch.sin(2 * torch.pi * float(frequencies[100]) * time)).float()[None]).expand(64, -1, -1, -1)
    got = changed(loud, Augmentation(noise_db=40.0))
    assert (power(got) >= power(loud) * (1 - 1e-4)).all()
    assert torch.allclose(got[:, :, 100, 4:-4], loud[:, :, 100, 4:-4], atol=2e-2)
    silence = torch.zeros(64, 2, 216, FRAMES)
    covered = changed(silence, Augmentation(noise_db=40.0))
    level = 10.0 * (power(covered).mean(dim=(1, 2)) + 1.0).log10()  # dB above the floor
    assert float(level.max()) < 40.0 + 8.0  # its tilt may raise one end by 7.5 dB
    assert float(level.min()) < 10.0 < 30.0 < float(level.max())
    heard = covered[:, 0] > 0.3
    assert float(covered[:, 1][heard].std()) == pytest.approx(1 / math.sqrt(3), rel=0.1)  # uniform over the circle
    assert not covered[:, 1][covered[:, 0] == 0].any()  # where there is none, there is no phase


@pytest.mark.parametrize(
    "config", [Augmentation(), dataclasses.replace(EVERYTHING, chance=0.0)], ids=["all off", "never"]
)
def test_nothing_happens_where_nothing_may(config: Augmentation) -> None:
    assert not config.on
    features = torch.cat([hear(noise(2)), torch.zeros(1, 2, 216, FRAMES)])
    assert torch.allclose(changed(features, config), features, atol=1e-6)


def test_the_chance_is_that_of_a_row_to_change() -> None:
    features = torch.rand(600, 2, 24, 4, generator=torch.Generator().manual_seed(3))
    got = changed(features, Augmentation(level_db=12.0, noise_db=10.0, pitch_bins=3, chance=0.3))
    same = torch.isclose(got, features, atol=1e-5).flatten(1).all(dim=1)
    assert 0.62 < float(same.float().mean()) < 0.78


@settings(deadline=None, max_examples=10)
@given(parts=st.sampled_from([1, 2, 3, 6]), seed=st.integers(0, 99), chance=st.sampled_from([0.5, 1.0]))
def test_rows_do_not_depend_on_how_a_batch_is_divided(parts: int, seed: int, chance: float) -> None:
    config = dataclasses.replace(EVERYTHING, chance=chance)
    features = hear(noise(6, seed=seed))
    whole = changed(features, config, seed)
    size = 6 // parts
    pieces = [changed(features[at : at + size], config, seed, batch=6, first=at) for at in range(0, 6, size)]
    assert torch.equal(torch.cat(pieces), whole)
    assert not torch.equal(whole, changed(features, config, seed + 1))


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 99), level=st.sampled_from([0.0, 1e-20, 1e-6, 1.0, 30.0]))
def test_any_level_stays_finite_and_in_range(seed: int, level: float) -> None:
    features = hear(noise(2, level, seed))
    got = changed(features, dataclasses.replace(EVERYTHING, equalization_db=20.0, level_db=40.0), seed)
    assert torch.isfinite(got).all()
    assert (got[:, 0] >= 0).all()
    assert (got[:, 1].abs() <= 1.0 + 1e-6).all()


def test_other_spacings_of_bins_turn_the_phase_by_their_own_interval() -> None:
    features = torch.full((1, 2, 48, 4), 0.25)
    config = Augmentation(pitch_bins=4)
    seed = next(s for s in range(9) if changed(features, config, s)[0, 0, 0, 0] == 0)  # upwards
    narrow, wide = (changed(features, config, seed, bins_per_octave=b)[0, 1, 20, 0] for b in (24, 12))
    assert math.log2(float(wide) / 0.25) == pytest.approx(2 * math.log2(float(narrow) / 0.25), rel=1e-4)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (Augmentation(level_db=-1.0), "here: level_db is -1.0; use 0 or more"),
        (Augmentation(chance=1.5), "here: chance is 1.5; use 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(config: Augmentation, said: str) -> None:
    with pytest.raises(UserError, match=said):
        config.check("here")
