"""Who keeps the engine alive, with small programs in its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ear_engine.platform import process_alive

_KEEP = "import sys; from ear_engine.keeper import Keeper; sys.exit(Keeper([sys.executable, '-c', sys.argv[1]]).run())"


def kept(program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _KEEP, program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(program: str) -> tuple[int, list[str], str]:
    with kept(program) as process:
        out, errors = process.communicate(timeout=30)
    return process.returncode, out.splitlines(), errors


@pytest.mark.parametrize("code", [0, 2, 130])
def test_who_ends_by_itself_is_not_started_again(code: int) -> None:
    assert run(f"import sys; print(sys.argv[1:]); sys.exit({code})")[:1] == (code,)


def test_it_tells_what_it_starts_who_keeps_it() -> None:
    with kept("import sys; print(*sys.argv[1:])") as process:
        out, _ = process.communicate(timeout=30)
    assert out.split() == ["--kept", str(process.pid), "--afresh"]  # nobody was there before


def test_who_is_killed_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    once = tmp_path / "once"
    program = f"import os, pathlib; p = pathlib.Path({str(once)!r}); p.exists() or (p.touch(), os.kill(os.getpid(), 9))"
    code, _, errors = run(program)
    assert code == 0
    assert errors == "ear-engine: the engine was killed (SIGKILL); it is started again, the sound goes on.\n"


def test_who_dies_again_and_again_begins_afresh_and_is_given_up() -> None:
    code, out, errors = run("import sys; print('--afresh' in sys.argv, flush=True); raise SystemError('broken')")
    assert code == 1
    assert out == ["True", "False", "True", "True", "True"]
    assert errors.count("has crashed") == 5 and errors.endswith("is not started again.\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_ends_it_ends_what_it_has_started(number: int) -> None:
    program = "import time; print('there', flush=True); time.sleep(60)"
    with kept(program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        began = time.perf_counter()
        assert process.wait(10) == 128 + signal.SIGTERM
        assert time.perf_counter() - began < 3.0
        assert process.stderr is not None and process.stderr.read() == ""


def test_it_takes_little() -> None:
    with kept("import os, time; print(os.getppid(), flush=True); time.sleep(60)") as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        status = Path(f"/proc/{pid}/status")
        if status.exists():
            resident = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
            assert int(resident.split()[1]) < 20_000  # KB
        process.terminate()
    assert not process_alive(pid) or pid == os.getpid()
