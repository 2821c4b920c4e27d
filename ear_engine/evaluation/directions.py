"""Named directions among an ear's activations: the class weights of probes that are right on music they do not know.

Labeled excerpts are heard, what each layer does in them is averaged over time, and for each question a logistic
regression is fitted to that. Its weights, turned back into normalized activations, are the direction; its opposite is
the other answer. A question is only kept if its answers are clearly better than guessing in recordings that had no part
in the fit, the choice of its strength, or that of the layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import FRAMES_PER_CODE, Ear
from ear_engine.ear.scalogram import Scalogram
from ear_engine.ear.statistics import FRONT_END, Statistics
from ear_engine.errors import UserError
from ear_engine.evaluation.classifier import ITERATIONS, Fitted, fit_quietly
from ear_engine.evaluation.excerpts import ExcerptSet, cut
from ear_engine.evaluation.listening import batches, hear
from ear_engine.evaluation.splits import Fold, Index, group_folds
from ear_engine.evaluation.window import measure_span, window_for
from ear_engine.optimization.norms import survey
from ear_engine.optimization.objectives.base import fire
from ear_engine.targets.directions import Direction

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

CLEAR = 0.55
"""The lower end of the 95 % interval of a direction's balanced accuracy, at least, for it to be kept."""
CHANCE = 0.5
LARGEST = 1600  # neurons of a layer that are told apart; of larger ones channels are
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
_ROWS = 6  # recordings on each side of a question, at least
_RESAMPLED = 1000
_BATCH = 16
_DEPTHS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0)  # of the layers that are tried

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Question:
    """Something that is so or not so in a recording.

    Args:
        names: of the direction towards yes, and of the one towards no (empty: there is none).
        descriptions: of both.
        answer: yes, no, or None if the recording is not asked about.
    """

    names: tuple[str, str]
    descriptions: tuple[str, str]
    answer: Callable[[Recording], bool | None]


@dataclass(frozen=True, eq=False)
class Found:
    """What came of a question.

    Args:
        question: which.
        layer: that tells best, by excerpts that validate.
        vector: towards yes, (channels,) or (neurons,) of the layer.
        accuracy: balanced, 0..1, on held-out recordings, each layer chosen without them. low, high: 95 % interval.
        recordings: that were asked about.
    """

    question: Question
    layer: str
    vector: Values
    accuracy: float
    low: float
    high: float
    recordings: int

    @property
    def clear(self) -> bool:
        """Whether it is worth a name."""
        return self.low >= CLEAR

    def directions(self) -> dict[str, Direction]:
        """The direction towards yes, and that towards no if it has a name."""
        made = {}
        for name, text, sign in zip(self.question.names, self.question.descriptions, (1.0, -1.0), strict=True):
            if name:
                made[name] = Direction(self.layer, np.float32(sign) * self.vector, text, self.accuracy, CHANCE)
        return made


@dataclass(frozen=True, eq=False)
class Averages:
    """Time-mean normalized activations of excerpts.

    Args:
        excerpts: that were heard.
        layers: layer → (excerpts, channels or neurons).
    """

    excerpts: ExcerptSet
    layers: Mapping[str, Values]


