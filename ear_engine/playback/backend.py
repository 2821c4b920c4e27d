"""Something that takes sound: PortAudio, JACK, or a clock that only pretends to.

All three run the same pyo graph. ``null`` drives pyo's manual server from a thread that keeps real time, and slips like
a device would if it is late by more than one block.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from ear_engine.errors import UserError
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions
from ear_engine.playback.pyo_library import load_pyo, quiet
from ear_engine.shared_memory.clock import now


class Backend(Protocol):
    """A booted server: build the graph, start, and close after the graph is closed."""

    name: str
    device: str
    rate: int
    buffer_size: int
    latency: float
    inputs: int

    def start(self) -> None:
        """Let blocks flow."""

    def stop(self) -> None:
        """No block is computed after this returns."""

    def close(self) -> None:
        """Let go of the device."""


class PyoBackend:
    """A booted pyo server that a driver calls."""

    def __init__(self, server: Any, name: str, device: str, latency: float, inputs: int = 0) -> None:
        self._server = server
        self.inputs = inputs
        self.name = name
        self.device = device
        self.rate = round(server.getSamplingRate())
        self.buffer_size = int(server.getBufferSize())
        self.latency = latency

    def start(self) -> None:
        """Let blocks flow."""
        with quiet():
            self._server.start()

    def stop(self) -> None:
        """No block is computed after this returns."""
        with quiet():
            self._server.stop()

    def close(self) -> None:
        """Let go of the device."""
        with quiet():
            self._server.shutdown()


class NullBackend(PyoBackend):
    """No device: blocks are due by the monotonic clock. A listener would be one block behind the graph."""

    def __init__(self, server: Any) -> None:
        super().__init__(server, "null", "none", 0.0)
        self.latency = self.buffer_size / self.rate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="null-clock", daemon=True)

    def start(self) -> None:
        """Let blocks flow."""
        super().start()
        self._thread.start()

    def stop(self) -> None:
        """No block is computed after this returns."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        super().stop()

    def _run(self) -> None:
        period = self.buffer_size / self.rate
        due = now()
        while not self._ended.is_set():
            wait = due - now()
            if wait > 0:
                time.sleep(wait)
            elif wait < -period:
                due = now()
            self._server.process()
            due += period


def boot_server(driver: str, rate: int, buffer_size: int, device: int | None = None, inputs: int = 0) -> Any | None:
    """A booted stereo pyo server, with so many input channels, or None if the driver refuses."""
    pyo = load_pyo()
    with quiet():
        server = pyo.Server(
            sr=rate,
            nchnls=2,
            ichnls=inputs or None,
            buffersize=buffer_size,
            duplex=int(inputs > 0),
            audio=driver,
            jackname="ear-engine",
            verbosity=0,
        )
        server.deactivateMidi()
        if device is not None:
            server.setOutputDevice(device)
        server.boot()
    return server if server.getIsBooted() else None


def alsa_configured() -> bool:
    """Whether PortAudio may be asked at all: on a Linux without ALSA's configuration it aborts the whole process."""
    if not sys.platform.startswith("linux"):
        return True
    folder = Path(os.environ.get("ALSA_CONFIG_DIR", "/usr/share/alsa"))
    files = os.environ.get("ALSA_CONFIG_PATH", str(folder / "alsa.conf")).split(":")
    return any(Path(file).is_file() and Path(file).stat().st_size > 0 for file in files)


def output_devices() -> dict[int, tuple[str, int, float]]:
    """PortAudio's outputs: number → (name, default rate in Hz, latency in seconds). Empty if there are none."""
    if not alsa_configured():
        return {}
    pyo = load_pyo()
    with quiet():
        names, numbers = pyo.pa_get_output_devices()
        infos = pyo.pa_get_devices_infos()[1] if numbers else {}
    return {
        number: (name, round(infos[number]["default sr"]), float(infos[number]["latency"]))
        for name, number in zip(names, numbers, strict=True)
        if number in infos
    }


