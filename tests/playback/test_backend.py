"""Which backend is taken, and that JACK at any rate is played at the right pitch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ear_engine.errors import UserError
from ear_engine.playback import backend as backends
from ear_engine.playback.backend import open_backend
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions

SPEAKERS = {0: ("Speakers", 44100, 0.01), 3: ("USB Speakers", 48000, 0.02)}


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


def test_the_node_can_name_the_process_without_loading_numpy_or_pyo() -> None:
    code = "import sys, ear_engine.playback.process; print([m for m in ('numpy', 'pyo', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_opening_devices_prints_nothing(tmp_path: Path) -> None:
    code = (
        "from ear_engine.playback.backend import open_backend\n"
        "from ear_engine.playback.events import EventLog\n"
        "from ear_engine.playback.options import AudioOptions\n"
        "open_backend(AudioOptions(), EventLog()).close()\n"
    )
    environment = {**os.environ, "JACK_DEFAULT_SERVER": "ear-engine-absent"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert (done.stdout, done.stderr) == ("", "")
