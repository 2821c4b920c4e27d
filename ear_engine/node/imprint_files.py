"""Loop files for imprints: a clip, or a loop that was heard, fitted to the loop that is dreamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ear_engine.clip import Clip, fit_clip
from ear_engine.errors import UserError
from ear_engine.shared_memory.loops import LoopFile, last_number, read_loop, write_loop

_IMPRINT, _SET_ASIDE = "imprint", "aside"
_PREFIX = f"{_IMPRINT}-"
_ASIDE = f"{_SET_ASIDE}-"


@dataclass(frozen=True)
class LoopShape:
    """What a clip has to be fitted to: how (``stretch`` or ``crop``), and the loop."""

    mode: str
    tempo: float
    beats: int
    samples: int


class ImprintFiles:
    """Writes them into the session's loops folder.

    Args:
        folder: of the session's loops.
        decode: reads a clip by its name; of one that is too long, the start if ``crop``.
    """

    def __init__(self, folder: Path, decode: Callable[[str, bool], Clip]) -> None:
        self._folder = folder
        self._decode = decode
        self._number = last_number(folder, _IMPRINT, _SET_ASIDE)

    def new(self) -> str:
        """Name of the next file."""
        self._number += 1
        return f"{_PREFIX}{self._number:08d}.ear"

    def put_aside(self, file: str) -> str:
        """A second name for a loop file that may be removed at any moment, so that it stays until it is read."""
        self._number += 1
        aside = f"{_ASIDE}{self._number:08d}.ear"
        try:
            os.link(self._folder / file, self._folder / aside)
        except OSError:  # no hard links here
            try:
                shutil.copyfile(self._folder / file, self._folder / aside)
            except OSError:
                return file
        return aside

    def decode(self, name: str, mode: str, taken: str = "") -> Clip:
        """A clip by its name, or the audio of the loop file ``taken``; from any thread.

        Raises:
            UserError: it is unknown or cannot be read.
        """
        if not taken:
            return self._decode(name, mode == "crop")
        path = self._folder / taken
        try:
            loop = read_loop(path)
            clip = Clip(name, loop.audio.copy(), loop.sample_rate, loop.beats, "given")
        except (OSError, ValueError) as error:
            raise UserError(f"the loop of {name!r}", f"cannot be read ({error})", "try again", "bad_clip") from None
        del loop  # Windows removes no file that is mapped
        if taken.startswith(_ASIDE):
            with suppress(OSError):
                path.unlink()
        return clip

    def write(self, file: str, clip: Clip, shape: LoopShape) -> None:
        """Fit ``clip`` and write it; from any thread.

        Raises:
            UserError: it cannot be fitted, or not be written.
        """
        fitted = clip
        if clip.samples != shape.samples:
            fitted = fit_clip(clip, shape.mode, shape.tempo, shape.beats)  # type: ignore[arg-type]  # one of its modes
        try:
            loop = LoopFile(0, fitted.audio, fitted.sample_rate, shape.beats, name=clip.name)
            write_loop(self._folder / file, loop)
        except OSError as error:
            reason, mend = f"cannot be written ({error.strerror})", "make room in the temporary folder"
            raise UserError(f"the imprint of {clip.name!r}", reason, mend, "no_room") from None

    def prune(self, needed: Collection[str]) -> None:
        """Remove all but those ``needed`` and the newest, which may be about to be told."""
        for path in self._folder.glob(f"{_PREFIX}*.ear"):
            if path.name not in needed and int(path.stem.removeprefix(_PREFIX)) < self._number:
                with suppress(OSError):  # still mapped (Windows): next time
                    path.unlink()
