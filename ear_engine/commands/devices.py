"""``ear-engine devices``: what sound can go to, and what `serve` takes if it is not told."""

from __future__ import annotations

import argparse

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.playback.devices import (
    Jack,
    Output,
    alsa_configured,
    choose,
    input_channels,
    jack_server,
    output_devices,
)

_NULL = "`ear-engine serve --audio null` plays unheard, for rehearsing and recording"

_IN_TIME = "Sound runs in real time here: a full processor does not break it."
_LATE = (
    "Sound may not run in real time for you: a full processor can break it. Join the group that may (mostly\n"
    "`sudo usermod -aG audio $USER`, with `@audio - rtprio 95` in /etc/security/limits.d/), and log in again."
)


def run(typed: argparse.Namespace) -> int:
    """List devices, channels, rates and ports; return 0, also if there are none."""
    devices, jack = output_devices(), jack_server()
    usual = choose(devices, None)
    if devices:
        rows = [_row(number, device) for number, device in devices.items()]
        print_table(("", "Device", "Outputs", "Rate", "Latency"), rows, right=("", "Outputs", "Rate", "Latency"))
        heard = input_channels()
        print(f"\nInput (--input): {heard} channels." if heard else "\nThere is no input device.")
    elif alsa_configured():
        print("There is no sound card here that PortAudio can use.")
    else:
        print("There is no sound card here that PortAudio can use: ALSA is not configured (install libasound2-data).")
    print(_about_jack(jack))
    if usual is not None:
        print(f"`ear-engine serve` plays on {devices[usual].name}; on another with --audio-device NUMBER.")
    elif jack is not None:
        print("`ear-engine serve` plays on the JACK server.")
    else:
        print(f"{_NULL}; or start a JACK server and use --audio jack.")
    if jack is not None or any(device.channels >= 4 for device in devices.values()):
        print("With --channels 4, the third and fourth output carry the cue.")
    allowed = platform.real_time_allowed()
    if allowed is not None:
        print(_IN_TIME if allowed else _LATE)
    return 0


def _row(number: int, device: Output) -> tuple[str, ...]:
    name = f"{device.name} (default)" if device.default else device.name
    return str(number), name, str(device.channels), f"{device.rate} Hz", f"{1000 * device.latency:.0f} ms"


def _about_jack(jack: Jack | None) -> str:
    if jack is None:
        return "JACK: no server runs."
    block = f"{jack.buffer_size} samples ({1000 * jack.buffer_size / jack.rate:.1f} ms)"
    lines = [f"JACK (--audio jack): {jack.rate} Hz, blocks of {block}; it decides both."]
    for name, ports in (("plays on", jack.outputs), ("hears", jack.inputs), ("programs", jack.clients)):
        if ports:
            lines.append(f"  {name:<9} {', '.join(ports)}")
    return "\n".join(lines)
