"""Penalties: nothing while off, about 1 for ordinary music, more for what they are named after, and a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear
from ear_engine.ear.scalogram import Scalogram
from ear_engine.optimization.penalties.activation import Activation
from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.penalties.high_frequency import HighFrequency
from ear_engine.optimization.penalties.noise import Noise
from ear_engine.optimization.penalties.total_variation import TotalVariation
from ear_engine.optimization.transforms.base import Shape
from ear_engine.sources.loops import render_builtin
from tests.optimization.helpers import dream_of, settings

PENALTIES: dict[str, type[Penalty]] = {
    "activation_penalty": Activation,
    "high_frequency_penalty": HighFrequency,
    "noise_penalty": Noise,
    "total_variation_penalty": TotalVariation,
}
SCALOGRAM = Scalogram()


def cost(name: str, audio: torch.Tensor, strength: float = 1.0) -> float:
    """What ``audio``, (samples,), costs, for those that hear only the scalogram."""
    features = SCALOGRAM(audio[None])
    shape = Shape(1, 1, len(audio), features.shape[-1], features.shape[-2], 44100, 8)
    numbers = PENALTIES[name]().numbers(settings(**{name: strength}), shape)
    assert numbers is not None
    return float(PENALTIES[name]().cost(audio[None], features, {}, numbers))


def mono(name: str) -> torch.Tensor:
    return torch.from_numpy(render_builtin(name).audio.mean(axis=0))


def sine(frequency: float) -> torch.Tensor:
    return 0.1 * torch.sin(2 * torch.pi * frequency * torch.arange(44100) / 44100)


def noise(samples: int = 44100) -> torch.Tensor:
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", PENALTIES)
def test_off_is_no_part(name: str) -> None:
    shape = Shape(1, 1, 44100, 48, 216, 44100, 2)
    assert PENALTIES[name]().numbers(settings(), shape) is None
    assert PENALTIES[name]().numbers(settings(**{name: 0.1}), shape) is not None


@pytest.mark.parametrize("name", ["high_frequency_penalty", "noise_penalty", "total_variation_penalty"])
def test_about_1_for_music_in_proportion_to_strength_and_0_for_silence(name: str) -> None:
    beat, chords = cost(name, mono("beat")), cost(name, mono("chords"))
    assert 0.6 < (beat + chords) / 2 < 1.6
    assert cost(name, mono("beat"), 0.3) == pytest.approx(0.3 * beat, rel=1e-4)
    assert cost(name, torch.zeros(44100)) == 0.0


def test_what_is_named_costs_more() -> None:
    assert cost("noise_penalty", noise()) > 5 * cost("noise_penalty", sine(440))
    levels = [cost("high_frequency_penalty", sine(hertz)) for hertz in (200, 1500, 3000, 6000)]
    assert levels == sorted(levels)
    assert levels[3] > 3 * levels[1] > 0
    assert levels[0] < 0.1
    restless = torch.where(torch.arange(44100) // 2756 % 2 == 0, sine(440), 0.001 * sine(440))
    assert cost("total_variation_penalty", restless) > 1.3 * cost("total_variation_penalty", sine(440))


@pytest.mark.parametrize("name", PENALTIES)
def test_a_step_downhill_costs_less(name: str, ear: Ear, loop: NDArray[np.float32]) -> None:
    """The gradient of the cost on the audio, against the cost itself."""
    penalty, recorder = PENALTIES[name](), Recorder(ear, inputs=("scalogram",))
    audio = torch.from_numpy(loop[:1] + np.float32(0.05) * noise().numpy()).requires_grad_()
    shape = Shape(1, 1, 44100, 48, 216, 44100, 2)
    numbers = penalty.numbers(settings(**{name: 1.0}), shape)
    assert numbers is not None

    def costs(sound: torch.Tensor) -> torch.Tensor:
        with recorder.recording(raw=True) as trace:
            features = ear(sound).features
        return penalty.cost(sound, features, trace, numbers)

    before = costs(audio)
    (gradient,) = torch.autograd.grad(before, audio)
    expected = 1e-3 * float(before.detach())
    step = expected / float(gradient.square().sum())
    after = costs(audio.detach() - step * gradient)
    assert float((before - after).detach()) == pytest.approx(expected, rel=0.5)


@pytest.mark.parametrize("name", PENALTIES)
def test_dreams_cost_less_the_stronger_the_penalty(name: str, ear: Ear, loop: NDArray[np.float32]) -> None:
    full = 0.03 if name == "high_frequency_penalty" else 3.0  # beyond, an untrained ear has nothing to set against it
    recorder, results = Recorder(ear, inputs=("scalogram",)), []
    for strength in (0.0, 0.3, 1.0):
        dream = dream_of(ear, loop)
        steering: dict[str, Any] = {name: full * strength, "rate": -12.0, "tilt": 0.0}
        for _ in range(16):
            dream.step(settings(**steering), 0.25)
        with torch.no_grad(), recorder.recording(raw=True) as trace:
            features = ear(dream.audio).features
        # only what is computed below the target counts in the dream
        heard = {
            layer: raw
            for layer, raw in trace.items()
            if layer.startswith(("scalogram", "encoder_0", "encoder_1_conv1"))
        }
        numbers = PENALTIES[name]().numbers(settings(**{name: 1.0}), Shape(1, 1, 44100, 48, 216, 44100, 2))
        assert numbers is not None
        results.append(float(PENALTIES[name]().cost(dream.audio, features, heard, numbers)))
    assert results[0] > results[1] > results[2]
