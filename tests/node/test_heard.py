from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine.node.heard import Heard, HeardLoops
from ear_engine.shared_memory.loops import LoopFile, loop_name, write_loop
from ear_engine.shared_memory.states import AudioState, Entry

RATE = 1000


@pytest.fixture
def told(tmp_path: Path) -> tuple[HeardLoops, list[Heard]]:
    heard: list[Heard] = []
    loops = HeardLoops(tmp_path)
    loops.listen(heard.append)
    for number in (1, 2, 3):
        write_loop(tmp_path / loop_name(number), LoopFile(number, np.zeros((2, 500), np.float32), RATE, 1))
    return loops, heard


def entry(start: int, number: int) -> Entry:
    return Entry(start, 0, number, loop_name(number), 500, 1)


def state(position: int, *schedule: Entry, pid: int = 1) -> AudioState:
    """Sample 0 leaves the graph at clock time 100, and is heard a tenth of a second later."""
    return AudioState(pid, "null", "", RATE, RATE, 256, position, 100 + position / RATE, 0.1, 0, list(schedule))


def test_each_loop_is_told_once_and_when_it_is_heard(told: tuple[HeardLoops, list[Heard]]) -> None:
    loops, heard = told
    playing = state(900, entry(0, 1), entry(500, 2), entry(1000, 3))
    loops.look(playing, 100.9)
    loops.look(playing, 100.95)
    assert [(one.number, one.entry.loop, one.time) for one in heard] == [(1, 1, 100.1), (2, 2, 100.6)]
    assert heard[1].loop is not None and heard[1].loop.loop == 2
    later = state(1050, entry(500, 2), entry(1000, 3))
    loops.look(later, 101.05)
    assert len(heard) == 2, "it has left the graph, but nobody has heard it"
    loops.look(later, 101.11)
    assert heard[-1].entry.loop == 3
    assert loops.last is heard[-1]


def test_what_may_still_change_is_not_told(told: tuple[HeardLoops, list[Heard]]) -> None:
    loops, heard = told
    loops.look(state(0, entry(0, 1), entry(500, 2)), 107.0)  # the audio process has said nothing for seven seconds
    assert [one.entry.loop for one in heard] == [1]


def test_a_restarted_audio_process_goes_on_or_counts_anew(told: tuple[HeardLoops, list[Heard]]) -> None:
    loops, heard = told
    loops.look(state(900, entry(0, 1), entry(500, 2)), 100.9)
    loops.look(state(1200, entry(0, 1), entry(500, 2), entry(1000, 2), pid=2), 101.2)
    assert [one.entry.start for one in heard] == [0, 500, 1000]
    loops.look(replace(state(300, entry(0, 3), pid=3), time=130.0), 130.0)
    assert [one.entry.start for one in heard] == [0, 500, 1000, 0]


def test_a_file_that_is_gone_is_told_without_its_sound(told: tuple[HeardLoops, list[Heard]]) -> None:
    loops, heard = told
    loops.look(state(500, entry(0, 9)), 100.5)
    assert heard[0].loop is None and heard[0].entry.loop == 9
