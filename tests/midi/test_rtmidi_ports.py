"""Real ports: python-rtmidi over a JACK server that needs no sound card, a device made by mido at its other end."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from mido import Message

from ear_engine.errors import UserError
from ear_engine.midi.ports import device_name, output_of
from ear_engine.midi.rtmidi_ports import RtMidi, open_system

API = {"api": "UNIX_JACK"}


def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed")
    name = f"midi{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    command = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "44100", "-p", "256"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        until(
            lambda: (
                subprocess.run(["jack_wait", "-s", name, "-c"], capture_output=True, text=True).stdout == "running\n"
            )
        )
        yield
    finally:
        server.kill()
        server.communicate()


@pytest.mark.jack
@pytest.mark.usefixtures("jack")
def test_a_device_is_listed_heard_told_and_gone() -> None:
    rtmidi = pytest.importorskip("mido.backends.rtmidi", exc_type=ImportError)
    system = open_system("jack")
    got: list[Message] = []
    heard: list[Sequence[int]] = []
    told = rtmidi.Input("in", client_name="BCF2000", callback=got.append, **API)
    says = rtmidi.Output("out", client_name="BCF2000", **API)
    try:
        (inside,), outside = system.inputs(), system.outputs()
        assert device_name(inside) == "BCF2000:out"
        opposite = output_of(inside, [inside], outside)
        assert opposite is not None
        into, out = system.open_input(inside, lambda data, at: heard.append(data)), system.open_output(opposite)
        own = system.open_own(lambda data, at: None)
        assert own is not None and system.inputs() == [inside]  # the engine's own are not listed
        until(lambda: says.send(Message("control_change", control=81, value=5)) or [0xB0, 81, 5] in heard)
        says.send(Message("sysex", data=[1] * 100))
        until(lambda: says.send(Message("clock")) or [0xF8] in heard)
        assert not any(data[0] == 0xF0 for data in heard)
        until(lambda: out.send(bytes([0xB0, 82, 64])) or Message("control_change", control=82, value=64) in got)
        says.close()
        until(lambda: not system.inputs())
        for port in (into, out, *own):
            port.close()
        with pytest.raises(OSError, match="has gone"):
            system.open_input(inside, lambda data, at: None)
    finally:
        told.close()
        system.close()


class Gone(Exception):
    """Of a library whose errors are none of the system's."""


class Library:
    """One whose ports go while they are listed, and before they are opened."""

    RtMidiError = Gone
    deleted = 0

    class MidiIn:
        def __init__(self, rtapi: int, name: str) -> None:
            pass

        def get_current_api(self) -> int:
            return 0

        def get_ports(self) -> list[str | None]:
            return [None, "", "BCF2000 20:0", "ear-engine:in"]

        def open_port(self, place: int, name: str) -> None:
            raise Gone(f"no port {place}")

        def delete(self) -> None:
            Library.deleted += 1

    MidiOut = MidiIn

    @staticmethod
    def get_api_display_name(api: int) -> str:
        return "test"


def test_ports_that_go_meanwhile_are_no_ports_and_no_mistake() -> None:
    system = RtMidi(Library, 0)
    assert system.inputs() == system.outputs() == ["BCF2000 20:0"]
    with pytest.raises(OSError, match="no port 2"):
        system.open_input("BCF2000 20:0", lambda data, at: None)
    with pytest.raises(OSError, match="no port 2"):
        system.open_output("BCF2000 20:0")
    assert Library.deleted == 2


def test_off_is_no_system() -> None:
    with pytest.raises(UserError, match="--midi auto"):
        open_system("off")


@pytest.mark.parametrize(
    ("inputs", "outputs", "pairs"),
    [
        (["BCF2000:BCF2000 MIDI 1 24:0"], ["BCF2000:BCF2000 MIDI 1 24:0"], ["BCF2000:BCF2000 MIDI 1 24:0"]),
        (["BCF2000 0", "X 1"], ["Synth 0", "BCF2000 1", "X 2"], ["BCF2000 1", "X 2"]),  # Windows
        (["a2j:BCF [24] (capture): x"], ["a2j:BCF [24] (playback): x"], ["a2j:BCF [24] (playback): x"]),
        (["system:midi_capture_1"], ["system:midi_playback_1"], ["system:midi_playback_1"]),
        (["Keys In"], ["Keys Out", "Other"], ["Keys Out"]),
        (["Knobs 20:0"], ["Synth 20:0"], [None]),
        (["X 20:0", "X 24:0"], ["X 20:0", "X 24:0"], ["X 20:0", "X 24:0"]),
    ],
)
def test_the_two_ports_of_a_device_are_found(inputs: list[str], outputs: list[str], pairs: list[str | None]) -> None:
    assert [output_of(name, inputs, outputs) for name in inputs] == pairs
