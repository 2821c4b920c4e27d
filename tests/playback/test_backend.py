"""Which backend is taken, and that JACK at any rate is played at the right pitch."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.playback import backend as backends
from ear_engine.playback.backend import open_backend, open_null
from ear_engine.playback.devices import Output
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions
from ear_engine.playback.pyo_library import load_pyo

SPEAKERS = {0: Output("Speakers", 44100, 0.01, 2, True), 3: Output("USB Speakers", 48000, 0.02, 2)}


@pytest.fixture
def jackless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "ear-engine-absent")


def test_without_a_device_and_jack_auto_is_a_clock_and_says_so(jackless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "output_devices", dict)
    events = EventLog()
    backend = open_backend(AudioOptions(), events)
    assert (backend.name, backend.rate, backend.buffer_size) == ("null", 44100, 1024)
    assert backend.latency == 1024 / 44100
    assert [event.code for event in events.latest()] == ["no_device"]
    backend.close()


@pytest.mark.parametrize("name", ["portaudio", "jack"])
def test_a_backend_asked_for_by_name_is_not_replaced(
    jackless: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(backends, "output_devices", dict)
    with pytest.raises(UserError, match=r"; .*--audio") as refused:
        open_backend(AudioOptions(backend=name), EventLog())  # type: ignore[arg-type]
    assert refused.value.code == "no_device"


@pytest.mark.parametrize("device", ["Kitchen", "7", "speak"])
def test_a_device_that_does_not_exist_is_refused_with_the_ones_that_do(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(backends, "output_devices", lambda: SPEAKERS)
    with pytest.raises(UserError, match="use one of: 0 Speakers, 3 USB Speakers"):
        open_backend(AudioOptions(device=device), EventLog())


def test_a_device_belongs_to_portaudio() -> None:
    with pytest.raises(UserError, match="does not belong to the null backend"):
        open_backend(AudioOptions(backend="null", device="Speakers"), EventLog())


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_what_goes_out_is_not_touched_by_the_server(rate: int) -> None:
    backend = open_null(AudioOptions(backend="null", device_rate=rate, buffer_size=256))
    one = load_pyo().Sig(1.0).out()
    backend.start()
    server = backend._server  # type: ignore[attr-defined]
    time.sleep(0.1)
    out = np.array((ctypes.c_float * 512).from_address(int(server.getOutputAddr(), 16)))[::2]
    backend.stop()
    del one
    backend.close()
    assert (out == 1.0).all()


def test_the_node_can_name_the_process_without_loading_numpy_or_pyo() -> None:
    code = "import sys, ear_engine.playback.process; print([m for m in ('numpy', 'pyo', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


_OPEN = """
import sys
from ear_engine.errors import UserError
from ear_engine.playback.backend import open_backend
from ear_engine.playback.devices import Output
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions
try:
    backend = open_backend(AudioOptions(device=sys.argv[1] or None), EventLog())
    print(backend.name, backend.device, backend.rate)
    backend.close()
except UserError as error:
    print(error)
"""


def opened(device: str, **environment: str) -> tuple[str, str]:
    """What opening a device prints, in a process of its own (ALSA reads its configuration once)."""
    settings = {**os.environ, "JACK_DEFAULT_SERVER": "ear-engine-absent", **environment}
    command = [sys.executable, "-c", _OPEN, device]
    done = subprocess.run(command, capture_output=True, text=True, env=settings, check=True)
    return done.stdout, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_portaudio_opens_the_device_it_is_given_and_no_driver_prints(tmp_path: Path) -> None:
    configuration = tmp_path / "asound.conf"
    kitchen = 'pcm.Kitchen { type null hint { show on description "Kitchen" } }'
    configuration.write_text(f"{kitchen}\npcm.!default {{ type null }}\n")
    path = str(configuration)
    assert opened("kitch", ALSA_CONFIG_PATH=path) == ("portaudio Kitchen 44100\n", "")
    assert opened("", ALSA_CONFIG_PATH=path) == ("portaudio default 44100\n", "")
    refused = "audio device 'Hall' does not exist; use one of: 0 Kitchen, 1 default.\n"
    assert opened("Hall", ALSA_CONFIG_PATH=path) == (refused, "")


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_a_machine_without_any_alsa_does_not_crash_portaudio(tmp_path: Path) -> None:
    assert opened("", ALSA_CONFIG_PATH=str(tmp_path / "absent")) == ("null none 44100\n", "")
    assert opened("", ALSA_CONFIG_DIR=str(tmp_path)) == ("null none 44100\n", "")
