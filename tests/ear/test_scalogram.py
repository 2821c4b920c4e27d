"""The scalogram against its definition evaluated directly, and what the networks rely on: gradients and shifts."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.ear.scalogram import Scalogram, ScalogramConfig
from tests.ear.direct import error_db, in_frequency, in_time_loop, in_time_music

CONFIG = ScalogramConfig()
SCALOGRAM = Scalogram(CONFIG)
OCTAVES = range(0, CONFIG.bins, CONFIG.bins_per_octave)  # bins at 40, 80, … 10,240 Hz


def music(samples: int, seed: int = 0) -> np.ndarray:
    """Noise between white and pink with two clicks, so that every bin hears something sudden and something steady."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    audio = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 20.0), samples)
    audio *= 0.2 / audio.std()
    audio[[samples // 3, samples - 1]] += 0.8
    return audio


def tensor(audio: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(audio.astype(np.float32))[None]


def single(audio: np.ndarray) -> np.ndarray:
    """What float32 keeps of ``audio``, as float64, so that the reference hears the same samples."""
    return audio.astype(np.float32).astype(np.float64)


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(30011, 29), (22050, 16), (16384, 43), (10007, 20), (9999, 101)],
)
def test_every_bin_of_a_loop_is_the_direct_fourier_sum(samples: int, frames: int) -> None:
    audio = single(music(samples, frames))
    error = error_db(SCALOGRAM.transform(tensor(audio), frames)[0].numpy(), in_frequency(audio, CONFIG, frames))
    assert error.shape == (216,)
    assert error.max() < -100.0


@pytest.mark.parametrize(("samples", "frames", "chosen"), [(30011, 41, [13])])
def test_every_bin_of_a_loop_is_the_direct_sum_of_kernels_in_time(samples: int, frames: int, chosen: list[int]) -> None:
    audio = single(music(samples, 3))
    coefficients = SCALOGRAM.transform(tensor(audio), frames)[0].numpy()
    true = in_time_loop(audio, CONFIG, frames, chosen)
    peak = np.abs(coefficients).max(axis=1)
    error = 20.0 * np.log10(np.abs(coefficients[:, chosen] - true).max(axis=1) / peak)
    assert error.shape == (216,)
    assert error.max() < -60.0


@pytest.mark.parametrize("samples", [22051, 1500])
def test_every_bin_of_music_is_the_direct_sum_with_silence_around_it(samples: int) -> None:
    audio = single(music(samples, 5))
    coefficients = SCALOGRAM.transform_linear(tensor(audio))[0].numpy()
    frames = -(-samples // CONFIG.hop)
    assert coefficients.shape == (216, frames)
    chosen = sorted({0, frames - 1})
    true = in_time_music(audio, CONFIG, chosen)
    peak = np.maximum(np.abs(coefficients).max(axis=1), np.abs(true).max(axis=1))
    error = 20.0 * np.log10(np.abs(coefficients[:, chosen] - true).max(axis=1) / peak)
    assert error.max() < -60.0


@pytest.mark.parametrize("bin_", OCTAVES)
@pytest.mark.parametrize("amplitude", [1.0, 0.01])
def test_a_sine_of_amplitude_a_at_the_center_gives_a(bin_: int, amplitude: float) -> None:
    frequency = CONFIG.frequencies()[bin_]
    audio = amplitude * np.sin(2 * np.pi * frequency * np.arange(44100) / 44100 + 0.3)
    magnitude = SCALOGRAM.transform(tensor(audio))[0, bin_].abs().numpy()
    assert np.abs(magnitude / amplitude - 1.0).max() < 1e-4


def test_a_sine_is_silent_beyond_one_half_width() -> None:
    audio = np.sin(2 * np.pi * 640.0 * np.arange(44100) / 44100)
    magnitude = SCALOGRAM.transform(tensor(audio))[0].abs().amax(dim=1).numpy()
    away = np.abs(CONFIG.frequencies() - 640.0) > CONFIG.frequencies() / CONFIG.q
    assert away.sum() > 200
    assert magnitude[away].max() < 1e-5


def test_amplitude_channel_is_zero_for_silence_and_one_for_full_scale() -> None:
    features = SCALOGRAM(torch.zeros(1, 44100))
    assert features.shape == (1, 2, 216, 48)
    assert not features.any()
    audio = np.sin(2 * np.pi * 640.0 * np.arange(44100) / 44100)
    assert SCALOGRAM(tensor(audio))[0, 0, 96].numpy() == pytest.approx(1.0, abs=1e-4)
    # the stated formula away from the ends: |X| = 0.01 is log(1e-4 + 1e-9) between log(1e-9) and 0
    quiet = (math.log(1e-4 + 1e-9) - math.log(1e-9)) / -math.log(1e-9)
    assert SCALOGRAM(tensor(0.01 * audio))[0, 0, 96].numpy() == pytest.approx(quiet, abs=1e-4)


@pytest.mark.parametrize("bin_", OCTAVES)
def test_phase_of_a_stationary_sine_at_the_center_is_zero(bin_: int) -> None:
    audio = 0.5 * np.sin(2 * np.pi * CONFIG.frequencies()[bin_] * np.arange(44100) / 44100)
    assert SCALOGRAM(tensor(audio))[0, 1, bin_].abs().max() < 1e-3


@pytest.mark.parametrize("detune", [-7.0, -1.0, 2.0, 10.0])
@pytest.mark.parametrize("frames", [32, 43])
@pytest.mark.parametrize("circular", [True, False])
def test_phase_of_a_detuned_sine_is_its_excess_advance(detune: float, frames: int, circular: bool) -> None:
    audio = tensor(0.5 * np.sin(2 * np.pi * (640.0 + detune) * np.arange(44100) / 44100))
    phase = SCALOGRAM(audio, frames=frames, circular=circular)[0, 1, 96].numpy()
    hop = 44100 / frames if circular else 1024
    expected = 2.0 * detune * hop / 44100  # half turns between two frames
    expected -= 2.0 * round(expected / 2.0)
    steady = slice(None) if circular else slice(12, -12)  # music begins and ends with an edge
    assert np.abs(phase[steady] - expected).max() < 2e-3


def test_the_first_frame_of_music_has_no_phase() -> None:
    features = SCALOGRAM(tensor(music(30000)), circular=False)
    assert not features[0, 1, :, 0].any()
    assert features[0, 1, :, 1].abs().mean() > 0.1


@settings(deadline=None, max_examples=8)
@given(shift=st.integers(-40, 40), hop=st.integers(600, 1400), frames=st.integers(17, 40))
def test_shifting_a_loop_by_frames_shifts_its_scalogram(shift: int, hop: int, frames: int) -> None:
    audio = tensor(music(hop * frames, frames))
    plain = SCALOGRAM.transform(audio, frames)
    shifted = SCALOGRAM.transform(torch.roll(audio, shift * hop, dims=-1), frames)
    assert (shifted - torch.roll(plain, shift, dims=-1)).abs().max() < 1e-5 * plain.abs().max()


def test_a_doubled_loop_gives_the_scalogram_twice() -> None:
    audio = tensor(music(33 * 1024))
    once, twice = SCALOGRAM(audio, frames=33), SCALOGRAM(audio.repeat(1, 2), frames=66)
    assert (twice - once.repeat(1, 1, 1, 2)).abs()[:, 0].max() < 1e-4


@pytest.mark.parametrize("circular", [True, False])
def test_a_clip_in_a_batch_is_heard_as_alone(circular: bool) -> None:
    audio = torch.cat([tensor(music(30011, seed)) for seed in range(3)])
    together = SCALOGRAM(audio, circular=circular)
    for row in range(3):
        alone = SCALOGRAM(audio[row : row + 1], circular=circular)
        assert (together[row, 0] - alone[0, 0]).abs().max() < 1e-5


def test_music_does_not_wrap_from_its_end_to_its_beginning() -> None:
    """The hardest case: a steady tone at the edge of the longest window, which hears only where the tone is cut off."""
    audio = single(np.sin(2 * np.pi * 37.5 * np.arange(44100) / 44100))
    coefficients = SCALOGRAM.transform_linear(tensor(audio))[0, :24].numpy()
    low = dataclasses.replace(CONFIG, bins=24)
    error = np.abs(coefficients[:, [0, 43]] - in_time_music(audio, low, [0, 43])).max(axis=1)
    assert 20.0 * np.log10(error / np.abs(coefficients).max(axis=1)).max() < -66.0


def noise(level: float, samples: int = 20000) -> torch.Tensor:
    return level * torch.randn(1, samples, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("name", "audio"),
    [
        ("silence", torch.zeros(1, 20000)),
        ("noise far below the floor", noise(1e-7)),
        ("noise near the floor", noise(1e-4)),
        ("denormals", noise(1e-40)),
        ("half silence", torch.cat([noise(0.1, 10000), torch.zeros(1, 10000)], dim=1)),
        ("one sample", torch.nn.functional.one_hot(torch.tensor([77]), 20000).float()),
        ("constant", torch.ones(1, 20000)),
        ("far too loud", noise(1e4)),
    ],
)
@pytest.mark.parametrize("circular", [True, False])
def test_values_and_gradients_are_finite(name: str, audio: torch.Tensor, circular: bool) -> None:
    audio = audio.clone().requires_grad_()
    features = SCALOGRAM(audio, circular=circular)
    assert torch.isfinite(features).all()
    weights = torch.randn(features.shape, generator=torch.Generator().manual_seed(2))
    (gradient,) = torch.autograd.grad((features * weights).sum(), audio)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("circular", [True, False])
def test_gradient_is_the_slope_of_finite_differences(channel: int, circular: bool) -> None:
    audio = tensor(music(20000, 8)).requires_grad_()
    generator = torch.Generator().manual_seed(3)
    features = SCALOGRAM(audio, circular=circular)
    weights = torch.randn(features[:, channel].shape, generator=generator, dtype=torch.float64)
    if channel == 1:  # phase wraps where it is near ±1 and turns fast where the bin is quiet: look elsewhere
        weights *= (features[:, 1].abs() < 0.5) & (features[:, 0] > 0.6)

    def value(x: torch.Tensor) -> torch.Tensor:
        return (SCALOGRAM(x, circular=circular)[:, channel].double() * weights).sum()

    (gradient,) = torch.autograd.grad(value(audio), audio)
    direction = gradient / gradient.norm() + 0.2 * torch.randn(audio.shape, generator=generator) / audio.numel() ** 0.5
    step = 2e-4 if channel == 0 else 1e-4
    with torch.no_grad():
        slope = (value(audio + step * direction) - value(audio - step * direction)) / (2 * step)
    expected = (gradient.double() * direction.double()).sum()
    assert abs(float(slope / expected) - 1.0) < 0.02


@pytest.mark.parametrize(
    ("samples", "frames"), [(176400, 176), (44100, 48), (1024, 16), (1, 16), (180224, 176), (1 << 20, 1024)]
)
def test_loops_get_whole_multiples_of_the_network_stride(samples: int, frames: int) -> None:
    assert CONFIG.loop_frames(samples) == frames


def test_autocast_does_not_coarsen_the_scalogram() -> None:
    audio = tensor(music(20000))
    plain = SCALOGRAM(audio)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(SCALOGRAM(audio), plain)


def test_gradients_keep_single_precision_under_autocast() -> None:
    audio = tensor(music(20000)).requires_grad_()
    weights = torch.randn(1, 2, 216, 16, generator=torch.Generator().manual_seed(4))

    def gradient() -> torch.Tensor:
        return torch.autograd.grad((SCALOGRAM(audio) * weights).sum(), audio)[0]

    plain = gradient()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gradient(), plain)


@pytest.mark.parametrize("samples", [20000, 20001])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("circular", [True, False])
def test_the_gradient_of_a_batch_is_that_of_its_clips(samples: int, batch: int, circular: bool) -> None:
    audio = torch.cat([tensor(music(samples, seed)) for seed in range(batch)]).requires_grad_()
    features = SCALOGRAM(audio, circular=circular)
    weights = torch.randn(features.shape, generator=torch.Generator().manual_seed(5))
    weights[:, 1] *= 0.01  # the phase of a faint bin turns with any rounding
    (together,) = torch.autograd.grad((features * weights).sum(), audio)
    for row in range(batch):
        alone = audio.detach()[row : row + 1].requires_grad_()
        (one,) = torch.autograd.grad((SCALOGRAM(alone, circular=circular) * weights[row : row + 1]).sum(), alone)
        assert (together[row] - one[0]).abs().max() < 1e-3 * one.abs().max()


@pytest.mark.parametrize("batch", [1, 2])
def test_every_layout_of_memory_is_heard_alike(batch: int) -> None:
    audio = torch.cat([tensor(music(20000, seed)) for seed in range(batch)])
    spread = torch.empty(batch, 20000, 2)
    spread[..., 0] = audio
    assert torch.equal(SCALOGRAM(spread[..., 0]), SCALOGRAM(audio))
    assert torch.equal(SCALOGRAM(audio[:1].expand(batch, -1)), SCALOGRAM(audio[:1].repeat(batch, 1)))


def test_features_may_be_changed_in_place() -> None:
    audio = tensor(music(20000)).requires_grad_()
    (plain,) = torch.autograd.grad(3.0 * SCALOGRAM(audio)[:, 0].sum(), audio)
    features = SCALOGRAM(audio)
    features.mul_(3.0)
    (changed,) = torch.autograd.grad(features[:, 0].sum(), audio)
    assert (plain - changed).abs().max() < 1e-5 * plain.abs().max()


def listen_and_follow(scalogram: Scalogram, audio: torch.Tensor, circular: bool) -> torch.Tensor:
    heard = audio.detach().requires_grad_()
    features = scalogram(heard, circular=circular)
    return torch.autograd.grad(features, heard, torch.ones_like(features))[0]


@pytest.mark.parametrize("circular", [True, False])
def test_nothing_is_read_back_to_the_host(circular: bool) -> None:
    """On the meta device there are no values: reading one back, or mixing in a constant of the host, is an error."""
    audio = torch.empty(2, 20000, device="meta", requires_grad=True)
    scalogram = Scalogram(CONFIG)
    coefficients = scalogram.transform(audio) if circular else scalogram.transform_linear(audio)
    features = scalogram.features(coefficients, 1024.0, circular=circular)
    assert features.shape == (2, 2, 216, 16 if circular else 20)
    (gradient,) = torch.autograd.grad(features, audio, torch.ones_like(features))
    assert features.device == gradient.device == audio.device


@pytest.mark.parametrize("circular", [True, False])
def test_constants_are_built_once(monkeypatch: pytest.MonkeyPatch, circular: bool) -> None:
    scalogram = Scalogram(CONFIG)
    audio = tensor(music(20000))
    first = listen_and_follow(scalogram, audio, circular)
    built: list[str] = []
    for name in ("from_numpy", "tensor", "as_tensor", "arange", "linspace", "scalar_tensor", "full", "polar"):
        monkeypatch.setattr(torch, name, lambda *_, name=name, **__: built.append(name))
    second = listen_and_follow(scalogram, audio, circular)
    monkeypatch.undo()
    assert built == []
    assert torch.equal(first, second)
    assert not torch.equal(first, listen_and_follow(scalogram, tensor(music(20000, 1)), circular))


if torch.cuda.is_available():  # no skip: where there is no GPU there is nothing to run

    @pytest.mark.parametrize("batch", [1, 3])
    @pytest.mark.parametrize("circular", [True, False])
    def test_a_cuda_device_hears_the_same_and_never_waits_for_the_host(batch: int, circular: bool) -> None:
        scalogram = Scalogram(CONFIG)
        audio = torch.cat([tensor(music(20000, seed)) for seed in range(batch)])
        there = audio.cuda()
        listen_and_follow(scalogram, there, circular)  # builds the constants
        torch.cuda.synchronize()
        mode = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error")
        try:
            gradient = listen_and_follow(scalogram, there, circular)
            with torch.autocast("cuda", torch.bfloat16):
                features = scalogram(there, circular=circular)
        finally:
            torch.cuda.set_sync_debug_mode(mode)
        assert features.dtype == torch.float32
        assert (features.cpu() - scalogram(audio, circular=circular))[:, 0].abs().max() < 1e-5
        expected = listen_and_follow(scalogram, audio, circular)
        assert (gradient.cpu() - expected).norm() < 1e-3 * expected.norm()
