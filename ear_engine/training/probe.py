"""A linear track probe: how well a linear classifier tells recordings apart from what an ear hears in four seconds.

**Excerpts.** Every recording of a folder is a class. It is cut into excerpts of 172 scalogram frames (3.99 s), one
after the other without overlap. Each is heard in a window of 257 frames (5.97 s): 24 frames at both ends only feed the
transform and are dropped, as in training; 209 frames remain, of which the last 172 are the excerpt. So c, which spans
202 frames (4.69 s), ends with the excerpt and never sees padding. All features are made from the same window.

**Time split.** The last 30 % of a recording's excerpts test, the one before them is left out, the rest train. Windows
reach 1.4 s back and 0.6 s ahead of their excerpts, so training and test share no audio. The **random split** (80/20) is
the paper's; neighbors of nearly every test excerpt train there, which makes it easy.

**Baselines.** The mean and standard deviation of the log-amplitude scalogram over the excerpt, and an untrained ear of
the same shape: PyTorch's default initialization from a seed, its batch normalizations still the identity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import CODES_PER_CONTEXT, FRAMES_PER_CODE, Ear, EarConfig, Heard
from ear_engine.errors import UserError
from ear_engine.training.corpus import Recording
from ear_engine.training.linear import Scores, classify, guess, require_scikit_learn
from ear_engine.training.trainer import MARGIN

EXCERPT = 172
"""Frames of an excerpt; a multiple of the 4 frames of a code."""
HEARD = 13 * FRAMES_PER_CODE * CODES_PER_CONTEXT + 1
"""Frames that reach the network: the last context c ends with the last of them, and its 202 frames are all there."""
LEAST = 6
"""Excerpts that a recording must have: 3 to train, 1 for the gap, 2 to test."""
TEST_SHARE = 0.3
GAP = 1
RANDOM_SHARE = 0.2
_AMPLITUDE = 0  # channel of the scalogram

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ProbeRow:
    """One kind of features.

    Args:
        features: what they are.
        dimension: how many.
        accuracy, loss: 0..1 and nats, on the later part of each recording (time split).
        random_accuracy: 0..1, random split.
    """

    features: str
    dimension: int
    accuracy: float
    loss: float
    random_accuracy: float


@dataclass(frozen=True)
class ProbeResult:
    """What was measured on how many recordings and excerpts (``training`` and ``test``: of the time split)."""

    recordings: int
    excerpts: int
    training: int
    test: int
    rows: tuple[ProbeRow, ...]

    def markdown(self) -> str:
        """A table."""
        lines = [
            "| features | dimension | accuracy, later part | loss, nats | accuracy, random split |",
            "|---|---:|---:|---:|---:|",
        ]
        for row in self.rows:
            figures = (f"{row.accuracy:.1%}", f"{row.loss:.2f}", f"{row.random_accuracy:.1%}")
            lines.append(f"| {' | '.join((row.features, str(row.dimension or ''), *figures))} |")
        return "\n".join(lines)


def samples_needed(config: EarConfig, excerpts: int = LEAST) -> int:
    """Samples of a recording that give this many excerpts."""
    return ((excerpts - 1) * EXCERPT + HEARD + 2 * MARGIN) * config.scalogram.hop


def count_excerpts(config: EarConfig, samples: int) -> int:
    """Excerpts in a recording of ``samples`` samples."""
    return max(0, (samples - samples_needed(config, 1)) // (EXCERPT * config.scalogram.hop) + 1)


def time_split(counts: Sequence[int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which excerpts train and which test, recording after recording: the last 30 % test, after a gap of one.

    Args:
        counts: excerpts of each recording.
    """
    training, test = [], []
    for count in counts:
        place, first = np.arange(count), count - max(1, round(TEST_SHARE * count))
        training.append(place < first - GAP)
        test.append(place >= first)
    return np.concatenate(training), np.concatenate(test)


