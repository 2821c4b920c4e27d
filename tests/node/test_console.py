from __future__ import annotations

import io
import json
import os
import threading
import time

import pytest

from ear_engine.node.console import TerminalConsole


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Stuck(io.StringIO):
    """A reader that does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def write(self, text: str) -> int:
        self.release.wait(10)
        return super().write(text)


def test_programs_get_nothing_but_json() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = TerminalConsole(out, err, json_status=True)
    console.say("hello")
    console.warn("careful")
    console.status("10 steps/s")
    console.report({"state": "running", "ear": "größer"})
    console.close()
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [{"state": "running", "ear": "größer"}]
    assert err.getvalue() == "hello\ncareful\n10 steps/s\n"


def test_people_get_no_json() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = TerminalConsole(out, err)
    console.report({"state": "running"})
    console.say("hello")
    console.warn("careful")
    console.close()
    assert (out.getvalue(), err.getvalue()) == ("hello\n", "careful\n")


def test_on_a_terminal_the_status_is_rewritten_and_lines_go_above_it() -> None:
    out, err = Terminal(), io.StringIO()
    console = TerminalConsole(out, err)
    console.status("one")
    console.status("two")
    console.say("an event")
    console.status("three")
    console.close()
    assert out.getvalue() == "\r\x1b[2Kone\r\x1b[2Ktwo\r\x1b[2Kan event\n\r\x1b[2Kthree\n"
    assert console.every < 1.0


def test_a_long_status_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    console = TerminalConsole(out, io.StringIO())
    console.status("x" * 100)
    console.close()
    assert out.getvalue().count("x") == 19


def test_a_reader_that_does_not_read_holds_up_nobody() -> None:
    out = Stuck()
    console = TerminalConsole(out, io.StringIO(), json_status=True)
    begun = time.perf_counter()
    for number in range(1000):
        console.report({"number": number})
    console.close(timeout=0.1)
    assert time.perf_counter() - begun < 0.5
    out.release.set()


def test_a_reader_that_goes_away_is_forgotten() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out, err = os.fdopen(writing, "w"), io.StringIO()
    console = TerminalConsole(out, err, json_status=True)
    for number in range(3):
        console.report({"number": number})
    console.say("goes on")
    console.close()
    assert err.getvalue() == "goes on\n"
    with pytest.raises(BrokenPipeError):
        out.close()


def test_closed_streams_swallow_everything() -> None:
    console = TerminalConsole(None, None, json_status=True)
    console.say("hello")
    console.report({})
    console.close()
    assert not console.live
