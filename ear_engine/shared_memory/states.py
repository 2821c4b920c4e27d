"""What each process tells the others, one dataclass a mailbox, and how it travels (JSON in a slot).

==========  ========  =======================================================
slot        writer    holds
==========  ========  =======================================================
control     node      ControlState: parameter values, trigger counts, source
audio       audio     AudioState: sample position, schedule, dropouts
dreamer     dreamer   DreamerState: latest loop, objective, speed
==========  ========  =======================================================
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from ear_engine.shared_memory.slot import SlotReader, SlotWriter


@dataclass(frozen=True)
class Event:
    """Something a process reports once; ``number`` counts up within one process so that readers see each once."""

    number: int
    level: str  # "info" | "warning" | "error"
    code: str  # short word for programs, [a-z_]+
    message: str  # one sentence for people


@dataclass(frozen=True)
class Refusal:
    """A change that could only be refused after it had been made; ``number`` counts up within one process."""

    number: int
    sequence: int  # the change's number in the control log
    name: str  # parameter it is about ("model/ear")
    code: str  # short word for programs, [a-z_]+
    message: str  # one sentence for people
    instead: bool | int | float | str | None = None  # value that the parameter goes back to; None if it stays


@dataclass(frozen=True)
class Target:
    """What shall fire, as it was asked for, in units that do not depend on an ear's size.

    ``channel`` is the center of the selected channels as a share of the layer's channels (0..1) and ``channel_width``
    their share (0..1, at least one channel); frequencies are in Hz; ``start`` and ``length`` in beats of the loop
    (``length`` 0 = the whole loop). ``by`` says which of the other fields decide: see ``target/by`` in the parameter
    table.
    """

    layer: str
    channel: float
    channel_width: float
    freq_low: float
    freq_high: float
    start: float
    length: float
    weight: float
    by: str = "layer"
    depth: float = 0.5  # 0 the first layer, 1 the last
    x: float = 0.5  # center of a disc on the map, 0..1
    y: float = 0.5
    radius: float = 0.1
    neurons: str = ""  # numbers and ranges: "12-40,77"
    name: str = ""  # words that name a region
    imprint: str = ""  # clip whose activations are the target
    objective: str = ""  # an expression
    morph: float = 0.0  # from stored target a (0) to b (1)


@dataclass(frozen=True)
class ControlState:
    """Everything a performer decides, as of ``sequence`` in the control log."""

    sequence: int  # number of the last change in the control log
    values: dict[str, Any]  # parameter name ("dream/rate") → value
    triggers: dict[str, int]  # trigger name → how often it fired since the start
    source: str  # file name of the current source in the session's loops folder
    source_number: int  # counts up with every new source
    kept: list[Target]  # targets held by target/keep, besides the current one
    ear: str  # directory of the ear
    seed: int
    stop: bool = False  # everyone ends
    stored: dict[str, Target] = field(default_factory=dict)  # "a" and "b", between which target/morph plays
    clips: dict[str, str] = field(default_factory=dict)  # clip that a target names → its file in the loops folder
    captures: int = 0  # how many loops of the live input were asked for
    maps: int = 0  # counts up when a map of the ear was made: what is known of the ear is to be read again
    audition: str = ""  # file in the loops folder of the excerpt that shall sound over the loop; empty ends it
    recall: str = ""  # file in the loops folder of the loop that the dream was told to go on from
    recalls: int = 0  # counts up with every such loop
    still: bool = False  # the dream rests where it is until the next one (between the steps of a morph)
    recording: str = ""  # folder that the performance is kept in; empty if it is not
    carried: str = ""  # file of the dream so far, fitted to this source; sounds until this source has been dreamed from
    bar_at: float = 0.0  # clock.now() at which a bar shall begin to be heard, the last one asked for
    takes: int = 0  # how many loops of the live input were asked to be recorded
    take_from: int = -1  # engine sample at which the last of them begins; below 0 it is not wanted any more


@dataclass(frozen=True)
class Entry:
    """From engine sample ``start`` on, loop ``loop`` sounds, its first sample at ``origin`` (modulo its length)."""

    start: int
    origin: int
    loop: int  # 0 = the source itself, before the first dream
    file: str  # file name in the session's loops folder
    samples: int  # length of the loop
    beats: int
    count: float = 0.0  # beats played from the start of the transport to ``start``
    bar: int = 0  # bars that have ended by then
    silent: bool = False  # the transport has stopped: silence, until the loop begins anew in a later entry


@dataclass(frozen=True)
class AudioState:
    """Where the sound is. Positions count engine samples (at ``sample_rate``) since the session began."""

    pid: int
    backend: str  # "portaudio" | "jack" | "null"
    device: str
    sample_rate: int  # of the engine: loops play unresampled if device_rate is the same
    device_rate: int
    buffer_size: int
    position: int  # engine samples that had left the graph at ``time``
    time: float  # clock.now(), seconds
    latency: float  # from the graph to the listener, seconds
    dropouts: int
    schedule: list[Entry]  # the last few entries, oldest first, future ones included
    peak: float = 0.0  # largest |sample| since the last write
    recorded: float = 0.0  # seconds on disk
    record_path: str = ""  # file that is being recorded to
    captured: int = 0  # the last of ControlState.captures that was written
    captured_file: str = ""  # its file name in the session's loops folder
    taken: int = 0  # the last of ControlState.takes that is there, or never will be
    taken_file: str = ""  # its file name in the session's loops folder; empty if it could not be had
    input: bool = False  # there is a live input
    audition: str = ""  # the last of ControlState.audition that was taken, also when it has ended
    audition_left: float = 0.0  # seconds of it that are still to be heard
    missing: list[str] = field(default_factory=list)  # backend and device that a clock stands in for until it is back
    kept: float = 0.0  # seconds of the performance's sound that can be rebuilt from ControlState.recording
    events: list[Event] = field(default_factory=list)  # the last 16


@dataclass(frozen=True)
class DreamerState:
    """What the dreamer is doing. ``heartbeat`` older than a few seconds means it hangs."""

    pid: int
    phase: str  # "loading" | "running" | "paused"
    heartbeat: float  # clock.now()
    ear: str
    device: str
    layers: list[str]
    step: int
    steps_per_second: float
    objective: float
    loop: int  # newest published loop, 0 before the first
    file: str  # its file name in the session's loops folder
    source_number: int  # the source it descends from
    sequence: int  # last control change it has applied
    recalls: int = 0  # the last of ControlState.recalls that it has taken, or found impossible
    shapes: list[list[int]] = field(default_factory=list)  # [channels, bins] of each of ``layers``
    refusals: list[Refusal] = field(default_factory=list)  # the last 16
    events: list[Event] = field(default_factory=list)  # the last 16


State = TypeVar("State", ControlState, AudioState, DreamerState)
_NESTED: dict[type, dict[str, type]] = {
    ControlState: {"kept": Target},
    AudioState: {"schedule": Entry, "events": Event},
    DreamerState: {"events": Event, "refusals": Refusal},
}


class StateWriter(Generic[State]):
    """Publishes one kind of state in the session folder."""

    def __init__(self, session: Path, name: str, capacity: int = 1 << 20) -> None:
        self._slot = SlotWriter(session / f"{name}.slot", capacity)

    def write(self, state: State) -> int:
        """Publish; return the slot's sequence number."""
        return self._slot.write(json.dumps(vars(state), separators=(",", ":"), default=vars).encode())

    def close(self) -> None:
        """Unmap; the last state stays readable."""
        self._slot.close()


class StateReader(Generic[State]):
    """Reads the latest state of one kind; parses only when it has changed."""

    def __init__(self, session: Path, name: str, kind: type[State]) -> None:
        self._slot = SlotReader(session / f"{name}.slot")
        self._kind: type[State] = kind
        self._sequence = 0
        self._state: State | None = None

    def read(self) -> State | None:
        """The latest state, or None before the first."""
        if self._slot.sequence != self._sequence:
            found = self._slot.read()
            if found is not None:
                self._sequence, payload = found
                raw: dict[str, Any] = json.loads(payload)
                for key, nested in _NESTED[self._kind].items():
                    if key in raw:
                        raw[key] = [nested(**item) for item in raw[key]]
                if "stored" in raw:
                    raw["stored"] = {name: Target(**item) for name, item in raw["stored"].items()}
                self._state = self._kind(**raw)
        return self._state

    def close(self) -> None:
        """Unmap the slot."""
        self._slot.close()
