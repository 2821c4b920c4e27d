"""Clips from audio files: reading one as a loop, and what its header and name say without decoding it."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ear_engine.beats import MOST_BEATS, estimate_beats, named_beats
from ear_engine.clip import LONGEST_SECONDS, SEAM_SECONDS, SHORTEST_SECONDS, Clip, resample_loop
from ear_engine.errors import UserError
from ear_engine.sources.source import ClipRow

SUFFIXES = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".w64", ".au"})
SILENCE_PEAK = 1e-4
_OPEN = 0x7FFFFF00  # lengths from here on mean "unknown" in the headers of streams
_MOST_CHUNKS = 1000  # before the audio
_SLACK = 64  # bytes; some programs count the header's end in
_OGG_PAGE = 65307  # bytes, the longest one


def _missing_share(path: Path) -> float:
    """Share of the audio that a WAV's or AIFF's header promises and the file does not hold (cut off while copied).

    libsndfile reads such a file as a shorter one. 0 for other formats, and where a stream's header leaves it open.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        order = {b"RIFFWAVE": "<", b"FORMAIFF": ">", b"FORMAIFC": ">"}.get(head[:4] + head[8:])
        for _ in range(_MOST_CHUNKS):
            chunk = file.read(8)
            if order is None or len(chunk) < 8:
                break
            name, promised = struct.unpack(f"{order}4sI", chunk)
            if name in (b"data", b"SSND"):
                missing = file.tell() + promised - size
                return missing / promised if promised < _OPEN and missing > _SLACK else 0.0
            file.seek(promised + promised % 2, 1)
    return 0.0


def _cut_ogg(path: Path) -> bool:
    """Whether a file is Ogg and its last page is not marked as the last."""
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return False
        file.seek(max(0, path.stat().st_size - _OGG_PAGE))
        tail = file.read()
    at = tail.rfind(b"OggS")
    return at < 0 or len(tail) < at + 6 or not tail[at + 5] & 4


