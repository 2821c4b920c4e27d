"""A kept performance as files: its sound as it went out, and its loops."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ear_engine.errors import UserError
from ear_engine.offline.outputs import need_folder, write_loop
from ear_engine.offline.rebuilding import Difference, Rebuilt, audio_of
from ear_engine.performance.reading import Kept, SoundPart
from ear_engine.performance.timeline import offset_of
from ear_engine.playback.plan import Stereo
from ear_engine.playback.recorder import wav_header
from ear_engine.whole_files import made_folder, not_written, replacing

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Played:
    """What became of the sound.

    Args:
        seconds: of it.
        compared: seconds of which it is known what went out.
        differences: that are not that, in seconds from the beginning, and how long.
    """

    seconds: float
    compared: float
    differences: tuple[tuple[float, float], ...]


def play_again(
    kept: Kept, path: Path | None = None, progress: Progress = lambda _done, _all: None
) -> tuple[Played, list[Path]]:
    """Compute the sound again, and write it as 32-bit float WAV; one file for each rate that it was played at.

    Args:
        kept: the performance.
        path: of the (first) file; None writes nothing.
        progress: told samples done, of all.

    Raises:
        UserError: there is no sound, it cannot be computed from what was kept, or not be written.
    """
    need_sound(kept)
    try:
        return _play_again(kept, path, progress)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        reason = f"says something else than it should ({type(error).__name__}: {error})"
        raise UserError(f"performance {kept.name!r}", reason[:300], "copy it again", "damaged") from error


def _play_again(kept: Kept, path: Path | None, progress: Progress) -> tuple[Played, list[Path]]:
    every, done = sum(part.end - part.at for part in kept.sounds), 0
    compared, differences, files = 0.0, [], []
    for number, group in enumerate(_groups(kept)):
        target = None if path is None else path if number == 0 else path.with_stem(f"{path.stem}-{number + 1}")
        rebuilt = [(offset_of(kept, place), Rebuilt(kept.sounds[place])) for place in group]

        def blocks(rebuilt: list[tuple[float, Rebuilt]] = rebuilt) -> Iterator[Stereo]:
            nonlocal done
            written = 0
            for offset, part in rebuilt:
                rate = part.part.rate
                pause = max(0, round((offset - rebuilt[0][0]) * rate) - written)
                yield np.zeros((2, pause), np.float32)
                written += pause
                for block in part.blocks():
                    written += block.shape[1]
                    done += block.shape[1]
                    progress(done, every)
                    yield block

        if target is None:
            for _ in blocks():
                pass
        else:
            _write(target, blocks(), kept.sounds[group[0]].rate)
            files.append(target)
        for offset, part in rebuilt:
            compared += part.compared / part.part.rate
            differences += [_in_seconds(part.part, offset, one) for one in part.differences]
    return Played(kept.seconds, compared, tuple(differences)), files


def need_sound(kept: Kept) -> None:
    """Make sure that there is something to hear.

    Raises:
        UserError: there is not.
    """
    if kept.seconds <= 0.0:
        told = f" ({kept.faults[0]})" if kept.faults else ""
        mend = "record for longer than a second"
        raise UserError(f"performance {kept.name!r}", f"has no sound{told}", mend, "bad_performance")


def write_loops(kept: Kept, folder: Path) -> list[Path]:
    """Write every loop that was played as a WAV file of 32-bit floats, in the order in which they entered.

    Raises:
        UserError: the folder is not empty, or cannot be written to.
    """
    need_folder(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"folder {os.fspath(folder)!r}", "is not empty", "name another one", "not_writable")
    made_folder(folder)
    files: list[Path] = []
    seen: set[str] = set()
    for part in kept.sounds:
        for entry in part.entries:
            if entry["wet"] not in seen and not entry.get("silent"):
                seen.add(entry["wet"])
                what = f"loop-{entry['loop']}" if entry["loop"] else f"source-{entry['source_number']}"
                files.append(folder / f"{len(seen):05d}_{what}.wav")
                write_loop(files[-1], audio_of(part.loops[entry["wet"]]), int(part.head["sample_rate"]))
    return files


def _groups(kept: Kept) -> list[list[int]]:
    """Parts in a row that were played at the same rate, by their numbers."""
    groups: list[list[int]] = []
    for number, part in enumerate(kept.sounds):
        if groups and kept.sounds[groups[-1][-1]].rate == part.rate:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _in_seconds(part: SoundPart, offset: float, found: Difference) -> tuple[float, float]:
    return offset + (found.at - part.at) / part.rate, found.count / part.rate


def _write(path: Path, blocks: Iterator[Stereo], rate: int) -> None:
    made_folder(path.parent)
    frames = 0
    try:
        with replacing(path) as file:
            file.write(wav_header(0, rate))
            for block in blocks:
                file.write(np.ascontiguousarray(block.T, "<f4").data)
                frames += block.shape[1]
            file.seek(0)
            file.write(wav_header(frames, rate))
    except OSError as error:
        raise not_written(path, error) from None
