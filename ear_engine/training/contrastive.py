"""One training step's forward pass: scalograms in, loss out; a module, so that it can be distributed and compiled."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ear_engine.ear.cpc import Contrast, Contrasted, Everyone, contrast, futures
from ear_engine.ear.network import Ear, Heard
from ear_engine.training.distributed import Ranks, gather


class Contrastive(nn.Module):
    """Contrast of what an ear predicts from the past with the codes of the future.

    Args:
        ear: being trained.
        kind, directions: of the loss.
        first_context: contexts before it have heard too little.
        ranks: the parts of the batch that are elsewhere.
    """

    def __init__(self, ear: Ear, kind: Contrast, directions: int, first_context: int, ranks: Ranks) -> None:
        super().__init__()
        self.ear = ear
        self.kind: Contrast = kind
        self.directions = directions
        self.first_context = first_context
        self.ranks = ranks

    def forward(self, features: Tensor, past: Tensor | None = None) -> Contrasted:
        """Loss of this rank's part of the batch.

        Args:
            features: (batch, 2, bins, frames), the music.
            past: the same music as contexts hear it, if that differs.
        """
        heard = self._hear(features, past)
        predicted, true = self.ear.scorable(*futures(self.ear, heard, self.first_context))
        everyone = None
        if self.ranks.size > 1:
            place = self.ranks.rank * true.shape[1]
            whole = gather(predicted, 1, self.ranks) if self.directions == 2 else predicted
            everyone = Everyone(whole, gather(true, 1, self.ranks), place)
        return contrast(predicted, true, self.kind, directions=self.directions, everyone=everyone)

    def _hear(self, features: Tensor, past: Tensor | None) -> Heard:
        if past is None:
            return self.ear.hear(features, circular=False)
        both = torch.cat([features, past]).contiguous(memory_format=torch.channels_last)
        codes, heard_codes = self.ear.encoder(both, circular=False).chunk(2)
        return Heard(features, codes, self.ear.autoregressive(heard_codes, circular=False))
