"""Ports as the engine uses them: what can be listed, opened, written to; and how those of one device are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

OURS = "ear-engine"
"""What ports of engines are called, which no engine opens."""
# of clients and ports, which change when a device is connected again (ALSA, Windows; JACK)
_NUMBERS = re.compile(r"(\s+\d+:\d+|\s+\d+)$|-\d\d(?=:)")
_SIDES = re.compile(r"\b(in|out|input|output|capture|playback|midi_capture|midi_playback)(_?\d*)\b")

Heard = Callable[[Sequence[int], float], None]
"""Told the bytes of a message and the clock time; called from any thread."""


class InputPort(Protocol):
    """An open port that is listened to."""

    def joined(self) -> bool:
        """Whether it is still connected with its device, as far as the system can tell."""

    def close(self) -> None:
        """Listen no more."""


class OutputPort(Protocol):
    """An open port that is sent to."""

    def send(self, data: bytes) -> None:
        """Send one message; raises OSError."""

    def joined(self) -> bool:
        """Whether it is still connected with its device, as far as the system can tell."""

    def close(self) -> None:
        """Send no more."""


class MidiSystem(Protocol):
    """Ports of a machine."""

    name: str

    def inputs(self) -> list[str]:
        """Names of ports to listen to; raises OSError."""

    def outputs(self) -> list[str]:
        """Names of ports to send to; raises OSError."""

    def open_input(self, name: str, heard: Heard) -> InputPort:
        """Listen to one; raises OSError."""

    def open_output(self, name: str) -> OutputPort:
        """Send to one; raises OSError."""

    def open_own(self, heard: Heard) -> tuple[InputPort, OutputPort] | None:
        """Ports of the engine itself, which other programs connect to; None where the system has no such thing."""

    def close(self) -> None:
        """Let go of everything."""


def device_name(port: str) -> str:
    """A port's name without the numbers that change when its device is connected again."""
    while (shorter := _NUMBERS.sub("", port)) != port:
        port = shorter
    return port


def output_of(port: str, inputs: Sequence[str], outputs: Sequence[str]) -> str | None:
    """The output of the device that is listened to at ``port``; None if it has none.

    It is the one of the same name, else, of those whose names differ by numbers and sides only, that at its place.
    """
    if port in outputs:
        return port
    alike = [name for name in outputs if _stem(name) == _stem(port)]
    place = [name for name in inputs if _stem(name) == _stem(port)].index(port)
    return alike[place] if place < len(alike) else None


def _stem(name: str) -> str:
    return " ".join(_SIDES.sub(" ", device_name(name).lower()).split())
