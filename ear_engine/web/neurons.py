"""A neuron by its number, for programs: where it is in the ear and on the map, and what it does in music."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from ear_engine.errors import UserError
from ear_engine.targets.facts import EarFacts
from ear_engine.web.answers import Answer, Resource, WebError, as_json


class Neurons:
    """Answers about neurons.

    Args:
        facts: what is known of the ear, as soon as anything is.
    """

    def __init__(self, facts: Callable[[], EarFacts | None]) -> None:
        self._facts = facts

    def one(self, number: int) -> Resource:
        """See :func:`describe`."""
        facts = self._facts()
        if facts is None:
            raise WebError(503, "the ear", "is loading", "ask again in a second", "not_ready")
        try:
            facts.index.neuron(number)
        except UserError as error:
            raise WebError(404, error.subject, error.reason, error.mend, error.code) from None
        return Resource(lambda: Answer(as_json(describe(facts, number))), quick=True)


def describe(facts: EarFacts, number: int) -> dict[str, Any]:
    """``number, layer, channel, bin, position, hertz`` (null if nobody knows) and, with statistics, what they say.

    Raises:
        UserError: there is no such neuron.
    """
    neuron = facts.index.neuron(number)
    hertz = float(facts.hertz[number])
    about: dict[str, Any] = {
        "number": number,
        "layer": neuron.layer,
        "channel": neuron.channel,
        "bin": neuron.bin,
        "position": [float(value) for value in facts.positions[number]],
        "hertz": hertz if math.isfinite(hertz) else None,
    }
    if facts.statistics is None:
        return about
    known = facts.statistics.describe(number)
    return {
        **about,
        "name": known.name,
        "region": known.region,
        "mean": known.mean,
        "deviation": known.deviation,
        "active": known.active,
        "low": known.low,
        "high": known.high,
        "facts": dataclasses.asdict(known.facts),
        "excerpts": [dataclasses.asdict(hit) for hit in known.excerpts],
    }
