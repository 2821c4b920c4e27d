"""A corpus: recordings of music as memory-mapped mono, each wholly on one side of the split."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError

FULL_SCALE = 32767.0


@dataclass(frozen=True, eq=False)
class Recording:
    """One piece of audio.

    Args:
        name: unique inside its corpus, folders included: ``naev/ambient1``.
        samples: (length,), mono; ±32767 is full scale.
        labels: what is known about it: license, author, title, source, group, composer, piece, soundfont, tempo (BPM),
            first_beat (seconds of a bar's first beat), beats_per_bar, root (pitch class, C = 0), scale, style. Texts.
        validation: whether it validates; else it trains.
        digest: of the samples; empty where nobody computed it.
    """

    name: str
    samples: NDArray[np.int16]
    labels: Mapping[str, str] = field(default_factory=dict)
    validation: bool = False
    digest: str = ""

    @property
    def length(self) -> int:
        """Samples."""
        return len(self.samples)

    def audio(self, start: int, length: int) -> NDArray[np.float32]:
        """``length`` samples from ``start`` on (fewer at the end), float32, -1..1."""
        return self.samples[start : start + length].astype(np.float32) / np.float32(FULL_SCALE)


@dataclass(frozen=True)
class Skipped:
    """A file that is not used, relative to the corpus's source, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, eq=False)
class Corpus:
    """Recordings, divided by recording.

    Args:
        name: what it is called.
        folder: of its store; of the first one's if joined.
        recordings: ordered by name.
        skipped: what was left out.
        sample_rate: Hz.
        shippable: whether every license in it lets weights trained on it be passed on freely, and somebody has checked
            that; never so for a folder of anything.
    """

    name: str
    folder: Path
    recordings: tuple[Recording, ...]
    skipped: tuple[Skipped, ...]
    sample_rate: int
    shippable: bool = False

    @cached_property
    def training(self) -> tuple[Recording, ...]:
        """Recordings to learn from."""
        return tuple(recording for recording in self.recordings if not recording.validation)

    @cached_property
    def validation(self) -> tuple[Recording, ...]:
        """Recordings to validate with."""
        return tuple(recording for recording in self.recordings if recording.validation)

    @property
    def hours(self) -> float:
        """Length of everything in hours."""
        return sum(recording.length for recording in self.recordings) / self.sample_rate / 3600

    def at_least(self, samples: int) -> Corpus:
        """This corpus without recordings shorter than that; they are listed as skipped.

        Raises:
            UserError: fewer than two are left, or none to learn from, or none to validate.
        """
        seconds = f"{samples / self.sample_rate:.1f} s"
        kept = tuple(recording for recording in self.recordings if recording.length >= samples)
        validating = sum(recording.validation for recording in kept)
        if len(kept) < 2 or validating in (0, len(kept)):
            sides = f"{len(kept) - validating} to learn from and {validating} to validate"
            reason = f"has {sides} of its {len(self.recordings)} recordings, the others are shorter than {seconds}"
            raise UserError(f"corpus {self.name!r}", reason, "add longer music", "empty_corpus")
        short = tuple(
            Skipped(Path(recording.name), f"is shorter than {seconds}")
            for recording in self.recordings
            if recording.length < samples
        )
        return dataclasses.replace(self, recordings=kept, skipped=self.skipped + short)


def join(corpora: Sequence[Corpus]) -> Corpus:
    """Several corpora as one; every recording stays on its side.

    Names that occur twice get their corpus's name in front. A recording that is in an earlier corpus too, sample for
    sample, is left out, so that it cannot train in one and validate in another.

    Raises:
        UserError: there is none, or their sample rates differ.
    """
    if not corpora:
        raise UserError("a corpus", "is missing", "name at least one", "empty_corpus")
    if len(corpora) == 1:
        return corpora[0]
    rates = sorted({corpus.sample_rate for corpus in corpora})
    if len(rates) > 1:
        reason = f"have different sample rates ({', '.join(f'{rate} Hz' for rate in rates)})"
        raise UserError(
            f"corpora {', '.join(c.name for c in corpora)}", reason, "build them at one rate", "rates_differ"
        )
    prefixes = _unique([corpus.name for corpus in corpora])
    known: dict[str, str] = {}
    chosen: list[tuple[str, Recording]] = []
    skipped: list[Skipped] = []
    for corpus, prefix in zip(corpora, prefixes, strict=True):
        skipped += corpus.skipped
        for recording in corpus.recordings:
            if recording.digest and recording.digest in known:
                other = known[recording.digest]
                skipped.append(Skipped(Path(prefix, recording.name), f"has the same audio as {other}"))
                continue
            if recording.digest:
                known[recording.digest] = f"{prefix}/{recording.name}"
            chosen.append((prefix, recording))
    count = Counter(recording.name for _, recording in chosen)
    names = _unique([r.name if count[r.name] == 1 else f"{prefix}/{r.name}" for prefix, r in chosen])
    return Corpus(
        name="+".join(prefixes),
        folder=corpora[0].folder,
        recordings=tuple(dataclasses.replace(r, name=name) for name, (_, r) in zip(names, chosen, strict=True)),
        skipped=tuple(skipped),
        sample_rate=rates[0],
        shippable=all(corpus.shippable for corpus in corpora),
    )


def _unique(names: Sequence[str]) -> list[str]:
    """The names, in their order, those that came before numbered from 2 on."""
    taken = set(names)
    seen: set[str] = set()
    out: list[str] = []
    for name in names:
        fresh, number = name, 1
        while fresh in seen or (number > 1 and fresh in taken):
            number += 1
            fresh = f"{name}_{number}"
        seen.add(fresh)
        out.append(fresh)
    return out
