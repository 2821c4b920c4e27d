"""Learning on request: one at a time, answered when a control has moved, or when none has."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.errors import UserError
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.controls import Signal
from ear_engine.midi.learning import Learned, Learner
from ear_engine.midi.ports import device_name
from ear_engine.osc.commands import Call
from ear_engine.osc.jobs import Job
from ear_engine.parameters import Parameter

TAKEOVER = ("auto", "on", "off")
"""Whether a fader has to meet the value: ``auto`` is if its device shows nothing of what others change."""


class Learning:
    """Binds the next control that moves.

    Args:
        bindings: learn it.
    """

    def __init__(self, bindings: Callable[[], MidiBindings]) -> None:
        self._bindings = bindings
        self._learner: Learner | None = None
        self._job: Job | None = None
        self._end = 0.0
        self._takeover = TAKEOVER[0]

    @property
    def on(self) -> bool:
        """Whether it waits for a control."""
        return self._job is not None

    def begin(self, call: Call, parameter: Parameter, takeover: str, end: float) -> None:
        """Wait for a control until clock time ``end``; whoever waited before is told that it does no more.

        Raises:
            UserError: text has no positions, or ``takeover`` is no word for that.
        """
        if parameter.kind == "text":
            mend = "list what it chooses from in a map file, as values: [a, b]"
            raise UserError(parameter.name, "is text and has no range", mend, "bad_type")
        if takeover not in TAKEOVER:
            raise UserError("takeover", f"is {takeover[:60]!r}", f"send {', '.join(TAKEOVER)}", "bad_value")
        before, self._job = self._job, call.engine.jobs.begin(call, self._stop)
        if before is not None:
            before.fail(UserError(call.address, "was asked of another control since", "ask again", "replaced"))
        self._learner, self._end, self._takeover = Learner(parameter), end, takeover

    def hear(self, port: str, signal: Signal, at: float) -> None:
        """A device has said something."""
        if self._learner is not None:
            self._learner.hear(port, signal, at)

    def look(self, at: float, shows: Callable[[str], bool]) -> None:
        """See whether enough was heard, or too long nothing.

        Args:
            at: clock time.
            shows: whether the device at a port shows what others change.
        """
        learner, job = self._learner, self._job
        if learner is None or job is None:
            return
        if learner.ready(at):
            self._stop()
            try:
                job.done(*describe(self._learned(learner, shows)))
            except UserError as error:
                job.fail(error)
        elif at >= self._end:
            self._stop()
            mend = "move one, and see /ear/midi/devices"
            job.fail(UserError(job.call.address, "has heard no control", mend, "timed_out"))

    def _learned(self, learner: Learner, shows: Callable[[str], bool]) -> Learned:
        found = learner.result(shows, {"auto": None, "on": True, "off": False}[self._takeover])
        self._bindings().learn(found)
        return found

    def _stop(self) -> None:
        self._learner = self._job = None


def describe(found: Learned) -> tuple[str, str, str, str]:
    """Address, device, control and how it is read."""
    binding = found.binding
    return binding.address, device_name(found.port), str(binding.control), binding.described
