"""A performance as it was kept: its log, its sound, its dream, as far as they can be read.

What was cut off (a crash, a full disk) is read up to there, and named in :attr:`Kept.faults`; only what is no
performance at all, or of a newer engine, is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ear_engine.errors import UserError
from ear_engine.performance.naming import CONTROL, DREAM, FORMAT, SOUND, parts_of
from ear_engine.performance.records import Record, RecordFile
from ear_engine.performance.writing import LOST

_AGAIN = "copy it again"
_LONGEST_MARK = 1 << 24  # samples
_LONGEST_PAUSE = 86400  # seconds in which nobody has seen what went out


@dataclass(frozen=True)
class KeptChange:
    """One change of the control log.

    Args:
        number, time, origin, values, triggers, engine: as in :class:`ear_engine.control.Change`.
        state: everything else that it says, by name.
    """

    number: int
    time: float
    origin: str
    values: Mapping[str, Any]
    triggers: tuple[str, ...]
    engine: Mapping[str, Any]
    state: Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """What went out from device sample ``at`` on, ``count`` samples: its checksum, and the time at their end."""

    at: int
    count: int
    crc: int
    time: float


@dataclass
class SoundPart:
    """What one audio process kept.

    Args:
        head: rates, block, backend.
        at: first device sample.
        anchors: device sample, engine sample, and from where on it was silent before.
        loops: audio by key.
        entries: what each ``entr`` says.
        ramps, overs: in order.
        misses: first device sample, and how many nobody has seen.
        shut: whether it was ended in order.
    """

    path: Path
    head: Mapping[str, Any]
    at: int
    anchors: list[tuple[int, float, int]] = field(default_factory=list)
    loops: dict[str, Record] = field(default_factory=dict)
    entries: list[Mapping[str, Any]] = field(default_factory=list)
    ramps: list[Record] = field(default_factory=list)
    overs: list[Record] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    misses: list[tuple[int, int]] = field(default_factory=list)
    shut: bool = False

    @property
    def end(self) -> int:
        """First device sample that is not known any more."""
        return self.marks[-1].at + self.marks[-1].count if self.marks else self.at

    @property
    def rate(self) -> int:
        """Of the device, Hz."""
        return int(self.head["device_rate"])

    @property
    def seconds(self) -> float:
        """That can be heard again."""
        return (self.end - self.at) / self.rate

    def time_of(self, engine: float) -> float:
        """Seconds from the start of this part at which engine sample ``engine`` is heard."""
        device = float(self.at)
        for begin, first, _ in self.anchors:
            if engine >= first or device == self.at:
                device = begin + (engine - first) * self.rate / int(self.head["sample_rate"])
        return (device - self.at) / self.rate


@dataclass
class DreamPart:
    """What one dreamer kept: its records in order."""

    path: Path
    head: Mapping[str, Any]
    records: list[Record] = field(default_factory=list)


@dataclass
class Kept:
    """A performance.

    Args:
        folder: where it lies.
        head: of the first log: versions, ear, seed, the control state that it goes on from.
        changes: of the control log.
        files: sources and clips by their file names in the session.
        ears: that were chosen later: name, folder, hash of the weights.
        sounds, dreams: what each process kept, in order.
        faults: sentences about what is missing.
    """

    folder: Path
    head: Mapping[str, Any]
    changes: list[KeptChange] = field(default_factory=list)
    files: dict[str, Record] = field(default_factory=dict)
    ears: list[Mapping[str, str]] = field(default_factory=list)
    sounds: list[SoundPart] = field(default_factory=list)
    dreams: list[DreamPart] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.name

    @property
    def seconds(self) -> float:
        """Of sound."""
        return sum(part.seconds for part in self.sounds)


def find_performance(name: str, root: Path) -> Path:
    """The folder that ``name`` means: one in ``root``, any folder, or a file in it.

    Raises:
        UserError: there is none.
    """
    path = Path(os.path.expanduser(name))  # os.path answers where Path raises: a name too long, no such user
    among = root / name
    for folder in (among, path, path.parent if os.path.isfile(path) else path):
        if name and os.path.isdir(folder) and any(parts_of(folder, part) for part in (CONTROL, SOUND, DREAM)):
            return folder
    subject, mend = f"performance {name[:120]!r}", "name a folder that session/record or --keep has made"
    if name and (os.path.exists(path) or os.path.exists(among)):
        raise UserError(subject, "holds nothing that was kept", mend, "bad_performance")
    raise UserError(subject, "does not exist", mend, "not_found")


def read_performance(folder: Path) -> Kept:
    """Everything that was kept in ``folder``; audio is read when it is asked for.

    Raises:
        UserError: it is of a newer engine, or nothing of it can be read.
    """
    kept = Kept(folder, {})
    readers = ((CONTROL, _read_control), (SOUND, _read_sound), (DREAM, _read_dream))
    for name, read in readers:
        for path in parts_of(folder, name):
            file = RecordFile(path)
            try:
                read(kept, path, _records(kept, file))
            except OSError as error:
                kept.faults.append(f"{path.name} cannot be read ({error.strerror or error}).")
            except (KeyError, TypeError, ValueError, IndexError) as error:
                kept.faults.append(f"{path.name} says something else than it should ({type(error).__name__}: {error}).")
            if file.broken:
                kept.faults.append(f"{path.name} {file.broken}; what comes before is used.")
    if not (kept.head or kept.sounds or kept.dreams):
        raise UserError(
            f"performance {kept.name!r}", f"cannot be read: {' '.join(kept.faults)}"[:300], _AGAIN, "damaged"
        )
    return kept


def _records(kept: Kept, file: RecordFile) -> Iterator[Record]:
    first = True
    for record in file:
        if first:
            version = record.head.get("format")
            if record.kind == "open" and type(version) is int and version > FORMAT:
                reason = f"is of format {version}, and this engine knows {FORMAT}"
                raise UserError(f"performance {kept.name!r}", reason, "use the engine that made it", "newer_version")
            if record.kind != "open" or type(version) is not int:
                raise ValueError(f"it begins with {record.kind!r}")
        if record.kind == LOST:
            why = record.head.get("reason", "the disk was too slow")
            kept.faults.append(f"{file.path.name} lacks {record.head.get('records')} records ({why}).")
        first = False
        yield record


def _read_control(kept: Kept, path: Path, records: Iterator[Record]) -> None:
    for record in records:
        head = record.head
        if record.kind == "open" and not kept.head:
            kept.head = head
        elif record.kind == "chng":
            rest = {name: value for name, value in head.items() if name not in KeptChange.__dataclass_fields__}
            stated = (dict(head["values"]), tuple(head["triggers"]), dict(head["engine"]))
            kept.changes.append(
                KeptChange(int(head["number"]), float(head["time"]), str(head["origin"]), *stated, rest)
            )
        elif record.kind == "ears":
            kept.ears.append({str(name): str(value) for name, value in head["ear"].items()})
        elif record.kind == "file":
            kept.files[str(head["file"])] = record


def _read_sound(kept: Kept, path: Path, records: Iterator[Record]) -> None:
    part: SoundPart | None = None
    place = 0
    for record in records:
        head = record.head
        if part is None:
            place = _number(head, "at")
            rates = _number(head, "sample_rate", 1, 1 << 20), _number(head, "device_rate", 1, 1 << 20)
            part = SoundPart(path, {**head, "sample_rate": rates[0], "device_rate": rates[1]}, place)
            kept.sounds.append(part)
        elif record.kind == "anch":
            part.anchors.append((int(head["device"]), float(head["engine"]), int(head["silent"])))
        elif record.kind == "loop":
            part.loops[str(head["key"])] = record
        elif record.kind == "entr":
            part.entries.append(_checked_entry(part, head))
        elif record.kind == "ramp":
            part.ramps.append(record)
        elif record.kind == "over":
            part.overs.append(record)
        elif record.kind == "mark":
            at, count = _stretch(place, head, _LONGEST_MARK)
            part.marks.append(Mark(at, count, int(head["crc"]), float(head["time"])))
            place = at + count
        elif record.kind == "miss":
            part.misses.append(_stretch(place, head, _LONGEST_PAUSE * part.rate))
            place += part.misses[-1][1]
        elif record.kind == "shut":
            part.shut = True


def _checked_entry(part: SoundPart, head: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry whose audio is there and fits it.

    Raises:
        ValueError: it is not.
    """
    for name in ("wet", "dry"):
        record = part.loops.get(str(head[name]))
        if record is None:
            raise ValueError(f"loop {head[name]} is not there")
        (_, _, shape), *_ = record.head["arrays"]
        if len(shape) != 2 or shape[0] not in (1, 2) or shape[1] < 1:
            raise ValueError(f"loop {head[name]} has shape {shape}")
        if name == "wet" and shape[1] != head["samples"]:
            raise ValueError(f"loop {head[name]} has {shape[1]} samples")
    for name in ("start", "origin", "beats", "fade", "loop", "source_number"):
        _number(head, name, -(1 << 62))
    return head


def _read_dream(kept: Kept, path: Path, records: Iterator[Record]) -> None:
    part: DreamPart | None = None
    for record in records:
        if part is None:
            part = DreamPart(path, record.head)
            kept.dreams.append(part)
        part.records.append(record)


def _stretch(place: int, head: Mapping[str, Any], most: int) -> tuple[int, int]:
    """First sample and length of what begins where the last stretch ended.

    Raises:
        ValueError: it does not, or is longer than it can be.
    """
    return _number(head, "at", place, place), _number(head, "count", 1, most)


def _number(head: Mapping[str, Any], name: str, least: int = 0, most: int = 1 << 62) -> int:
    value = head[name]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}")
    return value
