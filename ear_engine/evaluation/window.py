"""How much sound an excerpt is: the whole receptive field of one context c, measured on the network itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.ear.network import CODES_PER_CONTEXT, FRAMES_PER_CODE, Ear, EarConfig
from ear_engine.errors import UserError

MARGIN = 24
"""Scalogram frames at both ends that only feed the transform (its circular wrap, the lobes of the lowest bins)."""
FRAMES_PER_CONTEXT = FRAMES_PER_CODE * CODES_PER_CONTEXT
_LONGEST = 1 << 12  # frames; no ear is expected to hear back further


@dataclass(frozen=True)
class Span:
    """Scalogram frames, the newest among them, that one code z and one context c depend on."""

    code: int
    context: int

    @property
    def codes(self) -> int:
        """Codes that a context depends on."""
        return (self.context - self.code) // FRAMES_PER_CODE + 1


def measure_span(config: EarConfig) -> Span:
    """Receptive fields of z and c, counted in the past of the newest frame.

    A frame that is not a number makes everything that depends on it not a number, whatever the weights, the rectifiers
    and the poolings do; so the largest past without influence is found by bisection. Runs on a one-channel copy.

    Raises:
        UserError: a context depends on more than 4096 frames.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ear = Ear(dataclasses.replace(config, width=1e-3)).eval().double()
    bins = config.scalogram.bins
    return Span(
        _count_past(lambda features: ear.hear(features, circular=False).z[..., -1], bins, FRAMES_PER_CODE),
        _count_past(lambda features: ear.hear(features, circular=False).c[..., -1], bins, FRAMES_PER_CONTEXT),
    )


@torch.no_grad()
def _count_past(output: Callable[[Tensor], Tensor], bins: int, stride: int) -> int:
    def depends(past: int, frames: int) -> bool:
        """Whether the newest output depends on frames before the newest ``past``."""
        features = torch.full((1, 2, bins, frames), 0.5, dtype=torch.float64)
        features[..., : frames - past] = torch.nan
        return not bool(torch.isfinite(output(features)).all())

    frames = stride + 1
    while depends(frames - 1, frames):  # the oldest frame still matters
        frames = 2 * (frames - 1) + 1
        if frames > _LONGEST:
            reason = f"hears back further than {_LONGEST} frames"
            raise UserError("the ear", reason, "evaluate one with a shorter receptive field", "too_long")
    low, high = 0, frames - 1  # depends(low), not depends(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if depends(middle, frames) else (low, middle)
    return high


@dataclass(frozen=True)
class Window:
    """One excerpt in samples and frames: margin, the frames that the network hears, margin.

    Args:
        sample_rate: Hz.
        hop: samples a frame.
        span: frames of the excerpt, the last of those heard.
        heard: frames that reach the network; its last context ends with the last of them and knows the whole span.
    """

    sample_rate: int
    hop: int
    span: int
    heard: int

    @property
    def frames(self) -> int:
        """Frames, margins included."""
        return self.heard + 2 * MARGIN

    @property
    def samples(self) -> int:
        """Samples, margins included."""
        return self.frames * self.hop

    @property
    def seconds(self) -> float:
        """Length of the excerpt without margins."""
        return self.span * self.hop / self.sample_rate

    @property
    def end(self) -> int:
        """Sample, from the start of the window, at which the last frame that is heard is centered."""
        return (MARGIN + self.heard - 1) * self.hop


def window_for(configs: Sequence[EarConfig]) -> Window:
    """The window in which every one of these ears has a whole context.

    Raises:
        UserError: they differ in sample rate or hop.
    """
    rates = {(config.scalogram.sample_rate, config.scalogram.hop) for config in configs}
    if len(rates) > 1:
        several = " and ".join(f"{hop} samples at {rate} Hz" for rate, hop in sorted(rates))
        raise UserError("ears", f"have different hops ({several})", "evaluate them one by one", "different_ears")
    (rate, hop) = rates.pop()
    span = max(measure_span(config).context for config in set(configs))
    contexts = -(-(span - 1) // FRAMES_PER_CONTEXT)
    return Window(rate, hop, span, contexts * FRAMES_PER_CONTEXT + 1)
