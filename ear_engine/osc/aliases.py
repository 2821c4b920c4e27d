"""Old names of addresses: one that was renamed is answered, under its new name, for one major version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PROTOCOL = 1
"""Version of the address space: it goes up when an old name is no longer answered."""


@dataclass(frozen=True)
class Renamed:
    """One row.

    Args:
        old, new: addresses; of a parameter, that of its 0..1 twin follows.
        protocol: version in which it was renamed, and in which the old name is still answered.
    """

    old: str
    new: str
    protocol: int


RENAMED: tuple[Renamed, ...] = ()
"""The table. Nothing has been renamed in version 1."""


def aliases(rows: Iterable[Renamed] = RENAMED, protocol: int = PROTOCOL) -> Mapping[str, str]:
    """Old address → new one, of all names that are still answered."""
    found: dict[str, str] = {}
    for row in rows:
        if protocol <= row.protocol:
            found[row.old] = row.new
            found[row.old.replace("/ear/", "/ear/norm/", 1)] = row.new.replace("/ear/", "/ear/norm/", 1)
    return found
