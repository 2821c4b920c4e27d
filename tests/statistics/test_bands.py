"""The qualities of sounds that are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from ear_engine.ear.scalogram import Scalogram
from ear_engine.statistics.bands import QUALITIES, at_stride, band_centers, band_windows, qualities

RATE = 44100
SECONDS = 4.0


def sound(name: str) -> Tensor:
    time = np.arange(round(SECONDS * RATE)) / RATE
    rng = np.random.default_rng(0)
    beat = time % 0.5
    made = {
        "tone": 0.2 * np.sin(2 * np.pi * 440 * time),
        "noise": 0.1 * rng.standard_normal(len(time)),
        "clicks": 0.5 * rng.standard_normal(len(time)) * np.exp(-beat / 0.02),
        "rising": 0.2 * np.sin(2 * np.pi * 440 * (2**time - 1) / np.log(2)),
        "falling": 0.2 * np.sin(2 * np.pi * 1760 * (1 - 2.0**-time) / np.log(2)),
        "silence": np.zeros(len(time)),
    }
    return torch.from_numpy(made[name].astype(np.float32))[None]


@pytest.fixture(scope="module")
def heard() -> dict[str, dict[str, Tensor]]:
    """Sound → quality → (bands, frames), edges left out."""
    scalogram = Scalogram()
    found = {}
    for name in ("tone", "noise", "clicks", "rising", "falling", "silence"):
        values = qualities(scalogram(sound(name), circular=False)[:, 0])[0, :, 24:-24]
        found[name] = dict(zip(QUALITIES, values.chunk(len(QUALITIES)), strict=True))
    return found


def loudest(heard: dict[str, dict[str, Tensor]], name: str, quality: str, low: float, high: float) -> float:
    """Mean of a quality over the bands between two frequencies."""
    centers = band_centers(216, torch.from_numpy(Scalogram().config.frequencies()))
    inside = (centers > low) & (centers < high)
    return float(heard[name][quality][inside].mean())


def test_tones_have_peaks_that_noise_and_clicks_have_not(heard: dict[str, dict[str, Tensor]]) -> None:
    tone = loudest(heard, "tone", "peaks", 400, 480)
    assert tone > 3 * loudest(heard, "noise", "peaks", 400, 480)
    assert tone > 3 * loudest(heard, "clicks", "peaks", 400, 480)


def test_clicks_rise_and_fall_and_tones_do_neither(heard: dict[str, dict[str, Tensor]]) -> None:
    for quality in ("rise", "fall"):
        assert loudest(heard, "clicks", quality, 1000, 8000) > 20 * loudest(heard, "tone", quality, 400, 480)


def test_noise_flickers_and_tones_do_not(heard: dict[str, dict[str, Tensor]]) -> None:
    assert loudest(heard, "noise", "flicker", 1000, 8000) > 20 * loudest(heard, "tone", "flicker", 420, 460)


def test_glide_has_the_sign_of_the_movement_and_none_where_nothing_moves(heard: dict[str, dict[str, Tensor]]) -> None:
    up = loudest(heard, "rising", "glide", 300, 8000)
    down = loudest(heard, "falling", "glide", 300, 8000)
    assert up > 0 > down
    assert abs(loudest(heard, "tone", "glide", 300, 8000)) < 0.02 * min(up, -down)


def test_silence_has_no_qualities(heard: dict[str, dict[str, Tensor]]) -> None:
    assert all(float(values.abs().max()) == 0.0 for values in heard["silence"].values())


def test_bands_share_every_bin_out() -> None:
    for bins in (1, 7, 216):
        torch.testing.assert_close(band_windows(bins).sum(dim=0), torch.ones(bins))


def test_a_slower_layer_gets_the_largest_of_the_frames_it_heard() -> None:
    frames = torch.arange(12.0).flip(0)[None]
    assert at_stride(frames, 4, 2).tolist() == [[10.0, 6.0]]  # step t hears frames 4 t - 3 to 4 t
    assert at_stride(frames, 1, 3).tolist() == [[2.0, 1.0, 0.0]]
