"""Signals as the bytes of MIDI messages, by mido."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mido import Message

from ear_engine.midi.controls import MOST, Beat, Control, Pulse, Signal

_BEND_CENTER = 8192
_BEATS: dict[str, Beat] = {"clock": "clock", "start": "start", "stop": "stop", "continue": "continue"}
_NRPN = (99, 98, 6, 38)  # controllers that say which parameter (high and low bits) and what it is
_FINE = 32  # from a controller to that of its low bits


def read(data: Sequence[int]) -> Signal | Pulse | None:
    """What one message says; None if it is no whole message, or one that no control sends."""
    try:
        message = Message.from_bytes(data)
    except (ValueError, TypeError, IndexError):  # half a message, data bytes above 127
        return None
    kind = message.type
    if kind in _BEATS:
        return Pulse(_BEATS[kind])
    if kind == "songpos":
        return Pulse("position", message.pos)
    if kind == "control_change":
        return Signal(Control("cc", message.channel + 1, message.control), message.value)
    if kind in ("note_on", "note_off"):
        return Signal(Control("note", message.channel + 1, message.note), message.velocity * (kind == "note_on"))
    if kind == "pitchwheel":
        return Signal(Control("bend", message.channel + 1), message.pitch + _BEND_CENTER, 14)
    if kind == "program_change":
        return Signal(Control("program", message.channel + 1), message.program)
    return None


def write(signal: Signal) -> Iterator[bytes]:
    """The messages that say this; several for 14 bits."""
    control, channel, value = signal.control, signal.control.channel - 1, min(max(signal.value, 0), MOST[signal.bits])
    if control.kind == "note":
        yield bytes(Message("note_on", channel=channel, note=control.number, velocity=value).bytes())
    elif control.kind == "bend":
        yield bytes(Message("pitchwheel", channel=channel, pitch=value - _BEND_CENTER).bytes())
    elif control.kind == "program":
        yield bytes(Message("program_change", channel=channel, program=value).bytes())
    elif control.kind == "nrpn":
        high, low = divmod(value, 128) if signal.bits == 14 else (value, 0)
        said = (control.number >> 7, control.number & 127, high, low)
        for number, part in list(zip(_NRPN, said, strict=True))[: 4 if signal.bits == 14 else 3]:
            yield _change(channel, number, part)
    elif signal.bits == 14:
        yield _change(channel, control.number, value >> 7)
        yield _change(channel, control.number + _FINE, value & 127)
    else:
        yield _change(channel, control.number, value)


def write_pulse(pulse: Pulse) -> bytes:
    """The message of a clock."""
    if pulse.beat == "position":
        return bytes(Message("songpos", pos=min(max(pulse.sixteenths, 0), MOST[14])).bytes())
    return bytes(Message(pulse.beat).bytes())


def _change(channel: int, number: int, value: int) -> bytes:
    return bytes(Message("control_change", channel=channel, control=number, value=value).bytes())
