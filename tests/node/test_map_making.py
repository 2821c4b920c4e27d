"""When the map of an ear is made, what is told of it, and what becomes of one that cannot be made."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ear_engine.control import ControlLog
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.node.children import BAD_INPUT
from ear_engine.node.map_making import MapMaking
from ear_engine.node.supervisor import Exit
from ear_engine.osc.codec import decode
from ear_engine.osc.commands import Call
from ear_engine.osc.jobs import Jobs
from ear_engine.osc.subscriptions import ClientTable
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.layout_state import LayoutState, LayoutWriter
from tests.viewer.screen import EngineProcess

PID = 77
EAR = "/ears/mine"


class Stage:
    """Whose layout process is only its slot."""

    def __init__(self, session: Path) -> None:
        self.control = ControlLog(ParameterTree(), ear=EAR)
        self.writer = LayoutWriter(session)
        self.lacking: Path | None = Path(EAR)
        self.pid: int | None = None
        self.reports: list[tuple[str, str, str]] = []
        self.making = MapMaking(
            self.control,
            session,
            lacking=lambda: self.lacking,
            pid=lambda: self.pid,
            report=lambda *told: self.reports.append(told),
        )

    def run(self, **changes: Any) -> None:
        """The process runs and says this."""
        self.pid = PID
        self.writer.write(LayoutState(**{"pid": PID, "ear": EAR, **changes}))

    def end(self, code: int = 0, **changes: Any) -> bool:
        """It ends, and has said this."""
        self.run(**changes)
        self.pid = None
        return self.making.ended(Exit("layout", code, True, "The layout process has ended."))

    @property
    def maps(self) -> int:
        return self.control.snapshot().maps


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.making.close()
    made.writer.close()


def test_it_is_made_when_someone_asks_and_there_is_none(stage: Stage) -> None:
    assert not stage.making.wanted()
    stage.making.ask()
    assert stage.making.wanted()
    stage.lacking = None  # it has one, or nobody knows yet
    assert not stage.making.wanted()
    stage.lacking = Path("/ears/before")  # what is known is of the ear before
    assert not stage.making.wanted()


def test_its_progress_is_known_and_its_beginning_told_once(stage: Stage) -> None:
    stage.making.ask()
    stage.making.look()
    assert stage.making.percent is None and not stage.reports
    for percent in (0, 40, 80):
        stage.run(percent=percent)
        stage.making.look()
        assert stage.making.percent == percent
    assert [report[:2] for report in stage.reports] == [("info", "laying_out")]
    assert "The ear mine has no map; it is being laid out" in stage.reports[0][2]
    stage.pid = PID + 1  # another process, which has said nothing yet
    assert stage.making.percent is None


def test_a_map_that_is_done_is_read_by_everyone(stage: Stage) -> None:
    stage.making.ask()
    assert stage.end(phase="done", path="/ears/mine/map.npz")
    assert stage.maps == 1 and not stage.making.wanted()  # not even if nobody can read it
    ((level, code, text),) = stage.reports
    assert (level, code) == ("info", "map_laid_out")
    assert "/ears/mine/map.npz" in text and "Targets on the map mean it from now on" in text


def test_one_that_cannot_be_made_is_named_once(stage: Stage) -> None:
    stage.making.ask()
    assert stage.end(2, phase="failed", message="The layer fft is not known.")
    assert not stage.making.wanted() and stage.maps == 0
    ((level, code, text),) = stage.reports
    assert (level, code) == ("warning", "no_map")
    assert text == "The layer fft is not known. The ear mine keeps its chart instead of a map."
    stage.control.set_ear("/ears/other", "test")
    stage.lacking = Path("/ears/other")
    assert stage.making.wanted()


def test_a_process_that_dies_twice_is_not_started_again(stage: Stage) -> None:
    stage.making.ask()
    assert stage.end(-9) and stage.making.wanted() and not stage.reports
    assert stage.end(-9) and not stage.making.wanted()
    assert [report[1] for report in stage.reports] == ["no_map"]


def test_one_that_dies_before_its_first_word_is_given_up_too(stage: Stage) -> None:
    stage.making.ask()
    silent = Exit("layout", 1, False, "The layout process has ended.")
    assert stage.making.ended(silent) and stage.making.wanted() and not stage.reports
    assert stage.making.ended(silent) and not stage.making.wanted()
    ((level, code, text),) = stage.reports
    assert (level, code) == ("warning", "no_map") and "before its first word (exit code 1)" in text
    stage.control.set_ear("/ears/other", "test")
    stage.lacking = Path("/ears/other")
    assert stage.end(2, ear="/ears/other", phase="failed", message="no") and stage.making.ended(silent)
    assert [report[1] for report in stage.reports] == ["no_map", "no_map"]  # what another had said is not its word


def test_another_ear_meanwhile_needs_no_word(stage: Stage) -> None:
    stage.making.ask()
    stage.control.set_ear("/ears/other", "test")
    assert stage.end(phase="done", path="/ears/mine/map.npz")
    assert stage.end(2, phase="failed", message="no")
    assert not stage.reports and stage.maps == 0


def test_ends_of_others_are_theirs(stage: Stage) -> None:
    assert not stage.making.ended(Exit("map", 2, True, ""))


@pytest.mark.slow
def test_an_engine_whose_ear_has_no_map_gets_one_while_it_plays(tmp_path: Path) -> None:
    ear = tmp_path / "mine"
    torch.manual_seed(1)
    save_ear(Ear(EarConfig(width=0.03)), ear, "mine", "a tiny ear")
    engine = EngineProcess("--ear", str(ear), "--target.by", "map", "--target.x", "0.4", "--dream.run", "false")

    def about() -> dict[str, Any]:
        url = f"http://127.0.0.1:{engine.status['http_port']}/map.json"
        end = time.perf_counter() + 60.0
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    return dict(json.load(answer))
            except OSError:
                assert time.perf_counter() < end, engine.said
                time.sleep(0.1)

    try:
        chart = about()
        assert not chart["laid_out"] and not (ear / "map.npz").exists()
        end = time.perf_counter() + 240.0
        while not (found := about())["laid_out"]:
            assert time.perf_counter() < end, engine.said
            time.sleep(0.2)
        assert (ear / "map.npz").is_file() and found["id"] != chart["id"] and found["links"]
        told: list[str] = []
        while "map_laid_out" not in told:
            assert engine.process.stdout is not None
            told += [event["code"] for event in json.loads(engine.process.stdout.readline())["events"]]
        assert told.count("laying_out") == 1 and "no_map" not in told and "layout_restarted" not in told
    finally:
        engine.kill()


class Asker:
    """A client of the commands, without a network."""

    def __init__(self, stage: Stage) -> None:
        self.heard: list[tuple[Any, ...]] = []
        clients = ClientTable(time.monotonic)
        self.client = clients.touch(("127.0.0.1", 5000))
        self.jobs = Jobs()
        (self.command,) = stage.making.commands()

    def ask(self, request: int) -> None:
        engine: Any = SimpleNamespace(jobs=self.jobs)
        address = self.command.address

        def send(packet: bytes) -> None:
            (message,) = decode(packet)
            self.heard.append((message.address, *message.arguments))

        def refuse(error: UserError) -> None:
            self.heard.append(("/ear/fail", address, error.code, request))

        self.command.run(Call(engine, self.client, address, {}, request, send, refuse))

    def take(self) -> list[tuple[Any, ...]]:
        heard, self.heard = self.heard, []
        return heard


def test_over_osc_it_is_made_with_progress(stage: Stage) -> None:
    asker = Asker(stage)
    asker.ask(7)
    assert stage.making.wanted()
    for percent in (0, 40, 40, 80):
        stage.run(percent=percent)
        stage.making.look()
    phases = [("/ear/progress", "/ear/map/make", 7, pytest.approx(share), "laying_out") for share in (0.0, 0.4, 0.8)]
    assert asker.take() == phases
    stage.end(phase="done")
    stage.making.look()
    assert asker.take() == []  # it has not been read yet
    stage.lacking = None
    stage.making.look()
    stage.making.look()
    assert asker.take() == [("/ear/done", "/ear/map/make", 7)]
    asker.ask(8)  # there is one
    stage.making.look()
    assert asker.take() == [("/ear/done", "/ear/map/make", 8)]


def test_over_osc_it_can_be_cancelled(stage: Stage) -> None:
    asker = Asker(stage)
    asker.ask(7)
    asker.ask(8)
    assert asker.jobs.cancel(asker.client.origin, 7) == 1
    assert asker.take() == [("/ear/fail", "/ear/map/make", "cancelled", 7)]
    assert stage.making.wanted()  # for the other
    assert asker.jobs.cancel(asker.client.origin, 8) == 1
    assert not stage.making.wanted()
    stage.making.ask()  # a viewer wants it, too: that is not cancelled
    asker.ask(9)
    asker.jobs.cancel(asker.client.origin, 9)
    assert stage.making.wanted()


def test_over_osc_one_that_cannot_be_made_is_said(stage: Stage) -> None:
    asker = Asker(stage)
    asker.ask(7)
    stage.end(BAD_INPUT, phase="failed", message="It cannot.")
    stage.making.look()
    assert asker.take() == [("/ear/fail", "/ear/map/make", "no_map", 7)]


def test_over_osc_it_is_tried_again_when_someone_asks_again(stage: Stage) -> None:
    asker = Asker(stage)
    asker.ask(7)
    for _ in range(2):
        stage.end(1)
    stage.making.look()
    assert asker.take() == [("/ear/fail", "/ear/map/make", "no_map", 7)]
    assert not stage.making.wanted()
    asker.ask(8)
    assert stage.making.wanted()
    stage.end(1)
    stage.making.look()
    assert asker.take() == []  # dying once is no reason
    stage.end(phase="done")
    stage.lacking = None
    stage.making.look()
    assert asker.take() == [("/ear/done", "/ear/map/make", 8)]