def _read(path: Path, subject: str, max_seconds: float, crop: bool) -> tuple[NDArray[np.float32], int, float]:
    """Samples of a file as ``(channels, samples)`` at its own rate, that rate, and the whole file's seconds."""
    resave = "save it again as WAV or FLAC"
    try:
        if not path.is_file():
            reason = "is a folder, not a file" if path.is_dir() else "was not found"
            raise UserError(subject, reason, "check its name; `ear-engine clips` lists what there is", "not_found")
        if path.stat().st_size == 0:
            raise UserError(subject, "is an empty file", resave, "empty")
        missing = _missing_share(path)
        if missing > 0.0:
            reason = f"is cut off ({missing:.0%} of its audio is missing)"
            raise UserError(subject, reason, "copy or save it again", "damaged")
        if _cut_ogg(path):
            raise UserError(subject, "is cut off (its last Ogg page is missing)", "copy or save it again", "damaged")
        with soundfile.SoundFile(path) as file:
            rate, frames, channels = file.samplerate, file.frames, file.channels
            if not 1000 <= rate <= 768000:
                raise UserError(subject, f"has a sample rate of {rate} Hz", "use 1000 to 768000 Hz", "bad_rate")
            if frames < 1:
                raise UserError(subject, "has no samples", resave, "empty")
            seconds = frames / rate
            if seconds < SHORTEST_SECONDS:
                reason = f"is {seconds:.3f} s long, shorter than {SHORTEST_SECONDS} s"
                raise UserError(subject, reason, "use a longer loop", "too_short")
            if seconds > max_seconds and not crop:
                reason = f"is {seconds:.1f} s long, longer than {max_seconds:g} s"
                raise UserError(subject, reason, "set source/fit to crop, or cut it", "too_long")
            wanted = min(frames, int(max_seconds * rate))
            blocks, read = list[NDArray[np.float32]](), 0
            while read < wanted:
                block = file.read(min(65536, wanted - read), dtype="float32", always_2d=True).T
                if not block.shape[1]:
                    reason = f"ends after {read / rate:.2f} of {seconds:.2f} s"
                    raise UserError(subject, reason, resave, "damaged")
                read += block.shape[1]
                if channels > 2:
                    block = (block[:2] + block[2:].sum(axis=0)) / (channels - 1)
                blocks.append(block)
    except soundfile.LibsndfileError as error:
        if "format not recognised" in error.error_string.lower():
            raise UserError(
                subject, "is not audio that can be read", "use WAV, FLAC, AIFF, Ogg or MP3", "not_audio"
            ) from error
        raise UserError(subject, f"is damaged ({error.error_string.strip(' .')})", resave, "damaged") from error
    except (OSError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(subject, f"cannot be read ({error})", resave, "unreadable") from error
    return np.ascontiguousarray(np.concatenate(blocks, axis=1)), rate, seconds


def load_clip(
    path: Path, *, sample_rate: int = 44100, max_seconds: float = LONGEST_SECONDS, crop: bool = False
) -> Clip:
    """Reads a loop from any file that libsndfile reads.

    Mono stays mono and stereo stereo; of more channels, the third and later go evenly to both sides, and the sums are
    divided by their number of parts. Samples beyond full scale (float files) are scaled down to it. Another rate is
    resampled circularly, to ``round(frames * sample_rate / rate)`` samples. The beats are those that the file's name
    states (``_8beats``, ``4bars``, ``120 BPM``, the nearest whole number), or an estimate.

    Args:
        path: of the file.
        sample_rate: wanted, in Hz.
        max_seconds: longest length; nothing beyond it is decoded.
        crop: of a longer file, take the start instead of refusing: ``max_seconds``, or, if its name gives a tempo, the
            most whole beats that fit. The cut is faded over 5 ms.

    Raises:
        UserError: if the file is missing, no audio, damaged, empty, silent, too short, too long, or not finite.
    """
    subject = f"clip {path.name!r}"
    audio, rate, seconds = _read(path, subject, max_seconds, crop)
    if not np.isfinite(audio).all():
        raise UserError(subject, "has samples that are not numbers", "save it again with plain audio", "not_finite")
    peak = float(np.max(np.abs(audio)))
    if peak < SILENCE_PEAK:
        reason = "is silent (its peak is below -80 dBFS)"
        raise UserError(subject, reason, "use the built-in clip `silence` if you mean it", "silent")
    if peak > 1.0:
        audio /= np.float32(peak)
    named = named_beats(path.stem, seconds)
    if seconds > max_seconds:
        if named is not None:
            beat = seconds / named * rate
            named = float(max(1, min(MOST_BEATS, int(audio.shape[1] / beat + 1e-6))))
            audio = audio[:, : round(named * beat)].copy()
        fade = int(SEAM_SECONDS * rate)
        audio[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    frames = audio.shape[1]
    audio = resample_loop(audio, max(1, round(frames * sample_rate / rate)))
    if named is not None and 1 <= round(named) <= MOST_BEATS:
        beats = round(named)
        off = abs(named - beats) > 0.03 * math.sqrt(named)
        note = f"its name says {named:.2f} beats in {frames / rate:.2f} s, taken as {beats}" if off else ""
        return Clip(path.stem, audio, sample_rate, beats, "name", note)
    note = "" if named is None else f"its name says {named:.2f} beats, outside 1 to {MOST_BEATS}, so they are estimated"
    beats = estimate_beats(np.asarray(audio.mean(axis=0), dtype=np.float32), sample_rate)
    return Clip(path.stem, audio, sample_rate, beats, "estimate", note)


def describe_file(name: str, path: Path) -> ClipRow:
    """A row for a file, from its header and its name; one that cannot be read says so and lasts 0 s."""
    try:
        header = soundfile.info(path)
    except (OSError, RuntimeError, TypeError, ValueError):
        return ClipRow(name, 0.0, None, None, f"{path.name}: cannot be read")
    seconds = header.frames / header.samplerate
    stated = named_beats(path.stem, seconds) if seconds > 0.0 else None
    beats = None if stated is None or round(stated) < 1 else round(stated)
    sides = {1: "mono", 2: "stereo"}.get(header.channels, f"{header.channels} channels")
    description = f"{path.name}: {sides}, {header.samplerate} Hz"
    if seconds > LONGEST_SECONDS:
        description += ", too long unless cropped"
    return ClipRow(name, seconds, beats, None if beats is None else beats * 60.0 / seconds, description)
