"""Contrastive predictive coding on a corpus: one run, resumable to the same losses, killable at any moment.

Batch and augmentation of step s come from (seed, s) alone, so a resumed run sees what an uninterrupted one would.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ear_engine.ear.checkpoint import check_shape, load_weights, read_tensors, write_tensors
from ear_engine.ear.cpc import Contrast, contrast, futures
from ear_engine.ear.network import CODES_PER_CONTEXT, FRAMES_PER_CODE, Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.training.corpus import Corpus, draw_excerpts

MARGIN = 24
"""Frames at both ends that the scalogram's circular wrap may touch (0.56 s; the lobes of 40 Hz end at 0.37 s)."""
_LAST = "last.safetensors"
_CURVE = "curve.csv"
_AT_LEAST_1 = ("steps", "validate_every", "save_every", "validation_batches")


@dataclass(frozen=True)
class TrainingConfig:
    """A recipe.

    Args:
        ear: shape of the ear.
        steps: optimizer steps.
        batch: excerpts a step.
        frames: scalogram frames of an excerpt (272 leave 16 codes after the last full context).
        first_context: first context c that learns, the earlier ones have heard too little.
        learning_rate, warmup, weight_decay, clip: AdamW with linear warm-up, cosine to zero, gradient norm clipping.
        loss: ``step`` (equation 1) or ``across_steps`` (SAT).
        precision: ``bfloat16`` autocast or ``float32``.
        gain_db: every excerpt is made this much louder or quieter at random.
        validate_every, save_every: steps.
        validation_batches: batches in one validation.
    """

    ear: EarConfig
    steps: int = 10000
    batch: int = 64
    frames: int = 272
    first_context: int = 3
    learning_rate: float = 1e-3
    warmup: int = 300
    weight_decay: float = 0.01
    clip: float = 1.0
    loss: Literal["step", "across_steps"] = "step"
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    gain_db: float = 6.0
    validate_every: int = 250
    save_every: int = 100
    validation_batches: int = 8
    seed: int = 1


@dataclass(frozen=True)
class Progress:
    """One line of the curve; validation figures are NaN where none was made."""

    step: int
    loss: float
    accuracy: float
    chance: float
    validation_loss: float
    validation_accuracy: float


