"""Says how the engine is doing, each thing once and as soon as it is known: to people, programs and OSC clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ear_engine.node import introduction
from ear_engine.node.children import AUDIO, DREAMER
from ear_engine.node.console import Console
from ear_engine.node.events import EventRelay
from ear_engine.node.options import NodeOptions
from ear_engine.node.status import StatusBoard, status_line
from ear_engine.shared_memory.clock import now

_REPORT = 1.0  # seconds between two reports for programs
_PATIENCE = 3.5  # seconds after which people are told that the device is not known yet
_EVENTS = 16  # most in one report


class Herald:
    """Puts the news together.

    Args:
        options: what was asked for.
        console: for people and programs.
        board: where the states are read.
        tell: passes an event (level, code, message) on to OSC clients.
        facts: more of what programs want to know, asked with every report.
    """

    def __init__(
        self,
        options: NodeOptions,
        console: Console,
        board: StatusBoard,
        tell: Callable[[str, str, str], None],
        facts: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._options = options
        self._console = console
        self._board = board
        self._tell = tell
        self._facts = facts
        self._relays = {AUDIO: EventRelay(), DREAMER: EventRelay()}
        self._opened = False
        self._early: list[tuple[str, str, str]] = []
        self._said: set[str] = set()
        self._unreported: list[dict[str, str]] = []
        self._state = ""
        self._began = now()
        self._reported = 0.0
        self._shown = 0.0

    def open(self, lines: list[str]) -> None:
        """Say the first lines, and then what has happened before."""
        self.say(lines)
        self._opened = True
        for event in self._early:
            self.event(*event)

    def say(self, lines: list[str]) -> None:
        """Tell people."""
        for line in lines:
            self._console.say(line)

    def event(self, level: str, code: str, message: str) -> None:
        """Tell everyone of an event: ``level`` is info, warning or error, ``code`` a short word for programs."""
        if not self._opened:
            self._early.append((level, code, message))
            return
        (self._console.say if level == "info" else self._console.warn)(f"  {message}")
        self._unreported = [*self._unreported, {"level": level, "code": code, "message": message}][-_EVENTS:]
        self._tell(level, code, message)

    def relay(self, name: str) -> None:
        """Pass on the events of a child that have not been told yet."""
        state = self._board.last(name)
        for event in self._relays[name].fresh(state.pid, state.events) if state is not None else ():
            self.event(event.level, event.code, event.message)

    def look(self, at: float) -> None:
        """Say what is new at clock time ``at``."""
        audio = self._board.audio
        if audio is not None and audio.schedule:
            self.relay(AUDIO)
            if AUDIO not in self._said:
                self._said.add(AUDIO)
                self.say([introduction.describe_audio(audio)])
        if not self._board.loading:  # what goes wrong while it loads may be the end of it
            self.relay(DREAMER)
        unheard = not self._board.device and not self._said & {"patience", DREAMER}
        if unheard and at - self._began > _PATIENCE:
            self._said.add("patience")
            self.say([introduction.describe_device(f"{self._options.device}, still loading", "")[0]])
        if self._board.device and DREAMER not in self._said:
            self._said.add(DREAMER)
            self.say(introduction.describe_device(self._board.device, self._options.device))
        state_now = self._board.report().state
        if state_now != self._state or at - self._reported >= _REPORT:
            self._reported = at
            self.report()
        if at - self._shown >= self._console.every and state_now == "running":
            self._shown = at
            report = self._board.report()
            self._console.status(status_line(report, self._board.loading, self._board.recorded))

    def report(self) -> None:
        """Tell programs how it is."""
        report = self._board.report()
        self._state = report.state
        recorded = round(self._board.recorded, 3)
        self._console.report({**report.as_dict(), **self._facts(), "recorded": recorded, "events": self._unreported})
        self._unreported = []
