"""A performance kept: begin, end, how it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ear_engine.osc.commands import DONE, Argument, Call, Command


class Report(Protocol):
    """How it goes (:class:`ear_engine.node.recording.RecordingReport`)."""

    @property
    def name(self) -> str:
        """Of the recording."""

    @property
    def seconds(self) -> float:
        """Of sound."""

    @property
    def megabytes(self) -> float:
        """On disk."""

    @property
    def minutes_left(self) -> float:
        """For which there is room."""


class Recording(Protocol):
    """Keeps a performance (:class:`ear_engine.node.recording.Recording`)."""

    def record(self, name: str, origin: str) -> Path:
        """Begin; raises UserError."""

    def stop(self, origin: str) -> Path:
        """End; raises UserError."""

    def status(self) -> Report | None:
        """How it goes."""


def session_commands(recording: Recording) -> tuple[Command, ...]:
    """Rows of the table."""

    def record(call: Call) -> None:
        call.done(recording.record(call.arguments["name"], call.client.origin).name)

    def stop(call: Call) -> None:
        call.done(recording.stop(call.client.origin).name)

    def status(call: Call) -> None:
        report = recording.status()
        if report is None:
            call.reply(call.address, "", 0.0, 0.0, -1.0)
        else:
            call.reply(call.address, report.name, report.seconds, report.megabytes, report.minutes_left)

    a, c = Argument, Command
    return (
        c(
            "session/record",
            (a("name", "s", ""),),
            f"{DONE} s:address i:request s:name",
            "Keep what is played, so that `ear-engine replay` can play it again; without a name, the time is one.",
            record,
            cost=50.0,
            before=0,
        ),
        c("session/stop", (), f"{DONE} s:address i:request s:name", "End it.", stop),
        c(
            "session/status",
            (),
            "same s:name f:seconds f:megabytes f:minutes_left",
            "What is being recorded, nothing if none is; for how many minutes there is room, -1 while none knows.",
            status,
        ),
    )
