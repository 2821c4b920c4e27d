"""The tree of addresses: containers and what lies in them. It is small: vectors are one address each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ear_engine.osc.namespace import Namespace
from ear_engine.osc.stream_table import find_row
from ear_engine.web.oscquery.attributes import READ, Facts, of_command, of_leaf, of_stream

_GROUPS = {
    "/ear": "Everything the engine offers.",
    "/ear/norm": "Every parameter as 0..1, for faders.",
    "/ear/activation": "What each layer does, neuron by neuron, in what is heard.",
    "/ear/summary": "A number a layer.",
    "/ear/system": "About the engine itself.",
    "/ear/stream": "Who gets what, how often.",
}
_TWINS = "/ear/norm/"
_BRIEF = ("/ear/playhead", "/ear/objective", "/ear/summary/")
"""Streams whose values are part of the whole tree; those of others are given when asked for."""


@dataclass(eq=False)
class Branch:
    """One address.

    Args:
        path: of it.
        facts: what is said of it; nothing for what only contains others.
        inside: name → what it contains.
    """

    path: str
    facts: Facts = field(default_factory=dict)
    inside: dict[str, Branch] = field(default_factory=dict)


class Tree:
    """Describes a namespace as it is now; made anew only when the ear is another.

    Args:
        names: the namespace.
    """

    def __init__(self, names: Namespace) -> None:
        self._names = names
        self._known: dict[str, Facts] = {address: of_leaf(leaf) for address, leaf in names.leaves.items()}
        self._known |= {address: of_command(command) for address, command in names.commands.items()}
        self._streams: dict[str, Facts] = {}
        self._made_for: object = None
        self._root = Branch("/")

    def find(self, path: str) -> Branch | None:
        """What is at ``path``; ``/`` is all."""
        branch: Branch | None = self._now()
        for name in path.split("/")[1:] if path != "/" else ():
            branch = branch.inside.get(name) if branch is not None else None
        return branch

    def streams(self) -> dict[str, Facts]:
        """What is said of each stream and event; another dict whenever that is another."""
        self._now()
        return self._streams

    def describe(self, branch: Branch) -> dict[str, Any]:
        """All attributes of an address and those in it."""
        found: dict[str, Any] = {"FULL_PATH": branch.path, **branch.facts}
        value = self.value(branch) if branch.path in self._names.leaves or branch.path.startswith(_BRIEF) else None
        if value is not None:
            found["VALUE"] = value
        if branch.inside:
            found.setdefault("ACCESS", 0)
            if branch.path in _GROUPS:
                found.setdefault("DESCRIPTION", _GROUPS[branch.path])
            found["CONTENTS"] = {name: self.describe(inner) for name, inner in branch.inside.items()}
        return found

    def value(self, branch: Branch) -> list[Any] | None:
        """What is there now, a list; None where nothing can be read, or nothing is yet."""
        if not branch.facts.get("ACCESS", 0) & READ or "event" in branch.facts["TAGS"]:
            return None
        if branch.path in self._names.leaves:
            return [self._names.value(branch.path)]
        sample = self._names.sample(branch.path)
        return None if sample is None else list(sample)

    def _now(self) -> Branch:
        names = self._names
        made_for = tuple(names.streams), names.layers
        if made_for != self._made_for:
            self._made_for = made_for
            rows = ((address, find_row(address, names.rows)) for address in names.streams)
            self._streams = {address: of_stream(address, row, names.layers) for address, row in rows if row is not None}
            self._root = Branch("/")
            everything = self._known | self._streams
            for address in sorted(everything, key=lambda address: address.startswith(_TWINS)):  # those come last
                self._plant(address, everything[address])
        return self._root

    def _plant(self, address: str, facts: Facts) -> None:
        branch, path = self._root, ""
        for name in address.split("/")[1:]:
            path = f"{path}/{name}"
            branch = branch.inside.setdefault(name, Branch(path))
        branch.facts = facts
