"""What the node tells the OSC service about the engine, one dataclass a question."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StatusReport:
    """How the engine is doing; the fields, in this order, are also what ``ear-engine serve --json-status`` prints."""

    state: str  # "starting" | "running" (sound plays) | "stopping"
    osc_port: int
    ear: str
    device: str  # torch device of the dreamer
    audio: str  # backend of the audio process
    steps_per_second: float
    objective: float
    loop: int  # number of the loop being heard
    dropouts: int
    clients: int
    pids: dict[str, int] = field(default_factory=dict)  # process name → process id
    http_port: int = 0
    missing: str = ""  # audio device that a clock stands in for until it is back

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)

    def pairs(self) -> list[tuple[str, str | int | float]]:
        """Key and value in the order above; every process id is one pair ``pid_NAME``."""
        flat = [(row.name, getattr(self, row.name)) for row in dataclasses.fields(self) if row.name != "pids"]
        return [*flat, *((f"pid_{name}", pid) for name, pid in self.pids.items())]


@dataclass(frozen=True)
class LayerInfo:
    """One layer of the ear: a neuron's index in it is ``channel * bins + bin``."""

    name: str
    channels: int
    bins: int

    @property
    def neurons(self) -> int:
        """Values of one row of its activations."""
        return self.channels * self.bins


@dataclass(frozen=True)
class ClipInfo:
    """One clip of the library."""

    name: str
    seconds: float
    beats: int
