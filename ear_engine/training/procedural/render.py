"""Renders tracks, and folders of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from ear_engine.errors import UserError
from ear_engine.sources.synthesis import Audio
from ear_engine.training.procedural.drums import play_drums, play_percussion, play_texture
from ear_engine.training.procedural.mixing import master, sweep
from ear_engine.training.procedural.notes import draw_progression, play_bass, play_harmony, play_lead
from ear_engine.training.procedural.styles import STEPS
from ear_engine.training.procedural.track import Plan, Track, draw_form, draw_plan


def plan_track(seed: int) -> Plan:
    """The plan that :func:`render_track` follows for this seed, without rendering."""
    return draw_plan(np.random.default_rng(seed))


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
    if seed < 0 or not 0.0 < seconds <= 86400.0 or sample_rate < 8000:
        reason = f"cannot be seed {seed}, {seconds} s at {sample_rate} Hz"
        raise UserError(
            "a procedural track", reason, "use a seed from 0, up to 86400 s, and at least 8000 Hz", "bad_track"
        )
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


def write_corpus(
    folder: Path,
    tracks: int,
    seconds: float,
    seed: int,
    *,
    sample_rate: int = 44100,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Writes tracks ``seed .. seed + tracks - 1`` as 16-bit FLAC files, ``procedural_SEED.flac``.

    Args:
        folder: made if missing; files of the same names are replaced.
        tracks: how many.
        seconds: length of each.
        seed: of the first track.
        sample_rate: in Hz.
        progress: called with (tracks written, tracks) after each.

    Returns:
        The paths written, in order.

    Raises:
        UserError: if the folder cannot be written or an argument is out of range.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(tracks):
            path = folder / f"procedural_{seed + index:06d}.flac"
            unfinished = path.with_suffix(".part")
            soundfile.write(
                unfinished, render_track(seed + index, seconds, sample_rate), sample_rate, "PCM_16", format="FLAC"
            )
            unfinished.replace(path)
            written.append(path)
            if progress is not None:
                progress(len(written), tracks)
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError(
            f"folder {str(folder)!r}", f"cannot be written ({error})", "choose another", "unwritable"
        ) from error
    return tuple(written)
