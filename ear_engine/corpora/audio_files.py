"""Audio files: finding them, and decoding one to mono at one rate, in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ear_engine.corpora.corpus import FULL_SCALE, Skipped

SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc"),
    *(".caf", ".w64", ".rf64", ".au"),
)
DECODER = 1
"""Raise it when decoding changes, so that stores are built anew."""

SHORTEST = 1.0
"""Seconds; shorter files are left out."""

LONGEST = 24.0
"""Hours; longer files are left out."""

_BLOCK = 1 << 18  # frames
_SILENT = 1e-4  # peak, -80 dBFS
_RATES = (1000, 768000)  # Hz
_CUT_OFF = 0.02  # share of the promised frames that may be missing: headers of MP3 estimate
_TAGS = {"title": "title", "artist": "author", "license": "license", "copyright": "license"}
_LONGEST_TAG = 300  # characters


@dataclass(frozen=True)
class Source:
    """An audio file: its path relative to the source folder, its bytes, and when it changed (ns)."""

    path: str
    size: int
    changed: int


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


def find_audio(folder: Path) -> tuple[list[Source], list[Skipped]]:
    """Audio files under a folder by their suffix, sorted by path, and folders that cannot be opened.

    Links to folders are followed once; hidden files and folders are not looked at.
    """
    found: list[Source] = []
    skipped: list[Skipped] = []

    def closed(error: OSError) -> None:
        path = Path(os.path.relpath(error.filename, folder))
        skipped.append(Skipped(path, f"cannot be opened ({error.strerror})"))

    seen: set[str] = set()
    for top, folders, files in os.walk(folder, onerror=closed, followlinks=True):
        real = os.path.realpath(top)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.startswith(".") or not name.lower().endswith(SUFFIXES):
                continue
            path = Path(top, name)
            inside = path.relative_to(folder)
            try:
                stat = path.stat()
            except OSError as error:
                skipped.append(Skipped(inside, f"cannot be opened ({error.strerror})"))
                continue
            if path.is_file():
                found.append(Source(inside.as_posix(), stat.st_size, stat.st_mtime_ns))
    return sorted(found, key=lambda source: source.path), skipped


def samples_promised(path: Path, sample_rate: int) -> int:
    """How many samples a file's header promises at another rate; 0 if it cannot be read."""
    try:
        header = soundfile.info(path)
    except (OSError, RuntimeError, TypeError, ValueError):
        return 0
    if not _RATES[0] <= header.samplerate <= _RATES[1]:
        return 0
    return min(round(header.frames * sample_rate / header.samplerate), round(LONGEST * 3600 * sample_rate))


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
            done = _write(path, aside, sample_rate, 1.0)
            if done.peak > 1.0:
                done = _write(path, aside, sample_rate, 1.0 / done.peak)
            if done.peak < _SILENT:
                raise ValueError("is silent")
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        aside.replace(target)
        return Decoded(done.digest, done.length, done.tags)
    except _TargetError as error:
        return Decoded(fault=str(error))
    except soundfile.LibsndfileError as error:
        return Decoded(reason=f"cannot be read: {error.error_string.strip(' .').lower()}")
    except MemoryError:
        return Decoded(reason="does not fit into memory")
    except (ValueError, RuntimeError, TypeError, OSError) as error:
        return Decoded(reason=" ".join(str(error).split()) or "cannot be read")


class _TargetError(Exception):
    """The samples cannot be written."""


@dataclass(frozen=True)
class _Written:
    digest: str
    length: int
    peak: float
    tags: dict[str, str]


def _write(path: Path, target: Path, sample_rate: int, gain: float) -> _Written:
    digest = hashlib.sha256()
    length, peak = 0, 0.0
    with soundfile.SoundFile(path) as file, _opened(target) as out:
        tags = _tags(file)
        for block in _blocks(file, sample_rate):
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            block = np.clip(block * np.float32(gain), -1.0, 1.0)
            raw = np.round(block * np.float32(FULL_SCALE)).astype("<i2").tobytes()
            digest.update(raw)
            length += len(block)
            try:
                out.write(raw)
            except OSError as error:
                raise _TargetError(error.strerror or str(error)) from None
        try:
            out.flush()
        except OSError as error:
            raise _TargetError(error.strerror or str(error)) from None
    if length and length < SHORTEST * sample_rate:
        raise ValueError(f"is shorter than {SHORTEST:g} s")
    return _Written(digest.hexdigest(), length, peak, tags)


def _opened(target: Path) -> BinaryIO:
    try:
        return target.open("wb")
    except OSError as error:
        raise _TargetError(error.strerror or str(error)) from None


def _blocks(file: soundfile.SoundFile, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """Mono at the wanted rate, block after block, all of it finite."""
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
        with np.errstate(over="ignore", invalid="ignore"):
            mono = np.asarray(block.mean(axis=1), dtype=np.float32)
        if not np.isfinite(mono).all():
            raise ValueError("has samples that are not finite")
        yield mono if stream is None else stream.resample_chunk(mono, last=last)
        if last:
            break
    if got == 0:
        raise ValueError("has no samples")
    if got < promised * (1.0 - _CUT_OFF) - rate:
        raise ValueError(f"is cut off (ends after {got / rate:.1f} of {promised / rate:.1f} s)")


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


def one_line(text: str, longest: int = _LONGEST_TAG) -> str:
    """A text on one line, without what a terminal would act on, cut to ``longest`` characters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:longest]
