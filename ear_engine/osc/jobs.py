"""What takes a while: it tells how far it is, ends in one answer, and can be cancelled by whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ear_engine.errors import UserError

if TYPE_CHECKING:
    from ear_engine.osc.commands import Call

PROGRESS = "/ear/progress"
MOST_JOBS = 64


@dataclass(eq=False)
class Job:
    """One request that is being worked at; ``cancel`` stops the work."""

    call: Call
    cancel: Callable[[], object]
    ended: Callable[[Job], object]
    running: bool = True

    def progress(self, share: float, phase: str) -> None:
        """Tell whoever asked: ``/ear/progress s address, i request, f share 0..1, s phase``."""
        if self.running:
            self.call.reply(PROGRESS, self.call.address, self.call.request, min(max(float(share), 0.0), 1.0), phase)

    def done(self, *values: object) -> None:
        """It is done: ``/ear/done address request values…``; later words of it are not sent."""
        if self.running:
            self._end()
            self.call.done(*values)

    def fail(self, error: UserError) -> None:
        """It cannot be."""
        if self.running:
            self._end()
            self.call.refuse(error)

    def _end(self) -> None:
        self.running = False
        self.ended(self)


class Jobs:
    """All requests that are being worked at."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def begin(self, call: Call, cancel: Callable[[], object]) -> Job:
        """A job for ``call``.

        Raises:
            UserError: there are too many.
        """
        if len(self._jobs) >= MOST_JOBS:
            raise UserError(call.address, f"finds {MOST_JOBS} others at work", "wait, or cancel some", "too_many")
        job = Job(call, cancel, self._jobs.remove)
        self._jobs.append(job)
        return job

    def cancel(self, origin: str, request: int) -> int:
        """Stop the jobs that ``origin`` began with this ``request``; each answers that it was cancelled.

        Returns:
            how many.
        """
        mine = [job for job in self._jobs if job.call.client.origin == origin and job.call.request == request]
        for job in mine:
            job.cancel()
            job.fail(UserError(job.call.address, "was cancelled", "ask again", "cancelled"))
        return len(mine)
