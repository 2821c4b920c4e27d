"""A corpus: a folder of music, decoded once to memory-mapped mono at 44.1 kHz, split by recording.

Any format libsndfile reads (wav, flac, ogg, opus, mp3). Files that cannot be used are listed, not fatal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ear_engine.errors import UserError

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif")
_SCALE = 32767.0


@dataclass(frozen=True)
class Recording:
    """One decoded file: ``path`` of the original and its mono samples (memory-mapped int16)."""

    path: Path
    samples: NDArray[np.int16]

    @property
    def length(self) -> int:
        """Samples."""
        return len(self.samples)

    def audio(self, start: int, length: int) -> NDArray[np.float32]:
        """``length`` samples from ``start`` on, float32, -1..1."""
        return self.samples[start : start + length].astype(np.float32) / np.float32(_SCALE)


@dataclass(frozen=True)
class Skipped:
    """A file that is not used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Corpus:
    """Recordings of at least one excerpt each, divided by recording."""

    training: list[Recording]
    validation: list[Recording]
    skipped: list[Skipped]
    sample_rate: int

    @property
    def hours(self) -> float:
        """Length of everything in hours."""
        return sum(r.length for r in self.training + self.validation) / self.sample_rate / 3600


def _decode(path: Path, target: Path, sample_rate: int) -> None:
    with soundfile.SoundFile(path) as file:
        audio = file.read(dtype="float32", always_2d=True)
        rate = file.samplerate
    mono = audio.mean(axis=1)
    if rate != sample_rate:
        mono = soxr.resample(mono, rate, sample_rate, quality="HQ")
    if not np.isfinite(mono).all():
        raise ValueError("has samples that are not finite")
    peak = float(np.abs(mono).max(initial=0.0))
    if peak < 1e-4:
        raise ValueError("is silent")
    mono = np.round(mono / max(1.0, peak) * _SCALE).astype(np.int16)
    temporary = target.with_suffix(".part")
    with temporary.open("wb") as out:
        np.save(out, mono)
    temporary.replace(target)


def open_corpus(
    folder: Path,
    cache: Path,
    *,
    excerpt: int,
    sample_rate: int = 44100,
    validation_share: float = 0.1,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Decode what is new under ``folder`` into ``cache`` and map everything.

    Recordings are ranked by a hash of their path inside the folder and the first ``validation_share`` of them validate,
    so the split is the same on every machine, and adding n recordings changes the side of at most n of the others.

    Args:
        folder: searched recursively.
        cache: decoded files, named by path, size and time of the original.
        excerpt: shortest usable recording in samples.
        sample_rate: Hz.
        validation_share: share of recordings kept for validation.
        progress: called with (done, all).

    Raises:
        UserError: the folder is missing, or has no music that can be used.
    """
    if not folder.is_dir():
        raise UserError(f"corpus {str(folder)!r}", "is not a folder", "name a folder of music", "not_found")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise UserError(
            f"corpus {str(folder)!r}", f"has no music ({', '.join(SUFFIXES)})", "put some there", "empty_corpus"
        )
    cache.mkdir(parents=True, exist_ok=True)
    found: list[tuple[float, Recording]] = []
    skipped: list[Skipped] = []
    for done, path in enumerate(files):
        stat = path.stat()
        identity = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{sample_rate}"
        target = cache / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.npy"
        try:
            if not target.exists():
                _decode(path, target, sample_rate)
            samples = np.load(target, mmap_mode="r")
            if len(samples) < excerpt:
                raise ValueError(f"is shorter than {excerpt / sample_rate:.1f} s")
            inside = path.relative_to(folder).as_posix()
            rank = int.from_bytes(hashlib.sha256(inside.encode()).digest()[:8], "big") / 2**64
            found.append((rank, Recording(path, samples)))
        except soundfile.LibsndfileError as error:
            skipped.append(Skipped(path, f"cannot be read: {error.error_string.rstrip('.').lower()}"))
        except (ValueError, RuntimeError, OSError) as error:
            skipped.append(Skipped(path, str(error)))
        if progress is not None:
            progress(done + 1, len(files))
    if len(found) < 2:
        why = f"{skipped[0].path.name} {skipped[0].reason}" if skipped else "only one recording"
        raise UserError(
            f"corpus {str(folder)!r}", f"has {len(found)} usable recordings ({why})", "add music", "empty_corpus"
        )
    found.sort(key=lambda item: item[0])
    count = min(max(1, round(validation_share * len(found))), len(found) - 1)
    recordings = [recording for _, recording in found]
    return Corpus(recordings[count:], recordings[:count], skipped, sample_rate)


def draw_excerpts(
    recordings: list[Recording], count: int, excerpt: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Random excerpts, each from another recording where there are enough; long recordings come more often.

    Returns:
        (count, excerpt), float32, -1..1.
    """
    room = np.array([recording.length - excerpt + 1 for recording in recordings], dtype=np.float64)
    shares = np.sqrt(room) / np.sqrt(room).sum()
    fresh = count <= len(recordings)
    chosen = rng.choice(len(recordings), size=count, replace=not fresh, p=shares)
    out = np.empty((count, excerpt), np.float32)
    for row, which in zip(out, chosen, strict=True):
        start = int(rng.integers(recordings[which].length - excerpt + 1))
        np.multiply(recordings[which].samples[start : start + excerpt], 1.0 / _SCALE, out=row, casting="unsafe")
    return out
