"""Regions that a client defines: eight of its own, each named by a word, whose neurons are summed up for it."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

import numpy as np

from ear_engine.errors import UserError
from ear_engine.osc.formats import UNIT, Fields
from ear_engine.osc.frames import Frame
from ear_engine.osc.region import Numbers, Region
from ear_engine.shared_memory.states import Target
from ear_engine.targets.reading import read_target
from ear_engine.targets.resolve import Resolver

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
FIGURES = ("mean", "max", "energy", "rank")
_LONGEST = 1000  # characters
_BEATS = 4.0  # of a loop; when something shall fire does not matter here
_WHOLE = Target("", 0.5, 1.0, 0.0, 1e9, 0.0, 0.0, 1.0)

Defined = MutableMapping[str, Region]  # by word, those of one client


class Regions:
    """Finds and reads the regions of all clients.

    Args:
        resolver: resolves targets for the ear, as soon as it is known.
    """

    def __init__(self, resolver: Callable[[], Resolver | None]) -> None:
        self._resolver = resolver

    def define(self, regions: Defined, word: str, text: str) -> int:
        """Let the region ``word`` be what ``text`` means; return its neurons. No text: it is empty again.

        Args:
            regions: of the client.
            word: one … eight.
            text: a layer, neurons (``12-40, 77``), words for a sound, or an expression.

        Raises:
            UserError: another word, nothing is known of the ear yet, or the text means no neurons.
        """
        if word not in WORDS:
            raise UserError(f"region {word[:40]!r}", "is not one of eight", f"use {' '.join(WORDS)}", "unknown_region")
        if not text.strip():
            regions.pop(word, None)
            return 0
        if len(text) > _LONGEST:
            raise UserError("a region's text", f"is longer than {_LONGEST} characters", "use fewer", "bad_value")
        resolver = self._resolver()
        if resolver is None:
            raise UserError("the ear", "is not known yet", "ask again in a moment", "not_ready")
        numbers = _neurons(text, resolver)
        if not numbers.size:
            raise UserError(f"region {word}", "takes in no neuron", "name a layer or neurons", "empty_target")
        regions[word] = Region(text, numbers, resolver)
        return int(numbers.size)

    def read(self, regions: Defined, word: str, loop: int, frame: Frame) -> Fields:
        """What its neurons do: mean, maximum and energy of their activations, and the mean of their ranks.

        All are 0 for one that is not defined.
        """
        numbers = self._numbers(regions, word, frame.network.total)
        figures = (0.0,) * len(FIGURES)
        if numbers is not None:
            values = frame.values[numbers].astype(np.float64)
            energy = float(np.sqrt(np.square(values).mean()))
            figures = float(values.mean()), float(values.max()), energy, float(UNIT[frame.ranks[numbers]].mean())
        return Fields((("loop", loop), ("frame", frame.frame), *zip(FIGURES, figures, strict=True)))

    def _numbers(self, regions: Defined, word: str, total: int) -> Numbers | None:
        region, resolver = regions.get(word), self._resolver()
        if region is None or resolver is None:
            return None
        if region.resolver is not resolver:  # of another ear, or more is known of this one
            try:
                numbers = _neurons(region.text, resolver)
            except UserError:  # it means nothing there: its figures are 0 until there is an ear that knows it
                numbers = np.zeros(0, np.intp)
            region = regions[word] = Region(region.text, numbers, resolver)
        return region.numbers if region.numbers.size and region.numbers[-1] < total else None


def _neurons(text: str, resolver: Resolver) -> Numbers:
    """Numbers of the neurons that a text means, rising.

    Raises:
        UserError: it means nothing to this ear.
    """
    index = resolver.facts.index
    ((name, value),) = read_target(text, [layer.name for layer in index.layers]).items()
    way = name.removeprefix("target/")
    target = Target(**{**vars(_WHOLE), "by": way, way: value})
    chosen = np.zeros(len(index), bool)
    for term in resolver.resolve((target,), _BEATS):
        if term.layer:
            chosen[index[term.layer].span] |= True if term.pattern is None else np.ravel(term.pattern) != 0
    return np.flatnonzero(chosen)
