"""Sound that goes on, in pieces of any size: what is heard of it is what the whole is."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.ear.network import Ear
from ear_engine.ear.scalogram import Scalogram, ScalogramConfig
from ear_engine.ear.streaming import StreamingNetwork
from ear_engine.ear.streaming_scalogram import StreamingScalogram
from ear_engine.errors import UserError
from tests.ear import direct
from tests.ear.networks import hear_all, lived_in, random_features

RATE = 44100


def streamed(ear: Ear, features: torch.Tensor, cuts: list[int]) -> dict[str, torch.Tensor]:
    """Every layer, and z and c besides, of frames that come in pieces."""
    network = StreamingNetwork(ear)
    pieces: dict[str, list[torch.Tensor]] = {}
    for first, last in pairwise([0, *cuts, features.shape[-1]]):
        fresh = network(features[..., first:last])
        for name, values in {**fresh.activations, "z": fresh.z, "c": fresh.c}.items():
            pieces.setdefault(name, []).append(values)
    return {name: torch.cat(found, dim=-1) for name, found in pieces.items()}


@pytest.mark.parametrize("shape", [{}, {"pooling": "blur"}, {"normalization": "frame"}], ids=str)
@pytest.mark.parametrize("cuts", [list(range(1, 83)), [5, 6, 22, 70]], ids=["frame by frame", "pieces"])
def test_every_layer_is_what_the_whole_gives(shape: dict[str, Any], cuts: list[int]) -> None:
    ear = lived_in(**shape).fused()
    features = random_features(83)
    whole, found = hear_all(ear, features, circular=False), streamed(ear, features, cuts)
    assert found.keys() == {"scalogram", *whole}
    for name, values in whole.items():
        assert found[name].shape == values[0].shape, name
        assert torch.allclose(found[name], values[0], rtol=1e-10, atol=1e-12), name


def test_a_frame_costs_one_step_of_each_layer_that_has_a_new_one() -> None:
    network = StreamingNetwork(lived_in().fused())
    frames = random_features(20)
    fresh = [network(frames[..., number : number + 1]) for number in range(20)]
    assert [one.z.shape[-1] for one in fresh] == [1, 0, 0, 0] * 5
    assert [number for number, one in enumerate(fresh) if one.c.shape[-1]] == [0, 16]
    assert all(values.shape[-1] == 1 for one in fresh for values in one.activations.values())
    assert list(fresh[1].activations) == ["scalogram"]  # the first layer pools


def test_an_ear_of_another_kind_is_refused() -> None:
    class Other(Ear):
        def hear(self, features: torch.Tensor, *, circular: bool) -> Any:
            raise NotImplementedError

    with pytest.raises(UserError, match="cannot listen to what goes on"):
        StreamingNetwork(Other(lived_in().config))


def music(seconds: float, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Chords and hits."""
    samples = np.arange(round(seconds * RATE))
    random = np.random.default_rng(seed)
    sound = 0.02 * random.standard_normal(len(samples)) * (1.0 + np.sin(2 * np.pi * 2.0 * samples / RATE))
    for pitch in (55.0, 131.0, 440.0, 3300.0):
        sound += 0.2 * np.sin(2 * np.pi * pitch * samples / RATE) * np.exp(-3.0 * (samples % 20000) / RATE)
    return np.asarray(sound)


def features_of(
    audio: np.ndarray[Any, Any],
    delay: float,
    cuts: list[int],
    dtype: torch.dtype,
    config: ScalogramConfig | None = None,
) -> torch.Tensor:
    scalogram = StreamingScalogram(Scalogram(config), delay, dtype)
    pieces = [scalogram(audio[first:last]) for first, last in pairwise([0, *cuts, len(audio)])]
    return torch.cat(pieces, dim=-1)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(0, 40_000), max_size=6), st.sampled_from([0.0, 0.15]))
def test_pieces_do_not_matter(cuts: list[int], delay: float) -> None:
    audio = music(40_000 / RATE)
    found = features_of(audio, delay, sorted(cuts), torch.float64)
    whole = features_of(audio, delay, [], torch.float64)
    assert found.shape == whole.shape
    assert torch.allclose(found, whole, atol=1e-9)


def test_with_time_to_wait_it_is_the_definition() -> None:
    config = ScalogramConfig(bins=36, bins_per_octave=4)
    audio = music(2.0)
    found = features_of(audio, 1.2, [RATE], torch.float64, config)[0]
    assert found.shape[-1] == (len(audio) - 1 - round(1.2 * RATE)) // config.hop + 1
    chosen = [0, 1, 33]
    coefficients = torch.from_numpy(direct.in_time_music(audio, config, chosen))
    amplitude = torch.sqrt(1e-9 * torch.expm1(found[0][:, chosen] * np.log(1e9)))
    assert (amplitude - coefficients.abs()).abs().max() < 3e-3 * coefficients.abs().max()  # tails of windows


def test_float32_is_the_same_to_rounding() -> None:
    audio = music(1.5)
    exact, found = (features_of(audio, 0.15, [], dtype)[0] for dtype in (torch.float64, torch.float32))
    assert (exact[0] - found[0]).abs().max() < 2e-3


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.3])
def test_a_click_comes_after_the_stated_delay_and_in_its_frame(delay: float) -> None:
    hop, at = ScalogramConfig().hop, 60 * 1024
    audio = np.zeros(120 * 1024)
    audio[at] = 1.0
    scalogram = StreamingScalogram(Scalogram(), delay)
    seen, frames = None, 0
    for start in range(0, len(audio), 256):
        features = scalogram(audio[start : start + 256])
        high = features[0, 0, 150:].mean(dim=0)
        if seen is None and len(high) and high.max() > 0.3:
            seen, frame = start + 256 - at, frames + int(high.argmax())
        frames += len(high)
    assert seen is not None and frame == at // hop
    assert scalogram.delay_samples <= seen <= scalogram.delay_samples + 256 + 1
    assert abs(scalogram.delay_samples - delay * RATE) <= 1


def test_a_sine_has_its_amplitude_however_short_the_windows_are() -> None:
    config = ScalogramConfig()
    for bin_ in (0, 60, 215):
        tone = 0.5 * np.sin(2 * np.pi * config.frequencies()[bin_] * np.arange(3 * RATE) / RATE)
        found = features_of(tone, 0.15, [], torch.float64)[0, 0, bin_, -10:]
        assert torch.allclose(found, torch.tensor(1.0 + 2 * np.log(0.5) / np.log(1e9), dtype=torch.float64), atol=0.02)


def test_a_hop_that_is_odd_and_a_rate_that_is_low() -> None:
    for config in (ScalogramConfig(hop=441), ScalogramConfig(8000, bins=24, f_min=1500.0)):
        audio = music(1.0)
        scalogram = StreamingScalogram(Scalogram(config), 0.1)
        found = scalogram(audio)
        assert found.shape[2:] == (config.bins, (len(audio) - 1 - scalogram.delay_samples) // config.hop + 1)
        assert torch.isfinite(found).all() and found[0, 0].max() > 0.3
