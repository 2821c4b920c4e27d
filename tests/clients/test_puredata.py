"""A real Pd patch plays the engine."""

from __future__ import annotations

import socket
import subprocess
from itertools import pairwise

import pytest

from tests.clients.conftest import HERE, RunningEngine

pytestmark = pytest.mark.clients


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_pd_sets_gets_subscribes_and_receives_on_another_port(engine: RunningEngine, pd: list[str]) -> None:
    start = f"engine-port {engine.port}; listen-port {free_port()}; go bang"
    ran = subprocess.run(
        [*pd, "-send", start, str(HERE / "drive.pd")], capture_output=True, text=True, errors="replace", timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line.replace("\\ ", " ") for line in ran.stderr.splitlines()]
    assert not [line for line in lines if "error" in line], ran.stderr
    heard = [line.removeprefix("HEARD: list ear ") for line in lines if line.startswith("HEARD: ")]
    assert heard[:3] == ["dream rate -30.5", "norm playback wet 0.5", "source fit crop"]
    assert heard[3].startswith("fail /ear/dream/rat unknown_address /ear/dream/rat does not exist")
    assert heard[4] == "system synced 12"
    assert heard[5].startswith("done /ear/stream/subscribe 0 1 /ear/playhead 1 50 30")
    assert heard[6].startswith("done /ear/stream/subscribe 0 2 /ear/activation/scalogram 1 20 30")
    assert heard[7] == "done /ear/stream/unsubscribe 0 2"
    streamed = [line.removeprefix("STREAM: list ear ").split() for line in lines if line.startswith("STREAM: ")]
    playheads = [values for values in streamed if values[0] == "playhead"]
    assert len(playheads) >= 30  # 1.4 s at 50 Hz, on a machine that may be busy
    assert all(len(values) == 6 and 0.0 <= float(values[2]) < 1.0 for values in playheads)
    turns = [int(values[5]) for values in playheads]  # one that came too late is left out, and counted
    assert turns[0] == 0
    assert all(later > earlier for earlier, later in pairwise(turns))
    assert turns[-1] < 2 * len(turns)
    activations = [values for values in streamed if values[:2] == ["activation", "scalogram"]]
    first = activations[0]
    assert len(first) == 6 + min(int(first[5]), 256)  # activation, scalogram, loop, frame, offset, total, values
