"""A node that is killed while it plays: the sound goes on, and another node takes its place."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ear_engine.platform import process_alive
from ear_engine.shared_memory.owner import session_of
from ear_engine.shared_memory.states import ControlState, StateReader
from tests.test_serve import ear, reports, serving, wait_for

__all__ = ["ear"]  # the fixture
_RATE = 44100


def ask(port: int, address: str, *values: float) -> Any:
    """What the engine answers."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.sendto(builder.build().dgram, ("127.0.0.1", port))
        while not values:
            answer = OscMessage(client.recv(4096))
            if answer.address == address:
                return answer.params[0]
    return None


def until(found: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.perf_counter() + seconds
    while not (value := found()):
        assert time.perf_counter() < end
        time.sleep(0.05)
    return value


def decided(session: Path, name: str) -> Any:
    """What a session's processes are told of a parameter."""
    slot = StateReader(session, "control", ControlState)
    try:
        state = slot.read()
    finally:
        slot.close()
    return None if state is None else state.values[name]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_sound_outlives_the_node_and_another_one_takes_over(ear: Path, tmp_path: Path) -> None:
    take, port = tmp_path / "take.wav", free_port()
    typed = [sys.executable, "-m", "ear_engine", "serve", "--audio", "null", "--ear", str(ear), "--device", "cpu"]
    typed += ["--osc-port", str(port), "--json-status", "--record", str(take), "--optimizer.steps_per_loop", "1"]
    with serving(typed, tmp_path) as (process, out):
        wait_for(out, process, "running", loop=2)
        first = reports(out)[-1]
        session = session_of(process.pid)
        ask(port, "/ear/dream/rate", -12.5)
        assert session is not None
        until(lambda: ask(port, "/ear/dream/rate") == -12.5)
        until(lambda: decided(session, "dream/rate") == -12.5)  # told before it is written down
        os.kill(first["pids"]["node"], signal.SIGKILL)
        second = until(
            lambda: next((r for r in reversed(reports(out)) if r["pids"]["node"] != first["pids"]["node"]), None)
        )
        assert second["pids"]["audio"] == first["pids"]["audio"]
        again = until(
            lambda: r if (r := reports(out)[-1])["loop"] > first["loop"] + 1 and r["pids"] != first["pids"] else None
        )
        assert again["pids"]["audio"] == first["pids"]["audio"] and again["pids"]["dreamer"] != first["pids"]["dreamer"]
        assert ask(port, "/ear/dream/rate") == -12.5
        assert session_of(process.pid) == session
        process.terminate()
        assert process.wait(10) == 0
        assert not any(process_alive(pid) for pid in again["pids"].values())
    assert not session.exists()
    heard, rate = soundfile.read(take, dtype="float32")
    assert rate == _RATE and len(heard) / rate >= again["recorded"] > second["recorded"]
    silent = np.abs(heard[rate : -rate // 5]).max(axis=1) < 1e-5
    runs = np.diff(np.flatnonzero(np.concatenate(([True], ~silent, [True]))))
    assert runs.max() < rate // 4  # the loop itself has such pauses
    assert "is started again, the sound goes on" in (tmp_path / "err").read_text()


def test_whoever_kills_the_keeper_ends_everything(ear: Path, tmp_path: Path) -> None:
    typed = [sys.executable, "-m", "ear_engine", "serve", "--audio", "null", "--ear", str(ear), "--device", "cpu"]
    with serving([*typed, "--osc-port", "0", "--json-status"], tmp_path) as (process, out):
        wait_for(out, process, "running")
        pids = reports(out)[-1]["pids"].values()
        process.kill()
        process.wait()
        until(lambda: not any(process_alive(pid) for pid in pids), 10.0)
