"""MIDI while the machine's ports are open: devices, clock, and what goes to and from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ear_engine.midi.controls import Pulse, Signal
from ear_engine.midi.inbox import Inbox
from ear_engine.midi.sender import Sender
from ear_engine.node.midi_clock import MidiClock
from ear_engine.node.midi_devices import Devices
from ear_engine.osc.links import Link
from ear_engine.parameters import Value
from ear_engine.shared_memory.clock import now


@dataclass(frozen=True)
class OpenMidi:
    """What there is while there is MIDI.

    Args:
        devices: that are plugged in.
        clock: of MIDI, in and out.
        inbox: what has come and was not done yet.
        sender: what goes out.
        read: what bytes of MIDI say; None if that is nothing to us.
        write: bytes that say it.
        link: takes commands that controls give.
    """

    devices: Devices
    clock: MidiClock
    inbox: Inbox
    sender: Sender
    read: Callable[[Sequence[int]], Signal | Pulse | None]
    write: Callable[[Signal], Iterable[bytes]]
    link: Link

    def look(self, at: float) -> bool:
        """Do what the clock has due at ``at`` seconds; return whether feedback waits to be shown."""
        self.clock.look(at, self.devices.clock_outputs(self.clock.sends_to))
        return any(device.desk.feedback.waiting for device in self.devices.open.values())

    def changed(self, values: Mapping[str, Value]) -> None:
        """Parameters have changed: devices are to show it."""
        for device in self.devices.open.values():
            device.desk.feedback.changed(values)

    def show(self, values: Mapping[str, Value]) -> None:
        """Let motors and lights of the devices show what of all ``values`` is due."""
        for device in self.devices.open.values():
            if device.output is not None:
                due = device.desk.feedback.due(now(), values)
                self.sender.send(device.output, [data for signal in due for data in self.write(signal)])

    def close(self, *, hangs: bool) -> None:
        """Let go of everything; of a driver that ``hangs``, in a thread: it holds up nothing while the engine plays."""

        def end() -> None:
            self.sender.close()
            self.devices.system.close()

        self.devices.close()
        self.link.close()
        if hangs:
            threading.Thread(target=end, name="midi-end", daemon=True).start()
        else:
            end()
