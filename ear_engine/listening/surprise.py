"""Surprise: how badly the ear has predicted what it hears now.

A context c at code step j predicts the codes at ``j + skip + 1`` to ``j + skip + predictions`` (0.5 to 1.9 s ahead in
the shipped ears). When code z comes, every context that has predicted it is asked how likely it was, as in the contrast
that the ear was trained with (InfoNCE, van den Oord et al. 2018, equation 4): among B other codes b, with s the score
of the context's prediction for this step,

    surprise = mean over contexts of  log2( (exp s(z) + sum_b exp s(b)) / exp s(z) )    bits

0 where the code was certain, log2(B + 1) = 8 where the ear is guessing, more where it expected anything else. The
others are codes of the built-in loops, which are the same at any time: against the recent past, as one might think, a
sound that stays what it is could never be told from itself, and the most predictable of all would count as guessed.

What is told is the mean over the last second, and its rank: the share of the last five minutes in which it was lower.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ear_engine.ear.network import CODES_PER_CONTEXT, FRAMES_PER_CODE, Ear
from ear_engine.sources.loops import render_builtin

OTHERS = 255
"""Codes that a true one is held against."""
_LOOPS = ("break_138", "broken_92", "acid_126", "dub", "chords", "piano", "voice", "hats")
_SECONDS = 1.0
_MEMORY = 300.0  # seconds that a rank is among


@dataclass
class _Context:
    """What one context predicts: (predictions, channels), scorable, the first for code number ``first``; and the
    logarithm of the others' summed chances, (predictions,)."""

    first: int
    predicted: Tensor
    others: Tensor


@torch.no_grad()
def other_codes(ear: Ear, count: int = OTHERS) -> Tensor:
    """Codes of the built-in loops, evenly from all of them, (count, z channels)."""
    rate = ear.config.scalogram.sample_rate
    weight = next(ear.encoder.parameters())
    codes = []
    for name in _LOOPS:
        audio = torch.from_numpy(render_builtin(name, rate).mid)[None].to(weight.device)
        codes.append(ear.encoder(ear.scalogram(audio).to(weight.dtype), circular=True)[0].T)
    found = torch.cat(codes)
    return found[torch.linspace(0, len(found) - 1, count).round().long()]


class Surprise:
    """Follows an ear's codes and contexts.

    Args:
        ear: that hears.
        others: codes to hold them against, (n, z channels).
    """

    def __init__(self, ear: Ear, others: Tensor) -> None:
        self._ear = ear
        self._others = others
        self._skip, self._predictions = ear.config.skip, ear.config.predictions
        rate = ear.config.scalogram.sample_rate / (ear.config.scalogram.hop * FRAMES_PER_CODE)
        self._recent: deque[float] = deque(maxlen=max(1, round(_SECONDS * rate)))
        self._past: deque[float] = deque(maxlen=max(1, round(_MEMORY * rate)))
        self._contexts: deque[_Context] = deque()
        self._codes = self._heard = 0
        self.bits: float | None = None
        """Of the last second; None before anything was predicted."""
        self.rank = 0.0
        """Share of the last five minutes in which it was lower, 0..1."""

    @torch.no_grad()
    def hear(self, z: Tensor, c: Tensor) -> None:
        """Go on with new codes, (z channels, n), and contexts, (c channels, m)."""
        for context in c.T:
            predicted, others = self._ear.scorable(self._ear.predict(context), self._others)
            first = self._heard * CODES_PER_CONTEXT + self._skip + 1
            self._contexts.append(_Context(first, predicted, (predicted @ others.T).logsumexp(-1)))
            self._heard += 1
        for code in z.T:
            self._judge(code)
            self._codes += 1

    def _judge(self, code: Tensor) -> None:
        while self._contexts and self._contexts[0].first + self._predictions <= self._codes:
            self._contexts.popleft()
        bits = [self._bits(context, code) for context in self._contexts if context.first <= self._codes]
        if not bits:
            return
        value = sum(bits) / len(bits)
        if not math.isfinite(value):
            return
        self._recent.append(value)
        self.bits = sum(self._recent) / len(self._recent)
        past = np.array(self._past)
        if len(past):
            self.rank = float(np.mean(past < self.bits) + 0.5 * np.mean(past == self.bits))
        self._past.append(self.bits)

    def _bits(self, context: _Context, code: Tensor) -> float:
        place = self._codes - context.first
        _, scorable = self._ear.scorable(context.predicted[place], code)
        score = context.predicted[place] @ scorable
        return float(torch.logaddexp(score, context.others[place]) - score) / math.log(2.0)
