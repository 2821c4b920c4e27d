"""``ear-engine serve --keep`` and ``ear-engine replay``, as they are typed."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.cli import main
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from tests.test_serve import command, serving, wait_for


@pytest.fixture(scope="module")
def ear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ears") / "untrained"
    save_ear(Ear(EarConfig(width=0.25)), folder, "untrained", "has never heard anything")
    return folder


@pytest.fixture(scope="module")
def night(ear: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A performance of some loops, with the recording of what was heard beside it."""
    folder = tmp_path_factory.mktemp("nights")
    keep = ["--keep", str(folder / "night"), "--record", str(folder / "take.wav"), "--json-status", "--seed", "5"]
    with serving(command(ear, *keep), folder) as (process, out):
        wait_for(out, process, "running", loop=6)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    return folder / "night"


@pytest.mark.slow
def test_the_sound_of_a_performance_is_its_recording_bit_for_bit(
    night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(night), "-o", str(tmp_path / "out.wav")]) == 0
    assert "bit for bit" in capsys.readouterr().out
    again, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    take, _ = soundfile.read(night.parent / "take.wav", dtype="float32")
    assert rate == 44100 and len(again) > rate and np.array_equal(again, take[: len(again)])


@pytest.mark.slow
def test_dreamed_again_its_loops_are_the_same_bit_for_bit(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(night), "--recompute", "--list"]) == 0
    out = capsys.readouterr().out
    last = out.splitlines()[-1].split(": ")[1].split()
    assert last[0] == last[2] and int(last[0]) >= 3
    assert "loop 1 (" in out and "recording night" in out


@pytest.mark.slow
def test_an_ear_with_other_weights_is_refused(night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_ear(Ear(EarConfig(width=0.125)), tmp_path / "other", "other", "is another")
    assert main(["replay", str(night), "--recompute", "--ear", str(tmp_path / "other")]) == 2
    assert "other weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "told"), [(["nothing"], "does not exist"), (["nothing", "-o", "x.mp3"], "does not exist")]
)
def test_what_is_not_there_is_refused(typed: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", *typed]) == 2
    assert told in capsys.readouterr().err
