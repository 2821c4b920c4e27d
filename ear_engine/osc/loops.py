"""Each new loop as a WAV file in a small rotating folder, announced only when the file is complete."""

from __future__ import annotations

import logging
import struct
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np

from ear_engine.osc.codec import encode
from ear_engine.osc.stream_names import LOOP
from ear_engine.shared_memory.loops import LoopFile, read_loop, whole_file
from ear_engine.shared_memory.states import Entry

KEEP = 16
MOST_BYTES = 96 << 20
_LEAST = 2  # kept whatever they take
_WAITING = 4
_REMEMBERED = 64
_ASKED_FOR = 4
_FLOAT = 3  # WAVE_FORMAT_IEEE_FLOAT
_log = logging.getLogger(__name__)


def write_wav(path: Path, loop: LoopFile) -> None:
    """Write ``loop`` at ``path`` at once, as :func:`wav_bytes` has it.

    Raises:
        OSError: it could not be written (disk full).
    """
    with whole_file(path) as file:
        file.write(wav_bytes(loop))


def wav_bytes(loop: LoopFile) -> bytes:
    """A WAV file: RIFF, float32, stereo (a mono loop on both sides)."""
    audio = np.broadcast_to(loop.audio[:2], (2, loop.samples))
    data = np.ascontiguousarray(audio.T, dtype="<f4")
    form = struct.pack("<HHIIHHH", _FLOAT, 2, loop.sample_rate, loop.sample_rate * 8, 8, 32, 0)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    chunks += b"fact" + struct.pack("<II", 4, loop.samples) + b"data" + struct.pack("<I", data.nbytes)
    return b"RIFF" + struct.pack("<I", len(chunks) + data.nbytes) + chunks + data.tobytes()


class LoopAnnouncer:
    """Writes scheduled loops one after the other in a worker, and reports each as a packet of ``/ear/loop``.

    The message: ``i id (0 is a source), s path, f seconds, i sample rate, i beats, f tempo``. If loops come faster than
    they can be written, the oldest waiting one is left out and counted.

    Args:
        loops: folder of the loop files.
        folder: folder of the WAV files; made if missing, of the 16 newest, those that take 96 MB together
            are kept, and at least two.
        executor: one worker.
        deliver: called in the worker with the packet of each complete loop.
        room: bytes that the WAV files may take.
    """

    def __init__(
        self,
        loops: Path,
        folder: Path,
        executor: Executor,
        deliver: Callable[[bytes], None],
        room: int = MOST_BYTES,
    ) -> None:
        self.skipped = 0
        self.newest: deque[str] = deque(maxlen=_ASKED_FOR)
        """File names of the loops announced last: those who have just heard of them may ask for more."""
        self._room = room
        self._loops = loops
        self._folder = folder.absolute()
        self._executor = executor
        self._deliver = deliver
        self._waiting: deque[Entry] = deque()
        self._running: Future[None] | None = None
        self._known: OrderedDict[str, None] = OrderedDict()
        self._written: deque[Path] = deque()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, entry: Entry) -> None:
        """Announce ``entry``'s loop unless that has been done."""
        if entry.file in self._known:
            return
        self._known[entry.file] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        self._waiting.append(entry)
        if len(self._waiting) > _WAITING:
            self._waiting.popleft()
            self.skipped += 1

    def step(self) -> None:
        """Start the next write if the worker is free."""
        if self._waiting and (self._running is None or self._running.done()):
            self._running = self._executor.submit(self._write, self._waiting.popleft())

    def _write(self, entry: Entry) -> None:
        path = self._folder / Path(entry.file).with_suffix(".wav").name
        try:
            loop = read_loop(self._loops / entry.file)
            write_wav(path, loop)
            self._rotate(path)
        except (OSError, ValueError) as error:
            _log.warning("loop %s is not announced: %s", entry.file, error)
            return
        facts = (entry.loop, str(path), loop.seconds, loop.sample_rate, loop.beats, loop.tempo)
        self.newest.append(entry.file)
        self._deliver(encode(LOOP, *facts))

    def _rotate(self, newest: Path) -> None:
        if not self._written:  # what an earlier node left in this session
            self._written.extend(sorted(self._folder.glob("*.wav"), key=lambda path: path.stat().st_mtime))
        if newest in self._written:
            self._written.remove(newest)
        self._written.append(newest)
        taken = sum(_size(path) for path in self._written)
        while len(self._written) > KEEP or (len(self._written) > _LEAST and taken > self._room):
            oldest = self._written[0]
            taken -= _size(oldest)
            oldest.unlink(missing_ok=True)
            self._written.popleft()


def _size(path: Path) -> int:
    """Bytes of a file; 0 if a client has removed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
