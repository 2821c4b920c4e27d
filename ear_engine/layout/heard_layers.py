"""Layers that were found as a network ran, and what each of them hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ear_engine.errors import UserError
from ear_engine.layout.relations import Relation, product
from ear_engine.layout.structure import FREE, Dimension, Structure


@dataclass(frozen=True)
class TracedLayer:
    """A layer of neurons, as the network has it.

    Args:
        name: ``encoder_3_conv1``.
        channels: and
        places: beside each other in each channel, all axes but channels, batch and time.
        axes: letters and sizes of the places, the last one fastest.
    """

    name: str
    channels: int
    places: int
    axes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Connection:
    """Neurons of one layer that are heard by another: all pairs that both relations have.

    Shapes:
        channels: (channels of the target, channels of the source), entries are weights
        places: (places of the target, places of the source)
    """

    source: str
    target: str
    channels: Relation
    places: Relation


class Layers:
    """Layers in the order they were computed, and their connections.

    Args:
        weighted: connections count by the size of the weights.
    """

    def __init__(self, weighted: bool) -> None:
        self._weighted = weighted
        self.found: list[TracedLayer] = []
        self.connections: list[Connection] = []

    def add(self, path: str, dims: Sequence[Dimension], arriving: Structure | None) -> Structure:
        """A layer, named after where it is in the network; returns what a tensor of its neurons is made of.

        Args:
            path: ``encoder.3.conv1``.
            dims: of its neurons.
            arriving: what it hears, if anything.

        Raises:
            UserError: its axes are in another order than those of a layer that it hears, or do not fit them.
        """
        name = self._name(path)
        axes = tuple(axis for dim in dims for axis in dim if axis[0] not in (*FREE, "c"))
        channels = prod(size for dim in dims for letter, size in dim if letter == "c")
        if arriving is not None:
            self._connect(name, channels, dict(axes), arriving)
        self.found.append(TracedLayer(name, channels, prod(size for _, size in axes), axes))
        return Structure.of_layer(name, dims, self._weighted)

    def _name(self, path: str) -> str:
        name = path.replace(".", "_").lower()
        taken = {layer.name for layer in self.found}
        found, number = name, 1
        while found in taken:
            number += 1
            found = f"{name}_{number}"
        return found

    def _connect(self, name: str, channels: int, sizes: dict[str, int], arriving: Structure) -> None:
        by_name = {layer.name: layer for layer in self.found}
        for term in arriving.terms:
            letters = _merged(list(sizes), [letter for letter, _ in by_name[term.source].axes])
            if letters is None:
                raise UserError(
                    f"layer {name}",
                    "has its axes in another order than the layer it hears",
                    "lay out a network that keeps their order",
                    "unknown_layer_kind",
                )
            places = product([term.at(letter, sizes.get(letter, 1)) for letter in letters])
            source = by_name[term.source]
            fits = places.shape == (prod(sizes.values()), source.places)
            if not fits or term.axes["c"].shape != (channels, source.channels):
                reason = f"joins {term.axes['c'].shape} channels and {places.shape} places with {term.source}"
                mend = "report it with the network, which was traced wrongly"
                raise UserError(f"layer {name}", reason, mend, "unknown_layer_kind")
            self.connections.append(Connection(term.source, name, term.axes["c"], places))


def _merged(first: Sequence[str], second: Sequence[str]) -> list[str] | None:
    """The letters of both in the order of both; None if there is none."""
    found: list[str] = []
    rest = list(second)
    for letter in first:
        if letter in rest:
            before = rest[: rest.index(letter)]
            found += before
            rest = rest[len(before) + 1 :]
        elif letter in second:
            return None
        found.append(letter)
    return [*found, *rest] if not set(rest) & set(first) else None
