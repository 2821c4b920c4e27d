"""Standard MIDI files, written: notes and controls of a few parts, in quarter notes (RP-001, format 1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

TICKS = 480
"""Ticks in a quarter note."""

DRUM_CHANNEL = 9
"""The channel that General MIDI keeps for drum kits, counted from 0."""

VOLUME, PAN, EXPRESSION, PEDAL, REVERB, CHORUS = 7, 10, 11, 64, 91, 93
"""Numbers of the controllers that the makers use."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note: start and length in quarter notes, MIDI pitch (60 is middle C), velocity 1..127."""

    start: float
    length: float
    pitch: int
    velocity: int = 90


@dataclass(frozen=True, slots=True)
class Control:
    """One controller message: time in quarter notes, controller number, value 0..127."""

    start: float
    number: int
    value: int


@dataclass
class Part:
    """What one channel plays: a program 0..127 (a kit's number if ``drums``), its notes and its controls."""

    program: int
    notes: list[Note] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    drums: bool = False


@dataclass(frozen=True)
class Score:
    """Parts, at most 15 with pitch; tempi as (quarter note from which on, quarter notes a minute), the first from 0."""

    parts: tuple[Part, ...]
    tempi: tuple[tuple[float, float], ...] = ((0.0, 120.0),)
    meter: tuple[int, int] = (4, 4)

    @property
    def quarters(self) -> float:
        """When the last note ends, in quarter notes."""
        return max((note.start + note.length for part in self.parts for note in part.notes), default=0.0)

    def seconds(self, quarter: float) -> float:
        """When a quarter note sounds."""
        total = 0.0
        for index, (start, tempo) in enumerate(self.tempi):
            end = self.tempi[index + 1][0] if index + 1 < len(self.tempi) else quarter
            total += max(0.0, min(end, quarter) - start) * 60.0 / tempo
        return total

    def before(self, seconds: float) -> Score:
        """The score with only what starts before a time, in seconds."""
        parts = [
            replace(
                part,
                notes=[note for note in part.notes if self.seconds(note.start) < seconds],
                controls=[control for control in part.controls if self.seconds(control.start) < seconds],
            )
            for part in self.parts
        ]
        return replace(self, parts=tuple(parts))


def midi_bytes(score: Score) -> bytes:
    """The score as a Standard MIDI File.

    Times are rounded to 1/480 of a quarter note; pitches, velocities and values are clipped to MIDI's range. A note
    that starts while the same pitch of its channel still sounds ends the earlier one.

    Raises:
        ValueError: for more than 15 parts with pitch.
    """
    if sum(not part.drums for part in score.parts) > 15:
        raise ValueError("a MIDI file holds 15 parts with pitch")
    numerator, denominator = score.meter
    conductor = [(0, 0, b"\xff\x58\x04" + bytes((numerator, denominator.bit_length() - 1, 24, 8)))]
    for start, tempo in score.tempi:
        conductor.append((_tick(start), 1, b"\xff\x51\x03" + round(60e6 / tempo).to_bytes(3, "big")))
    tracks, free = [_track(conductor)], iter(channel for channel in range(16) if channel != DRUM_CHANNEL)
    for part in score.parts:
        tracks.append(_track(_events(part, DRUM_CHANNEL if part.drums else next(free))))
    return struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), TICKS) + b"".join(tracks)


def _tick(quarter: float) -> int:
    return max(0, round(quarter * TICKS))


def _events(part: Part, channel: int) -> list[tuple[int, int, bytes]]:
    """(tick, order at one tick, message): ends of notes come before controls, and those before new notes."""
    events = [(0, 0, bytes((0xC0 | channel, _seven(part.program))))]
    for control in part.controls:
        message = bytes((0xB0 | channel, control.number, _seven(control.value)))
        events.append((_tick(control.start), 1, message))
    last: dict[int, int] = {}
    for note in sorted(part.notes, key=lambda note: -note.start):
        pitch, start = _seven(note.pitch), _tick(note.start)
        end = min(max(start + 1, _tick(note.start + note.length)), last.get(pitch, 1 << 40))
        if end <= start:
            continue
        last[pitch] = start
        events.append((start, 2, bytes((0x90 | channel, pitch, max(1, _seven(note.velocity))))))
        events.append((end, -1, bytes((0x90 | channel, pitch, 0))))
    return events


def _seven(value: int) -> int:
    return min(127, max(0, int(value)))


def _track(events: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A track chunk, with running status."""
    body, now, status = bytearray(), 0, -1
    for tick, _, message in sorted(events):
        body += _variable(tick - now)
        body += message[1:] if message[0] == status and message[0] < 0xF0 else message
        now, status = tick, message[0]
    body += b"\x00\xff\x2f\x00"
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)


def _variable(value: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the highest first."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
