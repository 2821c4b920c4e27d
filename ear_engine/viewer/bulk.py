"""What a viewer needs and OSC is not made for: the map, and loops as light; from an engine beside it or elsewhere."""

from __future__ import annotations

from typing import Any, Protocol

from ear_engine.shared_memory.shelf import LoopFacts
from ear_engine.viewer.bulk_http import HttpBulk
from ear_engine.viewer.bulk_session import SessionBulk
from ear_engine.viewer.model import LoopLights, MapPicture

__all__ = ["Bulk", "HttpBulk", "SessionBulk"]


class Bulk(Protocol):
    """Where maps and loops come from. Calls may take a while, so a viewer makes them beside its frames.

    What is not there (yet, or no longer) is None or nothing. An engine that cannot be reached raises ``OSError``; one
    that answers nonsense, ``UserError``.
    """

    def map_version(self) -> str:
        """Another word whenever the map is another or has moved; nothing while there is none. Takes little time."""

    def map(self) -> MapPicture | None:
        """The map as it is now; the one before, the same object, if nothing has changed."""

    def loops(self) -> tuple[LoopFacts, ...]:
        """Loops that the engine has, by their numbers; ``begins`` is on this machine's ``clock.now()``."""

    def lights(self, loop: int) -> LoopLights | None:
        """What the ear does in a loop."""

    def neuron(self, number: int) -> dict[str, Any] | None:
        """Everything known about a neuron (:func:`ear_engine.web.neurons.describe`)."""

    def close(self) -> None:
        """Let go of everything."""
