"""Which of two excerpts follows this one? The other one is from elsewhere in the recording (hard) or from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ear_engine.ear.network import FRAMES_PER_CODE
from ear_engine.evaluation.excerpts import ExcerptSet, is_silent
from ear_engine.evaluation.identity import piece_of
from ear_engine.evaluation.splits import BLOCKS, Index, group_folds
from ear_engine.evaluation.study import Library, Pairs, Settings, Study, Test, numbered, too_little

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

SKIP = 4
"""Codes between the last frame that the first excerpt hears and the first that the second hears (0.37 s)."""


def distance(settings: Settings) -> int:
    """Samples from the start of an excerpt's window to the start of the window of what follows."""
    window = settings.window
    return (window.heard - 1 + SKIP * FRAMES_PER_CODE) * window.hop


def follows(library: Library, settings: Settings, corpus: str, name: str) -> tuple[Study, ...]:
    """Two studies on the same excerpts: the other excerpt from the same recording, and from another one.

    Every second excerpt is somebody's true continuation once and a false one once, so none can be told by itself.
    Recordings with one pair only take no part.
    """
    places = [
        (recording, pairs)
        for recording in library(corpus).recordings
        if len(pairs := _starts(recording, settings)) >= 2
    ]
    if len({piece_of(recording) for recording, _ in places}) < BLOCKS:
        raise too_little(name, f"{BLOCKS} recordings of {4 * settings.window.seconds:.0f} s or more")
    owner = np.concatenate([np.full(len(starts), index) for index, (_, starts) in enumerate(places)])
    first_start = np.concatenate([starts for _, starts in places])
    count = len(owner)
    excerpts = ExcerptSet(
        f"{corpus}, pairs",
        tuple(recording for recording, _ in places),
        np.concatenate([owner, owner]),
        np.concatenate([first_start, first_start + distance(settings)]),
        settings.window,
    )
    rng = np.random.default_rng((settings.seed, 3))
    _, piece_of_recording = numbered([piece_of(recording) for recording, _ in places])
    groups = piece_of_recording[owner]
    number = np.arange(count)
    labels = rng.permutation(number % 2)  # which of the two is named first
    folds = group_folds(groups, np.zeros(count, np.int64), settings.seed)
    studies = []
    for level, other in (("hard", _elsewhere(owner, rng)), ("easy", _another(groups, rng))):
        where = "elsewhere in the recording" if level == "hard" else "another recording"
        question = f"which of two excerpts follows this one, the other from {where}"
        test = Test(f"{name}_{level}", question, excerpts, labels, groups, tuple(fold.test for fold in folds))
        triples = Pairs(number, count + number, count + other)
        studies.append(Study(excerpts, ("the second", "the first"), labels, folds, (test,), triples))
    return tuple(studies)


def _starts(recording: Recording, settings: Settings) -> Index:
    window, gap = settings.window, distance(settings)
    both = gap + window.samples
    starts = np.arange(0, max(0, recording.length - both + 1), both * settings.every)
    sounding = [
        at
        for at in starts
        if not is_silent(recording, int(at), window) and not is_silent(recording, int(at) + gap, window)
    ]
    return np.array(sounding, np.int64)


def _elsewhere(owner: Index, rng: np.random.Generator) -> Index:
    """A pair of the same recording, never the own one, each once."""
    other = np.zeros(len(owner), np.int64)
    for recording in np.unique(owner):
        own = np.flatnonzero(owner == recording)
        other[own] = np.roll(own, int(rng.integers(1, len(own))))
    return other


def _another(groups: Index, rng: np.random.Generator) -> Index:
    """A pair of another recording, each once where that is possible."""
    other = rng.permutation(len(groups))
    for row in np.flatnonzero(groups[other] == groups):
        choices = np.flatnonzero((groups[other] != groups[row]) & (groups != groups[other[row]]))
        if len(choices):
            swap = int(rng.choice(choices))
            other[row], other[swap] = other[swap], other[row]
        else:
            other[row] = int(rng.choice(np.flatnonzero(groups != groups[row])))
    return other
