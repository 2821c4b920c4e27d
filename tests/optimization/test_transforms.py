"""Transforms: random, repeatable, circular, and never more than asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.network import Ear
from ear_engine.ear.scalogram import Scalogram
from ear_engine.optimization.settings import settings_of
from ear_engine.optimization.transforms.base import Copies, Shape, Transform
from ear_engine.optimization.transforms.denoise import Denoise
from ear_engine.optimization.transforms.gradient_noise import GradientNoise
from ear_engine.optimization.transforms.loudness import Loudness
from ear_engine.optimization.transforms.masks import FrequencyMask, TimeMask
from ear_engine.optimization.transforms.pitch_shift import PitchShift
from ear_engine.optimization.transforms.time_shift import TimeShift
from ear_engine.parameters import ParameterTree
from ear_engine.resources import resource
from ear_engine.sources.loops import render_builtin
from tests.optimization.helpers import dream_of, settings, target

RATE = 44100
OPTIONAL = {
    "pitch_shift": PitchShift,
    "loudness": Loudness,
    "time_mask": TimeMask,
    "freq_mask": FrequencyMask,
    "gradient_noise": GradientNoise,
    "denoise": Denoise,
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shape(copies: int = 1, samples: int = RATE, frames: int = 48, **more: Any) -> Shape:
    return Shape(1, copies, samples, frames, 216, RATE, 2, **more)


def numbers(transform: Transform, where: Shape, seed: int = 0, **changes: Any) -> torch.Tensor:
    drawn = transform.numbers(settings(**changes), where, generator(seed))
    assert drawn is not None
    return drawn


@pytest.mark.parametrize("name", OPTIONAL)
def test_off_is_no_part_and_on_is_repeatable_and_of_one_size(name: str) -> None:
    transform = OPTIONAL[name]()
    assert transform.numbers(settings(), shape(), generator()) is None
    drawn = [numbers(transform, shape(3), seed, **{name: 0.5}) for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert drawn[0].shape == drawn[2].shape
    assert drawn[0].dtype == torch.float32


@given(st.integers(0, 2**31), st.floats(0, 1), st.integers(50, 90))
def test_time_shift_is_a_roll_and_says_by_how_much(seed: int, reach: float, samples: int) -> None:
    audio = torch.arange(samples, dtype=torch.float32).expand(3, -1)
    drawn = numbers(TimeShift(), shape(3, samples, 10), seed, time_shift=reach)
    moved = TimeShift().on_audio(Copies(audio, torch.full((3,), 0.25)), drawn)
    for copy, shift in zip(moved.audio, moved.shifts - 0.25, strict=True):
        steps = round(float(shift) * samples)
        assert 0 <= steps < max(math.ceil(samples / 10), reach * samples + 1)
        assert torch.equal(copy, audio[0].roll(steps))


def test_copies_are_shifted_by_less_than_a_hop_where_no_shift_is_asked_for() -> None:
    drawn = numbers(TimeShift(), shape(400), time_shift=0.0)
    assert 0 <= drawn.min() < 50
    assert 850 < drawn.max() < 919  # a hop of 918.75 samples


@given(st.integers(0, 2**31), st.floats(0.001, 1))
def test_masks_hide_one_stretch_up_to_the_share(seed: int, share: float) -> None:
    ones = torch.ones(2, 2, 40, 60)
    where = Shape(1, 2, 60 * 1024, 60, 40, RATE, 2)
    hidden = 1 - TimeMask().on_features(ones, numbers(TimeMask(), where, seed, time_mask=share))
    assert torch.equal(hidden[:, :1, :1].expand_as(hidden), hidden)
    for row in hidden[:, 0, 0]:
        assert row.sum() <= share * 60 + 1
        assert (row != row.roll(1)).sum() <= 2  # one stretch, around the loop
    bands = 1 - FrequencyMask().on_features(ones, numbers(FrequencyMask(), where, seed, freq_mask=share))
    assert torch.equal(bands[:, :1, :, :1].expand_as(bands), bands)
    for row in bands[:, 0, :, 0]:
        assert row.sum() <= share * 40 + 1
        assert (row[1:] != row[:-1]).sum() <= 2


@given(st.integers(0, 2**31), st.floats(0.01, 24))
def test_loudness_stays_within_what_is_asked_for(seed: int, most: float) -> None:
    decibels = 10 * numbers(Loudness(), shape(16), seed, loudness=most).log10()
    assert float(decibels.abs().max()) <= most + 1e-3
    assert float(decibels.min()) < 0 < float(decibels.max())


@pytest.mark.parametrize("decibels", [-24.0, -6.0, 10.0])
def test_features_at_another_level_are_those_of_louder_audio(loop: NDArray[np.float32], decibels: float) -> None:
    audio, scalogram = torch.from_numpy(loop[:1] * np.float32(0.1)), Scalogram()
    heard = Loudness().on_features(scalogram(audio), torch.tensor([10 ** (decibels / 10)]))
    wanted = scalogram(audio * 10 ** (decibels / 20))
    assert float((heard - wanted)[:, 0].abs().max()) < 1e-4
    assert float((heard - wanted)[:, 1].abs().mean()) < 0.01


def moved(features: torch.Tensor, semitones: float) -> torch.Tensor:
    """Features shifted by exactly so much: the draw is replaced by it."""
    drawn = numbers(PitchShift(), shape(), pitch_shift=2.0)
    drawn[:, 0] = 2.0 * semitones
    return PitchShift().on_features(features, drawn)


@pytest.mark.parametrize("frequency", [110, 440, 1000, 3000])
@pytest.mark.parametrize("semitones", [-2.0, -0.6, 0.37, 1.0, 1.75])
def test_features_of_a_shifted_sine_are_those_of_a_higher_sine(frequency: int, semitones: float) -> None:
    scalogram = Scalogram()
    higher = round(frequency * 2 ** (semitones / 12))  # whole periods in a loop of a second
    time = torch.arange(RATE, dtype=torch.float64) / RATE
    low, high = (0.3 * torch.sin(2 * math.pi * f * time)[None] for f in (frequency, higher))
    heard, wanted = scalogram(low.float(), frames=48), scalogram(high.float(), frames=48)
    shifted = moved(heard, 12 * math.log2(higher / frequency))
    loud = wanted[0, 0] > wanted[0, 0].max() - 0.2  # the upper 18 dB
    assert float((shifted - wanted)[0, 0][loud].abs().max()) < 0.03
    assert float((heard - wanted)[0, 0][loud].abs().max()) > 0.05
    if frequency == 110:  # higher up a bin's sine turns more than half a turn a frame, and its phase is ambiguous
        turned = (shifted - wanted)[0, 1][loud]
        assert float((torch.remainder(turned + 1, 2) - 1).abs().max()) < 0.01


def test_pitch_moves_by_no_more_than_asked_for_and_silence_stays_silent() -> None:
    drawn = numbers(PitchShift(), shape(500), pitch_shift=1.5)
    assert 2.8 < float(drawn[:, 0].max()) <= 3.0
    assert -3.0 <= float(drawn[:, 0].min()) < -2.8
    assert (
        not PitchShift().on_features(torch.zeros(1, 2, 216, 8), numbers(PitchShift(), shape(), pitch_shift=1.0)).any()
    )


def test_gradient_noise_keeps_level_spectrum_and_rhythm() -> None:
    time = torch.arange(RATE) / RATE
    gradient = torch.where(time < 0.25, torch.sin(4 * math.pi * time) ** 2 * torch.sin(2 * math.pi * 440 * time), 0.0)[
        None
    ]
    gradient = gradient / gradient.square().mean().sqrt()
    alike = []
    for share in (0.1, 0.5, 1.0):
        noisy = GradientNoise().on_gradient(gradient, numbers(GradientNoise(), shape(), gradient_noise=share))
        assert float(noisy.square().mean()) == pytest.approx(1.0, rel=1e-4)
        energy = torch.fft.rfft(noisy[0]).abs().square()
        assert float(energy[410:470].sum() / energy.sum()) > 0.9
        assert float(noisy[:, round(0.3 * RATE) :].square().sum() / noisy.square().sum()) < 1e-6
        alike.append(float((noisy * gradient).mean()))
    assert alike[0] > alike[1] > alike[2]


def tone_and_hits() -> tuple[torch.Tensor, torch.Tensor]:
    time = torch.arange(2 * RATE) / RATE
    tone = 0.2 * torch.sin(2 * math.pi * 440 * time)
    bursts = torch.randn(2 * RATE, generator=generator(3)) * 0.3 * torch.exp(-60 * (time % 0.5))
    return tone, bursts


def denoised(audio: torch.Tensor, strength: float, steps: int = 8) -> torch.Tensor:
    where = shape(1, len(audio), 96, step=2.0 / steps)  # two beats in all
    for step in range(steps):
        audio = Denoise().on_loop(audio[None], numbers(Denoise(), where, step, denoise=strength))[0]
    return audio


def test_denoise_takes_the_floor_and_leaves_tones_and_hits() -> None:
    tone, bursts = tone_and_hits()
    sound = tone + bursts
    noise = torch.randn(len(sound), generator=generator(4)) * 0.003
    quiet = (torch.arange(len(sound)) / RATE % 0.5 > 0.25).float()

    def floor(audio: torch.Tensor) -> float:
        """Level between hits, without the tone."""
        spectrum = torch.fft.rfft(audio * quiet)
        hertz = torch.arange(len(spectrum)) / 2
        return 20 * math.log10(float(spectrum[(hertz > 2000) & (hertz < 15000)].abs().square().mean().sqrt()))

    levels = [
        floor(denoised(sound + noise, strength)) if strength else floor(sound + noise) for strength in (0, 0.3, 1)
    ]
    assert levels[0] - levels[1] > 3.0
    assert levels[1] - levels[2] > 3.0
    kept = denoised(tone, 1.0)
    assert 20 * math.log10(float((kept - tone).norm() / tone.norm())) < -40
    kept = denoised(sound, 1.0)
    assert 20 * math.log10(float((kept - sound).norm() / sound.norm())) < -20


def test_denoise_goes_by_beats_not_by_steps() -> None:
    noise = torch.randn(RATE, generator=generator(5)) * 0.1
    levels = [20 * math.log10(float(denoised(noise, 1.0, steps).norm() / noise.norm())) for steps in (4, 32)]
    assert levels[0] == pytest.approx(levels[1], rel=0.15)
    assert levels[0] < -6


def test_denoise_at_no_strength_is_the_loop_itself() -> None:
    audio = torch.randn(2, 12345, generator=generator(6))
    kept = Denoise().on_loop(audio, torch.tensor([0.0, 777.0]))
    assert float((kept - audio).abs().max()) < 1e-5


def frame_texture(dreamed: torch.Tensor, frames: int) -> float:
    """How much the level above 5 kHz rises and falls with the frames: harmonics of their rate, over its mean."""
    spectrum = torch.fft.rfft(dreamed)
    spectrum[: round(5000 * len(dreamed) / RATE)] = 0
    envelope = torch.fft.rfft(torch.fft.irfft(spectrum, n=len(dreamed)).square())
    return float(envelope[frames].abs() / envelope[0].real)


def test_no_texture_of_the_frame_grid(ear: Ear, loop: NDArray[np.float32]) -> None:
    noise = torch.randn(1, loop.shape[1], generator=generator(7)).numpy() * np.float32(0.02)
    textures = []
    for left_out in (False, True):
        dream = dream_of(ear, noise, target("scalogram", freq_low=5000.0))
        if left_out:
            dream.parts = dream.parts.without(next(t for t in dream.parts.transforms if isinstance(t, TimeShift)))
        before = dream.audio[0].clone()
        for _ in range(24):
            dream.step(settings(tilt=3.0, reshape=0.5, rate=-12.0), 0.25)
        textures.append(frame_texture(dream.audio[0] - before, 48))
    assert textures[0] < 0.04
    assert textures[1] > 3 * textures[0]


@pytest.mark.parametrize("layer", ["encoder_3_conv1", "autoregressive_4"])
def test_no_texture_in_what_begins_from_silence(layer: str) -> None:
    clip = render_builtin("silence")
    dream = dream_of(load_ear(resource("configs", "ears", "small")), clip.audio, target(layer), beats=clip.beats)
    chosen = settings_of(ParameterTree().values)
    dream.warm_up(chosen)
    for _ in range(24):
        dream.step(chosen, 0.25)
    assert frame_texture(dream.audio[0], round(clip.samples / 1024)) < 0.04
