"""What the kept performance says of the sound: whether it was what was planned, and how soon hands were heard."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ear_engine.offline.replaying import play_again
from ear_engine.performance.reading import Kept
from ear_engine.soak.clocks import clocks_of
from ear_engine.soak.dreamed import Steps, dream_waits
from ear_engine.soak.gain import Pulse, gain_waits
from ear_engine.soak.places import Boundaries, Playhead, boundaries, playhead_of
from ear_engine.soak.waits import Away, StepWaits, Waits


@dataclass(frozen=True)
class Sound:
    """What was found.

    Args:
        seconds: of sound that can be computed again.
        compared: of them, that are known by their checksum.
        different: of those, that are not what was planned to the bit.
        missed: seconds that nobody has seen, since a process stood still or had died.
        entries: how often another loop has entered.
        block: milliseconds of a block of the device, the grid of what acts at once.
        gain: milliseconds from each change of the gain, when its message was sent, to the first sample that has it.
        dream: beats from where each change of what is dreamed could have been heard to where it was.
        late_steps: changes of what is dreamed that a step did not know though it began after them.
        boundaries: of loops.
        playhead: against the sound.
        gaps: seconds from each death of the audio process to the first sample of the next one.
        faults: sentences of what is missing in what was kept.
    """

    seconds: float
    compared: float
    different: float
    missed: float
    entries: int
    block: float = math.nan
    gain: Waits = field(default_factory=Waits)
    dream: StepWaits = field(default_factory=StepWaits)
    late_steps: int = 0
    boundaries: Boundaries = field(default_factory=Boundaries)
    playhead: Playhead = field(default_factory=Playhead)
    gaps: tuple[float, ...] = ()
    faults: tuple[str, ...] = ()


def look_at(
    kept: Kept,
    away: Sequence[Away] = (),
    pulses: Sequence[Pulse] | None = None,
    ended: float | None = None,
) -> Sound:
    """Compute the sound again, compare it with what went out, and see when changes were heard.

    Args:
        kept: the performance.
        away: when processes that were killed were not there.
        pulses: messages that changed the gain; None if it is not known when they were sent.
        ended: when playing ended, seconds on the shared clock; None if it is not known.

    Raises:
        UserError: there is no sound, or it cannot be computed.
    """
    played, _ = play_again(kept)
    return Sound(
        seconds=played.seconds,
        compared=played.compared,
        different=sum(seconds for _, seconds in played.differences),
        missed=sum(count / part.rate for part in kept.sounds for _, count in part.misses),
        entries=sum(len(part.entries) for part in kept.sounds),
        block=1e3 * float(kept.sounds[0].head["buffer_size"]) / kept.sounds[0].rate,
        gain=gain_waits(kept, away, pulses, ended),
        dream=dream_waits(kept, away, ended),
        late_steps=Steps(kept).late,
        boundaries=boundaries(kept),
        playhead=playhead_of(kept),
        gaps=tuple(_gaps(kept, away)),
        faults=tuple(kept.faults),
    )


def _gaps(kept: Kept, away: Sequence[Away]) -> Iterator[float]:
    """Seconds without sound after each death of the audio process; without an end if no other one has sounded."""
    clocks = clocks_of(kept)
    for one in away:
        if one.name == "audio":
            back = (clock.left(clock.part.anchors[0][0]) for clock in clocks if clock.part.anchors)
            yield min((time for time in back if time > one.begin), default=math.inf) - one.begin
