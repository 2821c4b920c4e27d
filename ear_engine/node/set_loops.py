"""Loops that were made here and that a set names: which they are, and their names as clips of any session.

Those that came along with the last set are among them (:mod:`ear_engine.node.left_loops`).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Protocol, TypeAlias

from ear_engine.errors import UserError
from ear_engine.held_targets import Held
from ear_engine.node.made_clips import MadeClips
from ear_engine.parameters import Value
from ear_engine.setfile import SetFile
from ear_engine.sets.loops import keep_loop, names_in, renamed

MadeHere: TypeAlias = Mapping[str, MadeClips]
"""Names of clips, and who has their sound."""


class Names(Protocol):
    """What clips are called (:class:`ear_engine.node.clip_names.ClipNames`)."""

    made: list[MadeClips]

    async def list_clips(self) -> None:
        """Read the folders again."""

    def check_name(self, value: Value) -> Value:
        """The clip that ``value`` means; raises UserError."""


def made_here(plain: SetFile, held: Held, names: Names | None) -> MadeHere:
    """The clips of a set that were made here; one that is forgotten is none of them. In the event loop."""
    found: dict[str, MadeClips] = {}
    for name in () if names is None else names_in(plain, held):
        for one in names.made if names is not None else ():
            try:
                if one.named(name) is not None:
                    found[name] = one
            except UserError:  # it is forgotten
                continue
    return found


def keep_made(
    plain: SetFile, held: Held, made: MadeHere, known: MutableMapping[str, str], folder: Path
) -> tuple[SetFile, Held]:
    """Keep the sound of what was made here as clips, and name it so; in a thread.

    Args:
        plain, held: of the set.
        made: who has the sound of which name.
        known: what names are called as clips, as far as they were kept before; what is kept now is added.
        folder: of the clips: the user's for what the user saves, that of the last set for what is kept by itself.

    Raises:
        UserError: one of them cannot be kept.
    """
    for name, one in made.items():
        if name not in known or not (folder / f"{known[name]}.wav").exists():
            known[name] = keep_loop(one.read(name), folder)
    return renamed(plain, held, {name: known[name] for name in made})


async def look_again(plain: SetFile, held: Held, names: Names | None) -> None:
    """List the clips again if a set names one that nobody has seen yet: it may have been kept a moment ago."""
    if names is None:
        return
    try:
        for name in names_in(plain, held):
            names.check_name(name)
    except UserError:
        await names.list_clips()
