"""Whether the map shall move, where the node says neurons are, and what becomes of a map that cannot move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage

from ear_engine.control import ControlLog
from ear_engine.node.children import map_pulse
from ear_engine.node.moving_map import MovingMap
from ear_engine.node.supervisor import Exit, Pulse
from ear_engine.osc.commands import Call
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.map_state import MapState, MapWriter

PID = 4321
STILL = np.random.default_rng(0).random((5, 2)).astype(np.float32)


class Stage:
    """A moving map whose process is only its slot."""

    def __init__(self, session: Path) -> None:
        self.control = ControlLog(ParameterTree())
        self.writer = MapWriter(session)
        self.device = "cpu"
        self.pid: int | None = PID
        self.still: NDArray[np.float32] | None = STILL
        self.reports: list[tuple[str, str, str]] = []
        self.map = MovingMap(
            self.control,
            session,
            device=lambda: self.device,
            pid=lambda: self.pid,
            still=lambda: self.still,
            report=lambda *told: self.reports.append(told),
        )

    def ask(self, motion: str) -> None:
        self.control.apply({"map/motion": motion}, "test")

    @property
    def motion(self) -> object:
        return self.control.tree.values["map/motion"]

    def write(self, state: MapState) -> None:
        self.writer.write(state)

    def info(self) -> tuple[Any, ...]:
        (command,) = self.map.commands()
        assert command.name == "map/info"
        sent: list[bytes] = []
        command.run(Call(None, None, "/ear/map/info", {}, 0, sent.append))  # type: ignore[arg-type]
        (message,) = map(OscMessage, sent)
        assert message.address == "/ear/map/info"
        return tuple(message.params)

    def shown(self) -> tuple[int, NDArray[np.float32]]:
        here = self.map.now()
        assert here is not None
        return here.version, here.positions


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.map.close()
    made.writer.close()


def moving(step: int = 1, **changes: Any) -> MapState:
    positions = np.random.default_rng(step).random((5, 2)).astype(np.float32)
    return replace(MapState(PID, "moving", 10.0 + step, "ear", step, 25.0, positions=positions), **changes)


@pytest.mark.parametrize(
    ("motion", "device", "wanted"),
    [
        ("live", "cpu", True),
        ("live", "", True),
        ("frozen", "cpu", True),
        ("still", "cuda:0", False),
        ("auto", "cpu", False),
        ("auto", "mps", False),
        ("auto", "", False),
        ("auto", "cuda", True),
        ("auto", "cuda:0", True),
    ],
)
def test_whether_it_shall_move(stage: Stage, motion: str, device: str, wanted: bool) -> None:
    stage.ask(motion)
    stage.device = device
    assert stage.map.wanted() == wanted


def test_a_dreamer_that_is_away_for_a_moment_does_not_end_the_map(stage: Stage) -> None:
    assert stage.motion == "auto"
    stage.device = "cuda:0"
    assert stage.map.wanted()
    stage.device = ""
    assert stage.map.wanted()
    stage.device = "cpu"
    assert not stage.map.wanted()


def test_an_ear_that_has_no_moving_map_lies_still_and_the_child_s_own_sentence_says_why(stage: Stage) -> None:
    stage.ask("live")
    stage.write(MapState(PID, "failed", 1.0, "ear", message="The map is damaged."))
    assert stage.map.ended(Exit("map", 2, False, "The map process ended (exit code 2) and is started again."))
    assert stage.motion == "still" and not stage.map.wanted()
    assert stage.reports == [("warning", "map_still", "The map is damaged.")]


def test_a_child_that_says_nothing_is_spoken_for(stage: Stage) -> None:
    stage.ask("live")
    assert stage.map.ended(Exit("map", 2, False, ""))
    assert stage.motion == "still"
    assert stage.reports == [("warning", "map_still", "The map cannot move.")]


@pytest.mark.parametrize(("name", "code"), [("map", 1), ("map", -9), ("map", 0), ("dreamer", 2), ("audio", 2)])
def test_other_ends_are_left_to_the_supervisor(stage: Stage, name: str, code: int) -> None:
    stage.ask("live")
    assert not stage.map.ended(Exit(name, code, True, ""))
    assert stage.motion == "live" and stage.reports == []


def test_nothing_is_shown_before_anything_is_known(stage: Stage) -> None:
    stage.still = None
    assert stage.map.now() is None
    assert stage.info() == (0, "still", 0, 0.0)


def test_the_still_map_is_shown_while_none_moves(stage: Stage) -> None:
    stage.write(moving())  # of a process that has ended, as nobody wanted it
    version, shown = stage.shown()
    np.testing.assert_array_equal(shown, STILL)
    assert stage.shown()[0] == version
    assert stage.info() == (5, "still", 0, 0.0)
    stage.still = STILL.copy()  # read again, when the dreamer had told its layers
    assert stage.shown()[0] == version
    stage.still = STILL[:3]  # another ear
    assert stage.shown()[0] == version + 1


def test_the_moving_map_is_shown_as_soon_as_there_is_one(stage: Stage) -> None:
    stage.ask("live")
    first, shown = stage.shown()
    np.testing.assert_array_equal(shown, STILL)
    stage.write(MapState(PID, "loading", 1.0, "ear"))
    assert stage.shown()[0] == first and stage.info() == (5, "loading", 0, 0.0)
    stage.write(moving(step=3_000_000_000))
    version, shown = stage.shown()
    assert version == first + 1
    np.testing.assert_array_equal(shown, moving(step=3_000_000_000).positions)
    assert stage.info() == (5, "moving", 3_000_000_000 - (1 << 31), 25.0)


def test_versions_go_up_when_something_has_moved_and_only_then(stage: Stage) -> None:
    stage.ask("live")
    stage.write(moving(1, positions=STILL))
    versions = [stage.shown()[0]]
    for beat, step in enumerate((1, 2, 2, 2, 3)):  # among them signs of life, as a frozen map gives
        stage.write(moving(step, heartbeat=float(beat)))
        versions += [stage.shown()[0], stage.shown()[0]]
    assert np.diff(versions).tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 1, 0]


def test_a_moving_map_that_begins_as_the_still_one_is_no_new_version(stage: Stage) -> None:
    stage.ask("live")
    version = stage.shown()[0]
    stage.write(moving(0, positions=STILL.copy()))
    assert stage.shown()[0] == version


def test_what_a_process_left_behind_is_not_shown(stage: Stage) -> None:
    stage.ask("live")
    stage.write(moving(pid=PID - 1))
    np.testing.assert_array_equal(stage.shown()[1], STILL)
    assert stage.info()[1] == "still"
    stage.pid = None
    stage.write(moving())
    np.testing.assert_array_equal(stage.shown()[1], STILL)
    stage.pid = PID
    np.testing.assert_array_equal(stage.shown()[1], moving().positions)


def test_still_shows_the_stored_map_at_once(stage: Stage) -> None:
    stage.ask("live")
    stage.write(moving())
    version = stage.shown()[0]
    stage.ask("still")  # and the process has not even ended
    assert stage.shown()[0] == version + 1
    np.testing.assert_array_equal(stage.shown()[1], STILL)


def test_a_map_in_space_is_seen_from_the_front(stage: Stage) -> None:
    stage.ask("live")
    space = np.random.default_rng(5).random((5, 3)).astype(np.float32)
    stage.write(moving(positions=space))
    np.testing.assert_array_equal(stage.shown()[1], space[:, :2])


def test_a_map_that_loads_may_be_silent_for_long_and_one_that_moves_may_not(stage: Stage, tmp_path: Path) -> None:
    pulse = map_pulse(tmp_path)
    assert pulse(PID) is None
    stage.write(MapState(PID, "loading", 100.0, "ear"))
    assert pulse(PID) == Pulse(690.0, ready=False)  # a sign of then: ten minutes from 100 it hangs, ready before or not
    assert pulse(PID + 1) is None
    for phase in ("moving", "frozen", "failed"):
        stage.write(moving(1, phase=phase, heartbeat=200.0))
        assert pulse(PID) == Pulse(200.0, ready=True)