def listen(
    ear: Ear,
    statistics: Statistics,
    recordings: Sequence[Recording],
    *,
    most: int = 1500,
    device: str = "cpu",
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Averages:
    """Hear excerpts of all recordings.

    Args:
        ear: that listens.
        statistics: of the ear; what its activations are normalized by.
        recordings: labeled.
        most: excerpts, about.
        device: of torch.
        progress: excerpts done, of how many.
    """
    fused = ear.fused().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    recorder = Recorder(fused, inputs=(FRONT_END,))
    window = window_for([ear.config])
    excerpts = cut("directions", recordings, window, most=most)
    noise = torch.zeros(window.samples, device=device)
    index, norms = survey(fused, recorder, noise, statistics)
    deep = [layer for layer in index.layers if layer.name != FRONT_END]
    chosen = list(dict.fromkeys(deep[round(depth * (len(deep) - 1))].name for depth in _DEPTHS))
    span = FRAMES_PER_CODE * measure_span(ear.config).codes
    front = Scalogram(ear.config.scalogram)
    heard: dict[str, list[Values]] = {name: [] for name in chosen}
    done = 0
    for audio in batches(excerpts, _BATCH, threads=2):
        features = hear(front, audio.to(device)).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), recorder.recording(chosen, raw=True, stop=True) as trace:
            fused.hear(features, circular=False)
        for name, raw in trace.items():
            steps = -(-span // index[name].stride)
            normal = (fire(raw, name)[..., -steps:] - norms[name].mean) / norms[name].deviation
            mean = normal.mean(-1)
            mean = mean.flatten(1) if index[name].neurons <= LARGEST else mean.mean(-1)
            heard[name].append(mean.cpu().numpy())
        done += len(audio)
        progress(done, len(excerpts))
    return Averages(excerpts, {name: np.concatenate(parts) for name, parts in heard.items()})


def ask(question: Question, averages: Averages, seed: int = 0) -> Found | None:
    """Fit a probe for a question; None if too few recordings have an answer.

    Folds are of whole recordings. In each, C and the layer are chosen by the part that validates, the test part is
    predicted, and only those predictions count. The layer of the result is the one that validates best over all folds,
    the vector the mean of its weights over the folds.
    """
    excerpts = averages.excerpts
    said = [question.answer(recording) for recording in excerpts.recordings]
    rows = np.array([row for row, owner in enumerate(excerpts.owner) if said[owner] is not None], np.int64)
    labels = np.array([int(bool(said[owner])) for owner in excerpts.owner[rows]], np.int64)
    groups = excerpts.owner[rows]
    if min(len(np.unique(groups[labels == side])) for side in (0, 1)) < _ROWS:
        return None
    folds = group_folds(groups, labels, seed)
    right: NDArray[np.float64] = np.zeros(len(rows))
    losses = dict.fromkeys(averages.layers, 0.0)
    vectors: dict[str, Values] = {name: np.zeros(1, np.float32) for name in averages.layers}
    for fold in folds:
        tried: list[tuple[float, NDArray[np.float64]]] = []
        for name, values in averages.layers.items():
            own = values[rows]
            loss, fitted = probe(own, labels, fold)
            tried.append((loss, _right(fitted, own, labels, fold.test)))
            losses[name] += loss / len(folds)
            vectors[name] = np.asarray(vectors[name] + weights(fitted) / len(folds), np.float32)
        right[fold.test] = min(tried, key=lambda one: one[0])[1]
    layer = min(losses, key=lambda name: losses[name])
    low, high = interval(right, labels, groups, seed)
    vector = vectors[layer] / max(float(np.linalg.norm(vectors[layer])), 1e-12)
    return Found(question, layer, vector.astype(np.float32), balanced(right, labels), low, high, len(np.unique(groups)))


def probe(values: Values, labels: Index, fold: Fold) -> tuple[float, Fitted]:
    """A logistic regression that weighs both classes alike: its loss on the part that validates, and its final fit.

    C is chosen on the part that validates, by a fit without it; the final fit is to all of the training part.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    mean = values[fold.training].mean(axis=0)
    deviation = np.maximum(values[fold.training].std(axis=0), 1e-3)
    scaled = (values - mean) / deviation
    model = LogisticRegression(class_weight="balanced", max_iter=ITERATIONS, warm_start=True)
    each = np.where(labels == 1, 0.5 / max(labels.mean(), 1e-9), 0.5 / max(1.0 - labels.mean(), 1e-9))
    losses = []
    for strength in STRENGTHS:
        fit_quietly(model.set_params(C=strength), scaled[fold.fit], labels[fold.fit])
        chances = model.predict_proba(scaled[fold.validation])
        known = labels[fold.validation]
        losses.append(float(log_loss(known, chances, sample_weight=each[fold.validation], labels=[0, 1])))
    best = int(np.argmin(losses))
    fit_quietly(model.set_params(C=STRENGTHS[best]), scaled[fold.training], labels[fold.training])
    return losses[best], Fitted(mean, deviation, None, model)


def weights(fitted: Fitted) -> Values:
    """Weights of a probe with two classes, on features before they were standardized: (dimension,)."""
    made: Values = (fitted.model.coef_[0] / fitted.deviation).astype(np.float32)
    return made


def balanced(right: NDArray[np.floating], labels: Index) -> float:
    """Mean over the two classes of the share that is right, 0..1."""
    return float(np.mean([right[labels == side].mean() for side in (0, 1) if (labels == side).any()]))


def interval(right: NDArray[np.floating], labels: Index, groups: Index, seed: int) -> tuple[float, float]:
    """95 % of the balanced accuracy, by bootstrap over whole groups, those of each class for themselves."""
    rng = np.random.default_rng((seed, 3))
    sides = []
    for side in (0, 1):
        names, inverse = np.unique(groups[labels == side], return_inverse=True)
        counts, sums = np.bincount(inverse), np.bincount(inverse, right[labels == side])
        drawn = rng.integers(0, len(names), (_RESAMPLED, len(names)))
        sides.append(sums[drawn].sum(1) / counts[drawn].sum(1))
    low, high = np.quantile((sides[0] + sides[1]) / 2, (0.025, 0.975))
    return float(low), float(high)


def _right(fitted: Fitted, values: Values, labels: Index, rows: Index) -> NDArray[np.float64]:
    made: NDArray[np.float64] = (fitted.predict(values[rows], 2).argmax(1) == labels[rows]).astype(np.float64)
    return made


def choose(found: Sequence[Found]) -> dict[str, Direction]:
    """Directions of the questions that were answered clearly.

    Raises:
        UserError: none was.
    """
    made: dict[str, Direction] = {}
    for one in found:
        if one.clear:
            made |= one.directions()
    if not made:
        reason = "tells nothing of what was asked clearly better than guessing"
        raise UserError("this ear", reason, "train it longer, or on other music", "no_directions")
    return made
