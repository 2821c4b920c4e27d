"""What a performer may aim at: bad targets are refused before anything changes, and known layers, names and neurons
are learned from the ear's folder beside the event loop.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ear_engine.control import Change, ControlLog
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.errors import UserError
from ear_engine.node.threads import in_thread
from ear_engine.parameters import Value
from ear_engine.shared_memory.states import Target
from ear_engine.targets.facts import EarFacts, load_facts
from ear_engine.targets.resolve import Resolver

ORIGIN = "node"
_LAYER = "target/layer"
_SAID_BY_THE_DREAMER = ("bad_statistics", "other_weights", "bad_checkpoint", "not_found")

_log = logging.getLogger(__name__)

Report = Callable[[str, str, str], None]  # level, code, message


@dataclass(frozen=True)
class _Wish:
    """Which ear to learn about."""

    folder: Path
    index: NeuronIndex | None


class Targets:
    """Judges every change of the targets by what is known of the ear.

    Args:
        control: whose targets.
        folder: of the ear.
        chosen: values from the command line; a target among them that cannot be ends the engine.
        give_up: told why the engine must end.
        report: told what everyone should know.
    """

    def __init__(
        self,
        control: ControlLog,
        folder: Path,
        chosen: Mapping[str, Value],
        give_up: Callable[[UserError], None],
        report: Report,
    ) -> None:
        self._control = control
        self._chosen = dict(chosen)
        self._tell_why = give_up
        self._over = False
        self._report = report
        self._layers: tuple[str, ...] = ()
        self._resolver: Resolver | None = None
        self._learned: Path | None = None
        self._wish = _Wish(folder, None)
        self._wake = asyncio.Event()
        self._wake.set()
        control.validators[_LAYER] = self._check_layer
        control.judges.append(self._judge)
        control.listen(self._changed)

    @property
    def resolver(self) -> Resolver | None:
        """Resolves targets for the ear; None while too little is known of it."""
        return self._resolver

    @property
    def learned(self) -> Path | None:
        """Folder of the ear that :attr:`resolver` knows."""
        return self._learned

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the ear in forward order; none while the dreamer has not told them."""
        return self._layers

    async def run(self) -> None:
        """Learn about the ear, and about every one that takes its place."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wish, faults = self._wish, list[UserError]()
            try:
                facts = await in_thread(partial(_learn, wish, faults.append), "facts")
            except Exception:  # targets can be played unjudged: the dreamer refuses those that it cannot dream
                _log.exception("nothing could be learned about the ear in %s", wish.folder)
                continue
            if wish is not self._wish:
                continue
            for fault in faults:
                if fault.code not in _SAID_BY_THE_DREAMER:
                    self._report("warning", fault.code, str(fault))
            self._resolver = None if facts is None else Resolver(facts, variants=1)
            self._learned = None if facts is None else wish.folder
            self._settle()

    def learn(self, layers: Sequence[str], shapes: Sequence[Sequence[int]]) -> None:
        """The dreamer has loaded an ear with these layers: [channels, bins] of each."""
        places, offset = [], 0
        for name, (channels, bins) in zip(layers, shapes, strict=False):
            places.append(Layer(name, channels, bins, 1, offset))
            offset += places[-1].neurons
        self._layers = tuple(layers)
        index = NeuronIndex(places) if len(places) == len(layers) else None
        if index is not None and not self._knows(index):
            self._wish = _Wish(self._wish.folder, index)
            self._wake.set()
        self._settle()

    def _knows(self, index: NeuronIndex) -> bool:
        if self._resolver is None:
            return False
        known = self._resolver.facts.index
        return [(k.name, k.neurons, k.bins) for k in known.layers] == [
            (k.name, k.neurons, k.bins) for k in index.layers
        ]

    def _changed(self, change: Change) -> None:
        if "ear" in change.engine:
            self._wish = _Wish(Path(str(change.engine["ear"])), None)
            self._wake.set()
        elif "maps" in change.engine:
            self._wish = replace(self._wish)  # the same, to be read again
            self._wake.set()
        elif "playback/beats" in change.values:  # a moment that a target names may be no longer in the loop
            self._settle()

    def _judge(self, target: Target, kept: Sequence[Target], stored: Mapping[str, Target]) -> None:
        if self._resolver is not None:
            self._resolver.resolve((target, *kept), self._beats, stored)

    @property
    def _beats(self) -> float:
        return float(self._control.tree.values["playback/beats"])

    def _settle(self) -> None:
        """Replace what the ear, now that it is known, cannot dream of."""
        if self._over:
            return
        self._drop_kept()
        target, changes = self._control.target, dict[str, object]()
        error: UserError | None = None
        if self._layers and target.layer not in self._layers:
            error = self._no_layer(target.layer)
            if self._chosen.pop(_LAYER, None) == target.layer:
                self._give_up(error)
                return
            default = str(self._control.tree[_LAYER].default)
            layer = default if default in self._layers else self._nearest_layers(target.layer)[0]
            changes |= {_LAYER: layer, "target/by": target.by}
            target = replace(target, layer=layer)
        problem = self._problem(target, *self._control.kept)
        if problem is not None:
            values = self._control.tree.values
            if any(name.startswith("target/") and values[name] == value for name, value in self._chosen.items()):
                self._give_up(problem)
                return
            error = error or problem
            changes |= {"target/by": "layer", "target/weight": 1.0, "target/clear": True}
        if error is not None:  # all of it at once: each alone might be refused for the other's sake
            self._instead(changes, error)
        if self._layers and self._resolver is not None:
            self._chosen = {}  # what is found later is not the command line's fault

    def _instead(self, changes: Mapping[str, object], error: UserError) -> None:
        try:
            self._control.apply(changes, ORIGIN)
        except UserError as another:  # judged by what is known of an ear that is about to go
            _log.warning("the target stays: %s", another)
            return
        self._report("warning", error.code, f"{error} The target is now in {self._control.tree.values[_LAYER]}.")

    def _give_up(self, error: UserError) -> None:
        """The engine ends; whatever is learned until then changes nothing."""
        self._over = True
        self._tell_why(error)

    def _drop_kept(self) -> None:
        """Kept targets that the ear cannot dream of would never fire."""
        reasons = {target: self._problem(target) for target in self._control.kept}
        self._control.drop_kept(lambda kept: reasons[kept] is not None, ORIGIN)
        said = {str(reason): reason.code for reason in reasons.values() if reason is not None}
        for reason, code in said.items():
            self._report("warning", code, f"{reason} Targets kept of it are dropped.")

    def _problem(self, *targets: Target) -> UserError | None:
        """Why ``targets`` cannot be dreamed of together, as far as it is known."""
        for target in targets:
            if self._layers and target.by == "layer" and target.layer not in self._layers:
                return self._no_layer(target.layer)
        if self._resolver is None:
            return None
        try:
            self._resolver.resolve(targets, self._beats, self._control.stored)
        except UserError as error:
            return error
        return None

    def _check_layer(self, value: Value) -> Value:
        if self._layers and value not in self._layers:
            raise self._no_layer(str(value))
        return value

    def _no_layer(self, name: str) -> UserError:
        mend = f"did you mean {' or '.join(self._nearest_layers(name))}"
        return UserError(f"layer {name[:60]!r}", "is not in this ear", mend, "unknown_layer")

    def _nearest_layers(self, name: str) -> list[str]:
        return difflib.get_close_matches(name[:60], self._layers, n=2, cutoff=0.0)


def _learn(wish: _Wish, fault: Callable[[UserError], object]) -> EarFacts | None:
    facts = load_facts(wish.folder, wish.index, fault)
    return None if facts is None else facts.warm()
