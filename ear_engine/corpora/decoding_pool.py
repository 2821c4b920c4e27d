"""Work on many files in processes that cannot take the build down, and that end with it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from multiprocessing.synchronize import Barrier
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from ear_engine import platform
from ear_engine.corpora.audio_files import Source
from ear_engine.errors import UserError

_GUARD = "protect the main module with `if __name__ == '__main__':`, or use one worker"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Job:
    """Decode ``path``, which is ``source``, to ``target``."""

    source: Source
    path: Path
    target: Path


class Workers:
    """Processes for jobs; with a count of 1, none is started and this one works.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def each(
        self, work: Callable[[Job], Result], jobs: Sequence[Job], crashed: Result
    ) -> Generator[tuple[Job, Result], None, None]:
        """Do all jobs, in any order; one that its process does not survive gives ``crashed``.

        Args:
            work: importable, and so is what it returns.
            jobs: begun in this order.
            crashed: result of a job that kills whoever does it.

        Raises:
            UserError: processes cannot be started.
        """
        if self._count <= 1:
            for job in jobs:
                yield job, work(job)
            return
        left = list(jobs)
        while left:
            done: set[Job] = set()
            suspects: list[Job] = []
            for job, result in self._together(work, left, suspects):
                done.add(job)
                yield job, result
            for job in suspects:  # one of them took the others down: each alone shows which
                alone: list[Job] = []
                yield from self._together(work, [job], alone)
                if alone:
                    yield job, crashed
            left = [job for job in left if job not in done and job not in suspects]

    def _together(
        self, work: Callable[[Job], Result], jobs: Sequence[Job], suspects: list[Job]
    ) -> Generator[tuple[Job, Result], None, None]:
        """Do jobs until all are done or a process dies; ``suspects`` then takes what was under way."""
        pool = self._pool or self._begin()
        queue = iter(jobs)
        under_way: dict[Future[Result], Job] = {}
        try:
            while True:
                while len(under_way) < 2 * self._count and (job := next(queue, None)) is not None:
                    under_way[pool.submit(work, job)] = job
                if not under_way:
                    return
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    result = future.result()
                    yield under_way.pop(future), result
        except BrokenProcessPool:
            suspects.extend(under_way.values())
            self._end()
            if not under_way:  # it died before it got a job
                raise UserError("processes that decode", "end at once", _GUARD, "no_processes") from None

    def _begin(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        together = (context.Barrier(self._count),)
        pool = self._pool = ProcessPoolExecutor(self._count, context, _prepare, together)
        try:
            # All start now, one with each job, since none is idle before all are there. Were one started while another
            # dies, it would be waited for forever: the executor ends only those that it knew of.
            with platform.shielding_children():
                for started in [pool.submit(os.getpid) for _ in range(self._count)]:
                    started.result()
        except (BrokenProcessPool, OSError) as error:
            self._end()
            raise UserError("processes that decode", f"do not start ({error})", _GUARD, "no_processes") from None
        return pool

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def refuse_bare_script() -> None:
    """Raise in a worker that, because a script is not guarded, runs it again instead of working.

    Raises:
        UserError: this is such a worker.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UserError("a process that decodes", "runs the script that started it again", _GUARD, "no_processes")


def _prepare(together: Barrier) -> None:
    """Leave Ctrl-C to the parent, end when it is gone, and keep the C decoders' complaints off the terminal; wait until
    all are there."""
    platform.ignore_interrupt()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    together.wait()


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)
