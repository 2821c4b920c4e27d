"""What there is to play on: PortAudio's outputs and the JACK server. Needs no sound card."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ear_engine.errors import UserError
from ear_engine.playback.pyo_library import load_pyo, quiet


@dataclass(frozen=True)
class Output:
    """An output device of PortAudio's; ``rate`` (Hz) is its usual one, ``latency`` (seconds) what it says itself."""

    name: str
    rate: int
    latency: float
    channels: int
    default: bool = False


@dataclass(frozen=True)
class Jack:
    """A JACK server: rate in Hz, samples a block, physical ports to play to and to hear, and ports of programs."""

    rate: int
    buffer_size: int
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    clients: tuple[str, ...]


def alsa_configured() -> bool:
    """Whether PortAudio may be asked at all: on a Linux without ALSA's configuration it aborts the whole process."""
    if not sys.platform.startswith("linux"):
        return True
    folder = Path(os.environ.get("ALSA_CONFIG_DIR", "/usr/share/alsa"))
    files = os.environ.get("ALSA_CONFIG_PATH", str(folder / "alsa.conf")).split(":")
    return any(Path(file).is_file() and Path(file).stat().st_size > 0 for file in files)


def output_devices() -> dict[int, Output]:
    """PortAudio's outputs by number. Empty if there are none."""
    if not alsa_configured():
        return {}
    pyo = load_pyo()
    with quiet():
        names, numbers = pyo.pa_get_output_devices()
        infos = pyo.pa_get_devices_infos()[1] if numbers else {}
        default = int(pyo.pa_get_default_output()) if numbers else -1
        channels = {number: int(pyo.pa_get_output_max_channels(number)) for number in numbers}
    return {
        number: Output(
            name,
            round(infos[number]["default sr"]),
            float(infos[number]["latency"]),
            channels[number],
            number == default,
        )
        for name, number in zip(names, numbers, strict=True)
        if number in infos
    }


def input_channels() -> int:
    """Channels of PortAudio's default input, two at most; 0 if there is none."""
    pyo = load_pyo()
    with quiet():
        _, numbers = pyo.pa_get_input_devices()
        default = int(pyo.pa_get_default_input())
        return min(2, int(pyo.pa_get_input_max_channels(default))) if default in numbers else 0


def choose(devices: dict[int, Output], wanted: str | None) -> int | None:
    """Number of the device ``wanted`` (number, name, or a part of one name); the default one if it is None.

    Raises:
        UserError: there is none such, or more than one.
    """
    if wanted is None:
        defaults = [number for number, device in devices.items() if device.default]
        return next(iter([*defaults, *devices]), None)
    if wanted.isdigit() and int(wanted) in devices:
        return int(wanted)
    exact = [number for number, device in devices.items() if device.name == wanted]
    part = [number for number, device in devices.items() if wanted.lower() in device.name.lower()]
    matches = exact or part
    if not matches or (len(matches) > 1 and not exact):
        reason = "does not exist" if not matches else "fits more than one"
        mend = f"use one of: {listed(devices)}" if devices else "there is no output device; use --audio jack or null"
        raise UserError(f"audio device {wanted!r}", reason, mend, "no_device")
    return matches[0]


def listed(devices: dict[int, Output]) -> str:
    """Numbers and names, for people."""
    return ", ".join(f"{number} {device.name}" for number, device in devices.items())


def jack_server() -> Jack | None:
    """The JACK server that runs; None if none does, or its library is not installed. None is ever started."""
    os.environ["JACK_NO_START_SERVER"] = "1"
    try:
        with quiet():
            import jack

            client = jack.Client("ear-engine-devices", no_start_server=True)
    except OSError:  # the library is not there
        return None
    except jack.JackError:
        return None
    try:
        return Jack(
            int(client.samplerate),
            int(client.blocksize),
            tuple(port.name for port in client.get_ports(is_audio=True, is_input=True, is_physical=True)),
            tuple(port.name for port in client.get_ports(is_audio=True, is_output=True, is_physical=True)),
            tuple(port.name for port in client.get_ports(is_audio=True) if not port.is_physical),
        )
    finally:
        with quiet():
            client.close()
