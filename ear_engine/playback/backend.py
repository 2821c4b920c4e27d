"""Something that takes sound: PortAudio, JACK, or a clock that only pretends to.

All three run the same pyo graph. ``null`` drives pyo's manual server from a thread that keeps real time, and slips like
a device would if it is late by more than one block.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.playback.devices import (
    alsa_configured,
    choose,
    input_channels,
    listed,
    output_devices,
)
from ear_engine.playback.events import EventLog
from ear_engine.playback.master_fader import first_amplitude, samples
from ear_engine.playback.options import AudioOptions
from ear_engine.playback.pyo_library import load_pyo, quiet
from ear_engine.shared_memory.clock import now

_OUT_PORTS = ("left", "right", "cue_left", "cue_right")  # of JACK
_IN_PORTS = ("in_left", "in_right")
_GASP = 0.005  # seconds at most that others get where blocks take longer than they last
_FADES_IN = 1.0  # seconds a device gets for its first block


class Backend(Protocol):
    """A booted server: build the graph, start, and close after the graph is closed."""

    name: str
    device: str
    rate: int
    buffer_size: int
    latency: float
    inputs: int
    channels: int

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
        self.channels = int(server.getNchnls())
        self.inputs = inputs
        self.name = name
        self.device = device
        self.rate = round(server.getSamplingRate())
        self.buffer_size = int(server.getBufferSize())
        self.latency = latency

    def start(self) -> None:
        """Let blocks flow, as they are (:mod:`ear_engine.playback.master_fader`)."""
        with quiet(), platform.at_urgency(platform.Urgency.SOUNDS):  # PortAudio's thread is as urgent as who starts it
            self._server.setAmp(first_amplitude(self.rate))
            self._server.start()
        self._drive()
        late = now() + _FADES_IN
        while self._server.getCurrentTimeInSamples() < samples(self.rate) and now() < late:
            time.sleep(0.001)
        self._server.setAmp(1.0)

    def _drive(self) -> None:
        """The driver asks for blocks."""

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

    def _drive(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No block is computed after this returns."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        super().stop()

    def _run(self) -> None:
        platform.raise_thread_priority()  # as a driver's own
        period = self.buffer_size / self.rate
        due = now()
        while not self._ended.is_set():
            wait = due - now()
            if wait > 0:
                time.sleep(wait)
            elif wait < -period:
                time.sleep(min(period / 2, _GASP))
                due = now()
            self._server.process()
            due += period


def boot_server(
    driver: str, rate: int, buffer_size: int, device: int | None = None, inputs: int = 0, channels: int = 2
) -> Any | None:
    """A booted pyo server with so many input and output channels, or None if the driver refuses."""
    pyo = load_pyo()
    with quiet():
        server = pyo.Server(
            sr=rate,
            nchnls=channels,
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
    backend = open_output(options, events)
    if options.input and not backend.inputs:
        message = "There is no live input here; a target that is likened to it is refused."
        events.report("warning", "no_input", message)
    return backend


def open_output(options: AudioOptions, events: EventLog) -> Backend:
    """Likewise; nothing is said of inputs."""
    if options.backend == "null":
        return open_null(options)
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
    return open_null(options)


def open_null(options: AudioOptions) -> Backend:
    """A clock."""
    rate = options.device_rate or options.sample_rate
    server = boot_server("manual", rate, options.buffer_size, channels=options.channels)
    if server is None:
        raise UserError("pyo's manual server", "does not start", "reinstall pyo", "no_device")
    return NullBackend(server)


def _open_jack(options: AudioOptions) -> Backend | None:
    inputs = 2 if options.input else 0
    server = boot_server("jack", options.sample_rate, options.buffer_size, inputs=inputs, channels=options.channels)
    if server is None:
        return None
    with quiet():
        server.setJackOutputPortNames(list(_OUT_PORTS[: options.channels]))
        if inputs:
            server.setJackInputPortNames(list(_IN_PORTS))
    # pyo takes over JACK's rate and block; two periods is what JACK's own drivers are set up with.
    backend = PyoBackend(server, "jack", "JACK server", 0.0, inputs)
    backend.latency = 2 * backend.buffer_size / backend.rate
    return backend


def _open_portaudio(options: AudioOptions) -> Backend | None:
    devices = output_devices()
    number = choose(devices, options.device)
    if number is None:
        return None
    device, subject = devices[number], f"audio device {devices[number].name!r}"
    if device.channels < options.channels:
        able = {key: other for key, other in devices.items() if other.channels >= options.channels}
        mend = f"leave --channels out, or use one that has (--audio-device: {listed(able) or 'there is none'})"
        raise UserError(subject, f"has {device.channels} outputs, not {options.channels}", mend, "no_channels")
    rates = (options.device_rate,) if options.device_rate else (options.sample_rate, device.rate)
    inputs = input_channels() if options.input else 0
    for heard in dict.fromkeys((inputs, 0)):  # some devices do not play and listen at once
        for rate in dict.fromkeys(rates):
            server = boot_server("portaudio", rate, options.buffer_size, number, heard, options.channels)
            if server is not None:
                return PyoBackend(server, "portaudio", device.name, device.latency + options.buffer_size / rate, heard)
    if options.device_rate:
        reason, mend = f"does not open at {options.device_rate} Hz", f"try --rate {device.rate}, its usual one"
    else:
        reason = f"opens neither at {options.sample_rate} nor at {device.rate} Hz"
        mend = f"close what else uses it, or use another device ({listed(devices)})"
    raise UserError(subject, reason, mend, "device_busy")
