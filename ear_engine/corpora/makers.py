"""What all makers of music share: recordings rendered in parallel, written whole, and kept when made again."""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.errors import UserError

Audio = NDArray[np.float32]

Progress = Callable[[int, int], None]
"""Called with (recordings done, recordings)."""


@dataclass(frozen=True)
class Job:
    """One recording to make.

    Attributes:
        name: path of the file inside the folder, without suffix: ``bach/bwv1.6``.
        render: gives mono float32, shape ``(samples,)``; it travels to other processes, so it must pickle.
        recipe: says everything the samples depend on; a file that carries the same text is kept as it is.
        labels: for the folder's ``labels.json``.
        sample_rate: in Hz.
    """

    name: str
    render: Callable[[], Audio]
    recipe: str
    labels: Mapping[str, str] = field(default_factory=dict)
    sample_rate: int = 44100


def write_recordings(
    folder: Path, jobs: Sequence[Job], *, workers: int | None = None, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Makes 16-bit FLAC files and their ``labels.json``.

    Each file appears whole or not at all, so a killed run leaves nothing broken, and the next one goes on from there.
    The samples do not depend on the number of workers.

    Args:
        folder: made if missing; entries that its ``labels.json`` has for other files stay.
        jobs: what to make.
        workers: processes; one for each processor if None. With 1, none is started.
        progress: called in this process after each recording.

    Returns:
        The paths, in the order of the jobs.

    Raises:
        UserError: if the folder cannot be written, or as a job's ``render`` raises it.
    """
    paths = tuple(folder / f"{job.name}.flac" for job in jobs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        todo = [(job, path) for job, path in zip(jobs, paths, strict=True) if not _is_made(path, job)]
        done = len(jobs) - len(todo)
        if progress is not None and done:
            progress(done, len(jobs))
        for _ in _each(todo, min(len(todo), workers or platform.cores())):
            done += 1
            if progress is not None:
                progress(done, len(jobs))
        _write_labels(folder, jobs)
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError(
            f"folder {str(folder)!r}",
            f"cannot be written ({error})",
            "choose another, or free some space",
            "unwritable",
        ) from error
    return paths


def _is_made(path: Path, job: Job) -> bool:
    if not path.is_file():
        return False
    with contextlib.suppress(soundfile.SoundFileError), soundfile.SoundFile(path) as file:
        return bool(file.comment == job.recipe and file.samplerate == job.sample_rate)
    return False


def _make(job: Job, path: Path) -> tuple[str, ...]:
    """Renders and writes one recording; errors of users come back as values, for they do not pickle as exceptions."""
    try:
        audio = job.render()
    except UserError as error:
        return error.subject, error.reason, error.mend, error.code
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with soundfile.SoundFile(unfinished, "w", job.sample_rate, 1, "PCM_16", format="FLAC") as file:
        file.comment = job.recipe
        file.write(audio)
    unfinished.replace(path)
    return ()


def _each(todo: Sequence[tuple[Job, Path]], workers: int) -> Iterator[None]:
    """Makes them all, in this process or in several; yields after each."""
    if workers <= 1:
        for job, path in todo:
            _check(_make(job, path))
            yield
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        waiting = iter(todo)
        running: set[Future[tuple[str, ...]]] = {
            pool.submit(_make, job, path) for job, path in itertools.islice(waiting, 2 * workers)
        }
        try:
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    _check(future.result())
                    running.update(pool.submit(_make, job, path) for job, path in itertools.islice(waiting, 1))
                    yield
        except BrokenProcessPool as error:
            reason = "ended in the middle (killed, or out of memory)"
            raise UserError("a process that makes music", reason, "try fewer --workers", "worker_died") from error
        finally:
            for future in running:
                future.cancel()


def _check(failure: tuple[str, ...]) -> None:
    if failure:
        raise UserError(*failure)


def _write_labels(folder: Path, jobs: Sequence[Job]) -> None:
    """Adds the jobs' labels to ``labels.json``; entries of files that are gone are dropped."""
    path = folder / "labels.json"
    known: dict[str, Mapping[str, str]] = {}
    with contextlib.suppress(FileNotFoundError, ValueError):
        known = {name: row for name, row in json.loads(path.read_text()).items() if (folder / name).is_file()}
    known |= {f"{job.name}.flac": job.labels for job in jobs}
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(known, indent=1, ensure_ascii=False, sort_keys=True))
    unfinished.replace(path)