def random_split(labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """A random fifth of every recording's excerpts tests, the others train."""
    rng = np.random.default_rng(seed)
    test = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        test[rng.choice(own, max(1, round(RANDOM_SHARE * len(own))), replace=False)] = True
    return ~test, test


def untrained(config: EarConfig, seed: int) -> Ear:
    """An ear of this shape that has heard nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Ear(config).eval()


@torch.no_grad()
def listen(ear: Ear, audio: Tensor) -> Heard:
    """Hear windows as music, not as loops, in float32.

    Args:
        audio: (batch, samples), windows of ``samples_needed(config, 1)`` samples.

    Returns:
        features (batch, 2, bins, 209), z (batch, channels, 53) and c (batch, channels, 14).
    """
    features = ear.scalogram(audio, circular=True, frames=HEARD + 2 * MARGIN)
    features = features[..., MARGIN:-MARGIN].contiguous(memory_format=torch.channels_last)
    return ear.hear(features, circular=False)


def summarize(heard: Heard) -> tuple[Tensor, Tensor, Tensor]:
    """The last c, mean and deviation of z, and mean and deviation of log amplitude, the latter two over the excerpt.

    Returns:
        (batch, c channels), (batch, 2 x z channels), (batch, 2 x bins).
    """
    amplitude = heard.features[:, _AMPLITUDE, :, -EXCERPT:]
    return heard.c[..., -1], _moments(heard.z[..., -EXCERPT // FRAMES_PER_CODE :]), _moments(amplitude)


def _moments(values: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(values, dim=-1, correction=0)
    return torch.cat([mean, deviation], dim=-1)


def excerpt_features(
    ears: dict[str, Ear], recordings: Sequence[Recording], batch: int, progress: Report
) -> dict[str, NDArray[np.float32]]:
    """Features of all excerpts by name: recording after recording in order of time, (excerpts, dimension) each.

    Args:
        ears: of one shape, by prefix of the features' names.
        recordings: long enough for one excerpt.
        batch: windows heard at once; memory does not grow with the recordings.
        progress: called with ("listening", done, all).
    """
    config = next(iter(ears.values())).config
    window, stride = samples_needed(config, 1), EXCERPT * config.scalogram.hop
    places = [(r, i * stride) for r in recordings for i in range(count_excerpts(config, r.length))]
    found: dict[str, list[Tensor]] = {}
    for at in range(0, len(places), batch):
        audio = torch.from_numpy(np.stack([r.audio(start, window) for r, start in places[at : at + batch]]))
        made: dict[str, Tensor] = {}
        for prefix, ear in ears.items():
            c, z, amplitude = summarize(listen(ear, audio))
            made.setdefault("scalogram, mean and deviation", amplitude)
            made.update({f"{prefix}c": c, f"{prefix}z, mean and deviation": z})
        for name, values in made.items():
            found.setdefault(name, []).append(values)
        progress("listening", min(at + batch, len(places)), len(places))
    return {name: torch.cat(parts).numpy() for name, parts in found.items()}


def probe(
    ear: Ear, recordings: Sequence[Recording], *, seed: int = 0, batch: int = 16, progress: Report | None = None
) -> ProbeResult:
    """Tell recordings apart from what ``ear`` hears.

    Args:
        ear: trained, on the CPU.
        recordings: the classes, each of :func:`samples_needed` samples or more.
        seed: of the untrained ear and the random split.
        batch: windows heard at once.
        progress: called with (what, done, all).

    Raises:
        UserError: fewer than two recordings, one is too short, or scikit-learn is missing.
    """
    require_scikit_learn()
    counts = [count_excerpts(ear.config, recording.length) for recording in recordings]
    if len(counts) < 2:
        raise UserError("a probe", f"has {len(counts)} recordings", "give it two or more", "empty_corpus")
    if min(counts) < LEAST:
        reason = f"is shorter than {samples_needed(ear.config) / ear.config.scalogram.sample_rate:.0f} s"
        name = recordings[int(np.argmin(counts))].path.name
        raise UserError(f"recording {name!r}", reason, "leave it out", "too_short")
    report: Report = progress or (lambda what, done, of: None)
    labels = np.repeat(np.arange(len(counts)), counts)
    ears = {"untrained ": untrained(ear.config, seed).fused(), "": ear.fused()}
    features = excerpt_features(ears, recordings, batch, report)
    in_time, at_random = time_split(counts), random_split(labels, seed)
    rows = [_row("always the most frequent", 0, guess(labels, *in_time), guess(labels, *at_random))]
    for done, (name, values) in enumerate(features.items(), 1):
        later, anywhere = classify(values, labels, *in_time), classify(values, labels, *at_random)
        rows.append(_row(name, values.shape[1], later, anywhere))
        report("classifying", done, len(features))
    return ProbeResult(len(counts), len(labels), int(in_time[0].sum()), int(in_time[1].sum()), tuple(rows))


def _row(name: str, dimension: int, later: Scores, anywhere: Scores) -> ProbeRow:
    return ProbeRow(name, dimension, later.accuracy, later.loss, anywhere.accuracy)
