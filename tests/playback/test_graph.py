"""The real pyo graph on pyo's manual server."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.playback.graph import Graph
from tests.playback.helpers import Offline, noise

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
    for _ in range(3):
        play(offline, RING // 256)
        assert graph.index() == 0
        assert np.array_equal(graph.captured(0, RING), wet.T)


def test_dry_is_bit_exact_too_once_the_ramp_is_over(offline: Rig) -> None:
    backend, graph = offline
    wet, dry = noise(RING, 1), noise(RING, 2)
    graph.write(0, wet, dry)
    backend.start()
    graph.set_mix(0.0, 1.0)
    play(offline, 2 * RING // 256)
    assert np.array_equal(graph.captured(0, RING), dry.T)


def test_gains_are_applied_to_both_and_ramp_within_20_ms(offline: Rig) -> None:
    backend, graph = offline
    wet, dry = noise(RING, 1), noise(RING, 2)
    graph.write(0, wet, dry)
    backend.start()
    graph.set_mix(0.6, 0.3)
    graph.set_level(2.0)
    play(offline, RING // 256)
    ramp = 882 + 256
    expected = 2 * (0.6 * wet + 0.3 * dry)
    assert np.abs(graph.captured(ramp, RING - ramp) - expected[:, ramp:].T).max() < 1e-6


def test_a_muted_graph_is_silent_and_its_ramp_has_no_step(offline: Rig) -> None:
    backend, graph = offline
    ones = np.ones((2, RING), np.float32)
    graph.write(0, ones, ones)
    backend.start()
    play(offline, 4)
    graph.set_level(0.0)
    play(offline, RING // 256 - 4)
    out = graph.captured(0, RING)[:, 0]
    assert (out[: 4 * 256] == 1.0).all()
    assert (out[4 * 256 + 1024 :] == 0.0).all()
    assert np.abs(np.diff(out)).max() < 1.5 / 882


def test_writing_and_reading_wrap_around_the_ring(offline: Rig) -> None:
    backend, graph = offline
    signal = noise(1000, 3)
    graph.write(5 * RING - 400, signal, signal)
    backend.start()
    play(offline, RING // 256)
    assert np.array_equal(graph.captured(RING - 400, 1000), signal.T)
    graph.clear(RING - 400, 1000)
    play(offline, RING // 256)
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
