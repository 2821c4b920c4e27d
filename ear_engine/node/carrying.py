"""What was dreamed so far, brought along to another tempo or length: it sounds at once, whatever the dreamer does.

The difference of the newest dream to its source is laid on the beats of the new loop as the clip is, and added to
the new source; so are its activations, roughly, for the lights to go on. The dreamer does the same with its own state,
and what it makes and hears of it takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.fitting import refit
from ear_engine.shared_memory.loops import LoopFile, read_loop, source_name, write_loop


def carried_name(number: int) -> str:
    """File name of what was dreamed before source ``number``, as it fits that."""
    return f"carried-{number:08d}.ear"


class Carrier:
    """Makes those files.

    Args:
        folder: the session's loops.
        dreamed: file of the newest dream; empty before the first.
    """

    def __init__(self, folder: Path, dreamed: Callable[[], str]) -> None:
        self._folder = folder
        self._dreamed = dreamed

    def carry(self, source: LoopFile, stretched: bool) -> str:
        """Write what was dreamed of the same clip so far as it fits ``source``; in a thread.

        Returns:
            its file; that of the source itself if there is no dream of this clip, or no room for it.
        """
        number = source.source_number
        plain = source_name(number)
        file = self._dreamed()
        if not file:
            return plain
        try:
            dream = read_loop(self._folder / file)
            before = read_loop(self._folder / source_name(dream.source_number))
            if before.name != source.name or dream.audio.shape[1] != before.audio.shape[1]:
                return plain
            own = refit(
                np.asarray(dream.audio - before.audio),
                dream.beats,
                source.samples,
                source.beats,
                source.sample_rate,
                stretched=stretched,
            )
            audio = np.broadcast_to(source.audio, own.shape) + own
            audio /= max(1.0, float(np.abs(audio).max()))
            loop = LoopFile(
                dream.loop,
                audio,
                source.sample_rate,
                source.beats,
                source_number=number,
                step=dream.step,
                sequence=dream.sequence,
                objective=dream.objective,
                frames=round(dream.frames * source.samples / dream.samples),
                name=source.name,
                activations={
                    name: rows[laid_rows(len(rows), dream, source, stretched)]
                    for name, rows in dream.activations.items()
                },
            )
            write_loop(self._folder / carried_name(number), loop)
        except (OSError, ValueError):  # pruned meanwhile, or no room: the source is there
            return plain
        return carried_name(number)

    def prune(self, oldest: int) -> None:
        """Remove those of sources before ``oldest``."""
        for path in self._folder.glob("carried-*.ear"):
            if int(path.stem.removeprefix("carried-")) < oldest:
                with suppress(PermissionError, FileNotFoundError):  # still mapped (Windows): next time
                    path.unlink()


def laid_rows(rows: int, dream: LoopFile, source: LoopFile, stretched: bool) -> NDArray[np.intp]:
    """For each row of a layer in ``source``'s length the one of ``rows`` in ``dream``'s that sounds there.

    In the rest after a short beat that is the beat's last one.
    """
    count = max(1, round(rows * source.samples / dream.samples))
    beats = (np.arange(count) + 0.5) / count * source.beats
    whole = np.floor(beats)
    inside = beats - whole
    if not stretched:
        inside = np.minimum(inside * source.samples / source.beats * dream.beats / dream.samples, 1.0 - 1e-9)
    found = (whole % dream.beats + inside) / dream.beats * rows
    return np.minimum(found.astype(np.intp), rows - 1)
