"""Maps and loops of an engine anywhere on the network, over its HTTP server; nothing that it says is trusted."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.layout.groups import Links, links_fault
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.shelf import LoopFacts
from ear_engine.viewer.asking import TIMEOUT, Asking, must
from ear_engine.viewer.model import LoopLights, MapPicture
from ear_engine.web.blocks import read_block

_TRIES = 3
_FAR = 1e3  # maps are 0..1, and a little beyond while they move
_ID, _VERSION = "x-map-id", "x-map-version"


class HttpBulk:
    """Asks an engine; see :class:`ear_engine.viewer.bulk.Bulk`. One connection, kept open, for one thread.

    Args:
        host: name or address.
        port: what the engine calls ``http_port``.
        timeout: seconds that anything may take.
        packed: ask for packed answers: slower on one machine, faster over a slow network.
    """

    def __init__(self, host: str, port: int, timeout: float = TIMEOUT, packed: bool = False) -> None:
        self._asking = Asking(host, port, timeout, packed)
        self._picture: MapPicture | None = None
        self._version = ""

    def map_version(self) -> str:
        """Another word whenever the map is another or has moved."""
        got = self._asking.get("/map.npy", "HEAD")
        if got is None:
            return ""
        with self._asking.checking("map"):
            return _word(got.headers)

    def map(self) -> MapPicture | None:
        """The map as it is now."""
        for _ in range(_TRIES):  # it may become another between two questions
            version = self.map_version()
            if not version or version == self._version:
                return self._picture if version else None
            before, got = self._picture, self._asking.get("/map.npy")
            if got is None:
                return None
            with self._asking.checking("map"):
                positions, identity = _positions(got.body), got.headers[_ID]
            if before is None or before.id != identity:
                about = self._asking.get("/map.json")
                if about is None:
                    return None
                with self._asking.checking("map"):
                    index, links = _described(json.loads(about.body), positions)
                if about.headers.get(_ID) != identity:
                    continue
                before = MapPicture(identity, index, positions, links)
            with self._asking.checking("map"):
                must(len(positions) == len(before.index), "has other positions than neurons")
            self._picture = MapPicture(identity, before.index, positions, before.links)
            self._version = _word(got.headers)
            return self._picture
        return None

    def loops(self) -> tuple[LoopFacts, ...]:
        """Loops that the engine has, by their numbers."""
        got = self._asking.get("/loops")
        if got is None:
            return ()
        with self._asking.checking("list of loops"):
            rows = json.loads(got.body)
            must(isinstance(rows, list), "is no list")
            return tuple(_loop(row, now()) for row in rows)

    def lights(self, loop: int) -> LoopLights | None:
        """What the ear does in a loop."""
        got = self._asking.get(f"/loops/{loop}/activations")
        if got is None:
            return None
        with self._asking.checking(f"loop {loop}"):
            about, ranks = read_block(got.body)
            must(ranks.dtype == np.uint8 and about.get("loop") == loop, "has ranks of another kind")
        slope = self._asking.get(f"/loops/{loop}/gradient")
        gradient = None
        if slope is not None:
            with self._asking.checking(f"gradient of loop {loop}"):
                _, gradient = read_block(slope.body)
                fits = gradient.dtype == np.float32 and len(gradient) == len(ranks)
                must(fits and bool(np.isfinite(gradient).all()), "is not one of that loop")
        return LoopLights(loop, ranks, gradient)

    def neuron(self, number: int) -> dict[str, Any] | None:
        """Everything known about a neuron, as :func:`ear_engine.web.neurons.describe` says it."""
        got = self._asking.get(f"/neurons/{number}")
        if got is None:
            return None
        with self._asking.checking(f"neuron {number}"):
            about = json.loads(got.body)
            must(isinstance(about, dict) and about.get("number") == number, "is another one")
            found: dict[str, Any] = about
            return found

    def close(self) -> None:
        """Hang up."""
        self._asking.close()


def _word(headers: Mapping[str, str]) -> str:
    """Names the map as it is now."""
    return f"{headers[_ID]}-{headers[_VERSION]}"


def places(positions: NDArray[np.float32]) -> bool:
    """Whether positions can be drawn: there are some, all near the square that a map fills."""
    return len(positions) > 0 and bool((np.abs(positions) < _FAR).all())


def _positions(body: bytes) -> NDArray[np.float32]:
    """Positions from a file of numpy's, (neurons, 2 or 3)."""
    found = np.load(io.BytesIO(body), allow_pickle=False)
    must(isinstance(found, np.ndarray) and found.dtype == np.float32 and found.ndim == 2, "has no positions")
    must(found.shape[1] in (2, 3) and places(found), "has positions that are none")
    positions: NDArray[np.float32] = found
    return positions


def _described(about: dict[str, Any], positions: NDArray[np.float32]) -> tuple[NeuronIndex, Links]:
    """Layers and links of a map."""
    layers: list[Layer] = []
    offset = 0
    for (name, channels, bins), stride in zip(about["layers"], about["strides"], strict=True):
        sizes = (channels, bins, stride)
        must(isinstance(name, str) and all(type(size) is int and size > 0 for size in sizes), "has layers of no size")
        layers.append(Layer(name, channels, bins, stride, offset))
        offset += channels * bins
    must(bool(layers), "has no layers")
    must(offset == len(positions), f"has layers of {offset} neurons, and {len(positions)} positions")
    links = np.asarray(about["links"], np.int64).reshape(-1, 2)
    must(not len(links) or (links.min() >= 0 and links.max() < 1 << 31), "has links of nothing")
    found = links.astype(np.int32)
    fault = links_fault(found, layers)
    must(not fault, fault)
    return NeuronIndex(layers), found


def _loop(row: dict[str, Any], at: float) -> LoopFacts:
    begins = row["begins_in"]
    seconds = float(row["seconds"])
    must(math.isfinite(seconds) and seconds > 0, "has a loop of no length")
    return LoopFacts(
        int(row["loop"]),
        "",
        str(row["name"]),
        int(row["beats"]),
        seconds,
        int(row["sample_rate"]),
        int(row["frames"]),
        float(row["objective"]),
        int(row["step"]),
        bool(row["gradient"]),
        None if begins is None else at + float(begins),
    )
