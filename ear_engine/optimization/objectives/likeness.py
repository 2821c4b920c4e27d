"""Likeness to a clip: an imprint, in any layer, moment by moment."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.activations import Recorder
from ear_engine.ear.statistics import FRONT_END
from ear_engine.errors import UserError
from ear_engine.optimization.objectives.activity import Activity
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective
from ear_engine.targets.terms import Term

_FAINT = 1e-2  # mean square, in deviations, of a clip of which the layer hears nothing


class Likeness(Objective):
    """How much the loop does to a layer what the clip does, at the same time of the loop.

    With x the loop's and y the clip's normalized activations in the selection: the mean of ``1 - |x - y|² / |y|²``,
    which knows how much, and the cosine between x and y, which knows what. 1 if both are the same; about 0 for an
    average loop; not bounded below.

    Raises:
        UserError: there is no such clip, or the ear has no such layer.
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        self.layers = frozenset({term.layer})
        self._activity = Activity(term, context)
        audio = context.clip(term.text)
        if audio is None:
            mend = "name a clip of `ear-engine clips`, or wait until it is there"
            raise UserError(f"clip {term.text!r}", "is not there", mend, "unknown_clip")
        self._clip = self._activity.normalize(_listen(context.ear, term.layer, audio))[0]

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the copies, 1 at most."""
        activity = self._activity(heard)
        clip = shifted(self._clip, heard.shifts, activity.shape[-1])
        weights = self._activity.when(heard, activity.shape[-1])[:, None, None] * self._activity.share[..., None]
        square = (weights * clip.square()).sum((1, 2, 3))
        own = (weights * activity.square()).sum((1, 2, 3))
        product = (weights * clip * activity).sum((1, 2, 3))
        distance = (own - 2.0 * product + square) / (square + _FAINT)
        cosine = product / ((own + _FAINT) * (square + _FAINT)).sqrt()
        return (0.5 * (1.0 - distance + cosine)).mean()


def shifted(clip: Tensor, shifts: Tensor, steps: int) -> Tensor:
    """A loop of activations as copies hear it that are shifted by fractions of a step; linear between steps, circular.

    Args:
        clip: (channels, bins, steps of the clip).
        shifts: (batch,), shares of the loop.
        steps: of the result.

    Returns:
        (batch, channels, bins, steps).
    """
    length = clip.shape[-1]
    place = torch.arange(steps, device=clip.device) * (length / steps) - shifts[:, None] * length
    before = place.floor()
    share = (place - before)[None, None]
    first = before.long() % length
    earlier, later = clip[..., first], clip[..., (first + 1) % length]  # (channels, bins, batch, steps)
    return torch.lerp(earlier, later, share.to(clip.dtype)).permute(2, 0, 1, 3)


@torch.no_grad()
def _listen(ear: torch.nn.Module, layer: str, audio: Tensor) -> Tensor:
    """Raw activations of one layer, (1, channels, [bins,] steps), while the ear hears a loop."""
    recorder = Recorder(ear, inputs=(FRONT_END,))
    with recorder.recording((layer,), raw=True, stop=True) as trace:
        ear(audio[None], circular=True)
    return trace[layer]
