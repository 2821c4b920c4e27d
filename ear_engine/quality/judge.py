"""How strongly targets fire on whole loops: valued as dreams value them, but heard once and unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ear_engine.control import target_of
from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear
from ear_engine.optimization.norms import survey
from ear_engine.optimization.objectives.base import DEAD, Context, HeardTrace, planes
from ear_engine.optimization.plugged import Parts, load_parts
from ear_engine.parameters import ParameterTree
from ear_engine.quality.spectra import Floats, Loop
from ear_engine.shared_memory.states import Target
from ear_engine.targets.facts import EarFacts, load_facts, make_facts
from ear_engine.targets.resolve import resolve
from ear_engine.targets.terms import Term


def layer_target(layer: str) -> Target:
    """The target of a performer who chooses a layer and nothing else: the default share of its channels."""
    return replace(target_of(ParameterTree().values), by="layer", layer=layer)


class Judge:
    """Hears loops with one ear.

    Args:
        ear: the ear; a fused copy of it listens.
        beats: of a loop.
        facts: what is known of it.
        probe: (samples,), what the ear is tried on where it has no statistics.
        device: torch device.
        parts: plug-ins; those installed if None.
    """

    def __init__(
        self,
        ear: Ear,
        beats: int,
        probe: Loop,
        facts: EarFacts | None = None,
        *,
        device: str = "cpu",
        parts: Parts | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.ear = ear.fused().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.beats = beats
        self.parts = parts or load_parts()
        self._recorder = Recorder(self.ear, inputs=("scalogram",))
        statistics = facts.statistics if facts else None
        self.index, norms = survey(self.ear, self._recorder, self._placed(probe), statistics)
        self.facts = facts or make_facts(self.index, {})
        self._context = Context(self.ear, self.index, norms, self.device, len(probe), beats)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of all layers, the scalogram first."""
        return tuple(layer.name for layer in self.index.layers)

    def terms(self, target: Target) -> tuple[Term, ...]:
        """A target resolved for this ear.

        Raises:
            UserError: it cannot be.
        """
        return tuple(resolve(target, self.facts, self.beats))

    def values(self, loops: NDArray[np.float32], targets: Sequence[Sequence[Term]]) -> Floats:
        """The value of every target on every loop, weights included, (loops, targets).

        Args:
            loops: (loops, samples), of any one length.
            targets: terms of each.
        """
        goals = [[(term.weight, self.parts.objective(term, self._context)) for term in terms] for terms in targets]
        wanted = {layer for terms in goals for _, goal in terms for layer in goal.layers}
        contexts = any(goal.wants_contexts for terms in goals for _, goal in terms)
        found = np.zeros((len(loops), len(targets)))
        for row, heard in enumerate(self._each(loops, None if contexts else wanted)):
            for column, terms in enumerate(goals):
                found[row, column] = sum(weight * float(goal(heard)) for weight, goal in terms)
        return found

    def channels(self, loops: NDArray[np.float32], layers: Sequence[str]) -> dict[str, Floats]:
        """Mean of each channel of these layers over time and frequency, leaky as dreams hear it: (loops, channels)."""
        rows: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
        for heard in self._each(loops, set(layers)):
            for layer in layers:
                fired = nn.functional.leaky_relu(planes(heard.trace[layer])[0], DEAD)
                rows[layer].append(fired.mean(dim=(1, 2)).cpu().numpy())
        return {layer: np.array(values, dtype=np.float64) for layer, values in rows.items()}

    def _each(self, loops: NDArray[np.float32], wanted: set[str] | None) -> Iterator[HeardTrace]:
        """What the ear does with each loop; all of it if ``wanted`` is None."""
        for loop in loops:
            z = c = None
            with torch.no_grad(), self._recorder.recording(wanted, raw=True, stop=wanted is not None) as trace:
                heard = self.ear(self._placed(loop)[None], circular=True)
                z, c = heard.z, heard.c
            features = trace.get("scalogram", torch.zeros(0))
            yield HeardTrace(dict(trace), features, torch.zeros(1, device=self.device), 1, z, c)

    def _placed(self, loop: Loop) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(loop, dtype=np.float32)).to(self.device)


def judge_of(folder: Path, ear: Ear, beats: int, probe: Loop, device: str = "cpu") -> Judge:
    """A judge that knows what lies in the ear's folder."""
    return Judge(ear, beats, probe, load_facts(folder), device=device)
