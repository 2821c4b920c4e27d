"""What another process plays is what this one would play; its end is told."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine.errors import UserError
from ear_engine.offline.elsewhere import Plan, dream_threads, playing_elsewhere
from ear_engine.offline.lighting import Here
from ear_engine.offline.performing import Performance
from ear_engine.offline.request import Request


def request(tiny: Path, tick: Path) -> Request:
    return Request(tiny, tick, "encoder_1_conv1", steps=1, device="cpu")


@pytest.mark.slow
def test_a_show_is_the_same_here_and_elsewhere(tiny: Path, tick: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        here = Here(Performance(request(tiny, tick), 4.0))
        mine = list(here.beats())
    finally:
        torch.set_num_threads(threads)
    with playing_elsewhere(Plan(request(tiny, tick), 4.0)) as show:
        assert (show.opening.samples, show.opening.sample_rate) == (here.opening.samples, here.opening.sample_rate)
        assert np.array_equal(show.opening.picture.positions, here.opening.picture.positions)
        theirs = list(show.beats())
    assert len(theirs) == len(mine) == 8
    for one, other in zip(theirs, mine, strict=True):
        assert np.array_equal(one.audio, other.audio)
        assert one.lights is not None and other.lights is not None
        assert np.array_equal(one.lights.ranks, other.lights.ranks)
        assert (one.focus is None) == (other.focus is None)
    assert mine[0].focus is not None and mine[0].focus.max() == 1.0
    assert all(beat.focus is None for beat in mine[1:])
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_what_cannot_be_is_said_here_and_a_process_that_dies_is_missed(tiny: Path, tick: Path) -> None:
    with (
        playing_elsewhere(Plan(Request(tiny, "baet"), 1.0)) as show,
        pytest.raises(UserError, match="did you mean beat"),
    ):
        _ = show.opening
    with playing_elsewhere(Plan(request(tiny, tick), 3600.0)) as show:
        beats = show.beats()
        next(beats)
        (child,) = multiprocessing.active_children()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(UserError, match=r"has ended \(signal SIGKILL\)"):
            list(beats)


def test_lights_that_nobody_sees_are_not_made(tiny: Path, tick: Path) -> None:
    lit = [beat.lights is not None for beat in Here(Performance(request(tiny, tick), 4.0), since=3.9).beats()]
    assert lit[-2:] == [True, True]
    assert not any(lit[:4])


def test_threads_are_as_many_as_asked_for_or_half_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.platform.cores", lambda: 7)
    assert [dream_threads(asked) for asked in ("", "5", "no", "0")] == [3, 5, 3, 3]
    monkeypatch.setattr("ear_engine.platform.cores", lambda: 1)
    assert dream_threads("") == 1
