"""The limiter of pyo objects, on pyo's manual server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from ear_engine.playback.backend import boot_server
from ear_engine.playback.limiter import Limiter, Spans, limited
from ear_engine.playback.pyo_library import load_pyo
from tests.playback.helpers import RATE, Audio, noise

COUNT = 1 << 16
THRESHOLD = np.float32(10 ** (-1 / 20))
QUIET = Spans.at(RATE).hold + 2 * Spans.at(RATE).release + 3 * Spans.at(RATE).attack  # it takes so long to forget


class Desk:
    """A limiter that hears what it is given."""

    def __init__(self, server: Any, rate: int, block: int) -> None:
        pyo = load_pyo()
        self.rate, self._server, self._block = rate, server, block
        self._in, self._out = (pyo.DataTable(size=COUNT, chnls=2) for _ in range(2))
        clock = pyo.Trig().play()
        count = pyo.Count(clock, min=0, max=COUNT - 1)
        self.threshold = pyo.SigTo(float(THRESHOLD), time=0.02, init=float(THRESHOLD))
        self.limiter = Limiter(pyo.TableIndex(self._in, count), self.threshold, rate)
        self.objects = [clock, count, pyo.TableFill(self.limiter.signal, self._out)]
        server.start()

    def play(self, signal: Audio) -> Audio:
        """What becomes of (2, COUNT) samples."""
        for side in range(2):
            np.asarray(self._in.getBuffer(side))[:COUNT] = signal[side]
        for _ in range(COUNT // self._block):
            self._server.process()
        return np.stack([np.asarray(self._out.getBuffer(side))[:COUNT] for side in range(2)])


@contextmanager
def desk(rate: int = RATE, block: int = 256) -> Iterator[Desk]:
    server = boot_server("manual", rate, block)
    made = Desk(server, rate, block)
    yield made
    server.stop()
    made.limiter.close()
    made.objects.clear()
    del made
    server.shutdown()


@pytest.mark.parametrize(("rate", "delay"), [(44100, 126), (48000, 126), (96000, 254)])
def test_below_the_threshold_nothing_is_changed_by_a_bit(rate: int, delay: int) -> None:
    assert Spans.at(rate).delay == delay
    with desk(rate) as made:
        loop = np.random.default_rng(1).uniform(-THRESHOLD, THRESHOLD, (2, COUNT)).astype(np.float32)
        loop[:, 5000] = THRESHOLD, -THRESHOLD  # not above it
        out = made.play(loop)
    assert np.array_equal(out[:, delay:], loop[:, :-delay])
    assert not out[:, :delay].any()


@pytest.mark.parametrize("block", [64, 1024])
def test_above_it_no_sample_passes_and_numpy_says_the_same_bit_for_bit(block: int) -> None:
    loud = noise(COUNT, 2) * np.interp(np.arange(COUNT), [0, COUNT // 2, COUNT], [1, 12, 1]).astype(np.float32)
    with desk(block=block) as made:
        out = made.play(loud)
    assert np.abs(out).max() <= THRESHOLD
    assert np.abs(out).max() > 0.9 * THRESHOLD
    assert np.array_equal(out, limited(loud, np.full(COUNT, THRESHOLD), RATE))


def test_after_a_peak_it_is_transparent_again_and_both_sides_keep_their_balance() -> None:
    loop = noise(COUNT, 3)
    loop[0, 20_000] = 3.0
    with desk() as made:
        out = made.play(loop)
    delay = Spans.at(RATE).delay
    shifted = out[:, delay:]
    changed = np.flatnonzero((shifted != loop[:, :-delay]).any(axis=0))
    assert 20_000 - delay <= changed[0] and changed[-1] < 20_000 + QUIET
    gains = shifted[:, changed] / loop[:, changed]
    held = np.abs(loop[:, changed]).min(axis=0) > 0.05
    assert np.abs(gains[0] - gains[1])[held].max() < 1e-5
    assert gains[0][held].min() == pytest.approx(THRESHOLD / 3.0, abs=1e-4)


@pytest.mark.parametrize("frequency", [30, 100, 1000])
def test_a_steady_tone_is_neither_distorted_nor_pumped(frequency: int) -> None:
    periods = round(frequency * COUNT / RATE)
    tone = 2.0 * np.sin(2 * np.pi * periods / COUNT * np.arange(COUNT))
    with desk() as made:
        signal = np.stack((tone, tone)).astype(np.float32)
        made.play(signal)
        out = made.play(signal)[0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(out))
    rest = np.sqrt((spectrum**2).sum() - spectrum[periods] ** 2)
    assert rest < 1e-5 * spectrum[periods]  # -100 dB


def test_a_threshold_that_moves_is_kept_and_above_all_peaks_does_nothing() -> None:
    loud = 4.0 * noise(COUNT, 4)
    with desk() as made:
        made.threshold.value = 16.0
        made.play(np.zeros((2, COUNT), np.float32))
        out = made.play(loud)
        assert np.array_equal(out[:, 126:], loud[:, :-126])
        made.threshold.value = 0.25
        out = made.play(loud)
    assert np.abs(out[:, 882 + 126 :]).max() <= 0.25
