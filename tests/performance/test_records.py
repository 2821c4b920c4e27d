"""Records: written, cut off anywhere, damaged anywhere, of anything."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.performance.records import MAGIC, Record, RecordFile, packed
from ear_engine.performance.writing import LOST, RecordWriter

_FULL = """
import resource, sys, time
from pathlib import Path
import numpy as np
from ear_engine.performance.writing import RecordWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
told = []
writer = RecordWriter(Path(sys.argv[1]), told.append)
for number in range(40):
    writer.put("loop", {"number": number}, {"audio": np.full((2, 800), number, np.float32)})
writer.close()
print(len(told), writer.failed, writer.bytes)
"""


def written(path: Path) -> list[int]:
    """A file of some records; where each of them ends."""
    ends = [len(MAGIC)]
    with path.open("wb") as file:
        file.write(MAGIC)
        for number in range(6):
            arrays = {"audio": np.arange(number * 4, dtype=np.float32).reshape(2, -1), "x": np.arange(number % 2)}
            for part in packed("test", {"number": number, "text": "é"}, arrays):
                file.write(part)
            ends.append(file.tell())
    return ends


def read(path: Path) -> tuple[list[Record], str]:
    file = RecordFile(path)
    return list(file), file.broken


def test_what_is_written_is_read(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "a.kept", pytest.fail)
    audio = np.random.default_rng(1).standard_normal((2, 5000)).astype(np.float32)
    writer.put("loop", {"key": "a", "number": 0.1}, {"audio": audio, "steps": np.arange(3.0)})
    writer.later(lambda: (("next", {}, {}), ("last", {"list": [1, None, "x"]}, {})))
    writer.close()
    (first, second, third), broken = read(tmp_path / "a.kept")
    assert not broken and [first.kind, second.kind, third.kind] == ["loop", "next", "last"]
    assert first.head["number"] == 0.1 and third.head["list"] == [1, None, "x"]
    assert np.array_equal(first.array("audio"), audio) and first.array("audio").dtype == np.float32
    assert np.array_equal(first.array("steps"), [0.0, 1.0, 2.0])
    with pytest.raises(KeyError):
        first.array("nothing")


def test_a_file_cut_off_anywhere_is_read_up_to_its_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "a.kept"
    ends = written(path)
    whole = path.read_bytes()
    cut = tmp_path / "cut.kept"
    for length in range(len(whole) + 1):
        cut.write_bytes(whole[:length])
        records, broken = read(cut)
        assert [record.head["number"] for record in records] == list(range(sum(length >= end for end in ends[1:])))
        assert bool(broken) == (length not in ends)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_is_damaged_what_comes_before_is_read(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.kept"
    ends = written(path)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    records, broken = read(path)
    assert broken
    assert [record.head["number"] for record in records] == list(range(sum(place >= end for end in ends[1:])))


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200), magic=st.booleans())
def test_foreign_files_are_named_and_nothing_else(
    content: bytes, magic: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "foreign.kept"
    path.write_bytes((MAGIC if magic else b"") + content)
    records, broken = read(path)
    assert records == [] and (bool(broken) or not content)


def test_a_disk_that_is_too_slow_costs_records_and_the_file_says_how_many(tmp_path: Path) -> None:
    going = threading.Event()
    writer = RecordWriter(tmp_path / "a.kept", pytest.fail, room=3000)
    writer.later(lambda: going.wait(10.0) and ())
    for number in range(20):
        writer.put("note", {"number": number})
    going.set()
    while writer.bytes < 200:
        pass
    writer.put("note", {"number": 20})
    writer.close()
    records, broken = read(tmp_path / "a.kept")
    lost = sum(record.head["records"] for record in records if record.kind == LOST)
    numbers = [record.head["number"] for record in records if record.kind == "note"]
    assert not broken and lost > 0 and len(numbers) + lost == 21 and numbers[-1] == 20


def test_what_cannot_be_made_costs_that_record_only(tmp_path: Path) -> None:
    def gone() -> tuple[()]:
        raise FileNotFoundError("the loop is gone")

    writer = RecordWriter(tmp_path / "a.kept", pytest.fail)
    writer.later(gone)
    writer.put("note", {"number": np.float32(1.0)})
    writer.put("note", {})
    writer.close()
    (lost, other, note), _ = read(tmp_path / "a.kept")
    assert (lost.kind, other.kind, note.kind) == (LOST, LOST, "note")
    assert "gone" in lost.head["reason"] and "float32" in other.head["reason"]


def test_a_full_disk_ends_the_file_with_its_last_whole_record_and_says_so_once(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="file size limits are POSIX")
    path = tmp_path / "a.kept"
    done = subprocess.run([sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, check=True)
    told, failed, size = done.stdout.split()
    records, broken = read(path)
    assert (told, failed) == ("1", "True") and not broken and path.stat().st_size == int(size)
    assert [record.head["number"] for record in records] == list(range(15))
    assert (records[14].array("audio") == 14).all()


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.kept").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        RecordWriter(tmp_path / "a.kept", pytest.fail)
