"""Films with sound: frames one after another into an MP4 file (H.264, AAC), by PyAV.

Pictures are ``yuv420p`` in the colors of BT.709, which everything plays. The rate need not be whole, so a loop of any
length has a whole number of frames, and picture and sound come round together however often they are repeated.

Frames are encoded by a thread of the film's own, while the next ones are drawn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from queue import Queue
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.offline.encoding import Encoder
from ear_engine.whole_files import made_folder, replacing

if TYPE_CHECKING:
    from av.container import OutputContainer

_WAITING = 6  # frames, at most, that wait to be encoded


@dataclass(frozen=True, eq=False)
class Sound:
    """What is heard: (2, samples) float32, full scale 1, and its rate in Hz.

    It may be empty: :meth:`Film.hear` adds to it.
    """

    audio: NDArray[np.float32]
    rate: int


def need_av() -> None:
    """Make sure that a film can be written.

    Raises:
        UserError: PyAV is missing.
    """
    if find_spec("av") is None:
        mend = "run `pip install av`, or write pictures instead"
        raise UserError("PyAV, which writes films,", "is not installed", mend, "missing_package")


@contextmanager
def writing_film(
    path: Path, size: tuple[int, int], rate: Fraction, sound: Sound | None = None, repeats: int = 1
) -> Iterator[Film]:
    """A film that takes the place of ``path`` once it is whole; add its frames inside.

    Args:
        path: of the file.
        size: height and width in pixels, both even.
        rate: frames a second.
        sound: that is heard beside the frames.
        repeats: how often all frames are shown and the sound is heard; each is encoded once.

    Raises:
        UserError: PyAV is missing, or the file cannot be written; nothing of it is left.
    """
    need_av()
    with writing_container(path, "mp4") as container:
        film = Film(Encoder(container, size, rate, None if sound is None else sound.rate, repeats), size)
        try:
            if sound is not None:
                film.hear(sound.audio if repeats == 1 else np.tile(sound.audio, (1, repeats)))
            yield film
            film.finish()
        finally:
            film.stop()


@contextmanager
def writing_container(
    path: Path, kind: str, options: Mapping[str, str] = MappingProxyType({})
) -> Iterator[OutputContainer]:
    """A container of FFmpeg's that takes the place of ``path`` once it is whole.

    Args:
        path: of the file.
        kind: FFmpeg's name of the format.
        options: of it.

    Raises:
        UserError: the file cannot be written; nothing of it is left.
    """
    import av

    made_folder(path.parent)
    with replacing(path) as file:
        written = _Written(file)
        container = av.open(written, "w", format=kind, options=dict(options))
        try:
            yield container
            container.close()
        except BaseException:
            with suppress(av.FFmpegError, OSError):  # the file is given up
                container.close()
            if written.error is not None:
                raise written.error from None
            raise


class _Written:
    """A file that FFmpeg writes; it remembers why it could not be written, which FFmpeg forgets.

    Args:
        file: it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Whether there are places."""
        return self._file.seekable()


class Film:
    """A film being written, see :func:`writing_film`.

    Args:
        encoder: of its file.
        size: height and width of its frames.
    """

    def __init__(self, encoder: Encoder, size: tuple[int, int]) -> None:
        self._encoder, self._size = encoder, size
        self._work: Queue[Callable[[], None] | None] = Queue(_WAITING)
        self._error: BaseException | None = None
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="film", daemon=True)
        self._thread.start()

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Add a frame, (height, width, 3), sRGB, the top row first; it may be written over afterwards.

        Raises:
            ValueError: it has another shape.
            OSError: the frames before could not be written.
        """
        from av.video.frame import VideoFrame

        if frame.shape != (*self._size, 3):
            raise ValueError(f"a frame of this film has the shape {(*self._size, 3)}, not {frame.shape}")
        picture = VideoFrame.from_ndarray(frame, format="rgb24")  # a copy
        self._do(lambda: self._encoder.show(picture))

    def hear(self, audio: NDArray[np.float32]) -> None:
        """Go on with the sound, (2, samples), which must stay as it is; before the frames that are shown with it.

        Raises:
            OSError: the frames before could not be written.
        """
        self._do(lambda: self._encoder.hear(audio))

    def finish(self) -> None:
        """Encode everything that was added.

        Raises:
            OSError: it could not be written.
        """
        self._do(self._encoder.finish)
        self._work.put(None)
        self._thread.join()
        self._check()

    def stop(self) -> None:
        """Leave the rest, if there is one, and end the thread."""
        if self._thread.is_alive():
            self._given_up.set()
            self._work.put(None)
            self._thread.join()

    def _do(self, work: Callable[[], None]) -> None:
        self._check()
        self._work.put(work)

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            if self._error is not None or self._given_up.is_set():
                continue  # so that nobody waits for room in the queue
            try:
                work()
            except BaseException as error:  # raised again by whoever adds the next frame
                self._error = error
