"""Parametrizations: the way of a gradient in, the way of a step out, and what each of them does to the sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.optimization.parametrizations.base import Parametrization
from ear_engine.optimization.parametrizations.constant_q import ConstantQCoefficients
from ear_engine.optimization.parametrizations.fourier import Fourier
from ear_engine.optimization.parametrizations.phase import Phase
from ear_engine.optimization.parametrizations.waveform import Waveform
from ear_engine.parameters import ParameterTree
from ear_engine.plugins import Registry
from tests.optimization.helpers import dream_of, settings

RATE = 44100
ALL = [Waveform, Fourier, ConstantQCoefficients, Phase]
each = pytest.mark.parametrize("kind", ALL)


def noise(rows: int, samples: int, seed: int = 1, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(rows, samples, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def rms(x: torch.Tensor) -> torch.Tensor:
    return x.double().square().mean(-1).sqrt()


def slope(change: torch.Tensor) -> float:
    """dB an octave of the spectrum's density, 60 Hz to 15 kHz, each octave counting the same."""
    power = np.abs(np.fft.rfft(change[0].double().numpy())) ** 2
    hertz = np.arange(len(power)) * RATE / change.shape[1]
    edges = 60.0 * 2.0 ** np.arange(9)
    levels = [10 * np.log10(power[(hertz >= low) & (hertz < 2 * low)].mean()) for low in edges[:-1]]
    return float(np.polyfit(np.arange(8), levels, 1)[0])


@each
@pytest.mark.parametrize("samples", [1, 2, 500, 501])
def test_the_gradient_is_the_adjoint_of_the_change(kind: type[Parametrization], samples: int) -> None:
    audio, gradient = noise(2, samples, 1, torch.float64), noise(2, samples, 2, torch.float64)
    made = kind(samples, RATE, audio)
    inside = made.gradient(audio, gradient)
    direction = noise(2, inside.shape[1], 3, torch.float64)
    there, back = (inside * direction).sum(-1), (gradient * made.change(audio, direction)).sum(-1)
    assert torch.allclose(there, back, rtol=1e-10, atol=1e-12)


@each
@pytest.mark.parametrize("samples", [4410, 4411])
def test_a_step_has_the_length_it_is_given(kind: type[Parametrization], samples: int) -> None:
    audio = noise(2, samples) * torch.tensor([[0.3], [0.03]])
    made = kind(samples, RATE, audio)
    direction = made.gradient(audio, noise(2, samples, 2))
    for length in (1e-4, 1e-3, 1e-2):
        gone = rms(made.move(audio, direction, torch.tensor(length)) - audio)
        assert gone.tolist() == pytest.approx([length, length], rel=1e-2 if kind is Phase else 1e-4)


@each
def test_a_small_step_goes_along_the_change(kind: type[Parametrization]) -> None:
    audio = noise(1, 4410, 1, torch.float64)
    made = kind(4410, RATE, audio)
    direction = made.gradient(audio, noise(1, 4410, 2, torch.float64))
    change = made.change(audio, direction)
    step = made.move(audio, direction, torch.tensor(1e-5, dtype=torch.float64)) - audio
    assert float(torch.nn.functional.cosine_similarity(step, change)) > 1 - 1e-6
    along = made.go(audio, change, torch.tensor(1e-5, dtype=torch.float64)) - audio
    assert torch.allclose(along, step, atol=1e-12)


@each
def test_a_step_up_a_hill_goes_up(kind: type[Parametrization]) -> None:
    audio, gradient = noise(1, 4410), noise(1, 4410, 2)
    made = kind(4410, RATE, audio)
    step = made.move(audio, made.gradient(audio, gradient), torch.tensor(1e-3)) - audio
    assert float((step * gradient).sum()) > 0.2 * float(step.norm() * gradient.norm())


@each
def test_no_direction_moves_nothing(kind: type[Parametrization]) -> None:
    audio = noise(1, 4410)
    made = kind(4410, RATE, audio)
    still = made.move(audio, torch.zeros_like(made.gradient(audio, audio)), torch.tensor(0.1))
    assert torch.allclose(still, audio, atol=1e-5)


@each
def test_what_is_held_is_held_by_every_step(kind: type[Parametrization]) -> None:
    audio = noise(1, 4410)
    made = kind(4410, RATE, audio)
    moved = made.move(audio, made.gradient(audio, noise(1, 4410, 2)), torch.tensor(0.1))
    assert torch.allclose(made.hold(moved), moved, atol=1e-5)


def test_a_white_gradient_makes_a_pink_change_of_fourier_coefficients_and_a_white_one_of_others() -> None:
    samples = 2 * RATE
    gradient = noise(1, samples)
    slopes = {}
    for kind in (Waveform, Fourier, ConstantQCoefficients):
        made = kind(samples, RATE, gradient)
        inside = made.gradient(gradient, gradient)
        slopes[kind] = slope(made.change(gradient, inside)), slope(made.change(gradient, inside.sign()))
    assert slopes[Waveform] == pytest.approx((0.0, 0.0), abs=0.3)
    assert slopes[Fourier] == pytest.approx((-3.0, -1.5), abs=0.3)
    assert slopes[ConstantQCoefficients] == pytest.approx((0.0, 0.0), abs=0.3)


