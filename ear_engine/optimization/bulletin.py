"""What a dreamer has to tell besides its loops: events for everyone, and refusals for those who asked."""

from __future__ import annotations

from ear_engine.errors import UserError
from ear_engine.parameters import Value
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import DreamerState, Event, Refusal

_KEPT = 16
_QUIET = 2.0  # seconds


class Bulletin:
    """The last events and refusals, numbered on from those of the dreamer before.

    Args:
        before: last state of that one, if there was one.
    """

    def __init__(self, before: DreamerState | None = None) -> None:
        self.events: list[Event] = list(before.events) if before else []
        self.refusals: list[Refusal] = list(before.refusals) if before else []
        self._standing: dict[str, tuple[str, float]] = {}  # about what → sentence, when last

    def event(self, level: str, code: str, message: str) -> None:
        """Tell everyone (``level`` info, warning or error; ``code`` a short word; ``message`` one sentence)."""
        number = self.events[-1].number + 1 if self.events else 1
        self.events = [*self.events, Event(number, level, code, message)][-_KEPT:]

    def trouble(self, about: str, error: UserError | None, level: str = "error") -> None:
        """Tell of an error that stands, once; it ends after two seconds in which there was none (None) about this."""
        sentence, last = self._standing.get(about, ("", 0.0))
        if error is None:
            if sentence and now() - last > _QUIET:
                del self._standing[about]
            return
        self._standing[about] = str(error), now()
        if sentence != str(error):
            self.event(level, error.code, str(error))

    def decline(self, sequence: int, name: str, error: UserError, instead: Value | None = None) -> None:
        """Refuse a change that has been made already; what was there before goes on.

        Args:
            sequence: number of the last change when it was found out.
            name: of the parameter.
            instead: value that the parameter goes back to, None if it stays.
        """
        number = self.refusals[-1].number + 1 if self.refusals else 1
        refusal = Refusal(number, sequence, name, error.code, str(error), instead)
        self.refusals = [*self.refusals, refusal][-_KEPT:]
        self.event("warning", error.code, str(error))
