"""A dream: what a step does to the loop, whatever the speed of the machine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from ear_engine.optimization.dream import SILENCE_LUFS, Dream
from ear_engine.optimization.target import select
from tests.optimization.helpers import region, settings

RATE = 44100
Loop = NDArray[np.float32]


def rms(x: torch.Tensor) -> float:
    return float(x.double().square().mean().sqrt())


def fired(dream: Dream, layer: str) -> float:
    """Mean activation of the target region in the loop as it would be heard."""
    found = dream.index[layer]
    chosen = select(region(layer), dream.index, {}, dream.beats)
    values = dream.version().activations[layer].reshape(-1, found.channels, found.bins)
    return float(values[:, chosen.channels].mean())


def spectrum_db(audio: Loop) -> Loop:
    """Third-octave levels of a loop in dB, floored at -80."""
    power = np.abs(np.fft.rfft(audio.mean(axis=0))) ** 2 / audio.shape[1] ** 2
    frequency = np.arange(len(power)) * RATE / audio.shape[1]
    edges = 40.0 * 2.0 ** (np.arange(28) / 3)
    bands = [power[(frequency >= a) & (frequency < b)].sum() for a, b in pairwise(edges)]
    return 10 * np.log10(np.array(bands) + 1e-8)


def test_a_step_moves_the_loop_by_rate_dB_of_its_level_a_beat(ear: Ear, loop: Loop) -> None:
    for rate, beats in ((-24.0, 0.1), (-12.0, 0.01)):
        dream = Dream(ear, loop, 2)
        dream.audio = dream.audio * 0.5  # room below the level, so that only the step counts
        before = dream.audio
        dream.step(settings(rate=rate), beats)
        expected = rms(torch.from_numpy(loop.mean(axis=0))) * 10 ** (rate / 20) * beats
        assert rms(dream.audio - before) == pytest.approx(expected, rel=1e-4)


def test_the_target_fires_more_and_stays_up(ear: Ear, loop: Loop) -> None:
    for layer in ("encoder_1_conv1", "encoder_4_conv2", "autoregressive_6"):
        dream = Dream(ear, loop, 2)
        start = fired(dream, layer)
        levels = []
        for _ in range(4):
            for _ in range(8):
                dream.step(settings(region(layer), rate=-30.0), 0.125)
            levels.append(fired(dream, layer))
        assert np.mean(levels[1:]) > start  # one level alone may fall below: rounding decides, in an untrained ear


def test_a_negative_weight_silences(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    start = fired(dream, "encoder_1_conv1")
    for _ in range(16):
        dream.step(settings(region(weight=-1.0)), 0.125)
    assert fired(dream, "encoder_1_conv1") < start


def test_5_and_500_steps_a_second_play_alike(ear: Ear, loop: Loop) -> None:
    """Four beats at 120 BPM: 10 steps or 1000."""
    levels, spectra, changes = [], [], []
    for steps in (10, 1000):
        dream = Dream(ear, loop, 2)
        source = dream.version()
        for _ in range(steps):
            dream.step(settings(pull=16.0), 4.0 / steps)
        spectra.append(spectrum_db(dream.version().audio))
        levels.append(fired(dream, "encoder_1_conv1"))
        changes.append(np.abs(spectra[-1] - spectrum_db(source.audio)).mean())
    assert changes[0] == pytest.approx(changes[1], rel=0.3)
    assert levels[0] == pytest.approx(levels[1], rel=0.2)
    assert np.abs(spectra[0] - spectra[1]).mean() < 0.5 * min(changes)


def test_the_pull_has_the_half_life_it_says(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    away = torch.randn(dream.samples, generator=torch.Generator().manual_seed(1)) * 1e-3
    middle = torch.from_numpy(loop.mean(axis=0))
    dream.audio = 0.5 * middle + away
    start = rms(dream.audio - middle)
    for _ in range(8):
        dream.step(settings(rate=-200.0, pull=2.0), 0.25)
    assert rms(dream.audio - middle) == pytest.approx(start / 2, rel=1e-3)


def test_the_same_seed_dreams_the_same_and_another_does_not(ear: Ear, loop: Loop) -> None:
    def run(seed: int) -> Loop:
        dream = Dream(ear, loop, 2, seed=seed)
        for _ in range(3):
            dream.step(settings(time_shift=1.0, time_mask=0.3, freq_mask=0.3, batch_size=2), 0.1)
        return dream.version().audio

    assert np.array_equal(run(5), run(5))
    assert not np.array_equal(run(5), run(6))


def test_loudness_is_held_and_nothing_clips(ear: Ear, loop: Loop) -> None:
    meter = LoudnessMeter(loop.shape[1], RATE)
    aimed = meter.measure(loop)
    dream = Dream(ear, loop, 2)
    for _ in range(12):
        dream.step(settings(rate=-6.0), 0.25)
        heard = dream.version().audio
        assert meter.measure(heard) == pytest.approx(aimed, abs=0.2)
        assert np.abs(heard).max() <= 0.971


def test_the_first_version_is_the_source(ear: Ear, loop: Loop) -> None:
    assert np.abs(Dream(ear, loop, 2).version().audio - loop).max() < 2e-4


def test_the_sides_stay_as_they_are(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    for _ in range(8):
        dream.step(settings(), 0.25)
    heard = dream.version().audio
    side, heard_side = loop[0] - loop[1], heard[0] - heard[1]
    gain = float(side @ heard_side / (side @ side))
    assert np.abs(heard_side - gain * side).max() < 1e-5
    assert 0.3 < gain < 3.0


def test_silence_begins_to_sound_at_minus_20_LUFS(ear: Ear) -> None:
    silence = np.zeros((1, RATE), np.float32)
    dream = Dream(ear, silence, 2)
    assert not dream.version().audio.any()
    dream.warm_up(settings())
    meter = LoudnessMeter(RATE, RATE)
    assert meter.measure(dream.version().audio) == pytest.approx(SILENCE_LUFS, abs=0.2)
    first = fired(dream, "encoder_1_conv1")
    for _ in range(24):
        dream.step(settings(), 0.25)
    assert meter.measure(dream.version().audio) == pytest.approx(SILENCE_LUFS, abs=0.2)
    assert fired(dream, "encoder_1_conv1") > first


def test_numbers_that_are_not_finite_never_reach_the_loop(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    dream.step(settings(), 0.25)
    good = dream.audio
    broken = dream.step(settings(rate=6000.0), 0.25)
    assert not broken.finite
    assert torch.isfinite(dream.audio).all()
    assert rms(dream.audio - good) < rms(good)
    assert dream.step(settings(), 0.25).finite


def test_a_time_target_acts_in_its_time(ear: Ear, loop: Loop) -> None:
    """The half of the loop that is the target changes most; random shifts must not smear it into the other.

    The other half changes too: it gives the energy, since the loop's level is held.
    """
    changed = []
    for start in (0.0, 1.0):
        dream = Dream(ear, loop, 2)
        before = dream.audio
        for _ in range(12):
            dream.step(settings(region("encoder_0_conv1", start=start, length=1.0), time_shift=1.0, rate=-30.0), 0.1)
        move = (dream.audio - before).view(2, -1).square().mean(dim=1)
        changed.append(float(move[1] / move[0]))
    assert changed[0] < 0.75
    assert changed[1] > 1.33


def test_a_region_of_a_layer_that_is_not_there_is_refused_and_nothing_changes(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    before = dream.audio
    with pytest.raises(UserError, match="encoder_1_conv1"):
        dream.step(settings(region("encoder_1_conv")), 0.1)
    assert torch.equal(dream.audio, before)


def test_a_version_has_every_layer_with_its_own_steps(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    version = dream.version()
    assert list(version.activations) == [layer.name for layer in dream.index.layers]
    assert version.frames % 16 == 0
    for layer in dream.index.layers:
        assert version.activations[layer.name].shape == (version.frames // layer.stride, layer.neurons)


def test_a_restarted_dream_goes_on_from_what_was_heard(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    for _ in range(8):
        dream.step(settings(), 0.25)
    heard = dream.version().audio
    again = Dream(ear, loop, 2)
    again.resume(heard, dream.step_number)
    assert again.step_number == 8
    assert np.abs(again.version().audio - heard).max() < 0.05 * np.abs(heard).max()


def test_the_same_clip_at_another_length_keeps_what_was_dreamed(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    for _ in range(8):
        dream.step(settings(), 0.25)
    longer = np.repeat(loop, 2, axis=1)[:, : RATE * 3 // 2].copy()
    for stretched in (True, False):
        other = Dream(ear, longer, 3)
        source = other.audio
        other.inherit(dream, stretched=stretched)
        assert rms(other.audio - source) == pytest.approx(rms(dream.audio - Dream(ear, loop, 2).audio), rel=0.15)