def test_plain_steps_in_constant_q_coefficients_are_those_in_samples() -> None:
    audio, gradient = noise(1, 4410), noise(1, 4410, 2)
    made = ConstantQCoefficients(4410, RATE, audio)
    step = made.move(audio, made.gradient(audio, gradient), torch.tensor(0.1)) - audio
    assert torch.allclose(step, 0.1 * gradient / gradient.square().mean().sqrt(), atol=1e-5)


def test_signs_of_constant_q_coefficients_move_quiet_moments_more_than_those_of_the_spectrum() -> None:
    """The gradient is a hit of a quarter of a second in two, noise 60 dB below around it; its share."""
    samples, first, last = 2 * RATE, RATE, RATE + 11025
    gradient = noise(1, samples) * 1e-3
    gradient[:, first:last] += noise(1, last - first, 2)
    shares = []
    for kind in (Fourier, ConstantQCoefficients):
        made = kind(samples, RATE, gradient)
        change = made.change(gradient, made.gradient(gradient, gradient).sign())[0].square()
        shares.append(float(change[first:last].sum() / change.sum()))
    assert shares[0] > 0.65
    assert shares[1] < 0.45


def magnitudes(audio: torch.Tensor) -> torch.Tensor:
    return torch.fft.rfft(audio.double(), norm="ortho").abs()


def test_phase_holds_magnitudes_through_many_steps_pulls_and_levels() -> None:
    samples = 8820
    source = noise(2, samples) * 0.1
    made = Phase(samples, RATE, source)
    audio = source
    for step in range(150):
        direction = made.gradient(audio, noise(2, samples, step))
        audio = made.move(audio, direction, torch.tensor(0.005))
        audio = torch.lerp(source, audio, 0.99) * 0.999
        audio = made.hold(audio)
    assert float((rms(audio - source) / rms(source)).min()) > 0.2
    error = (magnitudes(audio) - magnitudes(source)).norm(dim=-1) / magnitudes(source).norm(dim=-1)
    assert float(error.max()) < 1e-5


def test_phase_takes_up_the_magnitudes_it_is_restarted_with() -> None:
    audio = noise(1, 4410)
    made = Phase(4410, RATE, audio)
    louder = audio * 3.0
    made.restart(louder)
    moved = made.move(louder, made.gradient(louder, noise(1, 4410, 2)), torch.tensor(0.1))
    assert float(rms(moved)) == pytest.approx(float(rms(louder)), rel=1e-5)


def test_phases_of_silence_stay_silent_and_finite() -> None:
    silence = torch.zeros(1, 4410)
    made = Phase(4410, RATE, silence)
    gradient = made.gradient(silence, noise(1, 4410))
    assert not made.move(silence, gradient, torch.tensor(0.1)).any()


def test_a_phase_step_too_far_stops_at_right_angles() -> None:
    audio = noise(1, 4410)
    made = Phase(4410, RATE, audio)
    moved = made.move(audio, made.gradient(audio, noise(1, 4410, 2)), torch.tensor(100.0))
    assert torch.isfinite(moved).all()
    assert float(rms(moved - audio)) < 1.4143 * float(rms(audio))


def test_all_parametrizations_of_the_table_are_installed() -> None:
    registry = Registry()
    (row,) = (row for row in ParameterTree() if row.name == "optimizer/parametrization")
    assert [registry.load("parametrizations", name) for name in row.choices] == ALL


def test_switching_while_dreaming_makes_no_jump(ear: Ear, loop: NDArray[np.float32]) -> None:
    """No step is larger than those without switching, whatever is chosen at each of them."""
    methods, rows = ("normalized", "sign", "adam", "momentum"), ("waveform", "phase", "constant_q", "fourier")

    def largest(switching: bool) -> float:
        dream, steps = dream_of(ear, loop), []
        for number in range(24):
            chosen = (methods[number // 2 % 4], rows[number // 3 % 4]) if switching else ("normalized", "waveform")
            before = dream.audio
            dream.step(settings(pull=6.0, method=chosen[0], parametrization=chosen[1]), 1 / 16)
            steps.append(float(rms(dream.audio - before)))
        assert min(steps) > 0.0
        return max(steps)

    assert largest(True) < 1.1 * largest(False)


@pytest.mark.parametrize("parametrization", ["fourier", "constant_q", "phase"])
@pytest.mark.parametrize("method", ["normalized", "momentum", "adam", "sign"])
def test_the_target_fires_more_with_every_method(
    ear: Ear, loop: NDArray[np.float32], method: str, parametrization: str
) -> None:
    dream = dream_of(ear, loop)
    steps = [dream.step(settings(method=method, parametrization=parametrization), 1 / 8).objective for _ in range(8)]
    assert steps[-1] > steps[0]


def test_phases_are_all_that_a_dream_of_phases_changes(ear: Ear, loop: NDArray[np.float32]) -> None:
    dream = dream_of(ear, loop)
    source = dream.audio
    for _ in range(16):
        dream.step(settings(pull=4.0, parametrization="phase"), 1 / 8)
    assert float(rms(dream.audio - source) / rms(source)) > 0.05
    error = magnitudes(dream.audio) - magnitudes(source)
    assert float(error.norm() / magnitudes(source).norm()) < 1e-4
