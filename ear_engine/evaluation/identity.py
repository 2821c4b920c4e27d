"""Probes of identity: which track is this, which composer; plain, changed, and across soundfonts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ear_engine.errors import UserError
from ear_engine.evaluation.excerpts import ExcerptSet, cut
from ear_engine.evaluation.splits import BLOCKS, Index, deal_groups, group_folds, random_split, time_blocks
from ear_engine.evaluation.study import Library, Settings, Study, Test, numbered, too_little

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

_LEAST = 3 * BLOCKS
"""Excerpts of a track: three a block."""
_PIECES = 3
"""Pieces of a composer, at least; others are left out."""


def tracks(library: Library, settings: Settings) -> tuple[Study, ...]:
    """Which of these tracks? Blocks in time, the same changed, and the paper's random split."""
    corpus = library("tracks")
    length = settings.window.samples
    long = [recording for recording in corpus.recordings if recording.length >= _LEAST * length]
    if len(long) < 2:
        raise too_little("tracks", f"two tracks of {_LEAST * length / corpus.sample_rate:.0f} s or more")
    shortest = min(recording.length for recording in long) // length
    every = max(1, min(settings.every, shortest // _LEAST))
    excerpts = cut("tracks", long, settings.window, most=settings.most, every=every)
    labels = excerpts.owner
    classes = tuple(recording.name for recording in long)
    folds = time_blocks(excerpts.owner, excerpts.start, length)
    blocks = np.zeros(len(excerpts), np.int64)
    for number, fold in enumerate(folds):
        blocks[fold.test] = labels[fold.test] * BLOCKS + number
    tests = tuple(fold.test for fold in folds)
    plain = Test("tracks", "which track, at another time of it", excerpts, labels, blocks, tests)
    other = replace(
        plain,
        name="tracks_changed",
        question="which track, at another time of it, with other equalization, level, noise and pitch",
        excerpts=replace(excerpts, name="tracks, changed", change=settings.seed),
    )
    return (
        Study(excerpts, classes, labels, folds, (plain, other)),
        _random("tracks_random", "which track", excerpts, classes, labels, blocks, settings.seed),
    )


def composers(library: Library, settings: Settings) -> tuple[Study, ...]:
    """Which composer? Other pieces; the same changed; another soundfont; and the paper's random split."""
    corpus = library("piano")
    pieces: dict[str, set[str]] = {}
    for recording in corpus.recordings:
        pieces.setdefault(recording.labels.get("composer", ""), set()).add(piece_of(recording))
    kept = {composer for composer, own in pieces.items() if composer and len(own) >= _PIECES}
    if len(kept) < 2:
        raise too_little("composers", f"two composers or more, each with {_PIECES} pieces or more")
    known = [recording for recording in corpus.recordings if recording.labels.get("composer") in kept]
    excerpts = cut("piano", known, settings.window, most=settings.most, every=settings.every)
    classes, of_recording = numbered([recording.labels["composer"] for recording in known])
    names, of_piece = numbered([piece_of(recording) for recording in known])
    labels, groups = of_recording[excerpts.owner], of_piece[excerpts.owner]
    folds = group_folds(groups, labels, settings.seed)
    plain = Test("composers", "which composer, of other pieces", excerpts, labels, groups, tuple(f.test for f in folds))
    other = replace(
        plain,
        name="composers_changed",
        question="which composer, of other pieces, with other equalization, level, noise and pitch",
        excerpts=replace(excerpts, name="piano, changed", change=settings.seed),
    )
    tests = [plain, other]
    try:
        dealt = dict(zip(groups.tolist(), deal_groups(groups, labels, BLOCKS, settings.seed).tolist(), strict=True))
        fold_of_piece = {names[group]: fold for group, fold in dealt.items()}
        tests.append(_across(library("piano_other").recordings, settings, classes, fold_of_piece))
    except UserError:  # `probes.choose` says what is missing
        pass
    return (
        Study(excerpts, classes, labels, folds, tuple(tests)),
        _random("composers_random", "which composer", excerpts, classes, labels, groups, settings.seed),
    )


def _across(
    recordings: tuple[Recording, ...], settings: Settings, classes: tuple[str, ...], fold_of_piece: dict[str, int]
) -> Test:
    known = [r for r in recordings if r.labels.get("composer") in classes and piece_of(r) in fold_of_piece]
    excerpts = cut("piano_other", known, settings.window, most=settings.most, every=settings.every)
    if not len(excerpts):
        raise too_little("composers_across_soundfonts", "pieces that `piano` has too")
    _, piece = numbered([piece_of(recording) for recording in known])
    label = np.array([classes.index(recording.labels["composer"]) for recording in known], np.int64)
    fold = np.array([fold_of_piece[piece_of(recording)] for recording in known])[excerpts.owner]
    return Test(
        "composers_across_soundfonts",
        "which composer, of other pieces, on another piano",
        excerpts,
        label[excerpts.owner],
        piece[excerpts.owner],
        tuple(np.flatnonzero(fold == number) for number in range(BLOCKS)),
    )


def piece_of(recording: Recording) -> str:
    """What all renderings of one piece share."""
    return recording.labels.get("group") or recording.labels.get("piece") or recording.name


def _random(
    name: str,
    question: str,
    excerpts: ExcerptSet,
    classes: tuple[str, ...],
    labels: Index,
    groups: Index,
    seed: int,
) -> Study:
    folds = random_split(labels, seed)
    question += " (the paper's random split: neighbors train)"
    test = Test(name, question, excerpts, labels, groups, (folds[0].test,), leaks=True)
    return Study(excerpts, classes, labels, folds, (test,))
