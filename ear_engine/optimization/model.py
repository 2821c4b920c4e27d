"""An ear with what its folder says of it, and the device it dreams on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ear_engine.ear.kinds import load_ear_of_any_kind
from ear_engine.ear.network import Ear
from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.errors import UserError
from ear_engine.plugins import Registry
from ear_engine.targets.directions import Direction, load_directions
from ear_engine.targets.facts import load_facts
from ear_engine.targets.resolve import Resolver


@dataclass(frozen=True)
class Choice:
    """What was asked for: the folder of an ear, and a device (``auto`` or a kind)."""

    folder: Path
    device: str


@dataclass(frozen=True)
class Model:
    """An ear, loaded, and the device it is to run on.

    Args:
        choice: what was asked for.
        device: torch device that it means.
        ear: on the CPU; each dream places its own copy.
        statistics: what its neurons do in music; None if there are none.
        directions: named ones among its activations.
    """

    choice: Choice
    device: str
    ear: Ear
    statistics: Statistics | None
    directions: Mapping[str, Direction] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the ear."""
        return self.choice.folder.name

    def resolver(self, index: NeuronIndex, warn: Callable[[UserError], object] = lambda _fault: None) -> Resolver:
        """What turns targets into terms.

        Args:
            index: of its dreams.
            warn: told of files in the ear's folder that cannot be used, the map among them.
        """
        facts = load_facts(self.choice.folder, index, warn)
        assert facts is not None  # an index was given
        return Resolver(facts)


def load_model(choice: Choice, device: str, registry: Registry, warn: Callable[[UserError], object]) -> Model:
    """Load the ear of ``choice``; ``warn`` is told of statistics and directions that cannot be used.

    Raises:
        UserError: it cannot be loaded.
    """
    ear = load_ear_of_any_kind(choice.folder, registry)
    try:
        statistics = load_statistics(choice.folder)
    except UserError as error:
        warn(error)
        statistics = None
    directions: Mapping[str, Direction] = {}
    try:
        directions = load_directions(choice.folder)
    except UserError as error:
        warn(error)
    return Model(choice, device, ear, statistics, directions)
