"""What this machine can do: one line a thing, and how to mend what is missing.

PyTorch and pyo are asked in processes of their own, so a broken installation of either is found out, not died of.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ear_engine import platform
from ear_engine.ear_files import list_ears
from ear_engine.errors import UserError
from ear_engine.node.introduction import display_present
from ear_engine.osc.server import bind_socket
from ear_engine.sources.library import ClipLibrary

_TIMEOUT = 60.0
_PORT = 9000
_LEAST_ROOM = 512 << 20

_TORCH = """
import json, torch
devices = ["cpu"] + ["cuda: " + torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
devices += ["mps"] if torch.backends.mps.is_available() else []
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "devices": devices}))
"""
_AUDIO = """
import json
from ear_engine.playback.backend import boot_server
from ear_engine.playback.devices import output_devices
from ear_engine.playback.pyo_library import load_pyo
pyo = load_pyo()
devices = [device.name for device in output_devices().values()]
jack = boot_server("jack", 44100, 1024)
rate = round(jack.getSamplingRate()) if jack is not None else 0
manual = boot_server("manual", 44100, 1024)
print(json.dumps({"version": pyo.PYO_VERSION, "devices": devices, "jack": rate, "manual": manual is not None}))
"""
_MIDI = """
import json
from ear_engine.errors import UserError
from ear_engine.midi.rtmidi_ports import open_system
try:
    system = open_system()
    print(json.dumps({"problem": "", "api": system.name, "ports": system.inputs()}))
except UserError as error:
    print(json.dumps({"problem": error.reason, "mend": error.mend}))
"""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        subject: what was looked at.
        found: what there is.
        ok: whether it is there.
        mend: how to get it, if it is not.
        needed: whether nothing plays without it.
    """

    subject: str
    found: str
    ok: bool = True
    mend: str = ""
    needed: bool = False


def examine() -> Iterator[Finding]:
    """Look at everything, one finding at a time; the slow ones take a few seconds."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", version, sys.version_info >= (3, 11), "install Python 3.11 or newer", True)
    cores = os.cpu_count() or 1
    yield Finding("CPU", f"{cores} cores", cores >= 2, "with one core, sound and dream compete: use a small ear")
    yield from _torch()
    yield from _audio()
    shown = display_present()
    yield Finding("display", "found" if shown else "none", shown, "not needed: activations are on OSC")
    yield _memory()
    yield _port()
    ears = list_ears()
    broken = [f"{ear.name} ({ear.problem})" for ear in ears if ear.problem]
    usable = [ear.name for ear in ears if not ear.problem]
    yield Finding("ears", ", ".join(usable) or "none", bool(usable), "train one with `ear-engine train`", True)
    if broken:
        yield Finding("broken ears", "; ".join(broken), False, "remove or replace them")
    rows = ClipLibrary((platform.user_clip_dir(),)).describe()
    own = [row for row in rows if row.seconds == 0.0]
    yield Finding("clips", f"{len(rows) - len(own)}, yours in {platform.user_clip_dir()}")
    if own:
        names = ", ".join(row.name for row in own[:5])
        yield Finding("broken clips", names, False, "save them again as WAV or FLAC")


def _torch() -> Iterator[Finding]:
    facts, problem = ask(_TORCH)
    if facts is None:
        yield Finding("PyTorch", problem, False, "install it again: pip install --force-reinstall torch", True)
        return
    yield Finding("PyTorch", f"{facts['version']}, {facts['threads']} threads")
    accelerators = [name for name in facts["devices"] if name != "cpu"]
    mend = "not needed: the ear dreams on the CPU; with an NVIDIA GPU, install its driver and a CUDA build of torch"
    yield Finding("GPU", ", ".join(accelerators) or "none", bool(accelerators), mend)


def _audio() -> Iterator[Finding]:
    facts, problem = ask(_AUDIO)
    if facts is None:
        yield Finding("pyo", problem, False, "install it again: pip install --force-reinstall pyo", True)
        return
    yield Finding("pyo", facts["version"], bool(facts["manual"]), "install it again", True)
    devices, rate = facts["devices"], facts["jack"]
    mend = "connect one; until then a clock plays unheard, and --record keeps what it plays"
    yield Finding("sound card", ", ".join(devices) or "none", bool(devices), mend)
    yield _midi()
    yield Finding("JACK", f"a server at {rate} Hz" if rate else "no server", bool(rate), "not needed; else start jackd")


def _midi() -> Finding:
    facts, problem = ask(_MIDI)
    if facts is None:
        return Finding("MIDI", problem, False, "not needed")
    if facts["problem"]:
        return Finding("MIDI", facts["problem"], False, f"not needed; else {facts['mend']}")
    return Finding("MIDI", f"{facts['api']}: {', '.join(facts['ports']) or 'no device'}")


def _memory() -> Finding:
    folder = platform.session_parent()
    free = shutil.disk_usage(folder).free
    return Finding(
        "session folder", f"{folder}, {free >> 20} MB free", free >= _LEAST_ROOM, "make room for 512 MB there", True
    )


def _port() -> Finding:
    try:
        bind_socket("127.0.0.1", _PORT).close()
    except UserError as error:
        return Finding("OSC port", f"{error.subject} {error.reason}", False, error.mend)
    return Finding("OSC port", f"{_PORT} is free on {socket.gethostname()}")


def ask(code: str, timeout: float = _TIMEOUT) -> tuple[dict[str, Any] | None, str]:
    """Run ``code`` in another Python; return the JSON object on its last line, or None and what went wrong."""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, f"does not answer within {timeout:g} s"
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        errors = done.stderr.strip().splitlines()
        return None, errors[-1] if errors else f"ended with exit code {done.returncode}"
    facts: dict[str, Any] = json.loads(lines[-1])
    return facts, ""
