"""Whether the ear shall listen, what is said of the input, and what becomes of an ear that cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node import listening
from ear_engine.node.children import listen_pulse
from ear_engine.node.listening import Listening
from ear_engine.node.supervisor import Exit
from ear_engine.osc.commands import Call
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.listen_state import ListenState, ListenWriter
from ear_engine.shared_memory.states import AudioState, Entry

PID = 77
ENTRY = Entry(0, 0, 1, "loop", 44100, 2)


class Stage:
    """Listening whose process is only its slot."""

    def __init__(self, session: Path) -> None:
        self.control = ControlLog(ParameterTree())
        self.writer = ListenWriter(session)
        self.reports: list[tuple[str, str]] = []
        self.audio: AudioState | None = None
        self.listening = Listening(
            self.control,
            session,
            audio=lambda: self.audio,
            pid=lambda: PID,
            report=lambda level, code, message: self.reports.append((level, code)),
        )

    def play(self, **fields: Any) -> None:
        state = AudioState(1, "null", "", 44100, 44100, 256, 0, now(), 0.0, 0, [ENTRY])
        self.audio = replace(state, **fields)

    def run(self, on: bool = True) -> None:
        self.control.apply({"listen/run": on}, "test")

    def hear(self, **fields: Any) -> None:
        self.writer.write(replace(ListenState(PID, "listening", now(), "ear", level=0.1), **fields))
        self.listening.look()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_it_runs_where_there_is_an_input_and_is_refused_where_there_is_none(stage: Stage) -> None:
    stage.run()  # a set may ask for it before there is any sound
    assert not stage.listening.wanted()
    stage.play(input=True)
    assert stage.listening.wanted()
    stage.play(input=False)
    stage.listening.look()
    assert stage.control.tree.values["listen/run"] is False and stage.reports == [("warning", "no_input")]
    with pytest.raises(UserError, match="start with --input"):
        stage.run()
    stage.play(input=False, missing=["jack", ""])  # the device is away for a while
    stage.run()
    stage.listening.look()
    assert stage.control.tree.values["listen/run"] is True and not stage.listening.wanted()


def test_what_is_wrong_with_the_input_is_said_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    time = now()
    monkeypatch.setattr(listening, "now", lambda: time)
    stage.play(input=True)
    stage.run()
    for fields, code in (
        ({"phase": "stalled"}, "input_stalled"),
        ({"clipped": 0.2}, "input_clips"),
        ({"broken": 3}, "input_broken"),
        ({"broken": 3, "skipped": 9}, "input_skipped"),
    ):
        stage.hear(**fields)
        stage.hear(**fields)
        assert [told for _, told in stage.reports] == [code]
        stage.reports.clear()
    stage.hear(broken=3, skipped=9, level=0.0)
    time += 6.0
    stage.hear(broken=3, skipped=9, level=0.0)
    assert stage.reports == [("warning", "input_silent")]
    time += 30.0
    stage.hear(broken=3, skipped=9, clipped=0.2)
    assert [code for _, code in stage.reports] == ["input_silent", "input_clips"]


def test_nothing_is_said_of_counts_that_begin_anew_or_of_silence_before_it_listened(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = now()
    monkeypatch.setattr(listening, "now", lambda: time)
    stage.play(input=True)
    stage.run()
    stage.hear(broken=3, skipped=9)
    stage.reports.clear()
    time += 60.0
    stage.hear(phase="loading")
    stage.hear(level=0.0)  # another ear, from its first sample on
    assert stage.reports == []
    stage.hear(level=0.0, broken=1)
    assert stage.reports == [("warning", "input_broken")]


def test_an_ear_that_cannot_listen_ends_it_and_says_why(stage: Stage) -> None:
    stage.play(input=True)
    stage.run()
    stage.hear(phase="failed", message="this ear cannot listen")
    assert not stage.listening.ended(Exit("map", 2, True, "ended"))
    assert not stage.listening.ended(Exit("listen", -9, True, "was killed"))
    assert stage.listening.ended(Exit("listen", 2, False, "ended"))
    assert stage.control.tree.values["listen/run"] is False and stage.reports[-1] == ("warning", "not_listening")


def test_it_tells_how_it_listens(stage: Stage) -> None:
    (command,) = stage.listening.commands()

    def info() -> list[Any]:
        sent: list[bytes] = []
        command.run(Call(None, None, command.address, {}, 0, sent.append))  # type: ignore[arg-type]
        (message,) = map(OscMessage, sent)
        return list(message.params)

    assert info()[0] == "off"
    stage.play(input=True)
    stage.run()
    assert info()[0] == "loading"
    stage.hear(delay=0.1, late=0.13, load=0.25, level=0.5, broken=2)
    phase, *figures = info()
    assert phase == "listening"
    assert np.allclose(figures, [100.0, 130.0, 0.25, 20 * np.log10(0.5), 0.0, 2, 0], atol=1e-4)


def test_its_sign_of_life(tmp_path: Path) -> None:
    writer, pulse = ListenWriter(tmp_path), listen_pulse(tmp_path)
    assert pulse(PID) is None
    writer.write(ListenState(PID, "loading", 5.0, ""))
    found = pulse(PID)
    assert found is not None and not found.ready and pulse(PID + 1) is None
    writer.write(ListenState(PID, "listening", 6.0, ""))
    found = pulse(PID)
    assert found is not None and found.ready and found.at == 6.0
