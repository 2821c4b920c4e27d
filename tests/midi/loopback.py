"""MIDI ports in memory: devices that are plugged in and out, speak mido's messages and keep what they get."""

from __future__ import annotations

from mido import Message

from ear_engine.midi.ports import Heard
from ear_engine.shared_memory.clock import now


class Device:
    """What is on the other end of a cable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.plugged = True
        self.told = True
        """Whether the system tells that its connections have gone."""
        self.got: list[Message] = []
        self.times: list[float] = []
        self.heard: list[Heard] = []

    def send(self, *messages: Message | bytes, at: float | None = None) -> None:
        for message in messages:
            for heard in self.heard:
                heard(message if isinstance(message, bytes) else message.bytes(), now() if at is None else at)

    def values(self, control: int) -> list[int]:
        """What one of its controllers was told."""
        return [m.value for m in self.got if m.type == "control_change" and m.control == control]


class _Input:
    def __init__(self, device: Device, heard: Heard) -> None:
        self._device, self._heard = device, heard
        device.heard.append(heard)

    def joined(self) -> bool:
        return self._device.plugged or not self._device.told

    def close(self) -> None:
        if self._heard in self._device.heard:
            self._device.heard.remove(self._heard)


class _Output:
    def __init__(self, device: Device) -> None:
        self._device = device

    def joined(self) -> bool:
        return self._device.plugged or not self._device.told

    def send(self, data: bytes) -> None:
        if not self._device.plugged:
            raise OSError("it has gone")
        self._device.times.append(now())
        self._device.got.append(Message.from_bytes(data))

    def close(self) -> None:
        pass


class Loopback:
    """See :class:`ear_engine.midi.ports.MidiSystem`."""

    name = "loopback"

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.busy: set[str] = set()
        self.broken = False

    def plug(self, name: str) -> Device:
        self.devices[name] = Device(name)
        return self.devices[name]

    def unplug(self, name: str) -> None:
        self.devices.pop(name).plugged = False

    def inputs(self) -> list[str]:
        if self.broken:
            raise OSError("no answer")
        return list(self.devices)

    def outputs(self) -> list[str]:
        return list(self.devices)

    def _find(self, name: str) -> Device:
        if name not in self.devices or name in self.busy:
            raise OSError("it is in use")
        return self.devices[name]

    def open_input(self, name: str, heard: Heard) -> _Input:
        return _Input(self._find(name), heard)

    def open_output(self, name: str) -> _Output:
        return _Output(self._find(name))

    def open_own(self, heard: Heard) -> None:
        return None

    def close(self) -> None:
        pass
