"""`ear-engine serve` as it is typed, with the real dreamer and an untrained ear."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from ear_engine import platform
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig

KEYS = {
    "state",
    "osc_port",
    "ear",
    "device",
    "audio",
    "steps_per_second",
    "objective",
    "loop",
    "dropouts",
    "clients",
    "pids",
}
NO_GPU = "mps" if sys.platform != "darwin" else "cuda"  # what this system never has


@pytest.fixture(scope="module")
def ear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ears") / "untrained"
    save_ear(Ear(EarConfig(width=0.25)), folder, "untrained", "has never heard anything")
    return folder


def command(ear: Path, *options: str) -> list[str]:
    plain = ["serve", "--no-restart", "--audio", "null", "--osc-port", "0", "--ear", str(ear), "--device", "cpu"]
    return [sys.executable, "-m", "ear_engine", *plain, *options]


@contextmanager
def serving(typed: Sequence[str], folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A running engine whose output goes to files; whatever is left of it at the end is killed."""
    out = folder / "out"
    with out.open("w") as stdout, (folder / "err").open("w") as stderr:
        process = subprocess.Popen(typed, stdout=stdout, stderr=stderr, text=True, start_new_session=True)
        try:
            yield process, out
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def reports(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def wait_for(out: Path, process: subprocess.Popen[str], state: str, loop: int = 0, seconds: float = 60.0) -> None:
    end = time.perf_counter() + seconds
    while not any(line["state"] == state and line["loop"] >= loop for line in reports(out)):
        assert process.poll() is None, (out.parent / "err").read_text()
        assert time.perf_counter() < end, out.read_text()
        time.sleep(0.05)


@pytest.mark.skipif("sys.platform != 'linux'", reason="reads priorities from /proc")
def test_no_thread_of_the_node_waits_for_the_processor_while_it_keeps_others_from_python(
    ear: Path, tmp_path: Path
) -> None:
    """Whoever holds the interpreter and is of low priority holds up whoever answers."""
    with serving(command(ear, "--json-status", "--osc-port", "0"), tmp_path) as (process, out):
        wait_for(out, process, "running", loop=1)
        node = reports(out)[-1]["pids"]["node"]
        seen: dict[str, int] = {}
        end = time.perf_counter() + 3.0  # several times a set is kept by itself
        while time.perf_counter() < end:
            for task in Path(f"/proc/{node}/task").iterdir():
                with contextlib.suppress(OSError):  # it has ended just now
                    name, _, rest = (task / "stat").read_text().rpartition(")")
                    seen[name] = int(rest.split()[16])
            time.sleep(0.001)
    usual = seen[next(name for name in seen if name.startswith(f"{node} "))]
    assert len(seen) > 2
    assert {name: nice for name, nice in seen.items() if nice > usual} == {}


@pytest.mark.skipif("sys.platform != 'linux'", reason="reads priorities from /proc")
def test_what_sounds_and_what_answers_is_urgent_and_nothing_that_they_start(ear: Path, tmp_path: Path) -> None:
    with serving(command(ear, "--json-status", "--osc-port", "0"), tmp_path) as (process, out):
        wait_for(out, process, "running", loop=1)
        pids = reports(out)[-1]["pids"]
        urgent = {pid: urgencies(pid) for pid in (process.pid, *offspring(process.pid))}
    allowed = bool(platform.real_time_allowed())
    node, audio = urgent.pop(pids["node"]), urgent.pop(pids["audio"])
    assert node[pids["node"]] == (1 if allowed else 0) and audio[pids["audio"]] == (3 if allowed else 0)
    assert (5 in audio.values()) == allowed  # the thread that hands on blocks
    assert pids["dreamer"] in urgent and len(urgent) > 1  # the tracker of resources is another
    assert {pid: found for pid, found in urgent.items() if any(found.values())} == {}


def offspring(pid: int) -> list[int]:
    """Processes that a process has started, and those that they have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def urgencies(pid: int) -> dict[int, int]:
    """Priority in real time of each thread, by its number; 0 if it does not run so."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended just now
            found[int(task.name)] = int((task / "stat").read_text().rpartition(")")[2].split()[37])
    return found


def test_it_dreams_and_tells_programs_in_json_only(ear: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    with serving(command(ear, "--json-status", "--record", str(take), "--seed", "3"), tmp_path) as (process, out):
        wait_for(out, process, "running", loop=2)
        running = reports(out)[-1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        lines = reports(out)
    assert all(line.keys() >= KEYS for line in lines)
    states = [line["state"] for line in lines]
    assert states[0] == "starting" and states[-1] == "stopping"
    assert (running["ear"], running["device"], running["audio"]) == ("untrained", "cpu", "null")
    assert running["pids"].keys() == {"node", "dreamer", "audio"} and running["pids"]["node"] == process.pid
    assert lines[-1]["dropouts"] == running["dropouts"]
    assert not any(platform.process_alive(pid) for pid in running["pids"].values())
    played, rate = soundfile.read(take)
    assert rate == 44100 and len(played) / rate >= running["recorded"] > 0 and abs(played).max() > 0.05
    heard = (tmp_path / "err").read_text()
    assert "untrained" in heard and "beat (4.00 s" in heard


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("when", ["loading", "dreaming"])
def test_it_ends_within_two_seconds(ear: Path, tmp_path: Path, how: str, when: str) -> None:
    with serving(command(ear, "--json-status"), tmp_path) as (process, out):
        wait_for(out, process, "running", loop=1 if when == "dreaming" else 0)
        pids = reports(out)[-1]["pids"].values()
        begun = time.perf_counter()
        if how == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everyone
        else:
            process.terminate()
        assert process.wait(10) == 0
        assert time.perf_counter() - begun < 2.0
        assert not any(platform.process_alive(pid) for pid in pids)
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_a_killed_node_takes_everything_along_but_the_recording(ear: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    with serving(command(ear, "--json-status", "--record", str(take)), tmp_path) as (process, out):
        wait_for(out, process, "running", loop=1)
        last = reports(out)[-1]
        process.kill()
        process.wait()
        end = time.perf_counter() + 10
        while any(platform.process_alive(pid) for pid in last["pids"].values()):
            assert time.perf_counter() < end
            time.sleep(0.05)
    played, rate = soundfile.read(take)
    assert len(played) / rate >= last["recorded"] > 0


def test_people_read_what_plays_within_five_seconds(ear: Path, tmp_path: Path) -> None:
    with serving(command(ear), tmp_path) as (process, out):
        begun = time.perf_counter()
        words = ["  ear", "  loop", "  OSC", "  audio", "  device"]
        while not all(word in out.read_text() for word in words):
            assert process.poll() is None
            assert time.perf_counter() - begun < 5.0, out.read_text()
            time.sleep(0.02)
        process.terminate()
        assert process.wait(10) == 0


def refusal(typed: list[str]) -> str:
    done = subprocess.run(typed, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ear-engine: ") and "Traceback" not in done.stderr
    assert done.stderr.count(last.removeprefix("ear-engine: ")) == 1 and "again" not in done.stderr
    return last


def test_an_ear_with_the_weights_of_another_is_refused(ear: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save_ear(Ear(EarConfig(width=0.125)), other, "other", "")
    (other / "weights.safetensors").write_bytes((ear / "weights.safetensors").read_bytes())
    assert "belongs to another network" in refusal(command(other))


def test_a_device_that_is_not_there_is_refused(ear: Path) -> None:
    assert f"device '{NO_GPU}'" in refusal(command(ear, "--device", NO_GPU))


def test_a_layer_that_is_not_there_is_refused_with_the_nearest(ear: Path) -> None:
    assert "did you mean encoder_3_conv" in refusal(command(ear, "--target.layer", "encoder_3_conv7"))
