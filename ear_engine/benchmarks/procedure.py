"""A dream step as the original made it, as the plain reference: everything tiled, everything computed, nothing folded.

Each row of the batch is the loop tiled to 550,000 samples; the scalogram is one conv1d an octave at half the hop, max
pooled to the frame rate; the whole network runs on all 521 frames, of which 176 count. What would slow it further is
left out: padding on both sides, weights that collect gradients, normalizing and flattening all activations, masks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ear_engine.benchmarks.convolution import TimeDomainTransform
from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear

TILED = 550_000  # samples
FIRST, LAST = 88, 264  # frames that count
_JITTER = 44_100  # samples


class OriginalProcedure:
    """Steps toward a layer, the original's way.

    Args:
        ear: an ear; it is not folded.
        loop: (samples,).
        layer: whose mean output shall rise.
        batch: tiled copies, all but the first shifted at random.
    """

    def __init__(self, ear: Ear, loop: Tensor, layer: str, batch: int) -> None:
        self.ear = ear.eval().requires_grad_(False)
        self.loop = loop
        self.layer = layer
        self.batch = batch
        self._transform = TimeDomainTransform(ear.config.scalogram, ear.config.scalogram.hop // 2)
        self._recorder = Recorder(ear)
        self._generator = torch.Generator().manual_seed(1)

    def step(self, rate: float = 1e-3) -> float:
        """One step; return the objective."""
        loop = self.loop.detach().requires_grad_()
        offsets = torch.randint(_JITTER, (self.batch, 1), generator=self._generator)
        offsets[0] = 0
        audio = (loop + 1e-11 * torch.rand(loop.shape))[(torch.arange(TILED) + offsets) % len(loop)]
        coefficients = self._transform(audio, circular=False)
        features = self.ear.scalogram.features(coefficients, float(self._transform.hop), circular=False)
        features = nn.functional.max_pool2d(features, (1, 2))
        with self._recorder.recording() as trace:
            self.ear.hear(features, circular=False)
        values = trace[self.layer]
        share = values.shape[-1] / features.shape[-1]
        objective = values[..., int(FIRST * share) : int(LAST * share)].mean()
        (gradient,) = torch.autograd.grad(objective, loop)
        self.loop = self.loop + rate * gradient / (gradient.std() + 1e-7)
        return float(objective.detach())
