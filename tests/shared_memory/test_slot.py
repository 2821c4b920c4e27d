from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.shared_memory.slot import SlotReader, SlotWriter

SPAWN = multiprocessing.get_context("spawn")
LARGE = 200_000


def test_nothing_is_read_before_the_first_write(tmp_path: Path) -> None:
    reader = SlotReader(tmp_path / "a.slot")
    assert reader.read() is None and reader.sequence == 0  # the file is not there
    writer = SlotWriter(tmp_path / "a.slot")
    assert reader.read() is None and reader.sequence == 0  # it is, and empty
    assert writer.write(b"one") == 1
    assert reader.read() == (1, b"one") and reader.sequence == 1


@given(payloads=st.lists(st.binary(max_size=64), min_size=1, max_size=8))
def test_the_latest_value_wins_for_every_reader(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("slot") / "a.slot"
    writer, early = SlotWriter(path, capacity=64), SlotReader(path)
    for number, payload in enumerate(payloads, 1):
        assert writer.write(payload) == number
        assert early.read() == (number, payload)
    assert SlotReader(path).read() == (len(payloads), payloads[-1])


def test_a_payload_too_long_is_refused_and_the_last_one_stays(tmp_path: Path) -> None:
    writer, reader = SlotWriter(tmp_path / "a.slot", capacity=4), SlotReader(tmp_path / "a.slot")
    writer.write(b"four")
    with pytest.raises(ValueError, match=r"5 bytes does not fit slot a\.slot of 4"):
        writer.write(b"fives")
    assert reader.read() == (1, b"four")


def test_a_restarted_writer_goes_on_and_readers_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.slot"
    first, reader = SlotWriter(path), SlotReader(path)
    first.write(b"before")
    first.close()
    second = SlotWriter(path)
    assert reader.read() == (1, b"before")
    assert second.write(b"after") == 2
    assert reader.read() == (2, b"after")


def _torn(value: int, values: int = LARGE // 8) -> bytes:
    """A payload that shows whether any byte of it is another's."""
    return struct.pack("<Q", value) * values


def _write_for_ever(path: Path, values: int) -> None:
    """``values`` eight-byte words a write: few for speed, many to be caught in the middle."""
    writer = SlotWriter(path, capacity=LARGE)
    sequence = writer.sequence
    while True:
        sequence += 1
        writer.write(_torn(sequence, values))


def _is_whole(found: tuple[int, bytes]) -> bool:
    sequence, payload = found
    return payload == _torn(sequence, len(payload) // 8)


@pytest.mark.parametrize("values", [1, LARGE // 8])
def test_readers_in_other_processes_never_see_half_a_value(tmp_path: Path, values: int) -> None:
    path = tmp_path / "a.slot"
    writer = SPAWN.Process(target=_write_for_ever, args=(path, values), daemon=True)
    writer.start()
    try:
        reader = SlotReader(path)
        _wait_for(lambda: reader.sequence > 0)
        last, seen, until = 0, 0, time.monotonic() + 1.0
        while time.monotonic() < until:
            before = reader.sequence
            assert before >= last
            found = reader.read()
            if found is None:  # overtaken at every attempt: the caller keeps what it had
                continue
            assert _is_whole(found)
            assert found[0] >= before
            last, seen = found[0], seen + 1
        assert seen > 10
    finally:
        writer.kill()
        writer.join()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_writer_killed_in_the_middle_leaves_a_whole_value(tmp_path: Path) -> None:
    path = tmp_path / "a.slot"
    last = 0
    for attempt in range(8):
        writer = SPAWN.Process(target=_write_for_ever, args=(path, LARGE // 8), daemon=True)
        writer.start()
        reader = SlotReader(path)
        until = time.monotonic() + 30
        while reader.sequence <= last and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.001 * attempt)
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        found = reader.read()
        assert found is not None and _is_whole(found) and found[0] > last
        last = found[0]
        reader.close()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_half_a_write_is_never_published(tmp_path: Path, share: float) -> None:
    """What a kill leaves, made by hand at a known place: the other half is damaged, its sequence not yet written."""
    path = tmp_path / "a.slot"
    writer = SlotWriter(path, capacity=LARGE)
    writer.write(_torn(1))
    writer.write(_torn(2))
    half = 8 + LARGE
    at = 24 + 1 * half  # write 3 goes to half 1
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * (8 + int(share * LARGE)))
    assert SlotReader(path).read() == (2, _torn(2))
    assert SlotWriter(path, capacity=LARGE).write(_torn(3)) == 3
    assert SlotReader(path).read() == (3, _torn(3))


def _wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "timed out"
        time.sleep(0.001)
