"""Begins a session, or goes on with that in which a node of the same keeper has died."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ear_engine.ear_files import EarFolder, find_ear
from ear_engine.errors import UserError
from ear_engine.node.options import NodeOptions
from ear_engine.node.session import open_session, rejoin_session
from ear_engine.shared_memory.states import ControlState

_UNSAID = "one that does not say"  # what an ear is called whose folder has gone meanwhile


@dataclass(frozen=True)
class Beginning:
    """What a node begins with.

    Args:
        session: its folder.
        options: what was asked for; what was decided since, where it goes on.
        state: what had been decided; None in a new session.
    """

    session: Path
    options: NodeOptions
    state: ControlState | None = None


def begin(options: NodeOptions) -> Beginning:
    """Take over the session of a node that has died, or make one.

    Raises:
        OSError: no session folder can be made.
    """
    if options.keeper:
        options = replace(options, audio=replace(options.audio, keeper=options.keeper))
        found = rejoin_session(options.keeper, afresh=options.afresh)
        if found is not None:
            session, state = found
            return Beginning(session, replace(options, ear=_ear(state, options.ear), values={}), state)
    return Beginning(open_session(keeper=options.keeper), options)


def _ear(state: ControlState, first: EarFolder) -> EarFolder:
    """The ear that listened last."""
    if not state.ear or Path(state.ear) == first.path:
        return first
    try:
        return find_ear(state.ear)
    except UserError:  # its files have gone; the dreamer will say so
        return EarFolder(str(state.values.get("model/ear") or _UNSAID), Path(state.ear))
