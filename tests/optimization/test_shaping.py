"""What changes are weighted by: spectrum, scale, grid, onsets."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.ear.real_fourier import RealFourier
from ear_engine.optimization.rhythm import GRIDS, grid_envelope, onset_envelope
from ear_engine.optimization.scales import ROOTS, SCALES, scale_gain
from ear_engine.optimization.shaping import Shaper, Shaping
from ear_engine.optimization.spectral_curve import Tone, spectral_curve
from ear_engine.parameters import ParameterTree
from tests.optimization.helpers import dream_of, settings

RATE = 44100
CPU = torch.device("cpu")


def decibels(ratio: float) -> float:
    return 20 * math.log10(ratio)


def curve(**tone: Any) -> NDArray[np.float32]:
    """Bins are whole Hz."""
    return spectral_curve(RATE, RATE, Tone(**{"tilt": 0.0, **tone}))


def test_tilt_is_so_many_dB_an_octave_and_nothing_at_the_ends() -> None:
    tilted = curve(tilt=-6.0)
    assert decibels(tilted[1000]) == pytest.approx(0.0, abs=1e-3)
    assert decibels(tilted[4000] / tilted[500]) == pytest.approx(-18.0, abs=1e-3)
    assert float(np.abs(tilted[:30]).max()) == 0.0
    assert float(np.abs(tilted[18001:]).max()) == 0.0


def test_bands_are_what_they_say_and_meet_smoothly() -> None:
    bands = curve(low=-12.0, mid=3.0, high=9.0)
    assert [decibels(bands[hertz]) for hertz in (100, 700, 5000)] == pytest.approx([-12.0, 3.0, 9.0], abs=1e-3)
    assert [decibels(bands[hertz]) for hertz in (200, 2500)] == pytest.approx([-4.5, 6.0], abs=0.05)
    assert float(np.abs(np.diff(20 * np.log10(bands[60:12000]))).max()) < 0.5


def test_choices_in_the_table_are_the_scales_roots_and_grids_there_are() -> None:
    tree = ParameterTree()
    assert set(tree["tone/scale"].choices) == set(SCALES)
    assert tree["tone/root"].choices == ROOTS
    assert set(tree["rhythm/grid"].choices) == {"off", *GRIDS}


@given(st.sampled_from(sorted(SCALES)), st.sampled_from(ROOTS), st.floats(0, 1), st.integers(45, 105))
def test_scale_lock_lets_the_scale_pass_and_nothing_else(scale: str, root: str, lock: float, note: int) -> None:
    """By MIDI numbers: 69 is A = 440 Hz."""
    steps = [{"major": "2212221", "pentatonic": "22323", "whole_tone": "222222"}.get(scale)]
    pitches = set(SCALES[scale])
    if steps[0]:
        assert pitches == {sum(map(int, steps[0][:count])) for count in range(len(steps[0]))}
    hertz = np.array([440.0 * 2 ** ((note - 69) / 12), 440.0 * 2 ** ((note + 0.5 - 69) / 12)])
    on_pitch, between = scale_gain(hertz, scale, root, lock)
    belongs = (note - ROOTS.index(root)) % 12 in pitches
    assert on_pitch == pytest.approx(1.0 if belongs else 1.0 - lock)
    assert between == pytest.approx(1.0 - lock)


def test_scale_lock_is_no_part_of_deep_bass_and_of_what_has_no_pitch() -> None:
    gains = scale_gain(np.array([38.0, 10400.0, 16000.0]), "octaves", "c", 1.0)
    assert gains == pytest.approx(1.0)


@given(st.integers(1, 16), st.sampled_from(sorted(GRIDS)), st.floats(0.02, 1), st.floats(0, 1), st.integers(0, 99))
def test_denser_grids_only_add(beats: int, grid: str, density: float, share: float, seed: int) -> None:
    rate, samples = 2000, 1000 * beats
    denser = grid_envelope(samples, rate, beats, grid, density, seed)
    thinner = grid_envelope(samples, rate, beats, grid, density * share, seed)
    assert np.all(thinner <= denser)
    assert 0.0 <= denser.min() <= denser.max() <= 1.0
    count = math.ceil(beats / GRIDS[grid] - 1e-6)
    places = np.round(np.arange(count) * samples * GRIDS[grid] / beats).astype(int) % samples
    opened = int((denser[(places + 1) % samples] > 0.9).sum())
    assert opened == max(1, round(density * count))


def test_a_pulse_opens_before_its_place_and_is_gone_before_the_next() -> None:
    envelope = grid_envelope(2 * RATE, RATE, 4, "beat", 1.0, 0)
    beat = RATE // 2
    assert envelope[[0, beat, 2 * beat, 3 * beat]] == pytest.approx(1.0)
    before = round(0.006 * RATE)
    assert envelope[[beat - before, 2 * RATE - before]] == pytest.approx(0.02, abs=0.02)
    assert not grid_envelope(2 * RATE, RATE, 4, "beat", 0.0, 0).any()


def test_onsets_open_where_something_begins_and_steady_sound_is_open_all_along() -> None:
    time = np.arange(2 * RATE) / RATE
    noise = np.random.default_rng(1).normal(size=len(time))
    hits = (0.3 * noise * np.exp(-20 * ((time - 0.1) % 0.5)) + 0.05 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)
    envelope = onset_envelope(hits, RATE)
    since = (time - 0.1) % 0.5
    assert envelope[(since < 0.03)].min() > 0.5
    assert envelope[(since > 0.25) & (since < 0.46)].max() < 0.1
    for steady in (np.zeros_like(hits), np.sin(2 * np.pi * 220 * time).astype(np.float32)):
        assert np.all(onset_envelope(steady, RATE) == 1.0)


def shaper(seed: int = 0) -> Shaper:
    noise = np.random.default_rng(2).normal(size=RATE).astype(np.float32)
    return Shaper(noise * (np.arange(RATE) % 22050 < 4000), RATE, 2, seed, CPU)


def test_shaping_is_made_once_and_off_is_nothing() -> None:
    made = shaper()
    plain = made.shaping(settings())
    assert plain.envelope is None
    assert plain.share == 1.0
    again = made.shaping(settings(scale="dorian", density=0.2, rate=-30.0))  # nothing that counts while off
    assert again.curve is plain.curve
    gated = made.shaping(settings(grid="half", lock=0.5))
    assert gated.curve is plain.curve
    assert gated.envelope is made.shaping(settings(grid="half", lock=0.5)).envelope
    assert 0 < gated.share < 1


def test_shaped_changes_have_unit_level_and_zero_stays_zero() -> None:
    fourier, change = RealFourier.create(RATE, CPU), torch.randn(2, RATE) * 1e-9
    for steering in (settings(), settings(grid="beat", scale_lock=1.0)):
        shaping = shaper().shaping(steering)
        shaped = shaping.apply(change, fourier)
        assert shaped.square().mean(-1).sqrt() == pytest.approx(np.ones(2), rel=1e-4)
        assert not shaping.apply(torch.zeros(2, RATE), fourier).any()


def test_an_open_pulse_changes_as_fast_as_without_a_grid(ear: Ear, loop: NDArray[np.float32]) -> None:
    """The first step: where the envelope is open, with a grid and without."""
    changes = []
    for grid in ("off", "beat"):
        dream = dream_of(ear, np.random.default_rng(3).normal(size=loop.shape).astype(np.float32) * np.float32(0.1))
        before = dream.audio.clone()
        dream.step(settings(grid=grid, rate=-40.0), 0.1)
        changes.append((dream.audio - before)[0])
    opened = slice(0, 1000)
    assert float(changes[1][opened].norm() / changes[0][opened].norm()) == pytest.approx(1.0, abs=0.35)
    assert float(changes[1][15000:21000].norm()) < 0.1 * float(changes[0][15000:21000].norm())


def in_scale(change: torch.Tensor) -> float:
    """Share of the energy from 100 Hz to 4 kHz that lies within 50 cents of the pentatonic scale on C."""
    energy = np.abs(np.fft.rfft(change.numpy())) ** 2
    hertz = np.fft.rfftfreq(len(change), 1 / RATE)
    kept = (hertz > 100) & (hertz < 4000)
    pitch = np.round(12 * np.log2(hertz[kept] / 440)) + 9
    return float(energy[kept][np.isin(pitch % 12, [0, 2, 4, 7, 9])].sum() / energy[kept].sum())


def test_each_shaping_does_what_it_says_to_a_dream(ear: Ear, loop: NDArray[np.float32]) -> None:
    noise = np.random.default_rng(4).normal(size=loop.shape).astype(np.float32) * np.float32(0.05)

    def change(**changes: Any) -> torch.Tensor:
        dream = dream_of(ear, noise)
        before = dream.audio[0].clone()
        for _ in range(6):
            dream.step(replace(settings(), **changes), 0.25)
        return dream.audio[0] - before

    scales = [in_scale(change(scale_lock=lock, scale="pentatonic", root="c")) for lock in (0.0, 0.5, 1.0)]
    assert scales[0] < scales[1] - 0.1 < scales[2] - 0.2
    assert scales[2] > 0.95
    onsets = [float(change(grid=grid)[11025:20000].square().sum()) for grid in ("off", "half", "beat")]
    assert onsets[0] > onsets[1] > 3 * onsets[2]
    highs = []
    for high in (-24.0, 0.0, 24.0):
        spectrum = torch.fft.rfft(change(high=high)).abs().square()
        highs.append(float(spectrum[3500:].sum() / spectrum.sum()))
    assert highs[0] < 0.2 * highs[1] < 0.1 * highs[2]


def test_shaping_without_an_envelope_only_filters() -> None:
    flat = Shaping(torch.ones(RATE // 2 + 1))
    change = torch.randn(1, RATE)
    change = change / change.square().mean().sqrt()
    assert float((flat.apply(change, RealFourier.create(RATE, CPU)) - change).abs().max()) < 1e-5
