"""How the engine is doing, gathered from the mailboxes: for OSC, for programs, and for people."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ear_engine.osc.reports import StatusReport
from ear_engine.shared_memory.clock import now, playhead
from ear_engine.shared_memory.states import AudioState, DreamerState, StateReader

_FRESH = 2.0  # seconds after which a silent process counts as away


class StatusBoard:
    """Reads the children's states and puts them together.

    Args:
        session: the session folder.
        ear: name of the ear, until the dreamer names it.
        device: torch device that was asked for.
        audio: backend that was asked for.
        pids: process ids of the children by name.
        osc_port: where OSC listens.
        clients: how many OSC clients there are.
        http_port: where HTTP listens.
    """

    def __init__(
        self,
        session: Path,
        *,
        ear: str,
        device: str,
        audio: str,
        pids: Callable[[], Mapping[str, int]],
        osc_port: Callable[[], int],
        clients: Callable[[], int],
        http_port: Callable[[], int] = int,
    ) -> None:
        self._audio = StateReader(session, "audio", AudioState)
        self._dreamer = StateReader(session, "dreamer", DreamerState)
        self._ear, self._device, self._backend = ear, device, audio
        self._pids, self._osc_port, self._clients, self._http_port = pids, osc_port, clients, http_port
        self.stopping = False

    @property
    def audio(self) -> AudioState | None:
        """Latest state of the audio process that runs now; None while there is none."""
        state = self._audio.read()
        return state if state is not None and state.pid == self._pids().get("audio") else None

    @property
    def dreamer(self) -> DreamerState | None:
        """Latest state of the dreamer that runs now; None while there is none."""
        state = self._dreamer.read()
        return state if state is not None and state.pid == self._pids().get("dreamer") else None

    def last(self, name: str) -> AudioState | DreamerState | None:
        """Last state of a process, whether it still runs or not."""
        return self._audio.read() if name == "audio" else self._dreamer.read()

    @property
    def dreamed(self) -> str:
        """File of the newest dream, also of a dreamer that has died; empty before the first."""
        state = self._dreamer.read()
        return state.file if state is not None else ""

    @property
    def sounding(self) -> bool:
        """Whether a loop is being heard."""
        at, audio = now(), self.audio
        if audio is None or at - audio.time > _FRESH:
            return False
        head = playhead(audio, at)
        return head is not None and head.entry.start <= head.position

    def report(self) -> StatusReport:
        """Everything now."""
        at, audio, dreamer, earlier = now(), self.audio, self.dreamer, self._audio.read()
        last = self._dreamer.read()
        head = playhead(earlier, at) if earlier is not None else None
        dreaming = dreamer is not None and at - dreamer.heartbeat < _FRESH
        return StatusReport(
            state="stopping" if self.stopping else "running" if self.sounding else "starting",
            osc_port=self._osc_port(),
            ear=last.ear if last is not None else self._ear,
            device=self.device or self._device,
            audio=audio.backend if audio is not None else self._backend,
            steps_per_second=_finite(dreamer.steps_per_second) if dreamer is not None and dreaming else 0.0,
            objective=_finite(dreamer.objective) if dreamer is not None else 0.0,
            loop=head.entry.loop if head is not None else 0,
            dropouts=earlier.dropouts if earlier is not None else 0,
            clients=self._clients(),
            pids={"node": os.getpid(), **self._pids()},
            http_port=self._http_port(),
            missing=" ".join(audio.missing).strip() if audio is not None else "",
        )

    @property
    def device(self) -> str:
        """Torch device the dreamer has chosen; nothing while it is not known."""
        dreamer = self.dreamer
        return dreamer.device if dreamer is not None and dreamer.device != "auto" else ""

    @property
    def loading(self) -> bool:
        """Whether the ear is not ready yet."""
        dreamer = self.dreamer
        return dreamer is None or dreamer.phase == "loading"

    @property
    def recorded(self) -> float:
        """Seconds of the recording that are on disk."""
        audio = self._audio.read()
        return audio.recorded if audio is not None else 0.0


def status_line(report: StatusReport, loading: bool = False, recorded: float = 0.0) -> str:
    """One line for people; ``recorded`` in seconds."""
    parts = [
        "the ear is loading" if loading else f"{report.steps_per_second:.1f} steps/s",
        f"objective {report.objective:.4g}",
        f"loop {report.loop}",
        counted(report.dropouts, "dropout"),
        counted(report.clients, "client"),
    ]
    if recorded > 0:
        parts.append(f"recorded {int(recorded) // 60}:{int(recorded) % 60:02d}")
    if report.missing:
        parts.insert(0, f"no sound: {report.missing} is gone")
    if report.state != "running":
        parts.insert(0, report.state)
    return " · ".join(parts)


def counted(count: int, word: str) -> str:
    """``1 dropout``, ``2 dropouts``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
