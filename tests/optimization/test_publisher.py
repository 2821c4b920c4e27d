"""When versions go out, and that they are whole."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.publisher import Publisher
from ear_engine.optimization.versions import Version
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import loop_name, read_loop
from ear_engine.shared_memory.states import AudioState, Entry, StateWriter

RATE = 44100


@pytest.fixture
def session(tmp_path: Path) -> Path:
    (tmp_path / "loops").mkdir()
    return tmp_path


@pytest.fixture
def dream(ear: Ear, loop: NDArray[np.float32]) -> Dream:
    return Dream(ear, loop, 2)


def playing(session: Path, beat: float, beats: int = 8, ahead: float | None = None) -> None:
    """The audio process says: four seconds of eight beats, ``beat`` is heard now; loop 1 enters so many beats later."""
    entry = Entry(0, 0, 9, loop_name(9), 4 * RATE, beats)
    position = round((100 * beats + beat) * 4 * RATE / beats)
    schedule = [entry]
    if ahead is not None:
        schedule.append(Entry(position + round(ahead * 4 * RATE / beats), 0, 1, loop_name(1), 4 * RATE, beats))
    state = AudioState(1, "null", "", RATE, RATE, 1024, position, now(), 0.0, 0, schedule)
    StateWriter[AudioState](session, "audio").write(state)


@pytest.mark.parametrize(
    ("quantize", "early", "late"), [("beat", 0.1, 0.45), ("bar", 2.9, 3.45), ("loop", 6.9, 7.45), ("half", 0.1, 0.45)]
)
def test_a_version_is_due_just_before_the_next_grid_point(
    session: Path, dream: Dream, quantize: str, early: float, late: float
) -> None:
    publisher = Publisher(session)
    publisher._last -= 10.0  # the last one is long ago
    playing(session, early)
    assert not publisher.due(dream, quantize, 50.0)
    playing(session, late)
    assert publisher.due(dream, quantize, 50.0)
    publisher.publish(dream, "beat", 1, 1, 0.0)
    playing(session, late)
    assert not publisher.due(dream, quantize, 50.0)


@pytest.mark.parametrize(("speed", "due"), [(50.0, False), (4.0, False), (2.0, True), (0.0, True)])
def test_where_steps_are_slow_a_version_is_not_late_for_another_one(
    session: Path, dream: Dream, speed: float, due: bool
) -> None:
    publisher = Publisher(session)
    publisher._last -= 10.0
    playing(session, 2.2)  # the bar ends 0.9 s later; a quarter of a second before that, the version must be there
    assert publisher.due(dream, "bar", speed) == due


def test_who_takes_longer_to_make_a_version_begins_sooner(
    session: Path, dream: Dream, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, version = Publisher(session), dream.version
    publisher._last -= 10.0
    playing(session, 3.2)  # the bar ends 0.4 s later
    assert not publisher.due(dream, "bar", 50.0)

    def slow() -> Version:
        time.sleep(0.2)
        return version()

    monkeypatch.setattr(dream, "version", slow)
    publisher.publish(dream, "beat", 1, 1, 0.0)
    publisher._last -= 10.0
    playing(session, 3.2)
    assert publisher.due(dream, "bar", 50.0)


def test_without_sound_a_version_is_due_every_beat(session: Path, dream: Dream) -> None:
    publisher = Publisher(session)
    assert not publisher.due(dream, "beat", 50.0)
    publisher._last -= 0.5
    assert publisher.due(dream, "beat", 50.0)


def test_versions_are_numbered_and_whole(session: Path, dream: Dream) -> None:
    publisher = Publisher(session, loop=7)
    publisher.publish(dream, "beat", 3, 12, 0.5)
    found = read_loop(session / "loops" / publisher.file)
    assert (found.loop, found.name, found.source_number, found.sequence, found.objective) == (8, "beat", 3, 12, 0.5)
    assert (found.samples, found.beats, found.sample_rate) == (dream.samples, 2, RATE)
    assert list(found.activations) == [layer.name for layer in dream.index.layers]


def test_no_room_is_said_and_the_loop_before_stays(session: Path, dream: Dream) -> None:
    publisher = Publisher(session)
    publisher.publish(dream, "beat", 1, 1, 0.0)
    (session / "loops").rename(session / "gone")
    with pytest.raises(OSError, match="loop-00000002"):
        publisher.publish(dream, "beat", 1, 1, 0.0)
    assert (publisher.loop, publisher.file) == (1, loop_name(1))


def test_nothing_is_due_before_a_pledged_loop_has_begun_to_sound(session: Path, dream: Dream) -> None:
    publisher = Publisher(session)
    playing(session, 0.0)
    publisher.publish(dream, "beat", 1, 1, 0.0, pledged=True)
    publisher._last -= 1.5
    playing(session, 0.45)
    assert not publisher.due(dream, "beat", 50.0), "it is not in the schedule yet"
    playing(session, 0.45, ahead=0.55)
    assert not publisher.due(dream, "beat", 50.0), "a newer one would take its place"
    playing(session, 1.45, ahead=-0.45)
    assert publisher.due(dream, "beat", 50.0)
    publisher.publish(dream, "beat", 1, 1, 0.0, pledged=True)
    publisher._last -= 10.0
    playing(session, 0.45)
    assert publisher.due(dream, "beat", 50.0), "it has not been taken for so long that it never will be"
