"""Dreams for measuring: so many beats of steps from a source, as a performer would have heard them at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.settings import settings_of
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.parameters import ParameterTree, Value
from ear_engine.quality.spectra import Loop
from ear_engine.sources.loops import render_builtin
from ear_engine.targets.terms import Term

BEATS = 8
SAMPLES = 4 * 44100
"""Every source is eight beats of 120 BPM at 44.1 kHz."""
LEVEL = -18.0
"""LUFS of sources, and of everything that is compared."""
SOURCES = ("beat", "noise", "silence")


@dataclass(frozen=True)
class Course:
    """How long is dreamed.

    Args:
        beats: of steps: five half-lives of the default pull.
        steps: a beat; a machine that makes 40 steps a second makes 20 at 120 BPM, and what comes out differs little.
        seed: of all randomness.
    """

    beats: int = 32
    steps: int = 4
    seed: int = 0


def source_audio(name: str) -> NDArray[np.float32]:
    """A source, (2, samples): ``noise`` is pink and the same every time, the others are built-in loops.

    Raises:
        UserError: there is no such loop, or it is of another length.
    """
    if name == "noise":
        mono = pink_noise(SAMPLES)
        gain = 10.0 ** ((LEVEL - LoudnessMeter(SAMPLES, 44100).measure(np.stack([mono, mono]))) / 20.0)
        return np.stack([mono, mono]) * np.float32(gain)
    clip = render_builtin(name)
    if clip.samples != SAMPLES or clip.beats != BEATS:
        reason = f"has {clip.beats} beats of {clip.tempo:.0f} BPM"
        raise UserError(f"source {name!r}", reason, f"use a loop of {BEATS} beats at 120 BPM", "bad_source")
    return np.repeat(clip.audio, 2, axis=0) if len(clip.audio) == 1 else clip.audio


def pink_noise(samples: int, seed: int = 0) -> Loop:
    """Noise whose power falls 3 dB an octave from 30 Hz on, a loop of RMS 0.1."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=samples))
    hertz = np.fft.rfftfreq(samples, 1.0 / 44100)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 30.0)) * (hertz > 0), samples)
    return np.asarray(0.1 * noise / np.sqrt(np.mean(noise**2)), dtype=np.float32)


def values_of(changes: Mapping[str, object]) -> dict[str, Value]:
    """Values of all parameters: the defaults, and these changes, checked.

    Raises:
        UserError: an unknown name, or a value that is refused.
    """
    tree = ParameterTree()
    return {**tree.values, **{name: tree[name].check(raw) for name, raw in changes.items()}}


def dream_loop(
    ear: Ear,
    source: NDArray[np.float32],
    terms: Sequence[Term],
    changes: Mapping[str, object],
    course: Course,
    statistics: Statistics | None = None,
    device: str = "cpu",
    alive: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """What is heard after ``course``, (2, samples), float32.

    Args:
        ear: the ear.
        source: (2, samples).
        terms: what shall fire.
        changes: parameters that differ from their defaults.
        course: how long.
        statistics: of the ear.
        device: torch device.
        alive: called after every beat.

    Raises:
        UserError: a parameter's value is refused.
    """
    settings = settings_of(values_of(changes))
    dream = Dream(ear, source, BEATS, seed=course.seed, device=device, surroundings=Surroundings(statistics))
    dream.aim(terms)
    dream.warm_up(settings)
    for _ in range(course.beats):
        for _ in range(course.steps):
            dream.step(settings, 1.0 / course.steps)
        if dream.silent:  # as when played: what is heard decides how loud a loop from silence goes on
            dream.version()
        alive()
    return dream.version().audio
