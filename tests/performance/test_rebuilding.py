"""From the real graph's output to what was kept of it, and back to the same samples."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.offline.rebuilding import Rebuilt
from ear_engine.performance.reading import Kept, read_performance
from ear_engine.performance.writing import Made, RecordWriter
from ear_engine.playback import keeping
from tests.performance.helpers import Player, player
from tests.playback.helpers import RATE, Session, noise

LOOP = 22050


def rebuilt(kept: Kept) -> tuple[Rebuilt, NDArray[np.float32]]:
    made = Rebuilt(kept.sounds[0])
    return made, np.concatenate(list(made.blocks()), axis=1)


def kept(playing: Player, folder: Path) -> Kept:
    playing.record("")
    playing.play(0.01)
    playing.feeder.drain(playing.at)
    return read_performance(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "take"
    made.mkdir()
    return made


def test_from_the_first_sample_on_it_is_what_went_out_bit_for_bit(session: Session, folder: Path) -> None:
    session.source(1, noise(LOOP, 1))
    with player(session) as playing:
        playing.record(folder)
        playing.play(0.4)
        session.dream(1, noise(LOOP, 2), 1)
        playing.play(0.8)
        session.dream(2, noise(LOOP, 3), 1)
        playing.play(1.3)
        found = kept(playing, folder)
        made, sound = rebuilt(found)
        assert found.faults == []
        assert made.part.at == 0
        assert sound.shape[1] > 2.4 * RATE
        assert np.array_equal(sound, playing.heard[:, : sound.shape[1]])
        assert made.compared == sound.shape[1] and made.differences == []
        assert [entry["loop"] for entry in made.part.entries] == [0, 1, 2]


def test_moving_faders_mute_a_limiter_and_an_excerpt_are_exact_too(session: Session, folder: Path) -> None:
    session.source(1, noise(LOOP, 1))
    with player(session) as playing:
        playing.play(0.3)
        session.dream(1, noise(LOOP, 2), 1)
        playing.record(folder)
        playing.play(0.3)
        session.set(wet=0.4, gain=9.0)
        playing.record(folder)
        playing.play(0.3)
        session.audition("audition-1.ear", noise(9000, 7))
        playing.record(folder)
        playing.play(0.3)
        session.set(gain=-7.0)
        playing.record(folder)
        playing.play(0.013)
        session.set(gain=3.0, mute=True)
        playing.record(folder)
        playing.play(0.3)
        session.set(mute=False)
        playing.record(folder)
        playing.play(0.3)
        made, sound = rebuilt(kept(playing, folder))
        at = made.part.at
        assert at > 0
        assert np.array_equal(sound, playing.heard[:, at : at + sound.shape[1]])
        assert made.differences == []


def test_a_slow_disk_under_one_recording_takes_nothing_from_the_next(
    session: Session, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    writers: list[Slow] = []
    free = threading.Event()

    class Slow(RecordWriter):
        def _keep(self, make: Callable[[], Made]) -> None:
            if self.path.parent == folder:
                free.wait(10.0)
            else:
                writers[0].close()
            super()._keep(make)

    def made(path: Path, ended: Callable[[str], None]) -> RecordWriter:
        writers.append(Slow(path, ended))
        return writers[-1]

    monkeypatch.setattr(keeping, "RecordWriter", made)
    session.source(1, noise(LOOP, 1))
    with player(session) as playing:
        playing.record(folder)
        playing.play(0.4)
        playing.record(second)
        playing.play(0.8)
        free.set()
        found = kept(playing, second)
        assert found.faults == []
        rebuilding, sound = rebuilt(found)
        assert rebuilding.compared == sound.shape[1] > 0 and rebuilding.differences == []


def test_a_graph_that_ran_dry_is_silent_where_it_was(session: Session, folder: Path) -> None:
    session.source(1, noise(LOOP, 1))
    with player(session) as playing:
        playing.record(folder)
        playing.play(0.5)
        playing.play(0.2, feed=False)
        playing.play(0.5)
        made, sound = rebuilt(kept(playing, folder))
        assert len(made.part.anchors) == 2
        assert np.array_equal(sound, playing.heard[:, : sound.shape[1]])


def test_at_another_rate_than_the_devices_it_is_resampled_alike(session: Session, folder: Path) -> None:
    session.source(1, noise(LOOP, 1))
    with player(session, rate=48000) as playing:
        playing.record(folder)
        playing.play(0.5)
        session.dream(1, noise(LOOP, 2), 1)
        playing.play(1.5)
        _, sound = rebuilt(kept(playing, folder))
        assert np.array_equal(sound, playing.heard[:, : sound.shape[1]])


def test_what_another_sound_would_give_is_noticed(session: Session, folder: Path) -> None:
    session.source(1, noise(LOOP, 1))
    with player(session) as playing:
        playing.record(folder)
        playing.play(2.5)
        found = kept(playing, folder)
        first = found.sounds[0].entries[0]
        found.sounds[0].entries[0] = {**first, "origin": first["origin"] + 1}
        made, _ = rebuilt(found)
        assert len(made.differences) == len(found.sounds[0].marks)
