"""Pictures that are saved while frames go on: encoding one takes as long as many frames do."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.viewer.png import write_png

_MOST = 4  # that wait to be written


class Screenshots:
    """Writes pictures, one after the other, in a thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "screenshots")
        self._jobs: list[tuple[Path, Future[None]]] = []

    def save(self, path: Path, pixels: NDArray[np.uint8]) -> str:
        """Begin to write ``pixels`` (height, width, 3) at ``path``; return what is to be told, if it is not done."""
        if len(self._jobs) >= _MOST:
            return "pictures are still being written"
        self._jobs.append((path, self._thread.submit(write_png, path, np.array(pixels))))
        return ""

    def done(self, wait: bool = False) -> list[tuple[Path, UserError | None]]:
        """Those that have been written since the last call, and what kept others from it."""
        found: list[tuple[Path, UserError | None]] = []
        for path, job in tuple(self._jobs):
            if not (wait or job.done()):
                continue
            self._jobs.remove((path, job))
            try:
                job.result()
            except UserError as error:
                found.append((path, error))
            else:
                found.append((path, None))
        return found

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown()


def free_path(folder: Path, name: str) -> Path:
    """A path in ``folder`` that has no file yet: ``name.png``, or ``name-2.png`` and so on."""
    path, number = folder / f"{name}.png", 2
    while path.exists():
        path, number = folder / f"{name}-{number}.png", number + 1
    return path
