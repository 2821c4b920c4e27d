"""The one table of clients: what ships for which program, where that program looks for it, and what to do then."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.resources import resource


@dataclass(frozen=True)
class Client:
    """One row.

    Args:
        name: what is typed.
        title: name of the program it is for.
        parts: where its folder lies among the shipped files.
        home: folder in which the program looks for such folders on this machine; asked when it is needed.
        called: what the folder is called there.
        then: what to do after it has been installed, one sentence.
        engine_file: file beside it that says where ``ear-engine`` is, for those that start it; none if empty.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    home: Callable[[], Path]
    called: str
    then: str
    engine_file: str = ""

    @property
    def target(self) -> Path:
        """Where it goes on this machine unless something else is said."""
        return self.home() / self.called

    def source(self) -> Path:
        """The shipped folder.

        Raises:
            UserError: this version of the engine has none yet.
        """
        try:
            return resource(*self.parts)
        except UserError:
            reason = "does not come with this version yet"
            raise UserError(f"client {self.name!r}", reason, "see `ear-engine clients list`", "no_client") from None


def clients() -> tuple[Client, ...]:
    """All rows, those that are there first."""
    return (
        Client(
            "supercollider",
            "SuperCollider",
            ("supercollider", "EarEngine"),
            platform.supercollider_extensions,
            "EarEngine",
            "In SuperCollider choose Language > Recompile Class Library, then open the help of EarEngine.",
            engine_file="engine_path.txt",
        ),
        Client(
            "puredata",
            "Pure Data",
            ("patches", "puredata", "ear-engine"),
            platform.puredata_externals,
            "ear-engine",
            "In Pd open start-here.pd there; for patches of your own add that folder to Edit > Preferences > Path.",
        ),
        Client(
            "max",
            "Max",
            ("maxmsp", "ear-engine"),
            platform.max_packages,
            "ear-engine",
            "Start Max again, then choose ear-engine in its menu Extras.",
            engine_file="engine_path.txt",
        ),
        Client(
            "touchdesigner",
            "TouchDesigner",
            ("patches", "touchdesigner"),
            platform.user_patch_dir,
            "touchdesigner",
            "Open the page README.md there; it says which script to run once.",
        ),
        Client(
            "touchosc",
            "TouchOSC",
            ("patches", "touchosc"),
            platform.user_patch_dir,
            "touchosc",
            "Open ear-engine.tosc there in TouchOSC; README.md says which ports it needs.",
        ),
        Client(
            "openstagecontrol",
            "Open Stage Control",
            ("patches", "openstagecontrol"),
            platform.user_patch_dir,
            "openstagecontrol",
            "Load ear-engine.json there in Open Stage Control; README.md has the command.",
        ),
    )


def find_client(name: str) -> Client:
    """The row of that name.

    Raises:
        UserError: there is none; the nearest are named.
    """
    rows = {row.name: row for row in clients()}
    if name in rows:
        return rows[name]
    near = difflib.get_close_matches(name.lower(), rows, n=1, cutoff=0.5)
    mend = f"did you mean {near[0]}" if near else f"there is {', '.join(rows)}"
    raise UserError(f"client {name!r}", "is unknown", mend, "unknown_client")
