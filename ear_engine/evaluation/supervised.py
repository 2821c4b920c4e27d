"""The paper's supervised baseline: the same network and a linear layer on c, from scratch on what trains a probe."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.scalogram import Scalogram
from ear_engine.evaluation.excerpts import ExcerptSet
from ear_engine.evaluation.listening import Report, batches, hear
from ear_engine.evaluation.study import Study


@dataclass(frozen=True)
class Lessons:
    """How the supervised network learns.

    Args:
        epochs, steps: so many epochs, but so many steps at least; the learning rate falls to zero along a cosine.
        patience: share of these without a better validation loss after which it ends.
        batch: excerpts a step.
        learning_rate, weight_decay, warmup: AdamW, with so many steps of linear warm-up.
        gain_db: every excerpt this much louder or quieter at random; 0 is off.
        jitter: frames that an excerpt may begin later, silence in front; 0 is off.
        folds: of each study, at most; what they do not test is not counted.
    """

    epochs: int = 24
    steps: int = 600
    patience: float = 0.25
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: int = 20
    gain_db: float = 0.0
    jitter: int = 0
    folds: int = 1


class _Classifier(nn.Module):
    def __init__(self, config: EarConfig, classes: int) -> None:
        super().__init__()
        self.ear = Ear(config)
        self.head = nn.Linear(self.ear.autoregressive.channels, classes)

    def forward(self, features: Tensor) -> Tensor:
        heard = self.ear.hear(features.contiguous(memory_format=torch.channels_last), circular=False)
        logits: Tensor = self.head(heard.c[..., -1])
        return logits


def _renew_statistics(model: nn.Module) -> None:
    """Let batch normalization average over one epoch, not over the last few dozen steps: there are few in all."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None


class SupervisedTeacher:
    """Trains from scratch and predicts; scalograms are made once a set and stay on the device in half precision.

    Args:
        config: shape of the network.
        lessons: how it learns.
        device: of torch.
        threads: that read audio.
        seed: of weights and order.
    """

    def __init__(
        self, config: EarConfig, lessons: Lessons | None = None, *, device: str = "cpu", threads: int = 2, seed: int = 0
    ) -> None:
        self.config = config
        self.lessons = lessons or Lessons()
        self.device = torch.device(device)
        self.threads = threads
        self.seed = seed
        self._heard: dict[str, Tensor] = {}

    def run(self, study: Study, report: Report | None = None) -> list[NDArray[np.float32]]:
        """Probabilities for every test, (rows, classes); rows that were not tested are not numbers."""
        found = [np.full((len(test.labels), len(study.classes)), np.nan, np.float32) for test in study.tests]
        for number in range(min(self.lessons.folds, len(study.folds))):
            model = self._train(study, number, report)
            for out, test in zip(found, study.tests, strict=True):
                rows = test.folds[number]
                out[rows] = self._predict(model, self._features(test.excerpts), rows)
        return found

    def forget(self) -> None:
        """Free the scalograms."""
        self._heard.clear()

    def _features(self, excerpts: ExcerptSet) -> Tensor:
        if excerpts.digest not in self._heard:
            front = Scalogram(self.config.scalogram)
            parts = [hear(front, audio.to(self.device)).half() for audio in batches(excerpts, 32, self.threads)]
            self._heard[excerpts.digest] = torch.cat(parts)
        return self._heard[excerpts.digest]

    def _train(self, study: Study, number: int, report: Report | None) -> _Classifier:
        lessons, fold = self.lessons, study.folds[number]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = _Classifier(self.config, len(study.classes))
        model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(model.parameters(), lr=lessons.learning_rate, weight_decay=lessons.weight_decay)
        features = self._features(study.excerpts)
        labels = torch.from_numpy(study.labels).to(self.device)
        order = np.random.default_rng((self.seed, number, 5))
        steps = max(1, len(fold.fit) // lessons.batch)
        epochs = max(lessons.epochs, -(-lessons.steps // steps))
        best, kept, since = math.inf, copy.deepcopy(model.state_dict()), 0
        for epoch in range(epochs):
            model.train()
            _renew_statistics(model)
            rows = torch.from_numpy(order.permutation(fold.fit)).to(self.device)
            for step in range(steps):
                share = (epoch * steps + step) / (epochs * steps)
                warm = min(1.0, (epoch * steps + step + 1) / lessons.warmup)
                for group in optimizer.param_groups:
                    group["lr"] = lessons.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * share))
                chosen = rows[step * lessons.batch : (step + 1) * lessons.batch]
                with self._autocast():
                    logits = model(self._vary(features[chosen].float(), order))
                loss = nn.functional.cross_entropy(logits.float(), labels[chosen])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            validation = self._loss(model, features, labels, fold.validation)
            since += 1
            if validation < best:
                best, kept, since = validation, copy.deepcopy(model.state_dict()), 0
            if report is not None:
                report("supervised", epoch + 1, epochs)
            if since >= max(1.0, lessons.patience * epochs):
                break
        model.load_state_dict(kept)
        return model.eval()

    def _vary(self, features: Tensor, rng: np.random.Generator) -> Tensor:
        lessons = self.lessons
        if lessons.gain_db:
            gains = rng.uniform(-lessons.gain_db, lessons.gain_db, len(features)) / 90.0  # amplitude 0..1 is 90 dB
            shift = torch.from_numpy(gains.astype(np.float32)).to(features.device)
            amplitude = (features[:, 0] + shift[:, None, None]).clamp(min=0.0)
            features = torch.stack([amplitude, features[:, 1]], dim=1)
        if lessons.jitter:
            late = int(rng.integers(lessons.jitter + 1))
            features = nn.functional.pad(features, (late, 0))[..., : features.shape[-1]]
        return features

    @torch.no_grad()
    def _logits(self, model: _Classifier, features: Tensor, rows: NDArray[np.int64]) -> Tensor:
        model.eval()
        parts = []
        for at in range(0, len(rows), 64):
            chosen = torch.from_numpy(rows[at : at + 64]).to(self.device)
            with self._autocast():
                parts.append(model(features[chosen].float()).float())
        return torch.cat(parts) if parts else torch.zeros(0, model.head.out_features)

    def _loss(self, model: _Classifier, features: Tensor, labels: Tensor, rows: NDArray[np.int64]) -> float:
        logits = self._logits(model, features, rows)
        return float(nn.functional.cross_entropy(logits, labels[torch.from_numpy(rows).to(self.device)]))

    def _predict(self, model: _Classifier, features: Tensor, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(self._logits(model, features, rows).softmax(-1).cpu().numpy(), np.float32)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")
