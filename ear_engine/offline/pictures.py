"""A film as numbered pictures and a WAV file, in a folder that is there whole or not at all."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.offline.outputs import write_loop
from ear_engine.viewer.png import write_png
from ear_engine.whole_files import made_folder, not_written


@contextmanager
def writing_pictures(folder: Path, sample_rate: int) -> Iterator[Pictures]:
    """A folder of pictures and ``sound.wav`` that takes its name once it is whole; add frames inside.

    Args:
        folder: not there, or empty.
        sample_rate: of the sound, Hz.

    Raises:
        UserError: it cannot be written; nothing of it is left.
    """
    aside = folder.with_name(folder.name + ".part")
    shutil.rmtree(aside, ignore_errors=True)
    made_folder(aside)
    try:
        with ThreadPoolExecutor(platform.cores()) as workers:
            pictures = Pictures(aside, sample_rate, workers)
            try:
                yield pictures
                pictures.finish()
            except BaseException:
                workers.shutdown(cancel_futures=True)
                raise
        try:
            if folder.is_dir():
                folder.rmdir()
            aside.rename(folder)
        except OSError as error:
            raise not_written(folder, error) from None
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, UserError) and error.code == "disk_full":  # of a picture that is no more
            subject = f"folder {str(folder.parent)!r}"
            raise UserError(subject, f"has no room for {folder.name}", error.mend, error.code) from None
        raise


class Pictures:
    """Pictures being written, see :func:`writing_pictures`.

    Args:
        folder: where to.
        sample_rate: of the sound, Hz.
        workers: that write.
    """

    def __init__(self, folder: Path, sample_rate: int, workers: ThreadPoolExecutor) -> None:
        self._folder, self._rate, self._workers = folder, sample_rate, workers
        self._waiting: deque[Future[None]] = deque()
        self._sound: list[NDArray[np.float32]] = []
        self._count = 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Add a picture, (height, width, 3), sRGB, the top row first; it may be written over afterwards.

        Raises:
            UserError: one of those before could not be written.
        """
        self._count += 1
        path = self._folder / f"frame_{self._count:06d}.png"
        self._waiting.append(self._workers.submit(write_png, path, frame.copy()))
        while len(self._waiting) > 2 * platform.cores():
            self._waiting.popleft().result()

    def hear(self, audio: NDArray[np.float32]) -> None:
        """Go on with the sound, (2, samples)."""
        self._sound.append(audio)

    def finish(self) -> None:
        """Write the rest, and the sound.

        Raises:
            UserError: it could not be written.
        """
        for one in self._waiting:
            one.result()
        write_loop(self._folder / "sound.wav", np.concatenate(self._sound, axis=1), self._rate)
