"""What engines leave, and who finds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.sets.last import LOOP, SET, LastFolder, find_last, folder_of, loop_beside
from ear_engine.sets.loops import keep_loop, kept_loops
from ear_engine.sets.text import WrittenSet
from ear_engine.shared_memory.loops import LoopFile, read_loop


def left(root: Path, port: int, text: str, age: float, pid: int = 0) -> Path:
    """The folder of an engine that kept ``text`` so many seconds ago."""
    folder = LastFolder(port, root)
    folder.path = root / f"{text}-{port}"
    folder.keep_set(WrittenSet(text))
    (folder.path / "engine.json").write_text(json.dumps({"pid": pid, "port": port}))
    moment = time.time() - age
    os.utime(folder.path / SET, (moment, moment))
    return folder.path


def test_an_engine_finds_its_own_or_else_the_newest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none was kept yet"):
        find_last(9000, tmp_path / "nowhere")
    old, new, other = left(tmp_path, 9000, "old", 50), left(tmp_path, 9000, "new", 40), left(tmp_path, 9001, "other", 5)
    assert find_last(9000, tmp_path).folder == new
    assert find_last(9001, tmp_path).folder == other
    assert find_last(9002, tmp_path).folder == find_last(0, tmp_path).folder == other
    assert old.exists()


def test_one_that_runs_is_left_alone_and_a_number_that_is_another_process_by_now_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mine, running = left(tmp_path, 9000, "mine", 50), left(tmp_path, 9000, "running", 5, process.pid)
        assert find_last(9000, tmp_path).folder == mine
        moment = time.time() - 60
        os.utime(running / "engine.json", (moment, moment))
        assert find_last(9000, tmp_path).folder == running
        process.communicate(b"\n")


def test_only_so_many_stay_and_none_of_an_engine_that_runs_goes(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        running = left(tmp_path, 9000, "running", 1000, process.pid)
        gone = [left(tmp_path, 9000, f"gone{n}", 100 - n) for n in range(12)]
        LastFolder(9005, tmp_path).keep_set(WrittenSet("mine"))
        assert running.exists()
        assert [path for path in gone if path.exists()] == gone[-8:]
        process.communicate(b"\n")


def test_the_loop_is_kept_bit_for_bit_without_what_it_causes(tmp_path: Path) -> None:
    audio = np.random.default_rng(3).standard_normal((2, 4410)).astype(np.float32)
    folder = LastFolder(9000, tmp_path)
    lights = {"layer": np.ones((4, 8), np.float32)}
    folder.keep_loop(LoopFile(7, audio, 44100, 4, 2, 31, 5, 0.5, frames=4, name="dub", activations=lights))
    folder.keep_set(WrittenSet("version: 1"))
    folder.leave()
    path = find_last(0, tmp_path).loop
    assert path is not None and path == loop_beside(folder.path / SET)
    loop = read_loop(path)
    assert np.array_equal(loop.audio, audio) and not loop.activations
    assert (loop.name, loop.step, loop.beats) == ("dub", 31, 4)
    assert loop_beside(tmp_path / "other.yaml") is None and loop_beside(tmp_path / SET) is None
    assert sorted(path.name for path in folder.path.iterdir()) == ["engine.json", LOOP, SET]


def test_loops_that_the_set_names_stay_beside_it_and_those_of_others_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = LastFolder(9000, tmp_path), LastFolder(9001, tmp_path)
    audio = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 22050)).astype(np.float32)
    first, second = (Clip("memory:1", audio * np.float32(gain), 44100, 1, "given") for gain in (1.0, 0.5))
    named = [keep_loop(clip, folder.path) for clip in (first, second)]
    assert keep_loop(first, other.path) == named[0]
    other.keep_set(WrittenSet("seed: 1", frozenset(named[:1])))
    folder.keep_set(WrittenSet("seed: 1", frozenset(named)))
    assert kept_loops(folder.path).keys() == {*named} and folder_of(folder.path / SET) == folder.path

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ear_engine.sets.last.whole_file", full)
        with pytest.raises(OSError, match="No space"):
            folder.keep_set(WrittenSet("seed: 2"))
    assert kept_loops(folder.path).keys() == {*named}, "the set before is there still, so are its loops"
    folder.keep_set(WrittenSet("seed: 2", frozenset(named[1:])))
    assert kept_loops(folder.path).keys() == {named[1]} and kept_loops(other.path).keys() == {named[0]}
    assert folder_of(tmp_path / SET) is None and folder_of(folder.path / LOOP) is None
