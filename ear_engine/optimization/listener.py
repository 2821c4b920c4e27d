"""An ear with all that its folder says of it, ready to dream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ear_engine.ear.network import Ear
from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import CONFIG
from ear_engine.errors import UserError
from ear_engine.plugins import Registry
from ear_engine.targets.facts import load_facts
from ear_engine.targets.resolve import Resolver
from ear_engine.yaml_files import load_yaml

_KIND = "cpc"  # of an ear whose config names none


@dataclass(frozen=True, eq=False)
class Listener:
    """An ear that can dream.

    Args:
        folder: where it lies.
        ear: the network.
        statistics: what its neurons do in music, if that is known.
    """

    folder: Path
    ear: Ear
    statistics: Statistics | None

    def resolver(self, index: NeuronIndex) -> Resolver:
        """What turns targets into terms; ``index`` is that of its dreams."""
        facts = load_facts(self.folder, index)
        assert facts is not None  # as the index is given
        return Resolver(facts)


def open_listener(
    folder: Path, registry: Registry, report: Callable[[UserError], None] = lambda _fault: None
) -> Listener:
    """Load an ear.

    Args:
        folder: with its config, weights, and perhaps statistics.
        registry: where the plug-in that loads it is found.
        report: told of statistics that cannot be used; the ear can be.

    Raises:
        UserError: it cannot be loaded.
    """
    kind = str(load_yaml(folder / CONFIG).get("kind", _KIND))
    ear: Ear = registry.load("ears", kind)(folder)
    try:
        statistics = load_statistics(folder)
    except UserError as fault:
        report(fault)
        statistics = None
    return Listener(folder, ear, statistics)
