"""A sound file instead of a live input, over and over: for rehearsing, and where there is no device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError

LONGEST = 1800.0  # seconds

Frames = NDArray[np.float32]  # (count, 2)


def check_input_file(path: Path) -> tuple[int, int]:
    """Sample rate and frames of a file that can be an input, by its header.

    Raises:
        UserError: it is none.
    """
    import soundfile  # costs 50 ms, and only if there is such a file

    subject = f"input {str(path)!r}"
    if not path.is_file():
        raise UserError(subject, "was not found", "give a sound file, or --input alone for the device's", "not_found")
    try:
        with soundfile.SoundFile(path) as file:
            rate, frames = int(file.samplerate), int(file.frames)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise UserError(subject, f"is no sound file ({error})", "use a WAV or FLAC file", "bad_file") from None
    if frames < rate * 0.1 or frames > rate * LONGEST:
        reason = f"lasts {frames / rate:.1f} s"
        raise UserError(subject, reason, f"use one of 0.1 to {LONGEST:g} s", "bad_length")
    return rate, frames


def read_input_file(path: Path, rate: int) -> Frames:
    """The file's sound at ``rate``, (count, 2).

    Raises:
        UserError: it is no input (:func:`check_input_file`).
    """
    import soundfile
    import soxr

    theirs, _ = check_input_file(path)
    audio = soundfile.read(path, dtype="float32", always_2d=True)[0]
    if theirs != rate:
        audio = soxr.resample(audio, theirs, rate, quality="HQ")
    return np.ascontiguousarray(audio[:, [0, min(1, audio.shape[1] - 1)]], np.float32)


class InputFile:
    """Gives the file's sound, piece by piece.

    Args:
        sound: (count, 2), at the device's rate.
    """

    def __init__(self, sound: Frames) -> None:
        self._sound = sound
        self._played = 0

    def __call__(self, count: int) -> Frames:
        """The next (count, 2)."""
        places = (self._played + np.arange(count)) % len(self._sound)
        self._played += count
        found: Frames = self._sound[places]
        return found
