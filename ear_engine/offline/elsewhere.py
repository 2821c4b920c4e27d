"""A show that another process plays, a few beats ahead of the one that draws it: dreaming takes Python's lock for its
many small steps, and so does drawing.

The other process is told everything when it starts, and answers through a pipe: the opening, then beat after beat, or
why there is none. It ends with this one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, cast

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.offline.request import Request
from ear_engine.score import Score

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from ear_engine.offline.lighting import LitBeat, Opening

_AHEAD = 3  # beats that wait to be drawn
_GRACE = 2.0  # seconds it gets to end


@dataclass(frozen=True)
class Plan:
    """What shall be played.

    Args:
        request: what is dreamed.
        seconds: how long.
        score: what changes meanwhile.
        since: second of the first frame that is drawn.
        threads: of torch.
    """

    request: Request
    seconds: float
    score: Score = ()
    since: float = 0.0
    threads: int = 1


@dataclass(frozen=True)
class _Failure:
    """A :class:`UserError` on its way."""

    subject: str
    reason: str
    mend: str
    code: str


class Elsewhere:
    """A :class:`~ear_engine.offline.lighting.Show` of another process; see :func:`playing_elsewhere`."""

    def __init__(self, answers: Connection, process: BaseProcess) -> None:
        self._answers, self._process = answers, process
        self._opening: Opening | None = None

    @property
    def opening(self) -> Opening:
        """What is known before the first beat; waits for it.

        Raises:
            UserError: something that was asked for does not exist or cannot be.
        """
        if self._opening is None:
            self._opening = cast("Opening", self._receive())
        return self._opening

    def beats(self) -> Iterator[LitBeat]:
        """Beat after beat, once.

        Raises:
            UserError: the dream cannot go on.
        """
        _ = self.opening  # comes first
        while (beat := self._receive()) is not None:
            yield beat

    def _receive(self) -> Any:
        """What is due: the opening, a beat, or None at the end."""
        try:
            answer = self._answers.recv()
        except (EOFError, OSError):
            self._process.join(_GRACE)
            raise _ended(self._process.exitcode) from None
        if isinstance(answer, _Failure):
            raise UserError(answer.subject, answer.reason, answer.mend, answer.code)
        return answer


@contextmanager
def playing_elsewhere(plan: Plan) -> Iterator[Elsewhere]:
    """A process that plays ``plan``; it is ended on leaving."""
    context = multiprocessing.get_context("spawn")
    answers, ours = context.Pipe(duplex=False)
    process = context.Process(target=_play, args=(plan, ours), name="dream", daemon=True)
    with platform.shielding_children():
        process.start()
    ours.close()  # so that its end is noticed
    try:
        yield Elsewhere(answers, process)
    finally:
        answers.close()
        process.terminate()
        process.join(_GRACE)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def dream_threads(asked: str | None = None) -> int:
    """Threads for torch beside drawing and encoding: half of the cores, unless ``OMP_NUM_THREADS`` says how many.

    Args:
        asked: that variable; from the environment if None.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "") if asked is None else asked
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return max(1, platform.cores() // 2)


def _play(plan: Plan, answers: Connection) -> None:
    """Entry point of the other process; torch is imported here."""
    platform.ignore_interrupt()
    platform.reuse_memory()
    import torch

    from ear_engine.offline.lighting import Here
    from ear_engine.offline.performing import Performance

    torch.set_num_threads(plan.threads)
    with suppress(BrokenPipeError), ThreadPoolExecutor(1) as sender:  # nobody draws any more
        waiting: deque[Future[None]] = deque()
        try:
            show = Here(Performance(plan.request, plan.seconds, plan.score), plan.since)
            answers.send(show.opening)
            for beat in show.beats():
                waiting.append(sender.submit(answers.send, beat))
                while len(waiting) > _AHEAD:
                    waiting.popleft().result()
            last: object = None
        except UserError as error:
            last = _Failure(error.subject, error.reason, error.mend, error.code)
        sender.submit(answers.send, last).result()


def _ended(code: int | None) -> UserError:
    how = f"exit code {code}" if code is None or code >= 0 else f"signal {signal.Signals(-code).name}"
    mend = "see what was said above, or whether the memory is enough"
    return UserError("the process that dreams", f"has ended ({how})", mend, "dream_ended")
