"""The first lines: what plays, on what, and what this machine does not have. Each is said as soon as it is known."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address

import ear_engine
from ear_engine.clip import Clip
from ear_engine.node.options import NodeOptions
from ear_engine.shared_memory.states import AudioState

_BEATS_FROM = {
    "declared": "",
    "name": ", as its name says",
    "estimate": ", estimated by listening",
    "given": ", as source/fit wants",
}


def opening(options: NodeOptions, clip: Clip, osc_port: int, http_port: int) -> list[str]:
    """What is known before any child runs."""
    ear = options.ear
    lines = [
        f"ear-engine {ear_engine.__version__}",
        _fact("ear", f"{ear.name}: {ear.description}" if ear.description else ear.name),
        _fact("loop", describe_loop(clip)),
        _fact("OSC", _osc(options, osc_port)),
        _fact("HTTP", f"{_named(options.bind, http_port)} (TCP)"),
    ]
    if options.audio.record is not None:
        lines.append(_fact("record", str(options.audio.record)))
    return [*lines, *(f"  {caution}" for caution in cautions(options))]


def describe_loop(clip: Clip) -> str:
    """A loop and where its beats come from."""
    beats = "1 beat" if clip.beats == 1 else f"{clip.beats} beats"
    sides = "stereo" if clip.audio.shape[0] == 2 else "mono"
    return f"{clip.name} ({clip.seconds:.2f} s, {beats} at {clip.tempo:.4g} BPM{_BEATS_FROM[clip.beats_from]}, {sides})"


def describe_audio(audio: AudioState) -> str:
    """What the sound goes to."""
    device = "" if audio.device in ("", "none") else f" {audio.device},"
    rate = f"{audio.device_rate} Hz"
    if audio.device_rate != audio.sample_rate:
        rate += f" (resampled from {audio.sample_rate} Hz)"
    return _fact("audio", f"{audio.backend},{device} {rate}, blocks of {audio.buffer_size} samples")


def describe_device(device: str, wanted: str) -> list[str]:
    """What the ear runs on."""
    lines = [_fact("device", device)]
    if device == "cpu" and wanted == "auto":
        cores = os.cpu_count() or 1
        lines.append(f"  There is no GPU; the ear dreams on {'one CPU core' if cores == 1 else f'{cores} CPU cores'}.")
    return lines


def cautions(options: NodeOptions, environment: Mapping[str, str] = os.environ) -> list[str]:
    """What a performer should know before it starts."""
    lines = []
    if not ip_address(options.bind).is_loopback:
        who = f"Whoever is in {', '.join(options.allow)} and" if options.allow else "Anyone who"
        lines.append(f"{who} reaches {options.bind} can now play this ear and see its loops: there are no passwords.")
    if not display_present(environment):
        lines.append("There is no display; this text and OSC show what the ear hears.")
    return lines


def display_present(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a window could be opened."""
    windows = sys.platform in ("win32", "darwin")
    return windows or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _osc(options: NodeOptions, port: int) -> str:
    targets = ", ".join(_named(*target) for target in options.send)
    return f"{_named(options.bind, port)} (UDP)" + (f", sends to {targets}" if targets else "")


def _named(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _fact(name: str, text: str) -> str:
    return f"  {name:<8}{text}"
