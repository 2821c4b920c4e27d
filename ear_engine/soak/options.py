"""What is tried."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SoakOptions:
    """What is tried.

    Args:
        seconds: how long it plays.
        ear: who listens.
        audio: backend.
        faults: kill a process now and then.
        view: let a viewer draw beside it.
        seed: of gestures and faults.
        keep: folder for the performance; a temporary one if None.
    """

    seconds: float
    ear: str = "small"
    audio: str = "null"
    faults: bool = False
    view: bool = True
    seed: int = 0
    keep: Path | None = None
