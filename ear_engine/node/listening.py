"""Listening as the node sees it: whether the ear shall hear the live input, what there is to say of that input, and
what becomes of an ear that cannot."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.children import BAD_INPUT, LISTEN
from ear_engine.node.supervisor import Exit
from ear_engine.osc.commands import Call, Command
from ear_engine.parameters import Value
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.listen_state import ListenReader, ListenState
from ear_engine.shared_memory.states import AudioState

ORIGIN = "node"
RUN = "listen/run"
NO_INPUT = "start with --input and an audio device that has inputs, or with --input FILE"
_SILENT = 1e-3  # of full scale
_SILENCE = 5.0  # seconds of it until that is said
_CLIPPED = 1e-3  # share of the samples
_CALM = 20.0  # seconds without it after which the same is said again


def no_input() -> UserError:
    """There is nothing to listen to."""
    return UserError("the live input", "is not there", NO_INPUT, "no_input")


class Listening:
    """Follows the listening process.

    Args:
        control: says whether it shall run.
        session: the session folder.
        audio: latest state of the audio process.
        pid: of the listening process; None while there is none.
        report: told level, code and sentence.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        *,
        audio: Callable[[], AudioState | None],
        pid: Callable[[], int | None],
        report: Callable[[str, str, str], None],
    ) -> None:
        self._control = control
        self._reader = ListenReader(session)
        self._audio, self._pid, self._report = audio, pid, report
        self._said: dict[str, float] = {}  # code → when it was true last
        self._sounded = 0.0
        self._broken = self._skipped = 0
        control.validators[RUN] = self._check

    def wanted(self) -> bool:
        """Whether the listening process shall run."""
        audio = self._audio()
        return bool(self._control.tree.values[RUN]) and audio is not None and audio.input

    def ended(self, ended: Exit) -> bool:
        """Deal with the end of the listening process; False if it was another one, or is just started again."""
        if ended.name != LISTEN or ended.code != BAD_INPUT:
            return False
        state = self._reader.read()
        reason = state.message if state is not None and state.message else "The ear cannot listen to the live input."
        self._control.apply({RUN: False}, ORIGIN)
        self._report("warning", "not_listening", reason)
        return True

    def look(self) -> None:
        """Say what is to be said of the input; call it a few times a second."""
        audio, at = self._audio(), now()
        if not self._control.tree.values[RUN] or audio is None:
            return
        if not audio.input:
            if audio.schedule and not audio.missing:  # else a device is away for a while
                self._control.apply({RUN: False}, ORIGIN)
                self._report("warning", "no_input", str(no_input()))
            return
        state = self.state()
        if state is None:
            return
        if state.phase == "stalled":
            self._say("input_stalled", "No sound comes in any more; the ear waits for the live input.", at)
        if state.phase != "listening":
            self._sounded = 0.0  # it begins anew
            return
        if state.level > _SILENT or not self._sounded:
            self._sounded = at
        if at - self._sounded > _SILENCE:
            self._say("input_silent", "The live input is silent; connect something to it, or turn it up.", at)
        if state.clipped > _CLIPPED:
            self._say("input_clips", "The live input is too loud and clips; turn it down.", at)
        if state.broken > self._broken:  # it counts from 0 again for another ear
            self._say("input_broken", "The live input has samples that are no numbers; they are heard as silence.", at)
        if state.skipped > self._skipped:
            reason = (
                "The ear cannot keep up with the live input and leaves parts out; choose a smaller ear, or dream less."
            )
            self._say("input_skipped", reason, at)
        self._broken, self._skipped = state.broken, state.skipped

    def state(self) -> ListenState | None:
        """What is heard; None unless the process runs."""
        state = self._reader.read() if self.wanted() else None
        return state if state is not None and state.pid == self._pid() else None

    def commands(self) -> tuple[Command, ...]:
        """``/ear/listen/info``."""
        answer = "same s:phase f:delay_ms f:late_ms f:load f:level_db f:clipped i:broken i:skipped"
        text = (
            "How the ear listens to the live input: off, loading, waiting, listening or stalled; how long it waits for "
            "what follows, how late it is as measured, its share of a core; the peak, the share of clipped samples, "
            "how many were no numbers, and how many were skipped."
        )
        return (Command("listen/info", (), answer, text, self._info),)

    def _info(self, call: Call) -> None:
        state = self.state()
        if state is None:
            call.reply(call.address, "loading" if self.wanted() else "off", 0.0, 0.0, 0.0, -120.0, 0.0, 0, 0)
            return
        level = 20.0 * math.log10(max(state.level, 1e-6))
        times = 1e3 * state.delay, 1e3 * state.late
        counts = state.broken % (1 << 31), state.skipped % (1 << 31)
        call.reply(call.address, state.phase, *times, state.load, level, state.clipped, *counts)

    def _check(self, value: Value) -> Value:
        audio = self._audio()
        if value and audio is not None and audio.schedule and not audio.input and not audio.missing:
            raise no_input()
        return value

    def _say(self, code: str, sentence: str, at: float) -> None:
        """Once, and again only when it has been otherwise for a while."""
        before = self._said.get(code)
        self._said[code] = at
        if before is None or at - before > _CALM:
            self._report("warning", code, sentence)

    def close(self) -> None:
        """Unmap the slot."""
        self._reader.close()