class Trainer:
    """One training run in a folder.

    Args:
        config: the recipe.
        corpus: music.
        folder: for ``last.safetensors`` (weights, optimizer, step) and ``curve.csv``; an unfinished run there goes on.
        device: torch device.

    Raises:
        UserError: the folder holds a run of another recipe or cannot be made, or a value of the recipe is out of range.
    """

    def __init__(self, config: TrainingConfig, corpus: Corpus, folder: Path, device: str = "cpu") -> None:
        _check_recipe(config)
        self.config = config
        self.corpus = corpus
        self.folder = folder
        self.device = torch.device(device)
        torch.manual_seed(config.seed)
        self.ear = Ear(config.ear).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        decayed = [p for p in self.ear.parameters() if p.dim() > 1]
        plain = [p for p in self.ear.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate)
        self.step = 0
        make_folder(folder)
        if (folder / _LAST).exists():
            self._resume()
        self._trim_curve()

    @property
    def _excerpt(self) -> int:
        return excerpt_samples(self.config)

    def run(self) -> Iterator[Progress]:
        """Train to the end, yielding one line a step."""
        while self.step < self.config.steps:
            line = self._step()
            with (self.folder / _CURVE).open("a", newline="") as file:
                writer = csv.writer(file)
                if file.tell() == 0:
                    writer.writerow(asdict(line))
                writer.writerow(asdict(line).values())
            if self.step % self.config.save_every == 0 or self.step == self.config.steps:
                self.save()
            yield line

    def _batch(self, seed: tuple[int, ...], *, training: bool) -> Tensor:
        rng = np.random.default_rng(seed)
        recordings = self.corpus.training if training else self.corpus.validation
        audio = draw_excerpts(recordings, self.config.batch, self._excerpt, rng)
        if training:
            gains = 10.0 ** (rng.uniform(-self.config.gain_db, self.config.gain_db, (len(audio), 1)) / 20.0)
            audio *= gains.astype(np.float32)
        return torch.from_numpy(audio).to(self.device)

    def _features(self, audio: Tensor) -> Tensor:
        frames = self.config.frames + 2 * MARGIN
        with torch.no_grad():
            features: Tensor = self.ear.scalogram(audio, circular=True, frames=frames)
        return features[..., MARGIN:-MARGIN].contiguous(memory_format=torch.channels_last)

    def _listen(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        features = self._features(audio)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            heard = self.ear.hear(features, circular=False)
            return futures(self.ear, heard, self.config.first_context)

    def _step(self) -> Progress:
        config = self.config
        self.ear.train()
        rate = learning_rate(config, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        result = contrast(*self._listen(self._batch((config.seed, self.step), training=True)), self._kind)
        self.optimizer.zero_grad(set_to_none=True)
        result.loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.ear.parameters(), config.clip)
        self.optimizer.step()
        self.step += 1
        loss = float(result.loss.detach())
        if not math.isfinite(loss):
            reason, mend = f"diverged at step {self.step}", "lower learning_rate and start in another folder"
            raise UserError("training", reason, mend, "diverged")
        validation = (math.nan, math.nan)
        if self.step % config.validate_every == 0 or self.step == config.steps:
            validation = self.validate()
        return Progress(self.step, loss, float(result.accuracy), result.chance, *validation)

    @property
    def _kind(self) -> Contrast:
        return self.config.loss

    @torch.no_grad()
    def validate(self) -> tuple[float, float]:
        """Loss (nats) and contrast accuracy on fixed excerpts of recordings never trained on."""
        self.ear.eval()
        results = [
            contrast(*self._listen(self._batch((self.config.seed, 2**31, batch), training=False)), self._kind)
            for batch in range(self.config.validation_batches)
        ]
        count = len(results)
        return sum(float(r.loss) for r in results) / count, sum(float(r.accuracy) for r in results) / count

    def save(self) -> None:
        """Write the whole state of the run, atomically."""
        tensors = {f"ear.{name}": value for name, value in self.ear.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors.update({f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()})
        metadata = {"step": str(self.step), "config": self._recipe()}
        write_tensors(self.folder / _LAST, tensors, metadata)

    def _recipe(self) -> str:
        return json.dumps(asdict(self.config), sort_keys=True)

    def _resume(self) -> None:
        path = self.folder / _LAST
        tensors, metadata = read_tensors(path)
        theirs, ours = json.loads(metadata.get("config", "{}")), json.loads(self._recipe())
        other = [key for key, value in ours.items() if theirs.get(key) != value]
        if other:
            plain = [f"{key} {theirs.get(key)}, not {ours[key]}" for key in other if not isinstance(ours[key], dict)]
            reason = f"holds a run of another recipe ({', '.join(plain) or 'another shape of the ear'})"
            raise UserError(str(self.folder), reason, "choose another --run folder", "other_run")
        ear = {name.removeprefix("ear."): value for name, value in tensors.items() if name.startswith("ear.")}
        load_weights(self.ear, ear, str(path))
        state = self.optimizer.state_dict()
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".")
                state["state"].setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict(state)
        self.step = int(metadata["step"])

    def _trim_curve(self) -> None:
        """Drop lines of steps that a killed run made after its last save: they will be made again."""
        path = self.folder / _CURVE
        if path.exists():
            header, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
            kept = [line for line in lines if line.endswith(b"\n") and int(line.split(b",")[0]) <= self.step]
            temporary = path.with_suffix(".part")
            temporary.write_bytes(b"".join([header, *kept] if kept else []))
            temporary.replace(path)


def _check_recipe(config: TrainingConfig) -> None:
    check_shape(config.ear, "recipe: ear")
    codes = FRAMES_PER_CODE * (CODES_PER_CONTEXT * config.first_context + config.ear.skip + config.ear.predictions)
    least: dict[str, float] = {**dict.fromkeys(_AT_LEAST_1, 1), "batch": 2, "frames": codes + 1}
    least.update(learning_rate=0.0, warmup=0, weight_decay=0.0, clip=0.0, gain_db=0.0, first_context=0, seed=0)
    for name, low in least.items():
        value = getattr(config, name)
        if value < low:
            raise UserError(f"recipe: {name}", f"is {value}", f"use {low:g} or more", "out_of_range")


def make_folder(folder: Path) -> None:
    """Make a folder and those it lies in, where they are missing.

    Raises:
        UserError: that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "is a file" if folder.is_file() else f"cannot be made ({error.strerror})"
        raise UserError(f"folder {str(folder)!r}", reason, "name another one", "not_writable") from None


def excerpt_samples(config: TrainingConfig) -> int:
    """Samples drawn for one excerpt, margins included."""
    return (config.frames + 2 * MARGIN) * config.ear.scalogram.hop


def learning_rate(config: TrainingConfig, step: int) -> float:
    """Linear warm-up, then a cosine to zero."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / config.steps)))
