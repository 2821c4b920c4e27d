"""The one registry: whatever can be swapped is found by kind and name over entry points, and loaded on first use.

A distribution adds a plug-in with two lines of its ``pyproject.toml``; what ships with the engine uses the same::

    [project.entry-points."ear_engine.sources"]
    rain = "rainmaker.source:Rain"

Listing imports nothing. A plug-in that cannot be loaded is named with its reason and skipped; only who asks for that
very one gets an error. What a kind must be able to do is a ``typing.Protocol`` in the module that uses it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any, Literal

from ear_engine.errors import UserError

KINDS = ("ears", "sources", "objectives", "transforms", "penalties", "parametrizations", "optimizers", "sinks", "views", "controllers")  # fmt: skip  # noqa: E501
ALLOW_VARIABLE = "EAR_ENGINE_PLUGINS"
_GROUP = "ear_engine."
_OWN = "ear-engine"


@dataclass(frozen=True)
class PluginRow:
    """One plug-in, as ``ear-engine plugins`` lists it.

    ``status`` is ``available`` until its first use (unless its declaration is wrong), ``disallowed`` if
    ``EAR_ENGINE_PLUGINS`` leaves its distribution out.
    """

    kind: str
    name: str
    target: str  # "module:attribute"
    distribution: str
    version: str
    status: Literal["available", "loaded", "broken", "disallowed"] = "available"
    reason: str = ""  # why it cannot be used


class Registry:
    """Plug-ins by kind and name; the installed distributions are read once, on first use.

    Args:
        allowed: distributions to take besides the engine itself; if None, those that the environment variable
            ``EAR_ENGINE_PLUGINS`` lists (commas between), and all if it is not set.
    """

    def __init__(self, allowed: Iterable[str] | None = None) -> None:
        if allowed is None and ALLOW_VARIABLE in os.environ:
            allowed = os.environ[ALLOW_VARIABLE].split(",")
        self._allowed = None if allowed is None else {_normalize(name) for name in allowed} | {_OWN}
        self._rows: dict[tuple[str, str], PluginRow] | None = None
        self._refused: list[PluginRow] = []
        self._loaded: dict[tuple[str, str], Any] = {}

    def names(self, kind: str) -> list[str]:
        """Names of one kind, without importing any; those found broken are left out."""
        if kind not in KINDS:
            raise UserError(f"plug-in kind {kind!r}", "does not exist", f"there is {', '.join(KINDS)}", "unknown_kind")
        return sorted(row.name for row in self._read().values() if row.kind == kind and row.status != "broken")

    def load(self, kind: str, name: str) -> Any:
        """The plug-in itself, imported on first use.

        Raises:
            UserError: unknown (the nearest names are given), disallowed, or broken (with the reason).
        """
        subject, names = f"{kind} plug-in {name!r}", self.names(kind)
        row = self._read().get((kind, name))
        if row is None:
            hidden = [row for row in self._refused if (row.kind, row.name, row.status) == (kind, name, "disallowed")]
            if hidden:
                raise UserError(subject, hidden[0].reason, f"add {hidden[0].distribution} to it", "disallowed_plugin")
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
            mend = f"did you mean {' or '.join(near)}" if near else f"there is {', '.join(names) or 'none installed'}"
            raise UserError(subject, "does not exist", mend, "unknown_plugin")
        if row.status == "available":
            try:
                self._loaded[kind, name] = metadata.EntryPoint(name, row.target, _GROUP + kind).load()
                row = replace(row, status="loaded")
            except (Exception, SystemExit) as error:  # whatever someone else's module does as it is imported
                row = replace(row, status="broken", reason=f"{type(error).__name__}: {error}")
            self._read()[kind, name] = row
        if row.status == "broken":
            mend = f"mend or uninstall {row.distribution} {row.version}"
            raise UserError(subject, f"cannot be loaded ({row.reason})", mend, "broken_plugin")
        return self._loaded[kind, name]

    def load_all(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Every plug-in of one kind with its name; broken ones are skipped and show in :meth:`report`."""
        for name in self.names(kind):
            try:
                yield name, self.load(kind, name)
            except UserError:
                continue  # its row has the reason now

    def report(self, *, load: bool = False) -> list[PluginRow]:
        """Every plug-in found, refused ones included; with ``load``, each is tried first."""
        for kind in KINDS if load else ():
            list(self.load_all(kind))
        return sorted([*self._read().values(), *self._refused], key=lambda row: (row.kind, row.name, row.distribution))

    def _read(self) -> dict[tuple[str, str], PluginRow]:
        if self._rows is None:
            self._rows = {}
            for row in sorted(_declared(), key=lambda row: (row.distribution != _OWN, row.distribution)):
                if self._allowed is not None and row.distribution not in self._allowed:
                    self._refused.append(replace(row, status="disallowed", reason=f"is not in {ALLOW_VARIABLE}"))
                elif row.status == "broken":
                    self._refused.append(row)
                elif (first := self._rows.setdefault((row.kind, row.name), row)) is not row:
                    reason = f"its name is taken by {first.distribution}"
                    self._refused.append(replace(row, status="broken", reason=reason))
        return self._rows


def _declared() -> Iterator[PluginRow]:
    seen: set[str] = set()
    for distribution in metadata.distributions():
        if _GROUP not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name, version = _normalize(distribution.name), distribution.version
        if name in seen:
            continue  # hidden by the one of that name that comes first on the path
        seen.add(name)
        try:
            entries = [entry for entry in distribution.entry_points if entry.group.startswith(_GROUP)]
        except (ValueError, TypeError) as error:
            yield PluginRow("", "", "", name, version, "broken", f"its entry_points.txt cannot be read: {error}")
            continue
        for entry in entries:
            row = PluginRow(entry.group.removeprefix(_GROUP), entry.name, entry.value, name, version)
            if row.kind not in KINDS:
                near = difflib.get_close_matches(row.kind, KINDS, n=1, cutoff=0.5)
                row = replace(row, status="broken", reason=f"its kind does not exist; use {' or '.join(near or KINDS)}")
            elif not re.fullmatch(r"[a-z][a-z0-9_]*", row.name):
                row = replace(row, status="broken", reason="its name is not of the form [a-z][a-z0-9_]*")
            yield row


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
