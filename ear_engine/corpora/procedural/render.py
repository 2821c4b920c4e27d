"""Renders tracks, and folders of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ear_engine.corpora.makers import Job, Progress, write_recordings
from ear_engine.corpora.procedural.drums import play_drums, play_percussion, play_texture
from ear_engine.corpora.procedural.mixing import master, sweep
from ear_engine.corpora.procedural.notes import draw_progression, play_bass, play_harmony, play_lead
from ear_engine.corpora.procedural.styles import STEPS
from ear_engine.corpora.procedural.track import Plan, Track, draw_form, draw_plan
from ear_engine.errors import UserError
from ear_engine.sources.synthesis import Audio

VERSION = 1
"""Raised when the samples of a seed change."""

TEST_SEEDS = 100_000
"""First seed of the tracks that ears are tested on and never trained on."""


def plan_track(seed: int) -> Plan:
    """The plan that :func:`render_track` follows for this seed, without rendering."""
    return draw_plan(np.random.default_rng(seed))


def _check(seed: int, seconds: float, sample_rate: int) -> None:
    if seed < 0 or not 0.0 < seconds <= 86400.0 or sample_rate < 8000:
        reason = f"cannot be seed {seed}, {seconds} s at {sample_rate} Hz"
        raise UserError(
            "a procedural track", reason, "use a seed from 0, up to 86400 s, and at least 8000 Hz", "bad_track"
        )


def render_track(seed: int, seconds: float, sample_rate: int = 44100) -> Audio:
    """Renders a track; the same arguments give the same samples.

    Args:
        seed: of all choices, 0 or more; nearby seeds are unrelated.
        seconds: length, above 0.
        sample_rate: in Hz, 8000 or more.

    Returns:
        Mono float32, shape ``(round(seconds * sample_rate),)``, peak below 1.

    Raises:
        UserError: for arguments out of range.
    """
    _check(seed, seconds, sample_rate)
    rng = np.random.default_rng(seed)
    plan = draw_plan(rng)
    samples = max(1, round(seconds * sample_rate))
    track = Track(rng, plan, sample_rate, samples, float(rng.uniform(*plan.style.swing)), float(rng.uniform(-0.5, 0.5)))
    track.sections = draw_form(rng, int(samples / (STEPS * track.step)) + 1)
    chords, bars_each = draw_progression(rng), int(rng.choice((1, 1, 2, 4)))
    play_drums(track)
    play_percussion(track)
    play_bass(track, chords, bars_each)
    play_lead(track, chords, bars_each)
    play_harmony(track, chords, bars_each)
    play_texture(track)
    if rng.random() < 0.7:
        sweep(track)
    return master(track)


def label_track(seed: int) -> dict[str, str]:
    """What is known about a track without rendering it, as a corpus labels recordings.

    Tempo in BPM, the first beat of a bar in seconds, beats in a bar, root as a pitch class (C is 0), scale, style,
    license, author, title, source and group (no two tracks share one).
    """
    plan = plan_track(seed)
    return {
        "license": "CC0-1.0",
        "author": "ear-engine",
        "title": f"procedural {seed}",
        "source": "ear_engine.corpora.procedural",
        "group": f"procedural_{seed}",
        "tempo": f"{plan.tempo:.4f}",
        "first_beat": "0",
        "beats_per_bar": "4",
        "root": str(plan.root),
        "scale": plan.scale,
        "style": plan.style.name,
    }


def write_corpus(
    folder: Path,
    tracks: int,
    seconds: float,
    seed: int,
    *,
    sample_rate: int = 44100,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes tracks ``seed .. seed + tracks - 1`` as 16-bit FLAC files, ``procedural_SEED.flac``, and ``labels.json``.

    Seeds from :data:`TEST_SEEDS` on are for tests; nothing that ships is trained on them.

    Args:
        folder: made if missing; files that hold the same tracks are kept, other files of their names are replaced.
        tracks: how many.
        seconds: length of each.
        seed: of the first track.
        sample_rate: in Hz.
        workers: processes; one for each processor if None.
        progress: called with (tracks written, tracks) after each.

    Returns:
        The paths written, in order.

    Raises:
        UserError: if the folder cannot be written or an argument is out of range.
    """
    _check(seed, seconds, sample_rate)
    jobs = [
        Job(
            f"procedural_{number:06d}",
            partial(render_track, number, seconds, sample_rate),
            f"procedural {VERSION}, seed {number}, {seconds} s at {sample_rate} Hz",
            label_track(number),
            sample_rate,
        )
        for number in range(seed, seed + tracks)
    ]
    return write_recordings(folder, jobs, workers=workers, progress=progress)
