"""What is sent, to ports that take it and to ports that do not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ear_engine.midi import outlet
from ear_engine.midi.controls import Control, Signal
from ear_engine.midi.sender import Sender
from ear_engine.midi.ticking import Line
from ear_engine.midi.waiting import Waiting
from ear_engine.midi.wire import write, write_pulse
from ear_engine.shared_memory.clock import now


class Port:
    """One whose driver may hang."""

    def __init__(self, hangs: bool = False) -> None:
        self.free = threading.Event()
        self.got: list[bytes] = []
        self.closed = False
        if not hangs:
            self.free.set()

    def send(self, data: bytes) -> None:
        assert self.free.wait(20)
        self.got.append(data)

    def joined(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def fader(number: int, value: int) -> bytes:
    return bytes((0xB0, number, value))


def taken(waiting: Waiting) -> list[bytes]:
    found: list[bytes] = []
    while waiting:
        found += waiting.take().messages
    return found


def test_a_driver_that_hangs_holds_up_no_other_port_nor_the_clock() -> None:
    sender, stuck, other = Sender(write_pulse), Port(hangs=True), Port()
    try:
        sender.follow(Line(now(), 0.0, 4.0), [stuck, other])
        for turn in range(5000):
            sender.send(stuck, [fader(turn % 4, turn % 128)])
            sender.send(other, [fader(turn % 4, turn % 128)])
        until(lambda: other.got.count(b"\xf8") > 24 and fader(3, 4999 % 128) in other.got)
        assert stuck.got == []
        sender.follow(None, [])
        until(lambda: b"\xfc" in other.got)
        stuck.free.set()
        until(lambda: b"\xfc" in stuck.got)
        faders = [data for data in stuck.got[1:] if data[0] == 0xB0]
        assert sorted(faders) == sorted(fader(turn % 4, turn % 128) for turn in range(4996, 5000)), "the latest alone"
        assert stuck.got.count(b"\xf8") == other.got.count(b"\xf8"), "the clock is whole and in order"
    finally:
        stuck.free.set()
        sender.close()


def test_it_ends_though_a_driver_hangs_and_what_was_sent_to_the_others_has_gone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ear_engine.midi.sender._PATIENCE", 0.3)
    monkeypatch.setattr(outlet, "_STUCK", 0.05)
    sender, stuck, other = Sender(write_pulse), Port(hangs=True), Port()
    with caplog.at_level(logging.WARNING):
        sender.send(stuck, [fader(1, 1)])
        time.sleep(0.2)
        sender.send(stuck, [fader(1, 2)])
        sender.send(stuck, [fader(1, 3)])
    assert [record.getMessage() for record in caplog.records] == [
        "a MIDI device takes nothing: its driver does not return; the others are sent to as before"
    ]
    sender.send(other, [fader(2, 1)])
    sender.close_port(other)
    sender.close_port(stuck)
    began = time.monotonic()
    sender.close()
    assert time.monotonic() - began < 1.0
    assert other.got == [fader(2, 1)] and other.closed and not stuck.closed
    stuck.free.set()
    until(lambda: stuck.closed)
    assert stuck.got == [fader(1, 1), fader(1, 3)]


def test_of_each_control_the_latest_value_waits_and_whatever_goes_together_stays_together() -> None:
    waiting = Waiting()
    signals = [
        Signal(Control("nrpn", 1, 300), 5, 14),
        Signal(Control("cc", 1, 7), 1),
        Signal(Control("cc", 1, 8), 16000, 14),
        Signal(Control("nrpn", 1, 301), 6),
        Signal(Control("note", 1, 40), 127),
        Signal(Control("bend", 2), 100, 14),
        Signal(Control("cc", 1, 7), 2),
        Signal(Control("note", 1, 40), 0),
        Signal(Control("nrpn", 1, 300), 9000, 14),
        Signal(Control("bend", 2), 200, 14),
    ]
    for signal in signals:
        waiting.put(write(signal))
    last = [signals[2], signals[3], *signals[6:]]
    assert taken(waiting) == [data for signal in last for data in write(signal)]
    waiting.put([data for signal in signals[:2] + signals[3:4] for data in write(signal)])
    assert taken(waiting) == [data for signal in (signals[0], signals[1], signals[3]) for data in write(signal)]


def test_what_waits_is_bounded() -> None:
    waiting = Waiting(most=10)
    for number in range(100):
        waiting.put([bytes((0x90, number, 1))])
        waiting.put_tick(b"\xf8", number)
    assert len(waiting) == 10
    assert taken(waiting)[-2:] == [bytes((0x90, 99, 1)), b"\xf8"]
