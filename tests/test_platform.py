from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from ear_engine import platform

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def test_sessions_lie_in_memory_only_if_there_is_room(tmp_path: Path) -> None:
    temporary = Path(tempfile.gettempdir())
    assert platform.session_parent(room=1, memory=tmp_path) == tmp_path
    assert platform.session_parent(room=1 << 60, memory=tmp_path) == temporary
    assert platform.session_parent(memory=tmp_path / "none") == temporary


@posix
def test_a_session_is_private_and_found_again_newest_first(tmp_path: Path) -> None:
    first, second = platform.new_session(tmp_path), platform.new_session(tmp_path)
    assert (first / "loops").is_dir()
    assert first.stat().st_mode & 0o077 == 0
    os.utime(first, (1, 1))
    (tmp_path / "something-else").mkdir()
    assert platform.session_folders(tmp_path) == [second, first]


@posix
def test_lower_priority_is_seen_by_the_system() -> None:
    script = (
        "import os; from ear_engine.platform import lower_priority as f; a = os.nice(0); print(f(3), os.nice(0) - a)"
    )
    assert _python(script) == "True 3"


@posix
def test_raise_priority_tells_whether_it_is_allowed() -> None:
    script = (
        "import os, sys; from ear_engine import platform; platform.lower_priority(5); a = os.nice(0); "
        "done = platform.raise_priority(platform.Urgency.FEEDS, 2); linux = sys.platform == 'linux'; "
        "real = linux and (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) == (os.SCHED_RR, 3); "
        "print(done == (real or os.nice(0) == a - 2))"
    )
    assert _python(script) == "True"


@pytest.mark.skipif("sys.platform != 'linux'", reason="real time is Linux's")
def test_whoever_may_not_be_most_urgent_is_not_urgent_at_all() -> None:
    script = """
import os, resource
from ear_engine import platform
hard = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]
few = 4 if hard == resource.RLIM_INFINITY else min(hard, 4)
resource.setrlimit(resource.RLIMIT_RTPRIO, (few, few))
if os.geteuid() == 0:
    os.setuid(65534)
print(platform.raise_priority(platform.Urgency.ANSWERS), platform.real_time_allowed(), os.sched_getscheduler(0))
"""
    assert _python(script) == "False False 0"


@pytest.mark.skipif("sys.platform != 'linux'", reason="real time is Linux's")
def test_children_of_what_is_urgent_are_not_and_it_is_again_afterwards() -> None:
    script = """
import os, subprocess, sys
from ear_engine import platform
allowed = platform.raise_priority(platform.Urgency.ANSWERS)
before = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
with platform.shielding_children():
    child = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"]
    said = subprocess.check_output(child, text=True).strip()
after = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
told = platform.real_time_allowed()
print(said, told == allowed, before == after == ((os.SCHED_RR, 1) if allowed else (os.SCHED_OTHER, 0)))
"""
    assert _python(script) == "0 True True"


@pytest.mark.skipif("sys.platform != 'linux'", reason="real time is Linux's")
def test_what_is_urgent_is_more_so_for_a_while() -> None:
    script = (
        "import os; from ear_engine import platform as p; allowed = p.raise_priority(p.Urgency.FEEDS); "
        "now = lambda: os.sched_getparam(0).sched_priority\n"
        "with p.at_urgency(p.Urgency.SOUNDS): more = now()\n"
        "with p.at_urgency(None): less = now()\n"
        "print((more, less, now()) == ((5, 0, 3) if allowed else (0, 0, 0)))"
    )
    assert _python(script) == "True"


@pytest.mark.skipif("sys.platform != 'linux'", reason="real time is Linux's")
def test_who_computes_for_long_is_not_urgent_until_it_rests() -> None:
    script = """
import threading, time
from ear_engine import platform
from ear_engine.platform.priorities import priority_of
allowed = platform.raise_priority(platform.Urgency.ANSWERS)
computes, ends = threading.Event(), threading.Event()
def work():
    while not ends.is_set():
        if computes.is_set():
            sum(range(1000))
        else:
            time.sleep(0.01)
thread, quiet = threading.Thread(target=work), threading.Thread(target=ends.wait)
restraint = platform.Restraint(platform.Urgency.ANSWERS)
def watch(wanted):
    end = time.monotonic() + 20.0
    while priority_of(thread.native_id) != wanted and time.monotonic() < end:
        restraint.look(time.monotonic())
        time.sleep(0.05)
    return priority_of(thread.native_id) == wanted
thread.start(); quiet.start()
urgent = priority_of(thread.native_id)
computes.set()
restrained = watch(0)
others = priority_of(quiet.native_id), priority_of()
computes.clear()
print(urgent == allowed, restrained, others == (allowed, allowed), watch(int(allowed)))
ends.set()
"""
    assert _python(script) == "True True True True"


