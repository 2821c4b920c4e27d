"""The ring of the live input: what was written is read, what is gone is told to be gone, a new writer goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ear_engine.shared_memory.input_ring import CAPACITY, InputReader, InputState, InputWriter
from ear_engine.shared_memory.listen_state import ListenReader, ListenState, ListenWriter


def ramp(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.arange(first, first + count, dtype=np.float32)


def test_what_was_written_is_read_around_the_end(tmp_path: Path) -> None:
    reader = InputReader(tmp_path)
    assert reader.state() is None
    writer = InputWriter(tmp_path, 48000)
    for first in range(0, CAPACITY + 50_000, 10_000):
        writer.write(ramp(first, 10_000), first / 1000)
    state = reader.state()
    assert state is not None and state.rate == 48000 and state.count >= CAPACITY + 50_000
    last = reader.samples(state.count - 20_000, state.count)
    assert last is not None and np.array_equal(last, ramp(state.count - 20_000, 20_000))
    assert reader.samples(0, 1000) is None  # written over, or may be while it is read


def test_more_at_once_than_readers_have_room_for_comes_in_parts(tmp_path: Path) -> None:
    writer, reader = InputWriter(tmp_path, 44100), InputReader(tmp_path)
    writer.write(ramp(0, 3 * CAPACITY // 2), 1.0)
    state = reader.state()
    assert state == InputState(3 * CAPACITY // 2, 1.0, 44100)
    found = reader.samples(state.count - 100, state.count)
    assert found is not None and np.array_equal(found, ramp(state.count - 100, 100))


def test_a_new_writer_goes_on_counting_and_a_rate_may_change(tmp_path: Path) -> None:
    first, reader = InputWriter(tmp_path, 44100), InputReader(tmp_path)
    first.write(ramp(0, 500), 1.0)
    second = InputWriter(tmp_path, 48000)
    second.write(ramp(500, 100), 2.0)
    assert reader.state() == InputState(600, 2.0, 48000)
    found = reader.samples(0, 600)
    assert found is not None and np.array_equal(found, ramp(0, 600))


def test_what_is_heard_travels_whole(tmp_path: Path) -> None:
    writer, reader = ListenWriter(tmp_path), ListenReader(tmp_path)
    assert reader.read() is None
    values, ranks = ramp(0, 7), np.arange(7, dtype=np.uint8)
    layers = (("scalogram", 4), ("encoder_0_conv1", 3))
    writer.write(
        ListenState(
            5, "listening", 2.0, "/ears/ä", frame=9, surprise=3.5, layers=layers, activations=values, ranks=ranks
        )
    )
    found = reader.read()
    assert found is not None and found is reader.read()
    assert (found.pid, found.phase, found.ear, found.frame, found.surprise) == (5, "listening", "/ears/ä", 9, 3.5)
    assert found.layers == layers
    assert np.array_equal(found.activations, values) and np.array_equal(found.ranks, ranks)
