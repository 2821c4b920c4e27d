"""Excerpts of a corpus, spread evenly, and the ear that listens to them as music, not as loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.activations import Recorder, index_layers
from ear_engine.ear.network import Ear
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.errors import UserError

MARGIN = 24
"""Scalogram frames dropped at both ends: their windows reach over the edge of the excerpt."""
WARM_UP = 208
"""Frames after which the network has forgotten the silence before the excerpt: c spans 202 of them."""
KEPT = 640
"""Frames of an excerpt that count; 14.9 s at 43 frames a second."""


class Recorded(Protocol):
    """What is needed of a recording of a corpus."""

    @property
    def name(self) -> str:
        """Unique in the corpus."""

    @property
    def length(self) -> int:
        """Samples."""

    def audio(self, start: int, length: int) -> NDArray[np.float32]:
        """``length`` samples from ``start`` on, -1..1."""


@dataclass(frozen=True)
class Excerpt:
    """A place in a corpus: number of the recording, and first sample."""

    recording: int
    start: int


def window(hop: int, kept: int = KEPT) -> int:
    """Samples of an excerpt of which ``kept`` frames count."""
    return (kept + WARM_UP + 2 * MARGIN) * hop


def draw(
    recordings: Sequence[Recorded], count: int, samples: int, seed: int, sample_rate: int = 44100
) -> list[Excerpt]:
    """Excerpts spread evenly over all music: every stretch of it has the same chance, long recordings come more often.

    Args:
        recordings: those that are too short are passed over.
        count: how many at most; fewer if they would mostly repeat each other.
        samples: length of an excerpt.
        seed: of the place of each excerpt inside its even share.
        sample_rate: Hz.

    Returns:
        In the order of the recordings.

    Raises:
        UserError: no recording is long enough, or ``count`` is below 1.
    """
    if count < 1:
        raise UserError(f"--excerpts {count}", "is below 1", "use a whole number from 1", "bad_value")
    room = np.array([max(0, recording.length - samples + 1) for recording in recordings], dtype=np.int64)
    total = int(room.sum())
    if total == 0:
        reason = f"has no recording of {samples / sample_rate:.1f} s or more"
        raise UserError("the corpus", reason, "use longer music", "too_short")
    count = min(count, max(int((room > 0).sum()), -(-total * 2 // samples)))
    jitter = np.random.default_rng(seed).random(count)
    places = ((np.arange(count) + jitter) / count * total).astype(np.int64)
    ends = np.cumsum(room)
    owners = np.searchsorted(ends, places, side="right")
    return [Excerpt(int(r), int(place - (ends[r] - room[r]))) for r, place in zip(owners, places, strict=True)]


class Listener:
    """Hears excerpts and gives every layer's activations, after the nonlinearity, where they count.

    Args:
        ear: a fused copy of it listens, in float32.
        device: torch device.
        kept: frames of an excerpt that count, a multiple of 16.
    """

    def __init__(self, ear: Ear, device: str, kept: int = KEPT) -> None:
        self.ear = ear.fused().to(torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.device = torch.device(device)
        self.kept = kept
        self.hop = ear.config.scalogram.hop
        self.sample_rate = ear.config.scalogram.sample_rate
        self._recorder = Recorder(self.ear)
        self.index = self._survey()

    @property
    def samples(self) -> int:
        """Length of an excerpt."""
        return window(self.hop, self.kept)

    def frame_offset(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """Samples from the start of an excerpt to frames counted from the first that counts."""
        return (frames + MARGIN + WARM_UP) * self.hop

    def batches(
        self, recordings: Sequence[Recorded], excerpts: Sequence[Excerpt], size: int
    ) -> Iterator[tuple[int, Tensor]]:
        """Number of the first excerpt and scalogram of each batch, warm-up included.

        Yields:
            (first, features), features of shape (batch, 2, bins, frames).
        """
        for at in range(0, len(excerpts), size):
            audio = [recordings[e.recording].audio(e.start, self.samples) for e in excerpts[at : at + size]]
            heard = self.ear.scalogram(torch.from_numpy(np.stack(audio)).to(self.device), circular=False)
            features = heard[..., MARGIN : MARGIN + WARM_UP + self.kept]
            yield at, features.contiguous(memory_format=torch.channels_last)

    def hear(self, features: Tensor) -> dict[str, Tensor]:
        """Activations of every layer for the frames that count, the scalogram first.

        Args:
            features: (batch, 2, bins, warm-up + kept).

        Returns:
            layer → (batch, neurons, steps), float32, neurons channel-major.
        """
        with self._recorder.recording() as trace:
            self.ear.hear(features, circular=False)
        everything = {"scalogram": features, **trace}
        heard = {}
        for layer in self.index.layers:
            values = everything[layer.name].float()
            heard[layer.name] = values.flatten(1, -2)[..., values.shape[-1] - self.kept // layer.stride :]
        return heard

    @torch.no_grad()
    def _survey(self) -> NeuronIndex:
        config = self.ear.config.scalogram
        features = torch.zeros(1, 2, config.bins, WARM_UP + self.kept, device=self.device)
        with self._recorder.recording() as trace:
            self.ear.hear(features, circular=False)
        layers = index_layers({"scalogram": features, **trace}, features.shape[-1]).layers
        return NeuronIndex([Layer(k.name, k.channels, k.bins, k.stride, k.offset) for k in layers])
