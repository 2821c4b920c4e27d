"""From what was measured to lines with targets."""

from __future__ import annotations

import math
import platform
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ear_engine.platform import cores
from ear_engine.soak.answers import Asker
from ear_engine.soak.listeners import Heard
from ear_engine.soak.machine import Memory, Probe
from ear_engine.soak.options import SoakOptions
from ear_engine.soak.report import Line, Report
from ear_engine.soak.sound import Sound

_NOTHING = math.nan
_MOST_EVENTS = 40
_LONG = 600.0  # seconds from which on the growth of memory says something
_FIRST_SOUND, _GROWTH, _ANSWER, _APPLIED = 5.0, 2.0, 5.0, 20.0
_HEARD = 2.0  # beats: the quantum that is under way, and the next
_WARNINGS = ("restarted", "error", "died", "hung", "interrupted", "cannot", "lost", "crashed", "killed")


@dataclass
class Found:
    """What was measured; filled while it goes on."""

    options: SoakOptions
    seconds: float = 0.0
    first_sound: float = _NOTHING
    dropouts: int = 0
    ended_in_order: bool = False
    speeds: list[float] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    memory: Memory | None = None
    probe: Probe | None = None
    asker: Asker | None = None
    sound: Sound | None = None

    def told(self, text: str) -> None:
        """Keep what the engine said of faults."""
        lines = [line.strip() for line in text.splitlines()]
        self.events += [line for line in lines if any(word in line for word in _WARNINGS)][:_MOST_EVENTS]


def report_of(found: Found) -> Report:
    """The lines."""
    lines = [*_sound(found), *_answers(found), *_memory(found), *_streams(found), *_machine(found)]
    options = found.options
    about = (
        f"{found.seconds / 60.0:.1f} minutes of `{options.ear}`, {options.audio} backend, {cores()} cores "
        f"({platform.machine()}), {len(found.heard)} clients" + (", a viewer" if options.view else "")
    )
    if options.faults:
        about += f"; killed: {_counted(found.kills)}"
    return Report(about, tuple(lines), tuple(found.events))


def _sound(found: Found) -> list[Line]:
    allowed = None if found.options.faults else 0.0
    lines = [
        Line("start to first sound", found.first_sound, "s", _FIRST_SOUND),
        Line("dropouts", found.dropouts, "", allowed, _others(found)),
        Line("steps of the dream", _median(found.speeds), "/s"),
        Line("ended in order", 0.0 if found.ended_in_order else 1.0, "", 0.0, "0 is yes"),
    ]
    sound = found.sound
    if sound is None:
        return lines
    of_all = f"of {sound.compared:.0f} s"
    lines.append(Line("sound that is not as planned, to the bit", sound.different, "s", 0.0, of_all))
    lines.append(Line("sound that nobody has seen", sound.missed, "s", allowed))
    lines.append(Line("versions that entered", sound.entries))
    if sound.applied:
        note = f"{len(sound.applied)} changes of the gain"
        lines.append(Line("message to first changed sample, p50", _percentile(sound.applied, 50), "ms", _APPLIED, note))
        lines.append(Line("message to first changed sample, p99", _percentile(sound.applied, 99), "ms"))
    if sound.dreamed:
        note = f"{len(sound.dreamed)} changes of what is dreamed"
        middle = _percentile(sound.dreamed, 50)
        lines.append(Line("change to the loop that knows it, p50", middle, "beats", _HEARD, note))
        lines.append(Line("change to the loop that knows it, p99", _percentile(sound.dreamed, 99), "beats"))
    return lines


def _answers(found: Found) -> list[Line]:
    asker = found.asker
    if asker is None:
        return []
    allowed = None if found.options.faults else 0.0
    return [
        Line("set to get, p50", asker.percentile(50), "ms", None, f"{len(asker.seconds)} questions"),
        Line("set to get, p99", asker.percentile(99), "ms", _ANSWER),
        Line("questions without an answer", asker.lost, "", allowed),
    ]


def _memory(found: Found) -> list[Line]:
    if found.memory is None:
        return []
    target = _GROWTH if found.seconds >= _LONG and not found.options.faults else None
    return [
        Line(f"memory of {name.split()[0]} grew by", growth, "%", target, f"of {size:.0f} MB")
        for name, (size, growth) in sorted(found.memory.growth().items())
    ]


def _streams(found: Found) -> list[Line]:
    messages = sum(sum(heard.messages.values()) for heard in found.heard)
    return [
        Line("messages heard by clients", messages / max(found.seconds, 1e-9), "/s"),
        Line("longest time without any", max((heard.longest for heard in found.heard), default=_NOTHING), "s"),
        Line("packets that were no OSC", sum(heard.malformed for heard in found.heard), "", 0.0),
        Line("playheads left out", sum(heard.skipped for heard in found.heard)),
    ]


def _machine(found: Found) -> list[Line]:
    probe = found.probe
    if probe is None:
        return []
    stolen = probe.stolen_share
    return [
        Line("processor time that the host took", _NOTHING if stolen is None else 100.0 * stolen, "% of a core"),
        Line("threads let in more than 20 ms late", len(probe.late), "", None, f"worst {1e3 * probe.worst:.0f} ms"),
    ]


def _others(found: Found) -> str:
    if found.probe is None or not found.probe.worst:
        return ""
    return f"the system let a thread wait for {1e3 * found.probe.worst:.0f} ms"


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else _NOTHING


def _percentile(values: tuple[float, ...], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else _NOTHING


def _counted(names: list[str]) -> str:
    return ", ".join(f"{name} {count} times" for name, count in sorted(Counter(names).items())) or "nobody"
