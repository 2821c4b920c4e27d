"""Contrastive predictive coding on music: one run, resumable to the same losses, killable at any moment.

Batch and augmentation of step s come from (seed, s) alone, so a resumed run sees what an uninterrupted one would, and
so do several machines that share a batch.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ear_engine.ear.checkpoint import load_weights, read_tensors, write_tensors
from ear_engine.ear.cpc import Contrasted
from ear_engine.ear.network import Ear
from ear_engine.errors import UserError
from ear_engine.training.augmentation import augment
from ear_engine.training.averaging import Average
from ear_engine.training.batches import Ahead, Batches, Excerpts, Music, draw_places
from ear_engine.training.contrastive import Contrastive
from ear_engine.training.curves import Curve, Progress
from ear_engine.training.distributed import Ranks, distribute, synchronize
from ear_engine.training.recipe import MARGIN, TrainingConfig, check_recipe, excerpt_samples, learning_rate
from ear_engine.whole_files import need_room

DIVERGED = "diverged"
"""Code of the error that ends a run whose loss is no longer a number."""
_LAST = "last.safetensors"
_PARTS = ("ear", "average")
_GPU_LINES = 10  # steps whose losses are fetched from a GPU at once
_VALIDATION = 2**31  # in the seeds of validation batches


class Trainer:
    """One training run in a folder.

    Args:
        config: the recipe.
        music: to learn from.
        folder: for ``last.safetensors`` (weights, average, optimizer, step) and ``curve.csv``; an unfinished run there
            goes on.
        device: torch device.
        ranks: this process among several that train together; all of them are called with the same arguments.
        compiled: whether the networks are compiled first, which takes a minute and pays on a GPU.

    Raises:
        UserError: the folder holds a run of another recipe or cannot be made, a value of the recipe is out of range, or
            the ranks disagree; on all ranks.
    """

    def __init__(
        self,
        config: TrainingConfig,
        music: Music,
        folder: Path,
        device: str = "cpu",
        *,
        ranks: Ranks | None = None,
        compiled: bool = False,
    ) -> None:
        self.config = config
        self.music = music
        self.folder = folder
        self.device = torch.device(device)
        self.ranks = ranks or Ranks()
        self.ranks.agree("the recipe", self._recipe())
        self.ranks.agree("the music", music.identity)
        check_recipe(config)
        own = self.ranks.own(config.batch)
        self._stop = False
        torch.manual_seed(config.seed)
        self.ear = Ear(config.ear).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Average(self.ear, config.average) if config.average else None
        decayed = [p for p in self.ear.parameters() if p.dim() > 1]
        plain = [p for p in self.ear.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate)
        self.step = 0
        with self.ranks.together():
            make_folder(folder)
            state = 3 + bool(config.average)  # weights, two moments, the average; each float32
            need_room(folder, state * 4 * sum(p.numel() for p in self.ear.parameters()))
            if (folder / _LAST).exists():
                self._resume()
        self.ranks.agree(f"the run in {str(folder)!r}", self.step)
        with self.ranks.together():
            self.curve = Curve(folder, self.step) if self.ranks.first else None
        excerpts = Excerpts(music.training, excerpt_samples(config), self.device)
        self._batches = Ahead(
            Batches(
                excerpts, music.training_weights, config.seed, config.batch, own, config.same_recording, config.gain_db
            )
        )
        self._validating = Excerpts(music.validation, excerpt_samples(config), self.device)
        self._learn = self._make_step(self.ear, compiled)

    def _make_step(self, ear: Ear, compiled: bool) -> nn.Module:
        config = self.config
        if compiled:
            ear.encoder.compile()
            ear.autoregressive.compile()
        step = Contrastive(ear, config.loss, config.directions, config.first_context, self.ranks)
        if self.ranks.size == 1:
            return step
        synchronize(step, self.ranks)
        return distribute(step, self.device)

    @property
    def result(self) -> Ear:
        """The ear as it validates and is exported: the average of the weights where one is kept."""
        return self.average.network if self.average is not None else self.ear  # type: ignore[return-value]

    def run(self) -> Iterator[Progress]:
        """Train to the end or until :meth:`stop`, yielding one line a step, of several steps at once on a GPU."""
        waiting: list[tuple[int, Contrasted]] = []
        many = _GPU_LINES if self.device.type == "cuda" else 1
        while self.step < self.config.steps:
            waiting.append((self.step + 1, self._step()))
            last = self.step == self.config.steps
            due = last or self.step % self.config.validate_every == 0 or self.step % self.config.save_every == 0
            if not due and len(waiting) < many:
                continue
            lines, stop = self._lines(waiting)
            waiting = []
            if last or self.step % self.config.validate_every == 0:
                loss, accuracy = self.validate()
                end = lines[-1]
                lines[-1] = Progress(end.step, end.loss, end.accuracy, end.chance, loss, accuracy)
            if self.curve is not None:
                self.curve.add(lines)
                if math.isfinite(lines[-1].validation_loss):
                    self.curve.draw(now=last)
            if last or self.step % self.config.save_every == 0:
                self.save()
            yield from lines
            if stop:
                return

    def stop(self) -> None:
        """End :meth:`run` after the running step; if ranks train together, all end after the same step."""
        self._stop = True

    def close(self) -> None:
        """End threads, finish files and let go of the other ranks; nothing can be trained after that."""
        self._learn = nn.Identity()
        self._batches.close()
        if self.curve is not None:
            self.curve.close()

    def _lines(self, made: list[tuple[int, Contrasted]]) -> tuple[list[Progress], bool]:
        """The lines of steps, means over ranks, and whether any rank was told to stop."""
        stop = torch.full((2,), float(self._stop), device=self.device)
        figures = torch.stack([*(torch.stack([result.loss, result.accuracy]) for _, result in made), stop])
        *values, (stopping, _) = self.ranks.mean(figures).tolist()
        lines = []
        for (step, result), (loss, accuracy) in zip(made, values, strict=True):
            if not math.isfinite(loss):
                reason, mend = f"diverged at step {step}", "lower learning_rate and start in another folder"
                raise UserError("training", reason, mend, DIVERGED)
            lines.append(Progress(step, loss, accuracy, result.chance, math.nan, math.nan))
        return lines, stopping > 0

    def _features(self, audio: Tensor) -> Tensor:
        frames = self.config.frames + 2 * MARGIN
        with torch.no_grad():
            features: Tensor = self.ear.scalogram(audio, circular=True, frames=frames)
        return features[..., MARGIN:-MARGIN].contiguous(memory_format=torch.channels_last)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16")

    def _step(self) -> Contrasted:
        config = self.config
        self.ear.train()
        rate = learning_rate(config, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        features, past = self._features(self._batches.take(self.step)), None
        if config.augmentation.on:
            rng = np.random.default_rng((config.seed, self.step, 1))
            first = self.ranks.own(config.batch).start
            spacing = config.ear.scalogram.bins_per_octave
            past = augment(features, config.augmentation, rng, batch=config.batch, first=first, bins_per_octave=spacing)
            if config.augmentation.of == "excerpt":
                features, past = past.contiguous(memory_format=torch.channels_last), None
        with self._autocast():
            result: Contrasted = self._learn(features, past)
        self.optimizer.zero_grad(set_to_none=True)
        result.loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.ear.parameters(), config.clip)
        self.optimizer.step()
        self.step += 1
        if self.average is not None:
            self.average.update(self.ear, self.step)
        return Contrasted(result.loss.detach(), result.accuracy, result.chance)

    @torch.no_grad()
    def validate(self) -> tuple[float, float]:
        """Loss (nats) and contrast accuracy on fixed excerpts of recordings never trained on, heard as they are."""
        config, own = self.config, self.ranks.own(self.config.batch)
        ear = self.result.eval()
        judge = Contrastive(ear, config.loss, config.directions, config.first_context, self.ranks)
        figures = torch.zeros(2, device=self.device)
        for batch in range(config.validation_batches):
            rng = np.random.default_rng((config.seed, _VALIDATION, batch))
            weights, lengths = self.music.validation_weights, self._validating.lengths
            places = draw_places(lengths, weights, config.batch, self._validating.excerpt, rng)
            with self._autocast():
                result = judge(self._features(self._validating.read(places[own])))
            figures += torch.stack([result.loss, result.accuracy]) / config.validation_batches
        loss, accuracy = self.ranks.mean(figures).tolist()
        return loss, accuracy

    def save(self) -> None:
        """Write the whole state of the run, atomically; only the first rank does."""
        if not self.ranks.first:
            return
        networks = {"ear": self.ear, **({"average": self.average.network} if self.average is not None else {})}
        states = {part: network.state_dict() for part, network in networks.items()}
        tensors = {f"{part}.{name}": value for part, state in states.items() for name, value in state.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors.update({f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()})
        metadata = {"step": str(self.step), "config": self._recipe(), "music": self._music()}
        write_tensors(self.folder / _LAST, tensors, metadata)

    def _music(self) -> str:
        return hashlib.sha256(repr(self.music.identity).encode()).hexdigest()

    def _recipe(self) -> str:
        return json.dumps(asdict(self.config), sort_keys=True)

    def _resume(self) -> None:
        path = self.folder / _LAST
        tensors, metadata = read_tensors(path)
        theirs, ours = json.loads(metadata.get("config", "{}")), json.loads(self._recipe())
        differences = [_difference(key, theirs.get(key), value) for key, value in ours.items()]
        if any(differences):
            reason = f"holds a run of another recipe ({', '.join(d for d in differences if d)})"
            raise UserError(str(self.folder), reason, "choose another --run folder", "other_run")
        if metadata.get("music", self._music()) != self._music():
            reason, mend = (
                "holds a run on other music, which cannot go on exactly",
                "name its corpora, or another --run",
            )
            raise UserError(str(self.folder), reason, mend, "other_run")
        for part, network in zip(_PARTS, (self.ear, self.average and self.average.network), strict=True):
            if network is not None:
                own = {n.removeprefix(f"{part}."): v for n, v in tensors.items() if n.startswith(f"{part}.")}
                load_weights(network, own, str(path))
        state = self.optimizer.state_dict()
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".")
                state["state"].setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict(state)
        self.step = int(metadata["step"])


def _difference(key: str, theirs: object, ours: object) -> str:
    if theirs == ours:
        return ""
    if key == "ear":
        return "another shape of the ear"
    if isinstance(ours, dict) and isinstance(theirs, dict):
        inner = [f"{key}: {name} {theirs.get(name)}, not {value}" for name, value in ours.items()]
        return ", ".join(text for text, name in zip(inner, ours, strict=True) if theirs.get(name) != ours[name])
    return f"{key} {theirs}, not {ours}"


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
