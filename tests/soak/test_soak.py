"""A short stage: the command with a real engine, its clients and a viewer, at full load."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
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
    for name in (
        "ended in order",
        "ended or stood still before its time",
        "killed processes that did not come back",
        "sound that is not as planned, to the bit",
        "packets that were no OSC",
        "processes started again without being killed",
        "clients that heard nothing",
    ):
        assert lines[name]["value"] == 0.0, done.stdout
    assert lines["versions that entered"]["value"] >= 1
    assert lines["messages heard by clients"]["value"] > 100
    assert any(name.startswith("memory of ") for name in lines)
    if "cannot draw" not in report["about"]:
        assert lines["viewer ended before its time"]["value"] == 0.0
        assert int(lines["longest time without a picture"]["note"].split()[0]) > 0
    assert list((tmp_path / "kept").glob("sound-*.kept"))


def children(pid: int) -> dict[str, int]:
    """Command lines of a process's children, and their numbers."""
    found = {}
    for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):  # it has just ended
            found[Path(f"/proc/{one}/cmdline").read_text().replace("\0", " ")] = int(one)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc")
def test_an_engine_that_dies_ends_it_at_once_and_is_not_good(tmp_path: Path) -> None:
    typed = [sys.executable, "-m", "ear_engine", "soak", "--minutes", "5", "--no-view", "--report"]
    soaked = subprocess.Popen(
        [*typed, str(tmp_path / "report.json")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 90.0
        while not any("soak.listeners" in line for line in children(soaked.pid)):  # it has begun to play
            assert soaked.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        time.sleep(4.0)
        (engine,) = (pid for line, pid in children(soaked.pid).items() if " serve " in line)
        os.kill(engine, signal.SIGKILL)
        out, said = soaked.communicate(timeout=60.0)
    finally:
        soaked.kill()
    assert soaked.returncode == 1, said
    lines = {line["name"]: line for line in json.loads((tmp_path / "report.json").read_text())["lines"]}
    line = lines["ended or stood still before its time"]
    assert line["met"] is False and "ended by itself, with code -9" in line["note"], out


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
