"""What `ear-engine devices` lists, and what `serve` refuses, as it is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ear_engine import platform
from ear_engine.cli import main


def listed(**environment: str) -> str:
    """What it prints, in a process of its own (ALSA reads its configuration once)."""
    settings = {**os.environ, "JACK_DEFAULT_SERVER": "ear-engine-absent", **environment}
    command = [sys.executable, "-m", "ear_engine", "devices"]
    done = subprocess.run(command, capture_output=True, text=True, env=settings, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_devices_with_channels_and_rates_and_the_one_that_is_taken(tmp_path: Path) -> None:
    configuration = tmp_path / "asound.conf"
    kitchen = 'pcm.Kitchen { type null hint { show on description "Kitchen" } }'
    configuration.write_text(f"{kitchen}\npcm.!default {{ type null }}\n")
    out = listed(ALSA_CONFIG_PATH=str(configuration))
    assert "0  Kitchen" in out and "default (default)" in out and "44100 Hz" in out
    assert "`ear-engine serve` plays on default" in out and "JACK: no server runs." in out


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_without_a_sound_card_it_says_what_to_do(tmp_path: Path) -> None:
    out = listed(ALSA_CONFIG_PATH=str(tmp_path / "absent"))
    assert out.startswith("There is no sound card here") and "--audio null" in out and "JACK server" in out


@pytest.mark.parametrize(
    ("allowed", "said"),
    [(True, "runs in real time here"), (False, "usermod -aG audio"), (None, "")],
)
def test_it_tells_whether_a_full_processor_can_break_the_sound(
    allowed: bool | None, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "real_time_allowed", lambda: allowed)
    assert main(["devices"]) == 0
    out = capsys.readouterr().out
    assert said in out and ("real time" in out) == (allowed is not None)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--buffer", "32"), "is not from 64 to 4096 samples"),
        (("--rate", "1000000000"), "is not from 8000 to 192000 Hz"),
        (("--audio", "jack", "--rate", "48000"), "start jackd with -r 48000"),
    ],
)
def test_rate_and_block_that_cannot_be_are_refused(
    typed: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--no-restart", *typed]) == 2
    assert said in capsys.readouterr().err
