"""From what was measured to lines with targets."""

from __future__ import annotations

import math
import platform
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ear_engine.platform import cores
from ear_engine.soak.answers import Answers
from ear_engine.soak.gain import Pulse
from ear_engine.soak.listeners import Heard
from ear_engine.soak.machine import Memory, Probe
from ear_engine.soak.options import SoakOptions
from ear_engine.soak.report import Line, Report
from ear_engine.soak.sound import Sound
from ear_engine.soak.viewer import Viewed
from ear_engine.soak.watch import Watch

_NOTHING, _NEVER = math.nan, math.inf
_MINUTE = 60.0  # seconds
_MOST_EVENTS = 40
_LONG = 600.0  # seconds from which on the growth of memory says something
_FIRST_SOUND, _GROWTH, _ANSWER, _APPLIED = 5.0, 2.0, 5.0, 20.0
_HEARD = 0.0  # beats beyond the grid point that could be reached
_UNCHECKED = 5.0  # per cent of the sound
_PLAYHEAD, _AHEAD = 1.0, 5.0  # samples; milliseconds, as often as someone looks
_BOUNDARY = 1e-6  # of a loop
_BACK = 1.0  # seconds until there is sound again
_PICTURE = 30.0  # seconds without a picture
_SILENCE = 5.0  # seconds in which a client hears nothing
_WATCHED = ("keeper", "node", "audio", "dreamer")  # whose memory is known after a long time
_WARNINGS = ("restarted", "error", "died", "hung", "interrupted", "cannot", "lost", "crashed", "killed")


@dataclass
class Found:
    """What was measured; filled while it goes on.

    Args:
        over: why it ended before its time, empty if it did not.
        ended: when playing ended, seconds on the shared clock; None if it has not begun.
        pulses: messages that changed the gain.
        watch: what became of the processes.
        viewed: what became of the viewer; None if there was none.
        no_sound: why there is no ``sound``.
    """

    options: SoakOptions
    seconds: float = 0.0
    first_sound: float = _NOTHING
    dropouts: int = 0
    ended_in_order: bool = False
    speeds: list[float] = field(default_factory=list)
    over: str = ""
    ended: float | None = None
    pulses: list[Pulse] = field(default_factory=list)
    watch: Watch | None = None
    viewed: Viewed | None = None
    events: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    memory: Memory | None = None
    probe: Probe | None = None
    answers: Answers | None = None
    sound: Sound | None = None
    no_sound: str = ""

    @property
    def draws(self) -> bool:
        """Whether a viewer was wanted that can draw."""
        return self.options.view and not (self.viewed is not None and self.viewed.blind)

    def told(self, text: str) -> None:
        """Keep what the engine said of faults."""
        lines = [line.strip() for line in text.splitlines()]
        self.events += [line for line in lines if any(word in line for word in _WARNINGS)][:_MOST_EVENTS]


def report_of(found: Found) -> Report:
    """The lines."""
    lines = [
        *_engine(found),
        *_sound(found),
        *_changes(found),
        *_answers(found),
        *_memory(found),
        *_streams(found),
        *_viewer(found),
        *_machine(found),
    ]
    options = found.options
    about = (
        f"{found.seconds / 60.0:.1f} minutes of `{options.ear}`, {options.audio} backend, {cores()} cores "
        f"({platform.machine()}), {len(found.heard)} clients" + (", a viewer" if found.draws else "")
    )
    if found.viewed is not None and found.viewed.blind:
        about += f", no viewer, which cannot draw here ({found.viewed.blind})"
    if options.faults:
        kills = [] if found.watch is None else [kill.name for kill in found.watch.kills]
        about += f"; killed: {_counted(kills)}"
    return Report(about, tuple(lines), tuple(found.events))


def _engine(found: Found) -> list[Line]:
    allowed = None if found.options.faults else 0.0
    lines = [
        Line("start to first sound", found.first_sound, "s", _FIRST_SOUND),
        Line("ended or stood still before its time", 1.0 if found.over else 0.0, "", 0.0, found.over or "0 is no"),
        Line("ended in order", 0.0 if found.ended_in_order else 1.0, "", 0.0, "0 is yes"),
        Line("dropouts", found.dropouts, "", allowed, _others(found)),
        Line("steps of the dream", _median(found.speeds), "/s"),
    ]
    watch = found.watch
    if watch is None:
        return lines
    again = list(watch.again.elements())
    lines.append(Line("processes that were started again", len(again), "", allowed, _counted(again)))
    if found.options.faults:
        unasked = watch.again - Counter(kill.name for kill in watch.kills)
        note = _counted(list(unasked.elements()))
        lines.append(Line("processes started again without being killed", unasked.total(), "", 0.0, note))
    if watch.kills:
        backs = [(kill.name, _NEVER if kill.back is None else kill.back - kill.at) for kill in watch.kills]
        lost = [name for name, back in backs if math.isinf(back)]
        longest = {name: max(back for other, back in backs if other == name) for name, _ in sorted(backs)}
        note = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in longest.items())
        lines.append(Line("killed processes that did not come back", len(lost), "", 0.0, _counted(lost)))
        lines.append(Line("from a kill to the work of the next, longest", max(longest.values()), "s", None, note))
    return lines


