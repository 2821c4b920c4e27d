"""Who listens: features made by hand, and ears with what can be read from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import FRAMES_PER_CODE, Ear, EarConfig
from ear_engine.ear.scalogram import ScalogramConfig
from ear_engine.evaluation.hand_features import cepstra, moments, rhythm_and_chroma
from ear_engine.evaluation.window import measure_span

ReadOuts = Mapping[str, tuple[str, ...]]
"""Features by name, each from one or more parts."""

EAR_READ_OUTS: ReadOuts = {
    "c": ("c",),
    "z": ("z",),
    "c and z": ("c", "z"),
    "last layers": ("last",),
    "all layers": ("rest", "last"),
}
"""c: the last context. z: mean and deviation over the excerpt. Layers: mean and deviation over time of their channels
(their mean over frequency), after the rectifier; the last four, or the output of every block."""
UNTRAINED_READ_OUTS: ReadOuts = {name: EAR_READ_OUTS[name] for name in ("c", "z")}
HAND_READ_OUTS: ReadOuts = {
    "scalogram": ("scalogram",),
    "cepstra": ("cepstra",),
    "rhythm and chroma": ("rhythm",),
}
"""Mean and deviation of the scalogram over the excerpt; MFCC-like; onsets, autocorrelation and pitch classes."""
LAST = 4


class Listener(Protocol):
    """Makes parts of features from scalograms."""

    @property
    def name(self) -> str:
        """As reports call it."""

    @property
    def read_outs(self) -> ReadOuts:
        """What is read from it."""

    @property
    def scalogram(self) -> ScalogramConfig:
        """What it hears through."""

    @property
    def digest(self) -> str:
        """Names its weights and shape."""

    def to(self, device: str) -> None:
        """Move to a torch device."""

    def parts(self, features: Tensor) -> dict[str, Tensor]:
        """Features of scalograms (batch, 2, bins, heard frames), (batch, dimension) each."""


@dataclass(frozen=True)
class Hand:
    """The hand-made features of the last ``span`` frames."""

    scalogram: ScalogramConfig
    span: int
    name: str = "by hand"

    @property
    def read_outs(self) -> ReadOuts:
        """What is read."""
        return HAND_READ_OUTS

    @property
    def digest(self) -> str:
        """Names the front end and the excerpt."""
        return hashlib.sha256(repr((self.scalogram, self.span)).encode()).hexdigest()

    def to(self, device: str) -> None:
        """Nothing to move."""

    def parts(self, features: Tensor) -> dict[str, Tensor]:
        """``scalogram``, ``cepstra`` and ``rhythm``."""
        amplitude = features[:, 0, :, -self.span :]
        return {
            "scalogram": moments(amplitude),
            "cepstra": cepstra(amplitude),
            "rhythm": rhythm_and_chroma(amplitude, self.scalogram),
        }


class EarListener:
    """An ear and what is read from it.

    Args:
        name: as reports call it.
        ear: trained or not.
        read_outs: what is read.
        folder: where it came from.
        group: rows of one group are averaged in reports (seeds of an untrained ear).
    """

    def __init__(
        self, name: str, ear: Ear, read_outs: ReadOuts = EAR_READ_OUTS, folder: Path | None = None, group: str = ""
    ) -> None:
        self.name = name
        self.ear = ear.eval()
        self.read_outs = read_outs
        self.folder = folder
        self.group = group
        self._codes = measure_span(ear.config).codes
        self._listening: Ear | None = None
        self._recorder: Recorder | None = None

    @property
    def scalogram(self) -> ScalogramConfig:
        """What it hears through."""
        return self.ear.config.scalogram

    @cached_property
    def digest(self) -> str:
        """Names its weights and shape."""
        found = hashlib.sha256(repr((self.ear.config, sorted(self.read_outs))).encode())
        for name, value in self.ear.state_dict().items():
            found.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()

    def to(self, device: str) -> None:
        """Make a copy for listening on a torch device, its normalization folded."""
        self._listening = self.ear.fused().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._recorder = Recorder(self._listening)

    @torch.no_grad()
    def parts(self, features: Tensor) -> dict[str, Tensor]:
        """``c`` and ``z``, and ``last`` and ``rest`` if layers are read."""
        if self._listening is None or self._recorder is None:
            self.to(str(features.device))
        assert self._listening is not None and self._recorder is not None
        features = features.contiguous(memory_format=torch.channels_last)
        wanted = {part for parts in self.read_outs.values() for part in parts}
        layers = [name for name in self._recorder.names if not name.endswith("conv1")] if "last" in wanted else []
        with self._recorder.recording(layers) as trace:
            heard = self._listening.hear(features, circular=False)
        made = {"c": heard.c[..., -1], "z": moments(heard.z[..., -self._codes :])}
        if layers:
            frames = features.shape[-1]
            summaries = [self._summarize(trace[name], frames) for name in layers]
            made["last"] = torch.cat(summaries[-LAST:], dim=-1)
            made["rest"] = torch.cat(summaries[:-LAST], dim=-1)
        return made

    def _summarize(self, values: Tensor, frames: int) -> Tensor:
        """Mean and deviation of channels over the steps inside the excerpt."""
        if values.dim() == 4:
            values = values.mean(dim=2)
        stride = max(1, round(frames / values.shape[-1]))
        steps = min(values.shape[-1], -(-self._codes * FRAMES_PER_CODE // stride))
        return moments(values[..., -steps:])


def untrained(config: EarConfig, seed: int) -> Ear:
    """An ear of this shape that has heard nothing; torch's default initialization from the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Ear(config).eval()
