"""Maps and loops of an engine on this machine, from its session folder; ranks are looked up here. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ear_engine import platform
from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.errors import UserError
from ear_engine.layout.groups import no_links
from ear_engine.layout.map_file import identity
from ear_engine.shared_memory.map_state import MapReader, MapState
from ear_engine.shared_memory.owner import read_owner
from ear_engine.shared_memory.shelf import LoopFacts, Shelf
from ear_engine.shared_memory.states import ControlState, DreamerState, StateReader
from ear_engine.targets.facts import EarFacts, load_facts
from ear_engine.viewer.bulk_http import places
from ear_engine.viewer.model import LoopLights, MapPicture
from ear_engine.web.neurons import describe


class SessionBulk:
    """Reads what the processes of an engine write; see :class:`ear_engine.viewer.bulk.Bulk`.

    Args:
        session: the session folder.
        ear: folder of the ear; the one that the engine listens with if None, also when that is changed.
    """

    def __init__(self, session: Path, ear: Path | None = None) -> None:
        self.session = session
        self._ear = ear
        self._shelf = Shelf(session)
        self._control = StateReader(session, "control", ControlState)
        self._dreamer = StateReader(session, "dreamer", DreamerState)
        self._moving = MapReader(session)
        self._facts: EarFacts | None = None
        self._folder: Path | None = None
        self._learnings = self._maps = 0
        self._picture: MapPicture | None = None
        self._version = ""

    @staticmethod
    def newest() -> SessionBulk | None:
        """Of the engine that was started last; None if none runs on this machine."""
        parents = {platform.session_parent(), platform.session_parent(room=0)}
        found = [folder for parent in parents for folder in platform.session_folders(parent)]
        alive = [folder for folder in found if _owned(folder)]
        return SessionBulk(max(alive, key=lambda folder: folder.stat().st_mtime)) if alive else None

    def map_version(self) -> str:
        """Another word whenever the map is another or has moved."""
        return self._look()[0]

    def map(self) -> MapPicture | None:
        """The map as it is now."""
        (version, state), facts = self._look(), self._facts
        if facts is None or not version:
            return None
        if version != self._version or self._picture is None:
            still = facts.positions if facts.stored is None else facts.stored.positions
            links = no_links() if facts.stored is None else facts.stored.links
            positions = still if state is None else np.ascontiguousarray(state.positions[:, :2])
            if not places(positions):
                mend = "make the map again"
                raise UserError(
                    f"session {self.session.name}", "has a map with positions that are none", mend, "bad_map"
                )
            self._picture, self._version = MapPicture(identity(still), facts.index, positions, links), version
        return self._picture

    def loops(self) -> tuple[LoopFacts, ...]:
        """Loops that the engine has, by their numbers."""
        return self._shelf.loops()

    def lights(self, loop: int) -> LoopLights | None:
        """What the ear does in a loop."""
        found = self._shelf.open(loop)
        if found is None or not found.activations or not found.frames:
            return None
        facts = self._learned()
        statistics = None if facts is None else facts.statistics
        return LoopLights(loop, loop_ranks(found.activations, found.frames, statistics), found.gradient)

    def neuron(self, number: int) -> dict[str, Any] | None:
        """Everything known about a neuron (:func:`ear_engine.web.neurons.describe`)."""
        facts = self._learned()
        if facts is None or not 0 <= number < len(facts.index):
            return None
        return describe(facts, number)

    def close(self) -> None:
        """Unmap everything."""
        self._shelf.close()
        for reader in (self._control, self._dreamer, self._moving):
            reader.close()

    def _look(self) -> tuple[str, MapState | None]:
        """The word for the map as it is now, and what it is a word for, if it moves."""
        facts = self._learned()
        if facts is None or not len(facts.index):
            return "", None
        state = self._motion()
        if state is None or len(state.positions) != len(facts.index):
            return f"{self._learnings}-still", None
        return f"{self._learnings}-{state.pid}-{state.step}", state

    def _motion(self) -> MapState | None:
        """The map that the map process writes, if it is the one to show."""
        control, state = self._control.read(), self._moving.read()
        if control is None or state is None or control.values.get("map/motion") == "still":
            return None
        return state if Path(state.ear) == Path(control.ear) and platform.process_alive(state.pid) else None

    def _learned(self) -> EarFacts | None:
        control, dreamer = self._control.read(), self._dreamer.read()
        folder = self._ear or (Path(control.ear) if control is not None and control.ear else None)
        if folder is None:
            return None
        index = _index(dreamer) if dreamer is not None and dreamer.ear == folder.name else None
        maps = 0 if control is None else control.maps
        another = folder != self._folder or maps != self._maps
        if another or (index is not None and not _of(self._facts, index)):
            self._facts, self._folder, self._maps = load_facts(folder, index), folder, maps
            self._learnings += 1
        return self._facts


def _index(dreamer: DreamerState) -> NeuronIndex | None:
    """Neurons of the ear that dreams, as far as it says."""
    layers: list[Layer] = []
    offset = 0
    for name, (channels, bins) in zip(dreamer.layers, dreamer.shapes, strict=False):
        layers.append(Layer(name, channels, bins, 1, offset))
        offset += layers[-1].neurons
    return NeuronIndex(layers) if layers and len(layers) == len(dreamer.layers) else None


def _of(facts: EarFacts | None, index: NeuronIndex) -> bool:
    """Whether facts are of these neurons; strides are not known of all."""
    if facts is None:
        return False
    named = [[(k.name, k.channels, k.bins) for k in one.layers] for one in (facts.index, index)]
    return named[0] == named[1]


def _owned(session: Path) -> bool:
    owner = read_owner(session)
    return owner is not None and owner.kept
