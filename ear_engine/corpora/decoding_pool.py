"""Decoding many files in processes that cannot take the build down, and that end with it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from ear_engine import platform
from ear_engine.corpora.audio_files import Source
from ear_engine.corpora.decoder import Decoded, decode
from ear_engine.errors import UserError

_SMALL = 16 << 20  # bytes of audio files that are decoded sooner than processes start


@dataclass(frozen=True)
class Job:
    """Decode ``path``, which is ``source``, to ``target``."""

    source: Source
    path: Path
    target: Path


def decode_all(
    jobs: Sequence[Job], sample_rate: int, workers: int | None
) -> Generator[tuple[Job, Decoded], None, None]:
    """Decode in any order; a file on which the decoder dies is one that cannot be used.

    Args:
        jobs: what to do, begun in this order.
        sample_rate: Hz.
        workers: processes; 1 is this one; one a core if None, but none where there is little to do.
    """
    if workers is None:
        little = sum(job.source.size for job in jobs) < _SMALL
        workers = 1 if little else (os.cpu_count() or 1)
    workers = min(workers, len(jobs))
    if workers <= 1:
        for job in jobs:
            yield job, decode(job.path, job.target, sample_rate)
        return
    left = list(jobs)
    while left:
        done: set[Job] = set()
        suspects: list[Job] = []
        for job, decoded in _pooled(left, sample_rate, workers, suspects):
            done.add(job)
            yield job, decoded
        for job in suspects:  # one of them took the pool down: each alone shows which
            alone: list[Job] = []
            yield from _pooled([job], sample_rate, 1, alone)
            if alone:
                yield job, Decoded(reason="cannot be read: it crashes the decoder")
        left = [job for job in left if job not in done and job not in suspects]


def _pooled(
    jobs: Sequence[Job], sample_rate: int, workers: int, suspects: list[Job]
) -> Generator[tuple[Job, Decoded], None, None]:
    """Decode in a pool until all is done, or until the pool breaks; ``suspects`` then takes what was under way."""
    context = multiprocessing.get_context("spawn")
    queue = iter(jobs)
    under_way: dict[Future[Decoded], Job] = {}
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        _start(pool)
        try:
            while True:
                while len(under_way) < 2 * workers and (job := next(queue, None)) is not None:
                    under_way[pool.submit(decode, job.path, job.target, sample_rate)] = job
                if not under_way:
                    break
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    decoded = future.result()
                    yield under_way.pop(future), decoded
        except BrokenProcessPool:
            suspects.extend(under_way.values())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _start(pool: ProcessPoolExecutor) -> None:
    """All processes start with the first job."""
    try:
        with platform.shielding_children():
            pool.submit(os.getpid).result()
    except (BrokenProcessPool, OSError) as error:
        mend = "protect the main module with `if __name__ == '__main__':`, or use one worker"
        raise UserError("processes that decode", f"do not start ({error})", mend, "no_processes") from None


def _begin() -> None:
    """Leave Ctrl-C to the parent, end when it is gone, and keep the C decoders' complaints off the terminal."""
    platform.ignore_interrupt()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)
