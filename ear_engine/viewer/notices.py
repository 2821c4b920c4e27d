"""Lines of text over the map: what is waited for, what has just happened, and what cannot be fetched."""

from __future__ import annotations

from dataclasses import dataclass

from ear_engine.viewer.asker import Answered
from ear_engine.viewer.loader import Loaded
from ear_engine.viewer.snapshot import Snapshot


@dataclass(frozen=True)
class Notices:
    """What is said; nothing where there is nothing to say.

    Args:
        waited: in the middle: what there is no picture without.
        told: below it: a message.
        lacking: small, at the edge: what could not be fetched, until it can.
    """

    waited: str = ""
    told: str = ""
    lacking: str = ""


def notices(snapshot: Snapshot, loaded: Loaded, answered: Answered, *, mapped: bool, told: str) -> Notices:
    """What is to be said.

    Args:
        snapshot: what is known of the engine.
        loaded: what has been fetched.
        answered: what has been asked for.
        mapped: whether there is a map to be seen.
        told: a message that is still shown.
    """
    waited = lacking = ""
    if snapshot.waiting:
        waited = snapshot.waiting
    elif not mapped:
        waited = loaded.problem or "waiting for the map"
    else:
        lacking = loaded.problem or answered.problem
    if not told and snapshot.laying_out is not None:
        ear = snapshot.status.get("ear", "the ear")
        told = f"the map of {ear} is being laid out: {snapshot.laying_out} %"
    return Notices(waited, told, lacking)
