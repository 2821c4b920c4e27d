"""Which neurons the target takes in, for the picture: exact where this machine has the ear, else as near as it gets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ear_engine.control import target_of
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.parameters import Value
from ear_engine.targets.facts import EarFacts, load_facts
from ear_engine.targets.neuron_list import read_neurons
from ear_engine.targets.resolve import Resolver
from ear_engine.viewer.model import MapPicture

Weights = NDArray[np.float32]


def facts_of(ear: str, index: NeuronIndex) -> EarFacts | None:
    """What this machine knows of the ear of that name; None if it has none, or another one of that name."""
    try:
        facts = load_facts(find_ear(ear, paths=False).path)
    except (UserError, OSError, ValueError):
        return None
    return facts if facts is not None and facts.index.layers == index.layers else None


class Aim:
    """Resolves targets for one map.

    Args:
        picture: the map.
        facts: of its ear, if they are known.
    """

    def __init__(self, picture: MapPicture, facts: EarFacts | None) -> None:
        self.picture = picture
        self.facts = facts
        self._resolver = Resolver(facts) if facts is not None else None

    def weights(self, values: Mapping[str, Value]) -> Weights | None:
        """How much each neuron counts, (neurons,), 0..1; None if nobody can say.

        Args:
            values: of the parameters.
        """
        if self._resolver is not None and values["target/by"] not in ("morph", "imprint"):
            try:
                return self._resolved(self._resolver, values)
            except UserError:  # the engine refuses it, too, and says so
                return None
        return self._guessed(values)

    def _resolved(self, resolver: Resolver, values: Mapping[str, Value]) -> Weights | None:
        terms = resolver.resolve((target_of(values),), float(values["playback/beats"]))
        index = self.picture.index
        found = np.zeros(len(index), np.float32)
        for term in terms:
            if term.layer:
                span = index[term.layer].span
                part = 1.0 if term.pattern is None else np.abs(np.asarray(term.pattern, np.float32)).ravel()
                found[span] = np.maximum(found[span], part)
        most = float(found.max(initial=0.0))
        return found / most if most > 0.0 else None

    def _guessed(self, values: Mapping[str, Value]) -> Weights | None:
        index, by = self.picture.index, values["target/by"]
        found = np.zeros(len(index), np.float32)
        try:
            if by == "layer":
                self._channels(found, index[str(values["target/layer"])], values)
            elif by == "depth":
                place = float(values["target/depth"]) * (len(index.layers) - 1)
                for number, layer in enumerate(index.layers):
                    share = max(0.0, 1.0 - abs(place - number))
                    if share:
                        part = np.zeros_like(found)
                        self._channels(part, layer, values)
                        found = np.maximum(found, share * part)
            elif by == "map":
                center = np.array([float(values["target/x"]), float(values["target/y"])])
                away = np.hypot(*(self.picture.positions[:, :2] - center).T)
                found[away <= float(values["target/radius"])] = 1.0
            elif by == "neurons":
                found[read_neurons(str(values["target/neurons"]), len(index))] = 1.0
        except UserError:
            return None
        return found if found.any() else None

    @staticmethod
    def _channels(found: Weights, layer: Layer, values: Mapping[str, Value]) -> None:
        width = max(1, round(float(values["target/channel_width"]) * layer.channels))
        first = round(float(values["target/channel"]) * (layer.channels - 1) - (width - 1) / 2)
        first = max(0, min(first, layer.channels - width))
        found[layer.span].reshape(layer.channels, layer.bins)[first : first + width] = 1.0


def words(aim: Aim | None, number: int, heard: Mapping[str, object] | None = None) -> tuple[str, ...]:
    """Lines that say what a neuron is: what it is called, layer and channel, where it hears, what it does in music."""
    if aim is None or not 0 <= number < len(aim.picture.index):
        return ()
    neuron = aim.picture.index.neuron(number)
    about = dict(heard or {})
    facts = aim.facts
    hertz = about.get("hertz")
    if facts is not None:
        hertz = float(facts.hertz[number])
        if facts.statistics is not None:
            known = facts.statistics.describe(number)
            about = {"name": known.name, "mean": known.mean, "deviation": known.deviation, "active": known.active}
    place = f"{neuron.layer.replace('_', ' ')}   channel {neuron.channel}"
    if isinstance(hertz, float) and np.isfinite(hertz):
        place += f"   {hertz:,.0f} Hz".replace(",", " ")
    lines = [str(about["name"])] if about.get("name") else []
    lines.append(place)
    numbers = [about.get(name) for name in ("mean", "deviation", "active")]
    if all(isinstance(value, int | float) for value in numbers):
        mean, deviation, active = (float(str(value)) for value in numbers)
        lines.append(f"mean {mean:.2f} ± {deviation:.2f}   active {100.0 * active:.0f} % of the time")
    return (*lines, f"neuron {number}")
