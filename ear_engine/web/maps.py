"""The map: which layers and neurons there are, where they lie now, and which groups are joined."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.layout.groups import Links, count_groups, no_links
from ear_engine.layout.map_file import identity
from ear_engine.layout.tables import encode_csv, encode_positions
from ear_engine.osc.map_stream import MapNow
from ear_engine.targets.facts import EarFacts
from ear_engine.web.answers import BINARY, Answer, Resource, WebError, as_json

MAP_ID = "X-Map-Id"
MAP_VERSION = "X-Map-Version"


@dataclass(frozen=True, eq=False)
class _Here:
    """A map as it is now: ``positions`` (neurons, 2 or 3); ``id`` of the map that it is when it lies still."""

    facts: EarFacts
    id: str
    version: int
    moving: bool
    positions: NDArray[np.float32]

    @property
    def links(self) -> Links:
        """Of the groups."""
        return no_links() if self.facts.stored is None else self.facts.stored.links


class Maps:
    """Answers about the map of the ear that listens.

    Args:
        ear: its name.
        facts: what is known of it, as soon as anything is.
        positions: where neurons are, moving or not.
        asked: called whenever someone asks for the map.
    """

    def __init__(
        self,
        ear: Callable[[], str],
        facts: Callable[[], EarFacts | None],
        positions: Callable[[], MapNow | None],
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self._asked = asked
        self._ear = ear
        self._facts = facts
        self._positions = positions
        self._named: tuple[EarFacts, str] | None = None

    def json(self) -> Resource:
        """All but the positions; groups are numbered as in :mod:`ear_engine.layout.groups`."""
        here, ear = self._here(), self._ear()
        layers = here.facts.index.layers

        def make() -> Answer:
            about = {
                "id": here.id,
                "version": here.version,
                "moving": here.moving,
                "ear": ear,
                "laid_out": here.facts.stored is not None,
                "dimensions": here.positions.shape[1],
                "neurons": len(here.positions),
                "groups": count_groups(layers),
                "layers": [[layer.name, layer.channels, layer.bins] for layer in layers],
                "strides": [layer.stride for layer in layers],
                "links": here.links.tolist(),
            }
            return Answer(as_json(about), packs=True)

        return self._resource(here, f"json-{here.version}", make)

    def npy(self) -> Resource:
        """Positions as numpy has them: (neurons, 2 or 3) float32, 0..1, y upward; a moving map a little beyond."""
        here = self._here()

        def make() -> Answer:
            file = io.BytesIO()
            np.lib.format.write_array(file, np.ascontiguousarray(here.positions, "<f4"), (1, 0), allow_pickle=False)
            return Answer(file.getvalue(), BINARY)

        return self._resource(here, "npy", make, quick=True)

    def csv(self) -> Resource:
        """A row a neuron (:func:`ear_engine.layout.tables.encode_csv`)."""
        here = self._here()

        def make() -> Answer:
            table = encode_csv(here.facts.index.layers, here.facts.hertz, here.positions)
            return Answer(table, "text/csv; charset=utf-8", packs=True)

        return self._resource(here, "csv", make)

    def exr(self) -> Resource:
        """A texture (:func:`ear_engine.layout.tables.encode_positions`)."""
        here = self._here()
        return self._resource(here, "exr", lambda: Answer(encode_positions(here.positions), "image/x-exr"))

    def _resource(self, here: _Here, what: str, make: Callable[[], Answer], quick: bool = False) -> Resource:
        moved = f"-{here.version}" if here.moving else ""
        headers = {MAP_ID: here.id, MAP_VERSION: str(here.version)}
        return Resource(make, f"{here.id}{moved}-{what}", quick, headers)

    def _here(self) -> _Here:
        self._asked()
        facts, now = self._facts(), self._positions()
        if facts is None or now is None:
            raise WebError(503, "the map", "is not known yet: the ear is loading", "ask again in a second", "not_ready")
        still = facts.positions if facts.stored is None else facts.stored.positions
        moving = now.positions is not facts.positions and len(now.positions) == len(facts.index)
        return _Here(facts, self._name(facts, still), now.version, moving, now.positions if moving else still)

    def _name(self, facts: EarFacts, still: NDArray[np.float32]) -> str:
        if self._named is None or self._named[0] is not facts:
            self._named = facts, identity(still)
        return self._named[1]
