"""What happened when, in lines that people read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from ear_engine.performance.reading import Kept, KeptChange, SoundPart

_TOGETHER = 1.0  # seconds between changes of the same things by the same hand that are one line
_MOST_VALUES = 6  # named in a line


@dataclass(frozen=True)
class Moment:
    """Something that happened.

    Args:
        seconds: since the first sound.
        who: did it.
        what: in words.
    """

    seconds: float
    who: str
    what: str


def timeline(kept: Kept) -> list[Moment]:
    """All that happened, in order."""
    began = start_of(kept)
    found = [*_changes(kept, began)]
    for number, part in enumerate(kept.sounds):
        found += _sound(part, offset_of(kept, number), number)
    return sorted(found, key=lambda moment: moment.seconds)


def start_of(kept: Kept) -> float:
    """Clock time of the first sound; of the log if there is none."""
    return float((kept.sounds[0].head if kept.sounds else kept.head)["time"])


def offset_of(kept: Kept, number: int) -> float:
    """Seconds from the first sound to the beginning of a part."""
    return float(kept.sounds[number].head["time"]) - start_of(kept)


def _changes(kept: Kept, began: float) -> Iterator[Moment]:
    group: list[KeptChange] = []
    for change in kept.changes:
        if group and _goes_on(group[-1], change):
            group.append(change)
            continue
        yield from _told(group, began)
        group = [change]
    yield from _told(group, began)


def _goes_on(last: KeptChange, change: KeptChange) -> bool:
    same = last.origin == change.origin and last.values.keys() == change.values.keys()
    plain = not (last.engine or change.engine or last.triggers or change.triggers)
    return same and plain and change.time - last.time < _TOGETHER


def _told(group: list[KeptChange], began: float) -> Iterator[Moment]:
    if not group:
        return
    first, last = group[0], group[-1]
    words = [f"{name} {_value(value)}" for name, value in list(last.values.items())[:_MOST_VALUES]]
    if len(last.values) > _MOST_VALUES:
        words.append(f"and {len(last.values) - _MOST_VALUES} more")
    words += last.triggers
    for name, value in last.engine.items():
        shown = PurePath(str(value)).name if name in ("ear", "recording") else _value(value)
        words.append(f"{name.replace('_', ' ')} {shown or 'off'}")
    clips = last.state.get("clips")
    if clips:
        words.append(f"clips {', '.join(clips)}")
    if words:
        times = f" ({len(group)} times in {last.time - first.time:.1f} s)" if len(group) > 1 else ""
        yield Moment(first.time - began, last.origin, ", ".join(words) + times)


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _sound(part: SoundPart, offset: float, number: int) -> Iterator[Moment]:
    if number:
        yield Moment(offset, "audio", "is back: another audio process plays")
    for entry in part.entries:
        loop = "the transport stops" if entry.get("silent") else f"loop {entry['loop']}" if entry["loop"] else "source"
        yield Moment(max(offset, offset + part.time_of(entry["start"])), "audio", f"{loop} ({entry['beats']} beats)")
    for device, _, silent in part.anchors:
        if device > part.at and silent > part.at:
            lost = (device - silent) / part.rate
            yield Moment(
                offset + (silent - part.at) / part.rate, "audio", f"was not fed in time: {lost:.2f} s of silence"
            )
    for at, count in part.misses:
        yield Moment(
            offset + (at - part.at) / part.rate, "audio", f"stood still: {count / part.rate:.2f} s are not known"
        )
    if not part.shut:
        yield Moment(offset + part.seconds, "audio", "ends here without having said so")
