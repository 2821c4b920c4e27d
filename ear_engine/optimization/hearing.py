"""What a dream gets to know of its ear: in a step as many layers as it needs, by the fastest way this ear has."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from ear_engine.ear.activations import Recorder
from ear_engine.ear.listening import Listener, can_listen
from ear_engine.ear.network import Ear


class Hearing:
    """The network of an ear, as far as anyone asks.

    The paper's kind of network is heard by a :class:`~ear_engine.ear.listening.Listener`, any other by its own modules
    with hooks.

    Args:
        ear: fused.
        recorder: its hooks.
        dtype: what a listener multiplies; that of the weights if None.
    """

    def __init__(self, ear: Ear, recorder: Recorder, dtype: torch.dtype | None = None) -> None:
        self._ear = ear
        self._recorder = recorder
        self._listener = Listener(ear, dtype, followed=1) if can_listen(ear) else None
        self._codes = f"encoder_{len(ear.encoder) - 1}_conv2"
        self._contexts = f"autoregressive_{len(ear.autoregressive) - 1}"
        self.names = tuple(name for name in recorder.names if name != "scalogram")

    def __call__(
        self, features: Tensor, layers: Collection[str], *, contexts: bool
    ) -> tuple[dict[str, Tensor], Tensor | None, Tensor | None]:
        """Raw activations of ``layers``, by name, and codes z and contexts c if ``contexts`` are wanted.

        Args:
            features: (batch, 2, bins, frames); only the amplitude is followed.
            layers: some of :attr:`names`.
        """
        if not layers and not contexts:
            return {}, None, None
        if self._listener is not None:
            wanted = {*layers, self._codes, self._contexts} if contexts else layers
            trace = self._listener.hear(features, wanted)
            if not contexts:
                return trace, None, None
            return trace, trace[self._codes][:, :, 0], trace[self._contexts]
        followed = torch.cat([features[:, :1], features[:, 1:].detach()], dim=1)
        z = c = None
        with self._recorder.recording(layers, raw=True, stop=not contexts) as recorded:
            heard = self._ear.hear(followed, circular=True)
            z, c = heard.z, heard.c
        return recorded, z, c

    def trace(self, audio: Tensor) -> tuple[dict[str, Tensor], int]:
        """Activations of every layer for a loop, (samples,), by name, and how many frames of it the ear hears."""
        with torch.no_grad(), self._recorder.recording() as trace:
            frames = self._ear(audio[None], circular=True).features.shape[-1]
        return dict(trace), int(frames)
