"""A real sclang plays the engine."""

from __future__ import annotations

import subprocess
from itertools import pairwise

import pytest

from tests.clients.conftest import HERE, RunningEngine

pytestmark = pytest.mark.clients


def test_sclang_sets_gets_subscribes_and_receives(
    engine: RunningEngine, sclang: tuple[list[str], dict[str, str]]
) -> None:
    command, environment = sclang
    environment["EAR_PORT"] = str(engine.port)
    ran = subprocess.run(
        [*command, str(HERE / "drive.scd")], env=environment, capture_output=True, text=True, timeout=90
    )
    lines = ran.stdout.splitlines()
    assert "END" in lines, ran.stdout + ran.stderr
    assert ran.returncode == 0
    heard = [line for line in lines if line.startswith("HEARD ")]
    assert heard[0].startswith("HEARD [ '/ear/system/pong', '")
    assert heard[1:5] == [
        "HEARD [ '/ear/dream/rate', -30.5 ]",
        "HEARD [ '/ear/norm/playback/wet', 0.5 ]",
        "HEARD [ '/ear/playback/mute', 1 ]",
        "HEARD [ '/ear/source/fit', 'crop' ]",
    ]
    assert "'/ear/dream/rat', 'unknown_address'" in heard[5]
    assert "did you mean /ear/dream/rate" in heard[5]
    assert heard[6] == "HEARD [ '/ear/system/synced', 12 ]"
    assert heard[7].startswith(
        "HEARD [ '/ear/parameters/describe', 'playback/beats', 'int', 8, 1, 64, 'beats', 'linear'"
    )
    assert heard[8].startswith("HEARD [ '/ear/done', '/ear/stream/subscribe', 0, ")
    assert heard[9].startswith("HEARD [ '/ear/loop', ")
    assert "FILE true" in lines
    (values,) = (line for line in lines if line.startswith("VALUES /ear/activation/scalogram"))
    _, _, frame, offset, total, _ = values.partition("[")[2].partition("]")[0].split(", ")
    assert int(values.split()[-1]) == 5 + min(int(total), 256)
    assert (int(frame) >= 0, int(offset)) == (True, 0)
    phases = numbers(lines, "PHASES")
    assert len(phases) >= 20
    assert all(0.0 <= phase < 1.0 for phase in phases)
    assert sum(later > earlier for earlier, later in pairwise(phases)) >= len(phases) - 3
    sequence = numbers(lines, "SEQUENCE")
    assert all(later > earlier for earlier, later in pairwise(sequence))  # a turn that came too late is counted
    assert sequence[-1] - sequence[0] < 2 * len(sequence)


def numbers(lines: list[str], word: str) -> list[float]:
    (line,) = (line for line in lines if line.startswith(word))
    return [float(item) for item in line.removeprefix(word).strip(" []").split(",")]
