"""A dream: what a step does to the loop, whatever the speed of the machine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.network import Ear
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from ear_engine.optimization.ascent import InputGradient
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dream_source import SILENCE_LUFS
from ear_engine.resources import resource
from ear_engine.sources.loops import render_builtin
from ear_engine.targets.terms import Term
from tests.optimization.helpers import dream_of, settings, target

RATE = 44100
Loop = NDArray[np.float32]


def rms(x: torch.Tensor) -> float:
    return float(x.double().square().mean().sqrt())


def fired(dream: Dream, layer: str) -> float:
    """Mean activation of a layer in the loop as it would be heard."""
    return float(dream.version().activations[layer].mean())


def spectrum_db(audio: Loop) -> Loop:
    """Third-octave levels of a loop in dB, floored at -80."""
    power = np.abs(np.fft.rfft(audio.mean(axis=0))) ** 2 / audio.shape[1] ** 2
    frequency = np.arange(len(power)) * RATE / audio.shape[1]
    edges = 40.0 * 2.0 ** (np.arange(28) / 3)
    bands = [power[(frequency >= a) & (frequency < b)].sum() for a, b in pairwise(edges)]
    return 10 * np.log10(np.array(bands) + 1e-8)


def test_a_step_moves_the_loop_by_rate_dB_of_its_level_a_beat(ear: Ear, loop: Loop) -> None:
    for rate, beats in ((-24.0, 0.1), (-12.0, 0.01)):
        dream = dream_of(ear, loop)
        dream.go_on_from(dream.audio * 0.5)  # room below the level, so that only the step counts
        before = dream.audio
        dream.step(settings(rate=rate), beats)
        expected = rms(torch.from_numpy(loop.mean(axis=0))) * 10 ** (rate / 20) * beats
        assert rms(dream.audio - before) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("layer", ["encoder_1_conv1", "encoder_4_conv2", "autoregressive_6"])
def test_the_target_fires_more_and_more(layer: str) -> None:
    clip = render_builtin("beat")
    dream = dream_of(load_ear(resource("configs", "ears", "small")), clip.audio, target(layer), beats=8)
    objective = np.array([dream.step(settings(rate=-24.0), 0.125).objective for _ in range(32)])
    beats = objective.reshape(4, 8).mean(axis=1)
    assert objective[0] < beats[0] < beats[1] < beats[2] < beats[3]


def test_a_negative_weight_silences(ear: Ear, loop: Loop) -> None:
    dream = dream_of(ear, loop, target(weight=-1.0))
    start = fired(dream, "encoder_1_conv1")
    for _ in range(16):
        dream.step(settings(), 0.125)
    assert fired(dream, "encoder_1_conv1") < start


def test_5_and_500_steps_a_second_play_alike(ear: Ear, loop: Loop) -> None:
    """Four beats at 120 BPM: 10 steps or 1000."""
    levels, spectra, changes = [], [], []
    for steps in (10, 1000):
        dream = dream_of(ear, loop)
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
    dream = dream_of(ear, loop)
    away = torch.randn(dream.samples, generator=torch.Generator().manual_seed(1)) * 1e-3
    middle = torch.from_numpy(loop.mean(axis=0))
    dream.go_on_from((0.5 * middle + away)[None])
    start = rms(dream.audio - middle)
    for _ in range(8):
        dream.step(settings(rate=-200.0, pull=2.0), 0.25)
    assert rms(dream.audio - middle) == pytest.approx(start / 2, rel=1e-3)


def test_the_same_seed_dreams_the_same_and_another_does_not(ear: Ear, loop: Loop) -> None:
    def run(seed: int) -> Loop:
        dream = dream_of(ear, loop, seed=seed)
        for _ in range(3):
            dream.step(settings(time_shift=1.0, time_mask=0.3, freq_mask=0.3, batch_size=2), 0.1)
        return dream.version().audio

    assert np.array_equal(run(5), run(5))
    assert not np.array_equal(run(5), run(6))


def test_loudness_is_held_and_nothing_clips(ear: Ear, loop: Loop) -> None:
    meter = LoudnessMeter(loop.shape[1], RATE)
    aimed = meter.measure(loop)
    dream = dream_of(ear, loop)
    for _ in range(12):
        dream.step(settings(rate=-6.0), 0.25)
        heard = dream.version().audio
        assert meter.measure(heard) == pytest.approx(aimed, abs=0.2)
        assert np.abs(heard).max() <= 0.971


def without_rumble(loop: Loop) -> Loop:
    """``loop`` as it is heard: nothing of it lies below 5 Hz."""
    spectrum = np.fft.rfft(loop)
    spectrum[:, : round(5.0 * loop.shape[1] / RATE)] = 0.0
    return np.fft.irfft(spectrum, n=loop.shape[1]).astype(np.float32)


def test_the_first_version_is_the_source(ear: Ear, loop: Loop) -> None:
    loop = without_rumble(loop)
    assert np.abs(Dream(ear, loop, 2).version().audio - loop).max() < 2e-4


def test_the_sides_stay_as_they_are(ear: Ear, loop: Loop) -> None:
    loop = without_rumble(loop)
    dream = dream_of(ear, loop)
    for _ in range(8):
        dream.step(settings(), 0.25)
    heard = dream.version().audio
    side, heard_side = loop[0] - loop[1], heard[0] - heard[1]
    gain = float(side @ heard_side / (side @ side))
    assert np.abs(heard_side - gain * side).max() < 1e-5
    assert 0.3 < gain < 3.0


def test_silence_begins_to_sound_at_minus_20_LUFS(ear: Ear) -> None:
    silence = np.zeros((1, RATE), np.float32)
    dream = dream_of(ear, silence)
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
    dream = dream_of(ear, loop)
    dream.step(settings(), 0.25)
    good = dream.audio
    dream.step(settings(rate=6000.0), 0.25)
    assert torch.equal(dream.audio, good)
    assert not dream.step(settings(), 0.25).finite  # told one step late
    assert dream.step(settings(), 0.25).finite
    assert torch.isfinite(dream.audio).all()
    assert not torch.equal(dream.audio, good)


def test_a_time_target_acts_in_its_time(ear: Ear, loop: Loop) -> None:
    """The half of the loop that is the target changes most; random shifts must not smear it into the other.

    The other half changes too: it gives the energy, since the loop's level is held.
    """
    changed = []
    for start in (0.0, 1.0):
        dream = dream_of(ear, loop, target("encoder_0_conv1", start=start, length=1.0))
        before = dream.audio
        for _ in range(12):
            dream.step(settings(time_shift=1.0, rate=-30.0), 0.1)
        move = (dream.audio - before).view(2, -1).square().mean(dim=1)
        changed.append(float(move[1] / move[0]))
    assert changed[0] < 0.75
    assert changed[1] > 1.33


def test_a_target_that_cannot_be_is_refused_and_the_one_before_stays(ear: Ear, loop: Loop) -> None:
    dream, same = dream_of(ear, loop), dream_of(ear, loop)
    with pytest.raises(UserError, match="objectives plug-in 'linaer' does not exist; did you mean linear"):
        dream.aim([Term("linear", 1.0, "encoder_0_conv1"), Term("linaer", 1.0, "encoder_0_conv1")])
    for each in (dream, same):
        each.step(settings(), 0.1)
    assert torch.equal(dream.audio, same.audio)


def test_a_loop_without_a_middle_gets_one_and_keeps_its_sides(ear: Ear, loop: Loop) -> None:
    sides = np.stack([loop[0], -loop[0]])
    dream = dream_of(ear, sides)
    first = dream.version().audio
    assert np.corrcoef(first.ravel(), sides.ravel())[0, 1] > 0.999
    dream.warm_up(settings())
    for _ in range(8):
        assert dream.step(settings(), 0.25).finite
    audio = dream.version().audio
    assert rms(torch.from_numpy(audio.mean(axis=0))) > 0.1 * rms(torch.from_numpy(sides))
    assert np.corrcoef(audio[0] - audio[1], sides[0])[0, 1] > 0.99


def test_without_a_target_nothing_changes(ear: Ear, loop: Loop) -> None:
    dream = Dream(ear, loop, 2)
    before = dream.audio
    assert dream.step(settings(), 0.1).finite
    assert torch.equal(dream.audio, before)


def test_variants_are_dreamed_side_by_side(ear: Ear, loop: Loop) -> None:
    """Each hears its own shifts, and each becomes what it would have become alone."""
    dream = dream_of(ear, loop, variants=3)
    for _ in range(4):
        dream.step(settings(time_shift=1.0, batch_size=2), 0.1)
    assert dream.audio.shape == (3, RATE)
    assert rms(dream.audio[0] - dream.audio[1]) > 1e-3 * rms(dream.audio)
    assert not np.array_equal(dream.version(0).audio, dream.version(2).audio)
    alone, side_by_side = dream_of(ear, loop), dream_of(ear, loop, variants=2)
    start = alone.audio
    for each in (alone, side_by_side):
        each.go_on_from(start.repeat(len(each.audio), 1))
        each.step_number = 1
        each.step(settings(), 0.1)
    moved = rms(alone.audio - start)
    assert rms(side_by_side.audio[0] - alone.audio[0]) < 1e-3 * moved  # the first hears the same shift


def test_a_version_has_every_layer_with_its_own_steps(ear: Ear, loop: Loop) -> None:
    dream = dream_of(ear, loop)
    version = dream.version()
    assert list(version.activations) == [layer.name for layer in dream.index.layers]
    assert version.frames % 16 == 0
    for layer in dream.index.layers:
        assert version.activations[layer.name].shape == (version.frames // layer.stride, layer.neurons)


def test_the_gradient_at_the_input_lies_where_the_target_is_however_copies_are_shifted(ear: Ear, loop: Loop) -> None:
    shares = []
    for start in (0.0, 1.0):
        dream = dream_of(ear, loop, target("encoder_0_conv1", start=start, length=1.0))
        assert dream.version().gradient is None
        dream.step(settings(time_shift=1.0, batch_size=3), 0.1)
        version = dream.version()
        assert version.gradient is not None and version.gradient.dtype == np.float32
        assert version.gradient.shape == (version.frames, ear.config.scalogram.bins)
        halves = np.abs(version.gradient).reshape(2, -1).sum(axis=1)
        shares.append(halves[1] / halves.sum())
        dream.aim(())
        dream.step(settings(), 0.1)
        assert dream.version().gradient is None
    assert shares[0] < 0.15 and shares[1] > 0.85  # what is left is how far the layer sees


def test_a_gradient_is_turned_back_by_whole_frames_and_parts_of_them() -> None:
    frames = 8
    ramp = torch.arange(frames, dtype=torch.float32)
    loop = torch.stack([torch.cos(2 * torch.pi * ramp / frames), ramp])  # (bins, frames)
    for moved in (0, 3, 7):
        heard = InputGradient(loop.roll(moved, -1)[None], torch.tensor([moved / frames]))
        assert torch.allclose(heard.unshifted(), loop.T, atol=1e-5)
    half = InputGradient(loop.roll(2, -1)[None], torch.tensor([1.5 / frames])).unshifted()
    assert torch.allclose(half, (loop + loop.roll(1, -1)).T / 2, atol=1e-5)
    both = InputGradient(torch.stack([loop, 3 * loop.roll(1, -1)]), torch.tensor([0.0, 1 / frames])).unshifted()
    assert torch.allclose(both, 2 * loop.T, atol=1e-5)


def test_a_restarted_dream_goes_on_from_what_was_heard(ear: Ear, loop: Loop) -> None:
    dream = dream_of(ear, loop)
    for _ in range(8):
        dream.step(settings(), 0.25)
    heard = dream.version().audio
    again = Dream(ear, loop, 2)
    again.resume(heard, dream.step_number)
    assert again.step_number == 8
    assert np.abs(again.version().audio - heard).max() < 0.05 * np.abs(heard).max()


def test_the_same_clip_at_another_length_keeps_what_was_dreamed(ear: Ear, loop: Loop) -> None:
    dream = dream_of(ear, loop)
    for _ in range(8):
        dream.step(settings(), 0.25)
    longer = np.repeat(loop, 2, axis=1)[:, : RATE * 3 // 2].copy()
    for stretched in (True, False):
        other = Dream(ear, longer, 3)
        source = other.audio
        other.inherit(dream, stretched=stretched)
        assert rms(other.audio - source) == pytest.approx(rms(dream.audio - Dream(ear, loop, 2).audio), rel=0.15)