@pytest.mark.skipif("sys.platform != 'linux'", reason="reads /proc")
def test_locked_memory_is_seen_by_the_system_and_more_can_be_had() -> None:
    script = (
        "from pathlib import Path; from ear_engine.platform import lock_memory; done = lock_memory(); "
        "data = bytearray(9 << 20); lines = Path('/proc/self/status').read_text().splitlines(); "
        "locked = int(next(line.split()[1] for line in lines if line.startswith('VmLck'))); "
        "print(done == (locked > 9000))"
    )
    assert _python(script) == "True"


@posix
def test_an_interrupt_is_left_to_the_parent() -> None:
    script = (
        "import os, signal; from ear_engine.platform import ignore_interrupt; ignore_interrupt(); "
        "os.kill(os.getpid(), signal.SIGINT); print('alive')"
    )
    assert _python(script) == "alive"


@posix
def test_process_alive_knows_running_zombie_and_gone() -> None:
    assert platform.process_alive(os.getpid())
    assert not platform.process_alive(0)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert platform.process_alive(child.pid)
        child.kill()
        until = time.monotonic() + 10
        while platform.process_alive(child.pid) and time.monotonic() < until:
            time.sleep(0.01)
        assert not platform.process_alive(child.pid)  # ended, not yet waited for
    finally:
        child.kill()
        child.wait()
    assert not platform.process_alive(child.pid)


def _report_parent(folder: Path) -> None:
    (folder / "started").write_text(str(platform.parent_alive()))
    until = time.monotonic() + 20
    while platform.parent_alive() and time.monotonic() < until:
        time.sleep(0.01)
    (folder / "ended").write_text(str(platform.parent_alive()))


@posix
def test_a_child_learns_that_its_parent_was_killed(tmp_path: Path) -> None:
    assert platform.parent_alive()  # no multiprocessing parent
    main = tmp_path / "main.py"
    main.write_text(
        "import multiprocessing, time\n"
        "from pathlib import Path\n"
        "from tests.test_platform import _report_parent\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.get_context('spawn').Process(target=_report_parent, args=(Path.cwd(),)).start()\n"
        "    time.sleep(60)\n"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    parent = subprocess.Popen([sys.executable, str(main)], cwd=tmp_path, env=env)
    try:
        assert _content(tmp_path / "started") == "True"
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert _content(tmp_path / "ended") == "False"


def _content(path: Path) -> str:
    """What is in ``path`` once somebody has written it."""
    until = time.monotonic() + 30
    while not (path.exists() and path.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    return path.read_text()


def test_user_folders_are_told_apart_and_not_created(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    folders = [
        platform.user_config_dir(),
        platform.user_clip_dir(),
        platform.user_ear_dir(),
        platform.user_cache_dir(),
    ]
    assert len(set(folders)) == 4
    assert all("ear-engine" in path.parts and not path.exists() for path in folders)


def _python(script: str) -> str:
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def _report_mask(path: Path) -> None:
    path.write_text(str(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])))


@posix
def test_the_very_first_child_is_shielded_from_ctrl_c(tmp_path: Path) -> None:
    main = tmp_path / "main.py"
    main.write_text(
        "import multiprocessing\n"
        "from pathlib import Path\n"
        "from ear_engine.platform import shielding_children\n"
        "from tests.test_platform import _report_mask\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    child = context.Process(target=_report_mask, args=(Path.cwd() / 'mask',))\n"
        "    with shielding_children():\n"
        "        child.start()\n"
        "    child.join()\n"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    subprocess.run([sys.executable, str(main)], cwd=tmp_path, env=env, check=True, timeout=60)
    assert (tmp_path / "mask").read_text() == "True"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cannot bind processes to cores")
def test_cores_are_those_that_this_process_may_use(tmp_path: Path) -> None:
    code = "import os; from ear_engine import platform; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    code += "print(platform.cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize(
    ("text", "most"),
    [("150000 100000", 2), ("50000 100000", 1), ("1 100000", 1), ("max 100000", 1 << 20), ("", 1 << 20)],
)
def test_a_containers_share_of_time_counts_in_whole_cores(tmp_path: Path, text: str, most: int) -> None:
    all_of_them = platform.cores(tmp_path / "none")
    (tmp_path / "cpu.max").write_text(f"{text}\n")
    assert platform.cores(tmp_path / "cpu.max") == min(most, all_of_them)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")
def test_one_thread_can_go_before_all_others_and_leaves_them_as_they_are() -> None:
    before = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
    found: list[tuple[bool, int, int]] = []

    def work() -> None:
        raised = platform.raise_thread_priority()
        found.append((raised, os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    ((raised, policy, nice),) = found
    assert raised == (policy == os.SCHED_RR or nice < before[1])
    assert (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)) == before
