"""Pieces by seed: their plan and labels, their score, their recording, and folders of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ear_engine.corpora.band.arrange import arrange
from ear_engine.corpora.band.mastering import master
from ear_engine.corpora.band.perform import perform
from ear_engine.corpora.band.plan import BandPlan, draw_form, draw_plan
from ear_engine.corpora.makers import Audio, Job, Progress, write_recordings
from ear_engine.corpora.midi import Score, midi_bytes
from ear_engine.corpora.soundfont import Room, find_fluidsynth, known_soundfont, play
from ear_engine.errors import UserError

VERSION = 1
"""Raised when the score of a seed changes."""

TEST_SEEDS = 100_000
"""First seed of the pieces that ears are tested on and never trained on."""


def plan_band(seed: int) -> BandPlan:
    """What :func:`render_band` plays for this seed, without playing it."""
    _check(seed, 1.0, 44100)
    return draw_plan(np.random.default_rng((1, seed)))


def label_band(seed: int) -> dict[str, str]:
    """What is known about a piece, as a corpus labels recordings.

    Tempo in BPM, the first beat of a bar in seconds, beats in a bar, meter, style, author, title, source, group (no two
    pieces share one); root as a pitch class (C is 0) and scale for pieces that have a key and are no blues.
    """
    plan = plan_band(seed)
    labels = {
        "license": "CC0-1.0",
        "author": "ear-engine",
        "title": f"band {seed}",
        "source": "band music, composed here",
        "group": f"band_{seed}",
        "tempo": f"{plan.tempo:g}",
        "first_beat": f"{plan.first_beat:g}",
        "beats_per_bar": str(plan.beats),
        "meter": plan.meter,
        "style": plan.style.name,
    }
    if plan.tonal and "blues" not in plan.style.harmony:
        labels |= {"root": str(plan.root), "scale": plan.scale}
    return labels


def score_band(seed: int, seconds: float) -> Score:
    """The piece as played, at least so many seconds of it.

    Raises:
        UserError: for arguments out of range.
    """
    _check(seed, seconds, 44100)
    plan, rng = plan_band(seed), np.random.default_rng((2, seed))
    bars = int(seconds * plan.quarter_tempo / 60.0 / plan.bar) + 2
    return perform(rng, plan, arrange(rng, plan, draw_form(rng, plan, bars)))


def render_band(seed: int, seconds: float, soundfont: Path, sample_rate: int = 44100) -> Audio:
    """A recording of the piece; the same arguments and FluidSynth give the same samples.

    Args:
        seed: of all choices, 0 or more; nearby seeds are unrelated.
        seconds: length, above 0 and up to 3600.
        soundfont: a General MIDI SF2 or SF3 file.
        sample_rate: in Hz, 8000 to 96000.

    Returns:
        Mono float32, shape ``(round(seconds * sample_rate),)``, peak below 1.

    Raises:
        UserError: for arguments out of range, or if FluidSynth is missing or fails.
    """
    _check(seed, seconds, sample_rate)
    rng = np.random.default_rng((3, seed))
    room = Room(float(rng.uniform(0.1, 0.95)), float(rng.uniform(0.0, 0.8)), float(rng.uniform(0.2, 0.9)))
    score = score_band(seed, seconds).before(seconds)
    sound = play(midi_bytes(score), soundfont, sample_rate=sample_rate, gain=0.3, room=room, chorus=True)
    samples = max(1, round(seconds * sample_rate))
    audio = np.zeros(samples, dtype=np.float32)
    audio[: min(samples, len(sound))] = sound[:samples]
    return master(rng, audio, sample_rate)


def write_band(
    folder: Path,
    tracks: int,
    seconds: float,
    seed: int,
    soundfont: Path,
    *,
    sample_rate: int = 44100,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes pieces ``seed .. seed + tracks - 1`` as 16-bit FLAC files, ``band_SEED.flac``, and ``labels.json``.

    Seeds from :data:`TEST_SEEDS` on are for tests; nothing that ships is trained on them.

    Args:
        folder: made if missing; files that hold the same recordings are kept.
        tracks: how many.
        seconds: length of each.
        seed: of the first.
        soundfont: a General MIDI SF2 or SF3 file; its license is the recordings'.
        sample_rate: in Hz.
        workers: processes; one for each processor if None.
        progress: called with (recordings done, recordings).

    Returns:
        The paths written, in order.

    Raises:
        UserError: if the folder cannot be written, an argument is out of range, or FluidSynth is missing or fails.
    """
    _check(seed, seconds, sample_rate)
    find_fluidsynth()
    font, jobs = known_soundfont(soundfont), []
    for number in range(seed, seed + tracks):
        labels = label_band(number) | {"soundfont": font.name}
        labels |= {"license": font.license, "copyright": font.copyright}
        labels["author"] = f"ear-engine (scores, CC0-1.0), {font.authors} (soundfont)"
        labels["source"] = f"band music, composed here, on {font.file}"
        recipe = f"band {VERSION}, seed {number}, {seconds} s at {sample_rate} Hz, {font.name}"
        render = partial(render_band, number, seconds, soundfont, sample_rate)
        jobs.append(Job(f"band_{number:06d}", render, recipe, labels, sample_rate))
    return write_recordings(folder, jobs, workers=workers, progress=progress)


def _check(seed: int, seconds: float, sample_rate: int) -> None:
    if seed < 0 or not 0.0 < seconds <= 3600.0 or not 8000 <= sample_rate <= 96000:
        reason = f"cannot be seed {seed}, {seconds} s at {sample_rate} Hz"
        raise UserError("a band's piece", reason, "use a seed from 0, up to 3600 s, and 8000 to 96000 Hz", "bad_track")
