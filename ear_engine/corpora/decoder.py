"""Decoding one audio file to mono at one rate, in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ear_engine.corpora.audio_files import one_line
from ear_engine.corpora.corpus import FULL_SCALE

DECODER = 1
"""Raise it when decoding changes, so that stores are built anew."""

SHORTEST = 1.0
"""Seconds; shorter files are left out."""

LONGEST = 24.0
"""Hours; longer files are left out."""

_BLOCK = 1 << 18  # frames
_KEPT = 1 << 25  # samples of a file that stay in memory in case it clips; longer ones are decoded again
_SILENT = 1e-4  # peak, -80 dBFS
_RATES = (1000, 768000)  # Hz
_CUT_OFF = 0.02  # share of the promised frames that may be missing: headers of MP3 estimate
_TAGS = {"title": "title", "artist": "author", "license": "license", "copyright": "license"}


@dataclass(frozen=True)
class Decoded:
    """What became of a file: samples, or the ``reason`` why it is not used, or the ``fault`` that stops everything.

    Args:
        digest: SHA-256 of the samples, hexadecimal.
        length: samples.
        tags: labels that the file itself carries.
        reason: why this file cannot be used; empty if it can.
        fault: why its samples could not be written; empty if they were.
    """

    digest: str = ""
    length: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    fault: str = ""


def samples_promised(path: Path, sample_rate: int) -> int:
    """How many samples a file's header promises at another rate; 0 if it cannot be read."""
    try:
        header = soundfile.info(_named(path))
    except (OSError, RuntimeError, TypeError, ValueError):
        return 0
    if not _RATES[0] <= header.samplerate <= _RATES[1]:
        return 0
    seconds: float = min(header.frames / header.samplerate, LONGEST * 3600)
    return round(seconds * sample_rate)


def _named(path: Path) -> str | bytes:
    """A path as libsndfile takes it, even where the name is no text."""
    try:
        return str(path).encode("utf-8").decode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(path)


def decode(path: Path, target: Path, sample_rate: int) -> Decoded:
    """Decode a file to raw little-endian int16: channels averaged, resampled (soxr HQ), turned down if it clips.

    The target is written aside and renamed; nothing is left of a file that cannot be used.

    Args:
        path: anything that libsndfile reads.
        target: of the samples.
        sample_rate: Hz.
    """
    aside = target.with_name(target.name + ".part")
    try:
        try:
            with soundfile.SoundFile(_named(path)) as file:
                audio = _Audio(file, sample_rate)
                done = _write(audio, aside, 1.0)
                if done.peak > 1.0:
                    done = _write(audio, aside, 1.0 / done.peak)
                if done.peak < _SILENT:
                    raise ValueError("is silent")
                if done.length < SHORTEST * sample_rate:
                    raise ValueError(f"is shorter than {SHORTEST:g} s")
                tags = _tags(file)
            with _writing():
                aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        return Decoded(done.digest, done.length, tags)
    except _TargetError as error:
        return Decoded(fault=str(error))
    except soundfile.LibsndfileError as error:
        return Decoded(reason=_complaint(error.error_string))
    except MemoryError:
        return Decoded(reason="does not fit into memory")
    except (ValueError, RuntimeError, TypeError, OSError) as error:
        return Decoded(reason=one_line(str(error)) or "cannot be read")


def _complaint(text: str) -> str:
    """What libsndfile says, where it means it; it calls a file that no decoder takes one that is not there."""
    if any(words in text for words in ("Format not recognised", "not a regular file")):
        return "cannot be read: it is no audio that is known, or damaged"
    return f"cannot be read: {one_line(text).strip(' .').lower()}"


class _TargetError(Exception):
    """The samples cannot be written."""


@dataclass(frozen=True)
class _Written:
    digest: str
    length: int
    peak: float


def _write(audio: _Audio, target: Path, gain: float) -> _Written:
    digest = hashlib.sha256()
    length, peak = 0, 0.0
    with _writing():
        out = target.open("wb")
    try:
        for block in audio.blocks():
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            scaled = np.clip(block * np.float32(gain), -1.0, 1.0)
            raw = np.round(scaled * np.float32(FULL_SCALE)).astype("<i2").tobytes()
            digest.update(raw)
            length += len(block)
            with _writing():
                out.write(raw)
    finally:
        with _writing():
            out.close()
    return _Written(digest.hexdigest(), length, peak)


@contextmanager
def _writing() -> Iterator[None]:
    """What fails here is the store's fault, not the file's."""
    try:
        yield
    except OSError as error:
        raise _TargetError(error.strerror or str(error)) from None


class _Audio:
    """A file as mono at the wanted rate, block after block and as often as needed; a short one is decoded once."""

    def __init__(self, file: soundfile.SoundFile, sample_rate: int) -> None:
        self._file, self._rate = file, sample_rate
        self._kept: list[NDArray[np.float32]] | None = None

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """All of it from the start; every sample is finite."""
        if self._kept is not None:
            yield from self._kept
            return
        self._file.seek(0)
        kept: list[NDArray[np.float32]] = []
        size = 0
        for block in _blocks(self._file, self._rate):
            size += len(block)
            if size <= _KEPT:
                kept.append(block)
            else:
                kept.clear()
            yield block
        self._kept = kept if size <= _KEPT else None


def _blocks(file: soundfile.SoundFile, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    rate, promised = file.samplerate, file.frames
    if not _RATES[0] <= rate <= _RATES[1]:
        raise ValueError(f"has a sample rate of {rate} Hz")
    if promised > LONGEST * 3600 * rate:
        raise ValueError(f"is longer than {LONGEST:g} h")
    stream = None if rate == sample_rate else soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
    got = 0
    while True:
        block = file.read(_BLOCK, dtype="float32", always_2d=True)
        last = len(block) < _BLOCK
        got += len(block)
        if got > LONGEST * 3600 * rate:
            raise ValueError(f"is longer than {LONGEST:g} h")
        mono = _mixed(block)
        if not np.isfinite(mono).all():
            raise ValueError("has samples that are not finite")
        yield mono if stream is None else stream.resample_chunk(mono, last=last)
        if last:
            break
    if got == 0:
        raise ValueError("has no samples")
    if got < promised * (1.0 - _CUT_OFF) - rate:
        raise ValueError(f"is cut off (ends after {got / rate:.1f} of {promised / rate:.1f} s)")


def _mixed(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average of the channels, (frames, channels) to (frames,), added in order so that it is the same anywhere."""
    mono = block[:, 0].copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for channel in range(1, block.shape[1]):
            mono += block[:, channel]
    mono /= np.float32(block.shape[1])
    return mono


def _tags(file: soundfile.SoundFile) -> dict[str, str]:
    try:
        metadata = file.copy_metadata()
    except (UnicodeDecodeError, RuntimeError):  # tags in another encoding: none are better than wrong ones
        return {}
    found: dict[str, str] = {}
    for tag, label in _TAGS.items():
        text = one_line(metadata.get(tag, ""))
        if text and label not in found:
            found[label] = text
    return found
