"""A loop on its way to the ear: audio and activations published as one immutable file.

A file is written under a temporary name and renamed, so a reader sees a whole loop or none, and a killed process can
leave no half of one. Layout: magic, header length, JSON header, then float32 little-endian arrays at 64-byte offsets.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"EARLOOP1"
_PREFIX = struct.Struct("<8sI")
_ALIGN = 64
MOST_LOOPS = 6
MOST_BYTES = 256 << 20  # of dreamed loops; one of 32 s with its activations takes about 54 MB


@dataclass(frozen=True)
class LoopFile:
    """One loop: what sounds and what the ear makes of it.

    Shapes:
        audio: (channels, samples), float32, -1..1.
        activations[layer]: (steps, neurons), float32; row ``floor(phase * steps)`` belongs to the loop's ``phase``;
            neurons are channel-major (channel * bins + bin), see :mod:`ear_engine.ear.activations`.
        gradient: (frames, bins), float32, of what is aimed at by the level that the ear hears; None if nothing was.
    """

    loop: int  # 0 for a source
    audio: NDArray[np.float32]
    sample_rate: int
    beats: int
    source_number: int = 0
    step: int = 0
    sequence: int = 0  # last control change that shaped it
    objective: float = 0.0
    frames: int = 0  # scalogram frames in the loop, 0 if there are no activations
    name: str = ""  # of the clip it descends from
    activations: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    gradient: NDArray[np.float32] | None = None

    @property
    def samples(self) -> int:
        """Length in samples."""
        return int(self.audio.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate

    @property
    def tempo(self) -> float:
        """Beats a minute."""
        return self.beats * 60.0 / self.seconds


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears at ``path`` only when it is complete; of one that fails, nothing is left.

    Raises:
        OSError: it could not be written (disk full).
    """
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_loop(path: Path, loop: LoopFile) -> None:
    """Publish ``loop`` at ``path`` at once.

    Raises:
        OSError: it could not be written (disk full); nothing is left of it.
    """
    arrays = {"audio": loop.audio, **{f"layer/{name}": values for name, values in loop.activations.items()}}
    if loop.gradient is not None:
        arrays["gradient"] = loop.gradient
    offset = 0
    index: list[tuple[str, list[int], int]] = []
    for name, array in arrays.items():
        index.append((name, list(array.shape), offset))
        offset += -(-array.nbytes // _ALIGN) * _ALIGN
    meta = {
        name: getattr(loop, name)
        for name in ("loop", "sample_rate", "beats", "source_number", "step", "sequence", "objective", "frames", "name")
    }
    header = json.dumps({"meta": meta, "arrays": index}).encode()
    header += b" " * (-(_PREFIX.size + len(header)) % _ALIGN)
    with whole_file(path) as file:
        file.write(_PREFIX.pack(_MAGIC, len(header)))
        file.write(header)
        for array in arrays.values():
            data = np.ascontiguousarray(array, dtype="<f4")
            file.write(data.data)
            file.write(b"\0" * (-data.nbytes % _ALIGN))


def read_loop(path: Path) -> LoopFile:
    """Map the loop at ``path`` read-only; arrays are views of the file, nothing is copied.

    Raises:
        ValueError: the file is not a loop.
        FileNotFoundError: it has been removed already.
    """
    with path.open("rb") as file:
        magic, length = _PREFIX.unpack(file.read(_PREFIX.size).ljust(_PREFIX.size, b"\0"))
        if magic != _MAGIC:
            raise ValueError(f"{path.name} is not a loop file")
        header = json.loads(file.read(length))
        base = file.tell()
    data = np.memmap(path, dtype=np.uint8, mode="r")
    arrays: dict[str, NDArray[np.float32]] = {}
    for name, shape, offset in header["arrays"]:
        count = int(np.prod(shape)) * 4
        arrays[name] = np.asarray(data[base + offset : base + offset + count]).view("<f4").reshape(shape)
    activations = {name.removeprefix("layer/"): array for name, array in arrays.items() if name.startswith("layer/")}
    gradient = arrays.get("gradient")
    return LoopFile(audio=arrays["audio"], activations=activations, gradient=gradient, **header["meta"])


def loop_name(number: int) -> str:
    """File name of dreamed loop ``number``."""
    return f"loop-{number:08d}.ear"


def source_name(number: int) -> str:
    """File name of source ``number``."""
    return f"source-{number:08d}.ear"


def last_number(folder: Path, *kinds: str) -> int:
    """The greatest number of the files ``KIND-NUMBER.ear`` in ``folder``; 0 if there is none. Who goes on in a session
    goes on from there: a name that others know already is not given again."""
    numbers = (path.stem.rpartition("-")[2] for kind in kinds for path in folder.glob(f"{kind}-*.ear"))
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def prune_loops(
    folder: Path,
    newest: int,
    keep: int = MOST_LOOPS,
    protected: Collection[str] = (),
    room: int = MOST_BYTES,
) -> None:
    """Remove the oldest dreamed loops until ``keep`` are left and they take no more than ``room`` bytes.

    The newest two stay in any case (one may be about to sound, from the other a restarted dreamer goes on), and so do
    the file names in ``protected``, which count as well. What a killed dreamer left half written goes too. A file that
    is still mapped (Windows) goes next time.
    """
    sizes: dict[int, int] = {}
    for path in folder.glob("loop-*.ear"):
        with suppress(FileNotFoundError):
            sizes[int(path.stem.removeprefix("loop-"))] = path.stat().st_size
    staying = {number for number in sizes if number > newest - 2 or loop_name(number) in protected}
    taken = sum(sizes[number] for number in staying)
    removed: list[Path] = []
    for number in sorted(sizes.keys() - staying, reverse=True):
        if not removed and len(staying) < keep and taken + sizes[number] <= room:
            staying.add(number)
            taken += sizes[number]
        else:
            removed.append(folder / loop_name(number))
    removed += [path for path in folder.glob("loop-*.ear.part") if path.name < f"{loop_name(newest)}.part"]
    for path in removed:
        with suppress(PermissionError, FileNotFoundError):
            path.unlink()
