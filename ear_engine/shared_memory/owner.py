"""Whose a session folder is: the node that runs it, and the keeper that starts another one if that dies."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ear_engine import platform

_NODE = "node.pid"
_KEEPER = "keeper.json"


@dataclass(frozen=True)
class Owner:
    """Who a session belongs to.

    Args:
        node: process id of its node.
        keeper: process id of the keeper of that node; 0 if it has none.
    """

    node: int
    keeper: int = 0

    @property
    def alive(self) -> bool:
        """Whether the node runs."""
        return platform.process_alive(self.node)

    @property
    def kept(self) -> bool:
        """Whether a node runs, or will soon."""
        return self.alive or platform.process_alive(self.keeper)


def write_owner(session: Path, owner: Owner) -> None:
    """Say whose ``session`` is.

    Raises:
        OSError: it cannot be written.
    """
    for name, text in ((_KEEPER, json.dumps(asdict(owner))), (_NODE, str(owner.node))):
        aside = session / f"{name}.new"
        aside.write_text(text)
        os.replace(aside, session / name)


def read_owner(session: Path) -> Owner | None:
    """Whose ``session`` is; None if nobody has said so yet."""
    try:
        node = int((session / _NODE).read_text())
    except (OSError, ValueError):
        return None
    try:
        said = json.loads((session / _KEEPER).read_text())
        return Owner(node, int(said["keeper"])) if said["node"] == node else Owner(node)
    except (OSError, ValueError, KeyError, TypeError):
        return Owner(node)


def session_of(process: int) -> Path | None:
    """The session folder of a node, or of a keeper's node."""
    for parent in {platform.session_parent(), platform.session_parent(room=0)}:
        for session in platform.session_folders(parent):
            owner = read_owner(session)
            if owner is not None and process in (owner.node, owner.keeper):
                return session
    return None
