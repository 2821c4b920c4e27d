"""Ports by python-rtmidi: ALSA, JACK, CoreMIDI, Windows."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ear_engine.errors import UserError
from ear_engine.midi.alsa_connections import connected
from ear_engine.midi.ports import OURS, Heard
from ear_engine.shared_memory.clock import now

MidiPorts = Literal["auto", "alsa", "jack", "off"]
INSTALL = "pip install mido python-rtmidi"
_SEQUENCER = Path("/dev/snd/seq")


def open_system(api: MidiPorts = "auto", jack: bool = False) -> RtMidi:
    """The machine's ports.

    Args:
        api: ``auto`` takes ALSA on Linux, and what the system has elsewhere.
        jack: whether ``auto`` may take JACK where there is no ALSA: its server runs.

    Raises:
        UserError: there is no library for it, or no system.
    """
    if api == "off":
        raise UserError("MIDI", "is off", "start with --midi auto", "midi_off")
    try:
        import mido  # noqa: F401  # reads and writes messages (wire.py)
        import rtmidi
    except ImportError:
        raise UserError("MIDI", "needs mido and python-rtmidi", INSTALL, "no_midi") from None
    linux = sys.platform.startswith("linux")
    if api == "auto" and linux and not os.access(_SEQUENCER, os.R_OK | os.W_OK):
        if jack:
            return open_system("jack")
        mend = "load the kernel's snd-seq, or start a JACK server and use --midi jack"
        raise UserError("MIDI", f"has no sequencer here ({_SEQUENCER})", mend, "no_midi")
    wanted = ("alsa" if linux else "") if api == "auto" else api
    compiled = {rtmidi.get_api_name(number): number for number in rtmidi.get_compiled_api()}
    if wanted and wanted not in compiled:
        mend = f"use {' or '.join(compiled)}"
        raise UserError(f"MIDI over {wanted}", "is not a part of this python-rtmidi", mend, "no_midi")
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    try:
        return RtMidi(rtmidi, compiled[wanted] if wanted else rtmidi.API_UNSPECIFIED)
    except OSError as error:
        raise UserError("MIDI", f"cannot be opened ({_short(error)})", "see `ear-engine doctor`", "no_midi") from None


class RtMidi:
    """Ports of one API; see :class:`ear_engine.midi.ports.MidiSystem`.

    Args:
        library: the module ``rtmidi``.
        api: its number of the API.

    Raises:
        OSError: the API is not there.
    """

    def __init__(self, library: Any, api: int) -> None:
        self._library = library
        self._listing = threading.Lock()  # held while the clients that list are in use
        self._closed = False
        self._in = library.MidiIn(rtapi=api, name=f"{OURS} list")  # one client that lists, however often that is done
        self._out = library.MidiOut(rtapi=api, name=f"{OURS} list")
        self._api = self._in.get_current_api()
        self.name: str = library.get_api_display_name(self._api)
        self._own = self._api not in (getattr(library, "API_WINDOWS_MM", -1),)

    def inputs(self) -> list[str]:
        """Names of ports to listen to."""
        return self._list(self._in)

    def outputs(self) -> list[str]:
        """Names of ports to send to."""
        return self._list(self._out)

    def open_input(self, name: str, heard: Heard) -> _Input:
        """Listen to one."""
        port = self._library.MidiIn(rtapi=self._api, name=OURS)
        return _Input(port, heard, self._join(port, name, "in"))

    def open_output(self, name: str) -> _Output:
        """Send to one."""
        port = self._library.MidiOut(rtapi=self._api, name=OURS)
        return _Output(port, self._join(port, name, "out"))

    def open_own(self, heard: Heard) -> tuple[_Input, _Output] | None:
        """Ports of the engine itself."""
        if not self._own:
            return None
        inside = self._library.MidiIn(rtapi=self._api, name=OURS)
        inside.open_virtual_port("to the engine")
        outside = self._library.MidiOut(rtapi=self._api, name=OURS)
        outside.open_virtual_port("from the engine")
        return _Input(inside, heard), _Output(outside)

    def _join(self, port: Any, name: str, side: str) -> Callable[[], bool]:
        """Connect ``port`` with the device's of that name, or let go of it; return what tells whether it still is."""
        alsa = self._api == getattr(self._library, "API_LINUX_ALSA", -1)
        own = f"{side} {os.getpid()}" if alsa else side
        try:
            port.open_port(_place(name, port.get_ports()), name=own)
        except (OSError, self._library.RtMidiError) as error:  # which is no OSError if it has gone since it was listed
            port.delete()
            raise OSError(str(error)) from None
        return partial(connected, name, own) if alsa else _always

    def close(self) -> None:
        """Let go of the clients that list, unless a driver keeps them for longer than a second."""
        if not self._listing.acquire(timeout=1.0):
            return
        try:
            if not self._closed:
                self._closed = True
                self._in.delete()
                self._out.delete()
        finally:
            self._listing.release()

    def _list(self, client: Any) -> list[str]:
        with self._listing:
            return [] if self._closed else _others(client.get_ports())


def _always() -> bool:
    return True


class _Input:
    def __init__(self, port: Any, heard: Heard, joined: Callable[[], bool] = _always) -> None:
        self._port, self.joined = port, joined
        port.ignore_types(sysex=True, timing=False, active_sense=True)
        port.set_callback(lambda event, data: heard(event[0], now()))

    def close(self) -> None:
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()


class _Output:
    def __init__(self, port: Any, joined: Callable[[], bool] = _always) -> None:
        self._port, self.joined = port, joined

    def send(self, data: bytes) -> None:
        self._port.send_message(data)

    def close(self) -> None:
        self._port.close_port()
        self._port.delete()


def _others(names: Sequence[str | None]) -> list[str]:
    """Those that are not of engines; one that goes while ports are listed has no name."""
    return [name for name in names if name and not name.startswith(OURS)]


def _place(name: str, ports: Sequence[str]) -> int:
    if name not in ports:
        raise OSError(f"{name} has gone")
    return list(ports).index(name)


def _short(error: OSError) -> str:
    return str(error).partition(": ")[2].rstrip(".?") or str(error)