def open_backend(options: AudioOptions, events: EventLog) -> Backend:
    """Open what ``options`` ask for; ``auto`` goes on to the next one and reports what is missing.

    Raises:
        UserError: a device that does not exist or does not open, or a backend asked for by name that is not there.
    """
    if options.device is not None and options.backend in ("jack", "null"):
        raise UserError(
            f"audio device {options.device!r}",
            f"does not belong to the {options.backend} backend",
            "leave it out, or use --audio portaudio",
            "no_device",
        )
    backend = _open_output(options, events)
    if options.input and not backend.inputs:
        message = "There is no live input here; a target that is likened to it is refused."
        events.report("warning", "no_input", message)
    return backend


def _open_output(options: AudioOptions, events: EventLog) -> Backend:
    if options.backend == "null":
        return _open_null(options)
    if options.backend in ("auto", "portaudio"):
        portaudio = _open_portaudio(options)
        if portaudio is not None:
            return portaudio
    if options.backend == "portaudio":
        mend = "connect one" if alsa_configured() else "install ALSA's configuration (libasound2-data)"
        raise UserError("PortAudio", "has no output device", f"{mend}, or use --audio jack or null", "no_device")
    jack = _open_jack(options)
    if options.backend == "jack":
        if jack is None:
            raise UserError("JACK", "has no server running", "start jackd, or use --audio auto", "no_device")
        return jack
    if jack is not None:
        events.report("info", "no_device", "There is no audio output device; sound goes to the JACK server.")
        return jack
    events.report("info", "no_device", "There is no audio output device and no JACK server; a clock plays unheard.")
    return _open_null(options)


def _open_null(options: AudioOptions) -> Backend:
    server = boot_server("manual", options.sample_rate, options.buffer_size)
    if server is None:
        raise UserError("pyo's manual server", "does not start", "reinstall pyo", "no_device")
    return NullBackend(server)


def _open_jack(options: AudioOptions) -> Backend | None:
    inputs = 2 if options.input else 0
    server = boot_server("jack", options.sample_rate, options.buffer_size, inputs=inputs)
    if server is None:
        return None
    # pyo takes over JACK's rate and block; two periods is what JACK's own drivers are set up with.
    backend = PyoBackend(server, "jack", "JACK server", 0.0, inputs)
    backend.latency = 2 * backend.buffer_size / backend.rate
    return backend


def _open_portaudio(options: AudioOptions) -> Backend | None:
    devices = output_devices()
    number = _choose(devices, options.device)
    if number is None:
        return None
    name, rate, latency = devices[number]
    inputs = _inputs() if options.input else 0
    for channels in dict.fromkeys((inputs, 0)):  # some devices do not play and listen at once
        for attempt in dict.fromkeys((options.sample_rate, rate)):
            server = boot_server("portaudio", attempt, options.buffer_size, number, channels)
            if server is not None:
                return PyoBackend(server, "portaudio", name, latency + options.buffer_size / attempt, channels)
    raise UserError(
        f"audio device {name!r}",
        f"opens neither at {options.sample_rate} nor at {rate} Hz",
        f"close what else uses it, or use another device ({_listed(devices)})",
        "device_busy",
    )


def _inputs() -> int:
    """Channels of PortAudio's default input, two at most; 0 if there is none."""
    pyo = load_pyo()
    with quiet():
        _, numbers = pyo.pa_get_input_devices()
        default = int(pyo.pa_get_default_input())
        return min(2, int(pyo.pa_get_input_max_channels(default))) if default in numbers else 0


def _choose(devices: dict[int, tuple[str, int, float]], wanted: str | None) -> int | None:
    """Number of the device ``wanted`` (number, name, or a part of one name); the default one if it is None."""
    if wanted is None:
        if not devices:
            return None
        with quiet():
            default = int(load_pyo().pa_get_default_output())
        return default if default in devices else next(iter(devices))
    if wanted.isdigit() and int(wanted) in devices:
        return int(wanted)
    exact = [number for number, (name, _, _) in devices.items() if name == wanted]
    part = [number for number, (name, _, _) in devices.items() if wanted.lower() in name.lower()]
    matches = exact or part
    if not matches or (len(matches) > 1 and not exact):
        reason = "does not exist" if not matches else "fits more than one"
        mend = f"use one of: {_listed(devices)}" if devices else "there is no output device; use --audio jack or null"
        raise UserError(f"audio device {wanted!r}", reason, mend, "no_device")
    return matches[0]


def _listed(devices: dict[int, tuple[str, int, float]]) -> str:
    return ", ".join(f"{number} {name}" for number, (name, _, _) in devices.items())
