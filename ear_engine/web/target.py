"""What is aimed at, neuron by neuron: for whoever highlights it on a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ear_engine.targets.facts import EarFacts
from ear_engine.targets.taken import taken
from ear_engine.targets.terms import Term
from ear_engine.web.answers import BINARY, Answer, Resource, WebError
from ear_engine.web.blocks import write_block


@dataclass(frozen=True, eq=False)
class AimNow:
    """What is aimed at.

    Args:
        number: another one whenever that is another.
        by: the way in which the current target was chosen.
        terms: of it and those that are kept, for the ear of ``facts``; none if they cannot be resolved.
        facts: of the ear.
    """

    number: int
    by: str
    terms: tuple[Term, ...]
    facts: EarFacts


class Aims:
    """Answers about the target.

    Args:
        now: what is aimed at; None while too little is known of the ear.
        session: a word that no other session has.
    """

    def __init__(self, now: Callable[[], AimNow | None], session: str) -> None:
        self._now = now
        self._session = session

    def weights(self) -> Resource:
        """A block of (1, neurons) uint8: how much each counts (:func:`ear_engine.targets.taken.taken`), 255 the most.

        Its line has ``number``, ``by`` and how many ``neurons`` count.

        Raises:
            WebError: too little is known of the ear (503).
        """
        aim = self._now()
        if aim is None:
            raise WebError(503, "the target", "is not known yet: the ear is loading", "ask again", "not_ready")

        def make() -> Answer:
            weights = np.ceil(np.float32(255.0) * taken(aim.terms, aim.facts)).astype(np.uint8)
            about = {"number": aim.number, "by": aim.by, "neurons": int(np.count_nonzero(weights))}
            return Answer(write_block(about, weights[None]), BINARY, packs=True)

        return Resource(make, f"target-{self._session}-{aim.number}", quick=True)
