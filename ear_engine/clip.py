"""One loop of audio and its beats: the clip, reading it from a file, and fitting it to a tempo.

A clip is a loop: its end runs into its start. Everything here treats time as a circle, so nothing adds a click there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ear_engine.errors import UserError

SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 32.0
MOST_BEATS = 64
SEAM_SECONDS = 0.005
SILENCE_PEAK = 1e-4

_NAMED = {
    "beats": re.compile(r"(?<![\d.])(\d{1,3})[ _-]?beats?(?![a-z])", re.IGNORECASE),
    "bars": re.compile(r"(?<![\d.])(\d{1,2})[ _-]?bars?(?![a-z])", re.IGNORECASE),
    "tempo": re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d+)?)[ _-]?bpm(?![a-z])", re.IGNORECASE),
    "tempo_after": re.compile(r"(?<![a-z])bpm[ _-]?(\d{2,3}(?:\.\d+)?)(?!\d)", re.IGNORECASE),
}


@dataclass(frozen=True, eq=False)
class Clip:
    """One loop of audio and its beats.

    Attributes:
        name: as the user knows it.
        audio: float32, shape ``(channels, samples)`` with 1 or 2 channels, full scale 1.
        sample_rate: in Hz.
        beats: whole beats in the loop, 1 or more.
        beats_from: where that number comes from.
        note: what a user should know about how it was read, or nothing.
    """

    name: str
    audio: NDArray[np.float32]
    sample_rate: int
    beats: int
    beats_from: Literal["declared", "name", "estimate", "given"]
    note: str = ""

    def __post_init__(self) -> None:
        if self.audio.ndim != 2 or self.audio.shape[0] not in (1, 2) or self.audio.shape[1] < 1:
            raise ValueError(f"a clip's audio has shape (1 or 2, samples), not {self.audio.shape}")
        if self.audio.dtype != np.float32 or self.beats < 1 or self.sample_rate < 1:
            raise ValueError("a clip has float32 audio, at least one beat and a sample rate")

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
        """Beats per minute."""
        return self.beats * 60.0 * self.sample_rate / self.samples

    @property
    def mid(self) -> NDArray[np.float32]:
        """Mean of the channels, shape ``(samples,)``."""
        return np.asarray(self.audio.mean(axis=0), dtype=np.float32)

    @property
    def side(self) -> NDArray[np.float32]:
        """Half the difference of left and right, shape ``(samples,)``; zero for mono."""
        return np.asarray(0.5 * (self.audio[0] - self.audio[-1]), dtype=np.float32)


def resample_loop(audio: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Resamples a loop to another number of samples, exactly one period to one period.

    soxr (VHQ) filters with the loop's other end as context, so the result loops as the original did.

    Args:
        audio: shape ``(channels, samples_in)``.
        samples: wanted, 1 or more.

    Returns:
        float32, shape ``(channels, samples)``.
    """
    before = audio.shape[1]
    if samples == before:
        return audio
    divisor = math.gcd(before, samples)
    unit, unit_out = before // divisor, samples // divisor
    units = -(-4096 * max(1, round(before / samples)) // unit)
    wrapped = np.pad(audio, ((0, 0), (units * unit, units * unit)), mode="wrap")
    longer = soxr.resample(np.ascontiguousarray(wrapped.T), before, samples, quality="VHQ")
    first = units * unit_out
    return np.ascontiguousarray(longer[first : first + samples].T, dtype=np.float32)


def named_beats(stem: str, seconds: float) -> float | None:
    """Beats (not always whole) in a file of this length, as its name states them; 4 beats a bar."""
    for kind, pattern in _NAMED.items():
        for found in pattern.finditer(stem):
            number = float(found.group(1))
            beats = {"beats": number, "bars": 4.0 * number}.get(kind, number * seconds / 60.0)
            if 20.0 <= beats * 60.0 / seconds <= 300.0:
                return beats
    return None


def estimate_beats(mid: NDArray[np.float32], sample_rate: int) -> int:
    """Whole beats in a loop, judged by ear: how well its onsets repeat after one beat, two, and a bar.

    Candidates have a tempo of 70 to 180 BPM (one beat if none has). Among equals 4, 8, 16 and 32 beats and tempi near
    120 BPM win, so a loop without onsets gets the plainest reading.

    Args:
        mid: shape ``(samples,)``.
        sample_rate: in Hz.
    """
    seconds = len(mid) / sample_rate
    candidates = [n for n in range(1, MOST_BEATS + 1) if 70.0 <= n * 60.0 / seconds <= 180.0]
    if not candidates:
        return 1
    frames = max(32, round(100.0 * seconds))
    size = 1 << (sample_rate // 43).bit_length()
    starts = np.arange(frames) * len(mid) // frames
    grains = mid[(starts[:, None] + np.arange(size)) % len(mid)] * np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft(grains)) / max(1e-9, float(np.max(np.abs(mid), initial=0.0)))
    level = np.log1p(10.0 * power)
    onsets = np.maximum(0.0, level - np.roll(level, 1, axis=0)).sum(axis=1)
    onsets -= onsets.mean()
    echo = np.fft.irfft(np.abs(np.fft.rfft(onsets)) ** 2, frames)
    echo /= echo[0] + 1e-6

    def score(beats: int) -> float:
        lags = np.array([1, 2, 4]) * frames / beats
        heard = np.interp(lags % frames, np.arange(frames + 1), np.append(echo, echo[0]))
        octaves = math.log2(beats * 60.0 / seconds / 120.0)
        plain = 0.25 if beats in (4, 8, 16, 32) else 0.05 if beats % 4 == 0 else 0.0
        return float(heard @ (0.5, 0.3, 0.2)) + plain - 0.6 * octaves**2

    return max(candidates, key=score)


def _read(path: Path, subject: str, max_seconds: float, crop: bool) -> tuple[NDArray[np.float32], int, float]:
    """Samples of a file as ``(channels, samples)`` at its own rate, that rate, and the whole file's seconds."""
    resave = "save it again as WAV or FLAC"
    try:
        if not path.is_file():
            reason = "is a folder, not a file" if path.is_dir() else "was not found"
            raise UserError(subject, reason, "check its name; `ear-engine clips` lists what there is", "not_found")
        if path.stat().st_size == 0:
            raise UserError(subject, "is an empty file", resave, "empty")
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


def _lay(audio: NDArray[np.float32], period: float, samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Copies of a loop at every ``period`` samples in a loop of ``samples``, cut or left to rest in between.

    A copy that does not end where the next one starts fades out over 5 ms, and the next one fades in beforehand with
    what leads into the clip's start in its own loop: starts keep their attack, and no seam clicks.
    """
    length = audio.shape[1]
    laid = np.zeros((audio.shape[0], samples), dtype=np.float32)
    starts = [round(copy * period) for copy in range(math.ceil(samples / period - 1e-6))]
    ends = [*starts[1:], samples]
    for start, end in zip(starts, ends, strict=True):
        kept = min(length, end - start)
        copy = audio[:, :kept].copy()
        if kept != length or end - start != length:
            fade = max(1, min(int(SEAM_SECONDS * sample_rate), kept // 4))
            ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
            copy[:, kept - fade :] *= ramp[::-1]
            following = audio[:, np.arange(-fade, 0) % length] * ramp
            laid[:, end - fade : end] += following
        laid[:, start : start + kept] += copy
    return laid


def fit_clip(clip: Clip, mode: Literal["clip_tempo", "stretch", "crop"], tempo: float, beats: int) -> Clip:
    """Fits a clip to a loop of so many beats at a tempo.

    ``clip_tempo``: the clip as it is, at its own tempo and length; the other arguments do not matter.

    ``stretch``: the clip is repeated or cut to ``beats`` of its own beats, then played faster or slower, with its
    pitch, so that they last ``60 / tempo`` seconds each (varispeed).

    ``crop``: the clip keeps its speed and pitch. It starts on the first beat and again after as many beats of the new
    tempo as come nearest to its own length: what is longer is cut there, what is shorter rests until then.

    Seams within a beat of the clip's own end are those of the clip; others are crossfaded over 5 ms.

    Args:
        clip: to fit.
        mode: one of the three.
        tempo: 20 to 300 BPM.
        beats: 1 to 64; the loop lasts 32 s at most.

    Returns:
        A clip of ``round(beats * 60 / tempo * sample_rate)`` samples (``clip_tempo``: the same clip).

    Raises:
        UserError: for a mode, tempo or number of beats that cannot be.
    """
    if mode == "clip_tempo":
        return clip
    subject = f"fitting clip {clip.name!r}"
    if mode not in ("stretch", "crop"):
        raise UserError(subject, f"has no mode {mode!r}", "use clip_tempo, stretch or crop", "bad_mode")
    if not 20.0 <= tempo <= 300.0:
        raise UserError(subject, f"cannot have a tempo of {tempo} BPM", "use 20 to 300", "bad_tempo")
    if not 1 <= beats <= MOST_BEATS or beats != int(beats):
        raise UserError(subject, f"cannot have {beats} beats", f"use 1 to {MOST_BEATS} whole beats", "bad_beats")
    seconds = beats * 60.0 / tempo
    if seconds > LONGEST_SECONDS + 1e-9:
        reason = f"would last {seconds:.1f} s, longer than {LONGEST_SECONDS:g} s"
        raise UserError(subject, reason, "use fewer beats or a higher tempo", "too_long")
    samples = round(seconds * clip.sample_rate)
    if mode == "stretch":
        own = round(clip.samples * beats / clip.beats)
        audio = resample_loop(_lay(clip.audio, clip.samples, own, clip.sample_rate), samples)
    else:
        grid = 60.0 / tempo * clip.sample_rate
        period = max(1, round(clip.samples / grid))
        audio = _lay(clip.audio, period * grid, samples, clip.sample_rate)
    return replace(clip, audio=audio, beats=int(beats), beats_from="given")
