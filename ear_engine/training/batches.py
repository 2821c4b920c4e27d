"""Batches of excerpts: which come from (seed, step) alone, and their samples, kept on the GPU where they fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.errors import UserError

_SCALE = 32767.0
_RESIDENT = 0.5  # share of a GPU's free memory that music may take


@dataclass(frozen=True)
class Music:
    """Recordings of one or several corpora and how often each is drawn.

    Args:
        training, validation: recordings of at least one excerpt.
        training_weights, validation_weights: (recordings,), positive, of any sum.
        sample_rate: Hz.
        shippable: whether weights trained on it may be given away.
    """

    training: tuple[Recording, ...]
    validation: tuple[Recording, ...]
    training_weights: NDArray[np.float64]
    validation_weights: NDArray[np.float64]
    sample_rate: int
    shippable: bool = True

    @property
    def hours(self) -> float:
        """Length of everything in hours."""
        return sum(r.length for r in self.training + self.validation) / self.sample_rate / 3600

    @property
    def identity(self) -> list[tuple[str, int, str, str]]:
        """What there is and how often it is drawn: equal where the music is."""
        recordings = (*self.training, *self.validation)
        weights = np.concatenate([self.training_weights, self.validation_weights]).tolist()
        return [(r.name, r.length, r.digest, f"{w:.6g}") for r, w in zip(recordings, weights, strict=True)]


def mix(corpora: Sequence[Corpus], excerpt: int, shares: Sequence[float | None] | None = None) -> Music:
    """One body of music from several corpora.

    Inside a corpus a recording is drawn in proportion to the square root of its length; a corpus in proportion to its
    share, or where none is given to the square root of its hours.

    Args:
        corpora: of one sample rate.
        excerpt: shortest usable recording, samples.
        shares: one for each corpus, or None.

    Raises:
        UserError: too little music is left, a share is not positive, or a corpus is in those before it.
    """
    parts = [corpus.at_least(excerpt) for corpus in _distinct(corpora)]
    given: Sequence[float | None] = shares or [None] * len(parts)
    training: list[NDArray[np.float64]] = []
    validation: list[NDArray[np.float64]] = []
    for part, share in zip(parts, given, strict=True):
        if share is not None and not share > 0:
            raise UserError(f"corpus {part.name}={share:g}", "has no share", "use a share above 0", "out_of_range")
        weight = share if share is not None else max(part.hours, 1e-9) ** 0.5
        for target, recordings in ((training, part.training), (validation, part.validation)):
            room = np.sqrt([recording.length - excerpt + 1.0 for recording in recordings])
            target.append(weight * room / room.sum())
    return Music(
        tuple(r for part in parts for r in part.training),
        tuple(r for part in parts for r in part.validation),
        np.concatenate(training),
        np.concatenate(validation),
        parts[0].sample_rate,
        all(part.shippable for part in parts),
    )


def _distinct(corpora: Sequence[Corpus]) -> list[Corpus]:
    """The corpora without recordings that an earlier one has too, which could train in one and validate in another."""
    seen: set[str] = set()
    out = []
    for corpus in corpora:
        kept = tuple(r for r in corpus.recordings if not r.digest or r.digest not in seen)
        if corpus.recordings and not kept:
            reason = "has no recording that those before it have not"
            raise UserError(f"corpus {corpus.name!r}", reason, "name it once", "given_twice")
        seen |= {r.digest for r in kept}
        out.append(dataclasses.replace(corpus, recordings=kept))
    return out


def draw_places(
    lengths: NDArray[np.int64],
    weights: NDArray[np.float64],
    count: int,
    excerpt: int,
    rng: np.random.Generator,
    same_recording: int = 1,
) -> NDArray[np.int64]:
    """Recordings and first samples of random excerpts.

    Args:
        lengths, weights: (recordings,).
        count: excerpts; a multiple of ``same_recording``.
        excerpt: samples.
        rng: of all choices.
        same_recording: excerpts of each recording drawn. The recordings are different where there are enough.

    Returns:
        (count, 2): recording, start.
    """
    groups = count // same_recording
    fresh = groups <= len(lengths)
    chosen = rng.choice(len(lengths), size=groups, replace=not fresh, p=weights / weights.sum()).repeat(same_recording)
    starts = np.floor(rng.random(count) * (lengths[chosen] - excerpt + 1)).astype(np.int64)
    return np.stack([chosen, starts], axis=1)


class Excerpts:
    """Samples of recordings by place, on a device.

    Args:
        recordings: to read from.
        excerpt: samples of an excerpt.
        device: a GPU holds all recordings if they fit into half of its free memory; otherwise they are read as they
            are needed.
    """

    def __init__(self, recordings: Sequence[Recording], excerpt: int, device: torch.device) -> None:
        self.recordings = recordings
        self.excerpt = excerpt
        self.device = device
        self.lengths = np.array([recording.length for recording in recordings], dtype=np.int64)
        self._resident: list[Tensor] | None = None
        if device.type == "cuda" and 2 * int(self.lengths.sum()) < _RESIDENT * torch.cuda.mem_get_info(device)[0]:
            self._resident = [torch.from_numpy(np.array(r.samples)).to(device) for r in recordings]

    def read(self, places: NDArray[np.int64]) -> Tensor:
        """Excerpts at places (rows of recording and start): (rows, excerpt), float32, -1..1."""
        if self._resident is not None:
            rows = [self._resident[which][start : start + self.excerpt] for which, start in places.tolist()]
            return torch.stack(rows).float().div_(_SCALE)
        out = np.empty((len(places), self.excerpt), np.float32)
        for row, (which, start) in zip(out, places.tolist(), strict=True):
            samples = self.recordings[which].samples[start : start + self.excerpt]
            np.multiply(samples, 1.0 / _SCALE, out=row, casting="unsafe")
        return torch.from_numpy(out).to(self.device)


class Ahead:
    """Reads the next batch while the last one trains.

    Args:
        batches: where from; read in a thread of its own if that takes the processor's time.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._next: tuple[int, Future[Tensor]] | None = None

    def take(self, step: int) -> Tensor:
        """The batch of ``step``; the one after it is begun."""
        ready = self._next
        self._next = None
        batch = ready[1].result() if ready is not None and ready[0] == step else self._batches.at(step)
        if self._batches.slow:
            self._next = (step + 1, self._pool.submit(self._batches.at, step + 1))
        return batch

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Batches:
    """Training batches by step: drawn from (seed, step), gains applied, of which ``own`` rows are read.

    Args:
        excerpts: of the training recordings.
        weights: (recordings,).
        seed: of the run.
        batch: rows of the whole batch.
        own: the rows of it that this rank trains on.
        same_recording: see :func:`draw_places`.
        gain_db: largest random gain, either way.
    """

    excerpts: Excerpts
    weights: NDArray[np.float64]
    seed: int
    batch: int
    own: slice
    same_recording: int
    gain_db: float

    @property
    def slow(self) -> bool:
        """Whether reading takes the processor's time."""
        return self.excerpts._resident is None and self.excerpts.device.type == "cuda"

    def at(self, step: int) -> Tensor:
        """Audio of ``step``: (own rows, excerpt)."""
        rng = np.random.default_rng((self.seed, step))
        places = draw_places(
            self.excerpts.lengths, self.weights, self.batch, self.excerpts.excerpt, rng, self.same_recording
        )
        audio = self.excerpts.read(places[self.own])
        gains = 10.0 ** (rng.uniform(-self.gain_db, self.gain_db, (self.batch, 1)) / 20.0)
        return audio.mul_(torch.from_numpy(gains[self.own].astype(np.float32)).to(audio.device))
