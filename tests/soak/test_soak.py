"""A short stage: the command with a real engine, its clients and a viewer, at full load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ear_engine.cli import main


def test_a_quarter_of_a_minute_with_faults_leaves_the_sound_as_planned(tmp_path: Path) -> None:
    typed = [sys.executable, "-m", "ear_engine", "soak", "--minutes", "0.35", "--faults", "--report"]
    done = subprocess.run(
        [*typed, str(tmp_path / "report.json"), "--keep", str(tmp_path / "kept")],
        capture_output=True, text=True, timeout=160,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # how fast it is depends on what else the machine does
    report = json.loads((tmp_path / "report.json").read_text())
    lines = {line["name"]: line for line in report["lines"]}
    assert "killed: " in report["about"] and "nobody" not in report["about"]
    for name in ("ended in order", "sound that is not as planned, to the bit", "packets that were no OSC"):
        assert lines[name]["value"] == 0.0, done.stdout
    assert lines["versions that entered"]["value"] >= 1
    assert lines["messages heard by clients"]["value"] > 100
    assert any(name.startswith("memory of ") for name in lines)
    assert list((tmp_path / "kept").glob("sound-*.kept"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--minutes", "0"], "--minutes 0"),
        (["--minutes", "nan"], "--minutes nan"),
        (["--ear", "nobody"], "nobody"),
        (["--report", "/nowhere/at/all.json"], "--report /nowhere"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(
    typed: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["soak", *typed]) == 2
    assert words in capsys.readouterr().err
