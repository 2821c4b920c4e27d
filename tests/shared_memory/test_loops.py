from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ear_engine.shared_memory.loops import LoopFile, loop_name, prune_loops, read_loop, source_name, write_loop

SPAWN = multiprocessing.get_context("spawn")
shapes = st.tuples(st.integers(1, 4), st.integers(0, 70))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(audio=st.tuples(st.integers(1, 2), st.integers(1, 300)), layers=st.dictionaries(st.text(max_size=8), shapes))
def test_a_loop_comes_back_bit_for_bit(
    tmp_path: Path, audio: tuple[int, int], layers: dict[str, tuple[int, int]]
) -> None:
    rng = np.random.default_rng(0)
    loop = LoopFile(
        loop=7,
        audio=rng.standard_normal(audio, dtype=np.float32),
        sample_rate=44_100,
        beats=8,
        source_number=2,
        step=3,
        sequence=4,
        objective=0.5,
        frames=176,
        name="béat",
        activations={name: rng.standard_normal(shape, dtype=np.float32) for name, shape in layers.items()},
    )
    write_loop(tmp_path / "a.ear", loop)
    back = read_loop(tmp_path / "a.ear")
    np.testing.assert_array_equal(back.audio, loop.audio)
    assert back.activations.keys() == loop.activations.keys()
    for name, values in loop.activations.items():
        np.testing.assert_array_equal(back.activations[name], values)
    for name in ("loop", "sample_rate", "beats", "source_number", "step", "sequence", "objective", "frames", "name"):
        assert getattr(back, name) == getattr(loop, name)


def test_a_gradient_comes_back_and_is_no_layer(tmp_path: Path) -> None:
    gradient = np.random.default_rng(0).standard_normal((16, 5), np.float32)
    write_loop(tmp_path / "a.ear", LoopFile(1, np.zeros((2, 64), np.float32), 44_100, 4, frames=16, gradient=gradient))
    back = read_loop(tmp_path / "a.ear")
    assert back.gradient is not None and np.array_equal(back.gradient, gradient) and not back.activations
    write_loop(tmp_path / "b.ear", LoopFile(1, np.zeros((2, 64), np.float32), 44_100, 4))
    assert read_loop(tmp_path / "b.ear").gradient is None


def test_length_and_tempo() -> None:
    loop = LoopFile(0, np.zeros((2, 88_200), np.float32), 44_100, 4)
    assert (loop.samples, loop.seconds, loop.tempo) == (88_200, 2.0, 120.0)


def test_what_is_read_is_a_read_only_view_that_outlives_the_file(tmp_path: Path) -> None:
    path = tmp_path / loop_name(1)
    write_loop(path, LoopFile(1, np.ones((1, 64), np.float32), 44_100, 1))
    back = read_loop(path)
    with pytest.raises(ValueError, match="read-only"):
        back.audio[0, 0] = 0
    path.unlink()
    assert back.audio.sum() == 64


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFFxxxxWAVEfmt " * 8], ids=["empty", "short", "a WAV"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ear").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.ear is not a loop file"):
        read_loop(tmp_path / "a.ear")


def test_a_loop_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_loop(tmp_path / loop_name(1))


def test_pruning_keeps_the_newest_and_every_source(tmp_path: Path) -> None:
    for name in (loop_name(1), loop_name(2), loop_name(3), source_name(1)):
        (tmp_path / name).write_bytes(b"")
    prune_loops(tmp_path, newest=3, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [loop_name(2), loop_name(3), source_name(1)]


def _write_loops_for_ever(folder: Path) -> None:
    number = 0
    while True:
        number += 1
        values = np.full((2, 100_000), number, np.float32)
        write_loop(folder / loop_name(number), LoopFile(number, values, 44_100, 8, activations={"layer": values}))
        prune_loops(folder, number, keep=4)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_writer_killed_at_any_moment_leaves_only_whole_loops(tmp_path: Path) -> None:
    writer = SPAWN.Process(target=_write_loops_for_ever, args=(tmp_path,), daemon=True)
    writer.start()
    read, until = 0, time.monotonic() + 30
    while read < 50 and time.monotonic() < until:
        for path in tmp_path.glob("loop-*.ear"):
            try:
                loop = read_loop(path)
            except FileNotFoundError:  # pruned since it was listed
                continue
            read += 1
            assert path.name == loop_name(loop.loop)
            assert (loop.audio == loop.loop).all() and (loop.activations["layer"] == loop.loop).all()
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    assert read >= 50
    survivors = list(tmp_path.glob("loop-*.ear"))
    assert survivors
    assert all((read_loop(path).audio == read_loop(path).loop).all() for path in survivors)


def _files(folder: Path, sizes: dict[int, int]) -> None:
    for number, size in sizes.items():
        (folder / loop_name(number)).write_bytes(bytes(size))


def _left(folder: Path) -> list[int]:
    return sorted(int(path.stem.removeprefix("loop-")) for path in folder.glob("loop-*.ear"))


def test_long_loops_are_kept_by_their_bytes(tmp_path: Path) -> None:
    _files(tmp_path, dict.fromkeys(range(1, 10), 100))
    prune_loops(tmp_path, newest=9)
    assert _left(tmp_path) == [4, 5, 6, 7, 8, 9]
    prune_loops(tmp_path, newest=9, room=450)
    assert _left(tmp_path) == [6, 7, 8, 9]
    prune_loops(tmp_path, newest=9, room=450, protected={loop_name(6)})
    assert _left(tmp_path) == [6, 7, 8, 9]
    prune_loops(tmp_path, newest=9, room=300, protected={loop_name(6)})
    assert _left(tmp_path) == [6, 8, 9]
    prune_loops(tmp_path, newest=9, room=10, keep=1)
    assert _left(tmp_path) == [8, 9]


def test_what_a_killed_dreamer_left_half_written_goes_but_not_what_is_being_written(tmp_path: Path) -> None:
    for number in (1, 3):
        (tmp_path / f"{loop_name(number)}.part").touch()
    prune_loops(tmp_path, newest=2)
    assert [path.name for path in tmp_path.iterdir()] == [f"{loop_name(3)}.part"]


_FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from ear_engine.shared_memory.loops import LoopFile, write_loop
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_loop(Path(sys.argv[1]) / "loop-00000001.ear", LoopFile(1, np.ones((2, 40_000), np.float32), 44_100, 4))
except OSError as error:
    print(type(error).__name__)
"""


def test_a_full_disk_leaves_nothing_of_a_loop(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="file size limits are POSIX")
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "OSError"
    assert list(tmp_path.iterdir()) == []
