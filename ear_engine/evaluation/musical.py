"""Probes of what music is made of, on scores whose truth is known: tempo, meter, place in the bar, key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ear_engine.evaluation.excerpts import ExcerptSet, cut
from ear_engine.evaluation.identity import piece_of
from ear_engine.evaluation.splits import BLOCKS, group_folds
from ear_engine.evaluation.study import Library, Settings, Study, Test, numbered, too_little

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

TEMPO_CLASSES = 6
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
RELATIVE_MAJOR = {
    "major": 0, "ionian": 0, "dorian": 10, "phrygian": 8, "lydian": 7, "mixolydian": 5, "minor": 3, "aeolian": 3,
    "locrian": 1, "harmonic_minor": 3, "melodic_minor": 3, "minor_pentatonic": 3, "major_pentatonic": 0,
}  # fmt: skip
"""Semitones from the root of a scale up to that of the major scale with its notes (or nearly)."""
_GROUPS = 2 * BLOCKS  # recordings with a label, at least
_CLASS = 3  # recordings a class, at least

Answer = Callable[["Recording", int], str | None]
"""Class of the excerpt of a recording that starts at a sample; None where it has none."""


def tempo(library: Library, settings: Settings, corpus: str, name: str) -> tuple[Study, ...]:
    """How fast? Six classes of tempo, as many recordings in each."""
    recordings = library(corpus).recordings
    found = sorted(value for value in (_number(r, "tempo") for r in recordings) if value is not None)
    if len(found) < _GROUPS:
        raise too_little(name, f"{_GROUPS} recordings with a tempo")
    edges = np.unique(np.quantile(found, np.arange(1, TEMPO_CLASSES) / TEMPO_CLASSES))
    shown = ["slowest", *(f"{edge:.0f}" for edge in edges), "fastest"]

    def answer(recording: Recording, start: int) -> str | None:
        value = _number(recording, "tempo")
        if value is None:
            return None
        which = int(np.searchsorted(edges, value, side="right"))
        return f"{which + 1}: {shown[which]} to {shown[which + 1]} BPM"

    return _study(library, settings, corpus, name, "which tempo", answer)


def meter(library: Library, settings: Settings, corpus: str, name: str) -> tuple[Study, ...]:
    """How many beats has a bar?"""
    answer = partial(_beats_per_bar)
    return _study(library, settings, corpus, name, "how many beats in a bar", answer)


def beat_phase(library: Library, settings: Settings, corpus: str, name: str) -> tuple[Study, ...]:
    """In which beat of its bar of four does the excerpt end?"""
    end = settings.window.end

    def answer(recording: Recording, start: int) -> str | None:
        beats, speed = _number(recording, "beats_per_bar"), _number(recording, "tempo")
        first = _number(recording, "first_beat")
        if beats != 4 or speed is None or first is None:
            return None
        seconds = (start + end) / settings.window.sample_rate - first
        return f"beat {int(np.floor(seconds * speed / 60.0)) % 4 + 1}"

    return _study(library, settings, corpus, name, "in which beat of the bar the excerpt ends", answer)


def key(library: Library, settings: Settings, corpus: str, name: str) -> tuple[Study, ...]:
    """Which notes? The root of the major scale that has them."""
    return _study(library, settings, corpus, name, "which key (root of the relative major)", _key_of)


def relative_major(recording: Recording) -> str | None:
    """Root of the major scale that has a recording's notes; None if its labels do not say."""
    root, above = _number(recording, "root"), RELATIVE_MAJOR.get(recording.labels.get("scale", ""))
    return None if root is None or above is None else NOTES[(int(root) + above) % 12]


def _key_of(recording: Recording, start: int) -> str | None:
    return relative_major(recording)


def _beats_per_bar(recording: Recording, start: int) -> str | None:
    beats = _number(recording, "beats_per_bar")
    return None if beats is None else f"{beats:g}"


def _number(recording: Recording, label: str) -> float | None:
    try:
        value = float(recording.labels[label])
    except (KeyError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _study(
    library: Library, settings: Settings, corpus: str, name: str, question: str, answer: Answer
) -> tuple[Study, ...]:
    recordings = library(corpus).recordings
    everything = cut(corpus, recordings, settings.window, most=settings.most, every=settings.every)
    said = [
        answer(recordings[owner], int(start)) for owner, start in zip(everything.owner, everything.start, strict=True)
    ]
    heard_in: dict[str, set[str]] = {}
    for owner, word in zip(everything.owner, said, strict=True):
        if word is not None:
            heard_in.setdefault(word, set()).add(piece_of(recordings[owner]))
    kept = {word for word, pieces in heard_in.items() if len(pieces) >= _CLASS}
    if len(kept) < 2 or len(set().union(*(heard_in[word] for word in kept))) < _GROUPS:
        what = f"{_GROUPS} recordings with known answers, of two classes or more, {_CLASS} recordings in each"
        raise too_little(name, what)
    classes, _ = numbered(sorted(kept))
    labels = np.array([classes.index(word) if word in kept else -1 for word in said], np.int64)
    _, piece = numbered([piece_of(recording) for recording in recordings])
    return (_divided(name, question, everything, classes, labels, piece[everything.owner], settings.seed),)


def _divided(
    name: str,
    question: str,
    excerpts: ExcerptSet,
    classes: tuple[str, ...],
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
    groups: np.ndarray[tuple[int], np.dtype[np.int64]],
    seed: int,
) -> Study:
    """Folds of whole recordings among the excerpts that have a class (the others stay where they are, unused)."""
    rows = np.flatnonzero(labels >= 0)
    folds = tuple(
        type(fold)(rows[fold.fit], rows[fold.validation], rows[fold.training], rows[fold.test])
        for fold in group_folds(groups[rows], labels[rows], seed)
    )
    test = Test(name, question, excerpts, labels, groups, tuple(fold.test for fold in folds))
    return Study(excerpts, classes, labels, folds, (test,))