def _sound(found: Found) -> list[Line]:
    sound = found.sound
    if sound is None:
        return [Line("sound that is not as planned, to the bit", _NOTHING, "s", 0.0, found.no_sound)]
    allowed = None if found.options.faults else 0.0
    different = sound.different if sound.compared > 0.0 else _NOTHING
    lines = [
        Line("sound that is not as planned, to the bit", different, "s", 0.0, f"of {sound.compared:.0f} s"),
        Line("sound that was not compared", _unchecked(found, sound), "%", _UNCHECKED, _away(sound)),
        Line("sound that nobody has seen", sound.missed, "s", allowed),
        Line("faults of what was kept", len(sound.faults), "", allowed, " ".join(sound.faults)[:200]),
        Line("versions that entered", sound.entries),
        Line("loop boundary off its place, most", sound.boundaries.worst, "of a loop", _BOUNDARY),
    ]
    errors, note = sound.playhead.errors, f"{len(sound.playhead.errors)} looks"
    ahead = 1e3 * sound.playhead.ahead
    told = None if allowed is None or found.seconds < _MINUTE else _AHEAD
    lines += [
        Line(
            "playhead to audio, p50", _percentile(errors, 50), "samples", None if allowed is None else _PLAYHEAD, note
        ),
        Line("playhead to audio, p99", _percentile(errors, 99), "samples", None if allowed is None else _PLAYHEAD),
        Line("playhead ahead of all sound that was seen", ahead, "ms", told, "as exactly as it was seen"),
    ]
    if sound.gaps:
        note = f"{len(sound.gaps)} times killed"
        lines.append(Line("sound back after its process was killed, longest", max(sound.gaps), "s", _BACK, note))
    return lines


def _changes(found: Found) -> list[Line]:
    sound = found.sound
    if sound is None:
        return []
    gain, dream = sound.gain, sound.dream
    gains, dreams = gain.note("changes of the gain"), dream.note("changes of what is dreamed")
    block = f"acts with a block, of {sound.block:.1f} ms"
    return [
        Line("message to first changed sample, p50", gain.percentile(50), "ms", _APPLIED, gains),
        Line("message to first changed sample, p99", gain.percentile(99), "ms", _APPLIED, block),
        Line("changes of the gain that were never heard", gain.never, "", 0.0),
        Line("changes of what is dreamed that the next step did not know", sound.late_steps, "", 0.0),
        Line("change of the dream to the end of the step that knows it, p50", dream.until_known(50), "ms"),
        Line("change of the dream to the end of the step that knows it, p99", dream.until_known(99), "ms"),
        Line("dream heard after the beat that it could reach, p50", dream.percentile(50), "beats", _HEARD, dreams),
        Line("dream heard after the beat that it could reach, p99", dream.percentile(99), "beats", _HEARD),
        Line("changes of what is dreamed that were never heard", dream.never, "", 0.0),
    ]


def _answers(found: Found) -> list[Line]:
    answers = found.answers
    if answers is None:
        return []
    allowed = None if found.options.faults else 0.0
    return [
        Line("set to get, p50", answers.percentile(50), "ms", None, f"{len(answers.seconds)} questions"),
        Line("set to get, p99", answers.percentile(99), "ms", _ANSWER),
        Line("questions without an answer", answers.lost, "", allowed),
    ]


def _memory(found: Found) -> list[Line]:
    if found.memory is None:
        return []
    target = _GROWTH if found.seconds >= _LONG and not found.options.faults else None
    grown = sorted(found.memory.growth().items())
    lines = [
        Line(f"memory of {name.split()[0]} grew by", growth, "%", target, f"of {size:.0f} MB")
        for name, (size, growth) in grown
    ]
    if target is not None:
        known = {name.split()[0] for name, _ in grown}
        for name in (*_WATCHED, *(("viewer",) if found.draws else ())):
            if name not in known:
                lines.append(Line(f"memory of {name} grew by", _NOTHING, "%", target, "not known for most of the time"))
    return lines


def _streams(found: Found) -> list[Line]:
    messages = sum(sum(heard.messages.values()) for heard in found.heard)
    longest = max((heard.longest for heard in found.heard), default=_NOTHING)
    silent = sum(not heard.messages for heard in found.heard) if found.heard else _NOTHING
    return [
        Line("messages heard by clients", messages / max(found.seconds, 1e-9), "/s"),
        Line("clients that heard nothing", silent, "", 0.0),
        Line("longest time without any", longest, "s", None if found.options.faults else _SILENCE),
        Line("packets that were no OSC", sum(heard.malformed for heard in found.heard), "", 0.0),
        Line("playheads left out", sum(heard.skipped for heard in found.heard)),
    ]


def _viewer(found: Found) -> list[Line]:
    if not found.draws:
        return []
    viewed = found.viewed
    ended, longest, pictures = (
        (_NOTHING, _NOTHING, 0)
        if viewed is None
        else (1.0 if viewed.ended else 0.0, viewed.longest if viewed.pictures else _NEVER, viewed.pictures)
    )
    why = "0 is no" if viewed is None or not viewed.ended else viewed.ended
    return [
        Line("viewer ended before its time", ended, "", 0.0, why),
        Line("longest time without a picture", longest, "s", _PICTURE, f"{pictures} pictures"),
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


def _unchecked(found: Found, sound: Sound) -> float:
    """Per cent of what was played; what was not while the audio process was away is not among it."""
    played = max(sound.seconds + sound.missed, found.seconds - sum(sound.gaps))
    return 100.0 * max(0.0, 1.0 - sound.compared / played) if played > 0.0 else _NOTHING


def _away(sound: Sound) -> str:
    return f"less {sum(sound.gaps):.1f} s without the audio process" if sound.gaps else ""


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else _NOTHING


def _percentile(values: tuple[float, ...], percent: float) -> float:
    return float(np.percentile(values, percent, method="inverted_cdf")) if values else _NOTHING


def _counted(names: list[str]) -> str:
    return ", ".join(f"{name} {count} times" for name, count in sorted(Counter(names).items())) or "nobody"
