"""The slot of the moving map: what is written is read, and the latest value wins."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ear_engine.shared_memory.map_state import MOST_NUMBERS, MapReader, MapState, MapWriter


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[MapWriter]:
    made = MapWriter(tmp_path)
    yield made
    made.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[MapReader]:
    made = MapReader(tmp_path)
    yield made
    made.close()


def state(**changes: object) -> MapState:
    return dataclasses.replace(MapState(12, "moving", 3.5, "/ears/small"), **changes)  # type: ignore[arg-type]


def same(one: MapState | None, other: MapState) -> bool:
    assert one is not None
    np.testing.assert_array_equal(one.positions, other.positions)
    assert one.positions.shape == other.positions.shape and one.positions.dtype == np.float32
    names = [field.name for field in dataclasses.fields(MapState) if field.name != "positions"]
    return all(getattr(one, name) == getattr(other, name) for name in names)


@pytest.mark.parametrize("shape", [(0, 2), (1, 2), (4097, 2), (3, 3)], ids=str)
def test_every_field_comes_back(writer: MapWriter, reader: MapReader, shape: tuple[int, int]) -> None:
    positions = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    written = MapState(7, "failed", 1e6 + 1 / 3, "/ohren/größer", 1 << 40, 29.97, "It said “no”.", positions)
    writer.write(written)
    assert same(reader.read(), written)


def test_positions_in_any_order_and_precision_come_back_as_float32(writer: MapWriter, reader: MapReader) -> None:
    positions = np.arange(12.0).reshape(2, 6).T
    writer.write(state(positions=positions))
    assert same(reader.read(), state(positions=positions.astype(np.float32)))


def test_the_latest_value_wins(writer: MapWriter, reader: MapReader) -> None:
    for step in range(5):
        writer.write(state(step=step, positions=np.full((10 - step, 2), step, np.float32)))
    found = reader.read()
    assert same(found, state(step=4, positions=np.full((6, 2), 4, np.float32)))
    assert reader.read() is found  # nothing is unpacked twice
    writer.write(state(step=5))
    assert same(reader.read(), state(step=5)) and found is not None and len(found.positions) == 6


def test_one_who_looks_before_there_is_a_writer_sees_what_it_writes(tmp_path: Path, reader: MapReader) -> None:
    assert reader.read() is None
    writer = MapWriter(tmp_path)
    assert reader.read() is None
    writer.write(state())
    assert same(reader.read(), state())
    writer.close()
    assert same(reader.read(), state())


def test_a_process_that_takes_the_place_of_another_goes_on_in_its_slot(
    tmp_path: Path, writer: MapWriter, reader: MapReader
) -> None:
    writer.write(state(pid=1))
    assert same(reader.read(), state(pid=1))
    another = MapWriter(tmp_path)
    assert same(reader.read(), state(pid=1))
    another.write(state(pid=2))
    another.close()
    assert same(reader.read(), state(pid=2))


def test_the_largest_map_fits_with_the_longest_message_and_path(writer: MapWriter, reader: MapReader) -> None:
    positions = np.ones((MOST_NUMBERS // 2, 2), np.float32)
    long = state(message="\U0001f442" * 5000, ear="/" + "ö" * 4000, positions=positions)
    writer.write(long)
    assert same(reader.read(), dataclasses.replace(long, message="\U0001f442" * 1000))  # cut, so that it is read


def test_more_neurons_than_it_holds_are_refused_and_the_value_before_stays(
    writer: MapWriter, reader: MapReader
) -> None:
    writer.write(state(step=1))
    with pytest.raises(ValueError, match="does not fit"):
        writer.write(state(positions=np.zeros((MOST_NUMBERS, 2), np.float32)))
    assert same(reader.read(), state(step=1))


def test_positions_that_were_read_cannot_be_changed(writer: MapWriter, reader: MapReader) -> None:
    writer.write(state(positions=np.ones((2, 2), np.float32)))
    found = reader.read()
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found.positions[0, 0] = 2.0
