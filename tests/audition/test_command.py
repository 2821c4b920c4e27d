"""``ear-engine ears NAME --neuron N`` names the music that excites it, whether or not it is on this machine."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine.cli import main
from tests.audition.music import NAMES, SILENT, Music, ear_folder, measured


def test_it_names_the_music_and_whom_to_thank(music: Music, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = replace(measured(), excerpt_seconds=np.full((len(measured().index), 5), 119.98, np.float32))
    ear = str(ear_folder(tmp_path / "ear", late))
    assert main(["ears", ear, "--neuron", "7"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in NAMES) and "Ada" in said and "CC-BY-3.0" in said
    assert "scalogram channel 0 bin 7" in said and "2:00.0" in said and "A in the viewer" in said
    shutil.rmtree(music.store)
    assert main(["ears", ear, "--neuron", "7"]) == 0
    said = capsys.readouterr().out
    assert NAMES[0] in said and "Ada" not in said and "ear-engine corpus build" in said
    assert main(["ears", ear, "--neuron", str(SILENT)]) == 0
    assert "never fired" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["99999", "-1"])
def test_a_neuron_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str], number: str) -> None:
    assert main(["ears", str(ear_folder(tmp_path / "ear")), "--neuron", number]) == 2
    assert "outside the network" in capsys.readouterr().err


def test_one_thing_is_asked_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["ears", "small", "--neuron", "1", "--find", "kicks"])
    assert ending.value.code == 2 and "not allowed with" in capsys.readouterr().err
