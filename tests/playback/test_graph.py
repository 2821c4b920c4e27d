"""The real pyo graph on pyo's manual server."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.playback.graph import Graph
from tests.playback.helpers import DELAY, RATE, Offline, noise

Rig = tuple[Offline, Graph]
RING = 1 << 14


def play(rig: Rig, blocks: int) -> None:
    for _ in range(blocks):
        rig[0].block()


def test_at_unity_the_output_is_the_ring_bit_for_bit_round_after_round(offline: Rig) -> None:
    backend, graph = offline
    wet, dry = noise(RING, 1), noise(RING, 2)
    graph.write(0, wet, dry)
    backend.start()
    for begin in (DELAY, 0, 0):  # at first the limiter holds nothing
        play(offline, RING // 256)
        assert graph.index() == 0
        assert np.array_equal(graph.captured(begin, RING - begin), wet.T[begin:])


def test_dry_is_bit_exact_too_once_the_ramp_is_over(offline: Rig) -> None:
    backend, graph = offline
    wet, dry = noise(RING, 1), noise(RING, 2)
    graph.write(0, wet, dry)
    backend.start()
    graph.set_mix(0.0, 1.0)
    play(offline, 2 * RING // 256)
    assert np.array_equal(graph.captured(0, RING), dry.T)


def test_gains_are_applied_to_both_and_are_there_within_two_ramps(offline: Rig) -> None:
    backend, graph = offline
    wet, dry = noise(RING, 1), noise(RING, 2)
    graph.write(0, wet, dry)
    backend.start()
    graph.set_threshold(4.0)
    graph.set_mix(0.6, 0.3)
    graph.set_level(2.0)
    play(offline, RING // 256)
    there = 2 * 882 + DELAY
    expected = 2 * (0.6 * wet + 0.3 * dry)
    assert np.abs(graph.captured(there, RING - there) - expected[:, there:].T).max() < 1e-6


def test_a_muted_graph_is_silent_within_30_ms_and_goes_there_without_a_step(offline: Rig) -> None:
    backend, graph = offline
    ones = np.full((2, RING), 0.5, np.float32)
    graph.write(0, ones, ones)
    backend.start()
    play(offline, 4)
    graph.set_level(1.0, mute=True)
    play(offline, RING // 256 - 4)
    out = graph.captured(DELAY, RING - DELAY)[:, 0]
    begun = 4 * 256
    assert (out[:begun] == 0.5).all()
    assert (out[begun + round(0.03 * RATE) :] == 0.0).all()
    assert np.abs(np.diff(out)).max() < 0.5 * 1.1 / (0.015 * RATE)


def test_a_moving_fader_leaves_nothing_beside_a_tone(offline: Rig) -> None:
    """A controller sends a value every 10 ms; at 256 samples a block the graph hears of it once in two blocks."""
    backend, graph = offline
    count = 2 * RING
    frequency = 3000 * RING // RATE * RATE / RING  # whole periods in the ring
    tone = np.broadcast_to(0.5 * np.sin(2 * np.pi * frequency / RATE * np.arange(RING)), (2, RING)).astype(np.float32)
    graph.write(0, tone, tone)
    backend.start()
    heard = []
    for block in range(count // 256):
        sent = int(block * 256 / RATE / 0.01) * 0.01
        graph.set_level(float(10 ** (-0.5 * (1 - np.cos(2 * np.pi * 1.4 * sent)))))
        backend.block()
        heard.append(graph.captured(block * 256, 256)[:, 0])
    spectrum = np.abs(np.fft.rfft(np.concatenate(heard)[DELAY:] * np.blackman(count - DELAY)))
    apart = np.abs(np.fft.rfftfreq(count - DELAY, 1 / RATE) - frequency)
    assert spectrum[apart > 100].max() < 3e-5 * spectrum.max()
    assert spectrum[apart > 300].max() < 1e-6 * spectrum.max()


def test_writing_and_reading_wrap_around_the_ring(offline: Rig) -> None:
    backend, graph = offline
    signal = noise(1000, 3)
    graph.write(5 * RING - 400, signal, signal)
    backend.start()
    play(offline, 2 * RING // 256)
    assert np.array_equal(graph.captured(RING - 400, 1000), signal.T)
    graph.clear(RING - 400, 1000)
    play(offline, 2 * RING // 256)
    assert not graph.captured(RING - 400, 1000).any()


def test_the_index_is_unknown_before_the_first_block(offline: Rig) -> None:
    backend, graph = offline
    assert graph.index() is None
    backend.start()
    play(offline, 1)
    assert graph.index() == 256


@pytest.mark.parametrize("block", [64, 1000])
def test_a_block_that_does_not_divide_the_ring_is_exact_as_well(block: int) -> None:
    backend = Offline(buffer_size=block)
    graph = Graph(ring=RING)
    wet = noise(RING, 4)
    graph.write(0, wet, wet)
    backend.start()
    blocks = 3 * RING // block + 1
    for _ in range(blocks):
        backend.block()
    assert graph.index() == blocks * block % RING
    assert np.array_equal(graph.captured(0, RING), wet.T)
    backend.stop()
    graph.close()
    backend.close()
