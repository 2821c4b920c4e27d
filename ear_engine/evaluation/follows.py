"""Which of two excerpts follows this one? The other one is from elsewhere in the recording (hard) or from another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ear_engine.ear.network import FRAMES_PER_CODE
from ear_engine.evaluation.excerpts import ExcerptSet, is_silent
from ear_engine.evaluation.identity import piece_of
from ear_engine.evaluation.splits import BLOCKS, Index, group_folds
from ear_engine.evaluation.study import Library, Pairs, Settings, Study, Test, numbered, too_little

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

GAP = 8
"""Codes from the last frame that the first excerpt hears to the first that the second hears (0.74 s): the lobes of the
lowest bin, 0.37 s on both sides, do not meet, so the two share no sound."""
_MANY = 4 * BLOCKS  # recordings, so that some may be left out


def distance(settings: Settings) -> int:
    """Samples from the start of an excerpt's window to the start of the window of what follows."""
    window = settings.window
    return (window.heard - 1 + GAP * FRAMES_PER_CODE) * window.hop


def follows(library: Library, settings: Settings, corpus: str, name: str) -> tuple[Study, ...]:
    """Two studies on the same excerpts: the other excerpt from the same recording, and from another one.

    Every second excerpt is somebody's true continuation once and a false one once, so none can be told by itself.
    Recordings with one pair only take no part.
    """
    places = _places(library(corpus).recordings, settings)
    if len({piece_of(recording) for recording, _ in places}) < 2 * BLOCKS:
        seconds = 2 * (distance(settings) + settings.window.samples) / settings.window.sample_rate
        raise too_little(name, f"{2 * BLOCKS} recordings of {seconds:.0f} s or more")
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
    another = np.zeros(count, np.int64)
    for fold in folds:  # what tests stays in its fold, or a pair that trains would hear it
        another[fold.test] = fold.test[_another(groups[fold.test], rng)]
    for level, other in (("hard", _elsewhere(owner, rng)), ("easy", another)):
        where = "elsewhere in the recording" if level == "hard" else "another recording"
        question = f"which of two excerpts follows this one, the other from {where}"
        test = Test(f"{name}_{level}", question, excerpts, labels, groups, tuple(fold.test for fold in folds))
        triples = Pairs(number, count + number, count + other)
        studies.append(Study(excerpts, ("the second", "the first"), labels, folds, (test,), triples))
    return tuple(studies)


def _places(recordings: Sequence[Recording], settings: Settings) -> list[tuple[Recording, Index]]:
    """Recordings with two pairs or more, and where these start; thinned by recording, or in each if they are few."""
    found = [(one, starts) for one in recordings if len(starts := _starts(one, settings)) >= 2]
    step = settings.every * max(1, -(-2 * sum(len(starts) for _, starts in found) // settings.most))
    if len(found) >= _MANY * step:
        return found[::step]
    return [(recording, starts[:: min(step, len(starts) // 2)]) for recording, starts in found]


def _starts(recording: Recording, settings: Settings) -> Index:
    window, gap = settings.window, distance(settings)
    both = gap + window.samples
    starts = range(0, recording.length - both + 1, both)
    return np.array(
        [at for at in starts if not is_silent(recording, at, window) and not is_silent(recording, at + gap, window)],
        np.int64,
    )


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
