"""Children that die, hang, fail to start, or do not want to end."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ear_engine.node.spare import Spare
from ear_engine.node.supervisor import ChildSpec, Pulse, Supervisor, describe_exit
from ear_engine.platform import process_alive
from ear_engine.shared_memory.clock import now


def sleep_on(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def end_at_once(code: int) -> None:
    sys.exit(code)


def print_to_stdout(folder: Path) -> None:
    os.write(1, b"not JSON\n")
    sleep_on(folder)


def sleep_on_whatever_is_asked(folder: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleep_on(folder)


class Watch:
    """A supervisor, what it reported, and how to wait for it."""

    def __init__(self, *specs: ChildSpec) -> None:
        self.messages: list[str] = []
        self.exits: list[tuple[str, int, bool]] = []
        self.wanted = True  # the map
        self.supervisor = Supervisor(specs, wanted={"map": lambda: self.wanted})

    def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        end = time.perf_counter() + seconds
        while not condition():
            assert time.perf_counter() < end, self.messages
            for ended in self.supervisor.poll():
                self.exits.append((ended.name, ended.code, ended.was_ready))
                self.messages.append(ended.message)
            time.sleep(0.005)

    def watch(self, seconds: float) -> None:
        """Look on for a while."""
        end = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() >= end, seconds + 10.0)

    def stop(self) -> list[str]:
        return asyncio.run(self.supervisor.stop(now()))


@pytest.fixture
def nobody_left() -> Iterator[None]:
    yield
    for child in multiprocessing.active_children():
        child.kill()


pytestmark = pytest.mark.usefixtures("nobody_left")


def test_a_killed_child_is_started_again_at_once_and_reported(tmp_path: Path) -> None:
    watch = Watch(ChildSpec("audio", sleep_on, (tmp_path,), meanwhile="nothing is lost", grace=0.1))
    watch.until(lambda: len(list(tmp_path.iterdir())) == 1)
    first = watch.supervisor.pids["audio"]
    os.kill(first, signal.SIGKILL)
    watch.until(lambda: len(list(tmp_path.iterdir())) == 2)
    assert watch.supervisor.pids["audio"] != first and watch.supervisor.starts("audio") == 2
    assert watch.exits == [("audio", -signal.SIGKILL, False)]
    message = "The audio process was killed (SIGKILL) and is started again; nothing is lost."
    assert watch.messages == [message]
    begun = time.perf_counter()
    assert watch.stop() == ["audio"]  # it does not listen, so it is killed
    assert time.perf_counter() - begun < 1.0 and watch.supervisor.pids == {}


def test_one_that_always_fails_is_started_less_and_less_often() -> None:
    watch = Watch(ChildSpec("dreamer", end_at_once, (3,)))
    watch.until(lambda: len(watch.messages) == 3)
    texts = watch.messages
    assert texts[0] == "The dreamer process ended (exit code 3) and is started again."
    assert "again in 0.25 s" in texts[1]
    assert "has failed 3 times in a row, is started again in 0.5 s" in texts[2]
    watch.stop()


def test_a_hanging_child_is_killed_and_started_again(tmp_path: Path) -> None:
    alive = now()
    spec = ChildSpec("dreamer", sleep_on, (tmp_path,), pulse=lambda pid: Pulse(alive), patience=0.5, grace=0.1)
    watch = Watch(spec)
    watch.until(lambda: bool(watch.messages))
    assert watch.messages[0] == "The dreamer process hung and is started again."
    assert watch.exits == [("dreamer", -signal.SIGKILL, True)]
    first = now()
    watch.until(lambda: len(watch.messages) == 2)
    assert now() - first > 1.0  # it may be a slow machine: next time it is given twice as long
    watch.stop()


def test_a_loading_child_gets_more_time(tmp_path: Path) -> None:
    spec = ChildSpec("dreamer", sleep_on, (tmp_path,), pulse=lambda pid: None, patience=0.1, loading=1.0, grace=0.1)
    watch = Watch(spec)
    begun = now()
    watch.until(lambda: bool(watch.messages))
    assert now() - begun >= 1.0
    assert watch.exits == [("dreamer", -signal.SIGKILL, False)]
    watch.stop()


def test_nobody_hangs_because_the_machine_slept(tmp_path: Path) -> None:
    time_now = 100.0
    heartbeat = 100.0
    spec = ChildSpec("dreamer", sleep_on, (tmp_path,), pulse=lambda pid: Pulse(heartbeat), patience=5.0, grace=0.0)
    supervisor = Supervisor([spec], clock=lambda: time_now)
    supervisor.poll()
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    time_now += 60.0  # everything stood still
    supervisor.poll()
    pid = supervisor.pids["dreamer"]
    for _ in range(30):
        time_now += 0.1
        heartbeat = time_now
        assert supervisor.poll() == []
    assert supervisor.pids == {"dreamer": pid}
    time_now += 1.0
    asyncio.run(supervisor.stop(0.0))


def get_ready() -> None:
    time.sleep(0.3)


def test_a_spare_takes_the_place_of_one_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.node.supervisor._SETTLED", 0.2)
    spec = ChildSpec("audio", sleep_on, (tmp_path,), pulse=lambda pid: Pulse(now()), prepare=get_ready, grace=0.1)
    watch = Watch(spec)
    for place in range(1, 4):
        watch.until(lambda place=place: len(list(tmp_path.iterdir())) == place)  # type: ignore[misc]
        watch.until(lambda: "audio spare" in {child.name for child in multiprocessing.active_children()})
        spare = next(child.pid for child in multiprocessing.active_children() if child.name == "audio spare")
        os.kill(watch.supervisor.pids["audio"], signal.SIGKILL)
        watch.until(lambda spare=spare: watch.supervisor.pids.get("audio") == spare)  # type: ignore[misc]
    watch.until(lambda: len(list(tmp_path.iterdir())) == 4)
    watch.stop()
    assert multiprocessing.active_children() == []


def test_a_spare_that_dies_is_replaced_and_one_nobody_needs_ends(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    dead = Spare(context, "spare", get_ready, sleep_on, (tmp_path,))
    os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
    while dead.alive:
        time.sleep(0.01)
    assert dead.go() is None
    orphan = Spare(context, "spare", get_ready, sleep_on, (tmp_path,))
    orphan._ours.close()  # as if the one it waits for had died
    while orphan.alive:
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_what_a_child_prints_does_not_reach_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    watch = Watch(ChildSpec("audio", print_to_stdout, (tmp_path,), grace=0.1))
    watch.until(lambda: bool(list(tmp_path.iterdir())))
    watch.stop()
    printed = capfd.readouterr()
    assert printed.out == "" and "not JSON" in printed.err


@pytest.mark.parametrize(
    ("code", "text"),
    [(0, "ended (exit code 0)"), (-9, "was killed (SIGKILL)"), (-250, "was killed (signal 250)")],
)
def test_exit_codes_in_words(code: int, text: str) -> None:
    assert describe_exit(code) == text


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows holds no signals back")
def test_an_interrupt_of_everyone_at_the_start_reaches_no_child(tmp_path: Path) -> None:
    watch = Watch(ChildSpec("audio", sleep_on, (tmp_path,), grace=0.1))
    watch.supervisor.poll()
    os.kill(watch.supervisor.pids["audio"], signal.SIGINT)  # it has not even imported anything
    watch.until(lambda: bool(list(tmp_path.iterdir())))
    assert watch.messages == []
    watch.stop()


def test_one_that_is_not_wanted_is_not_started_until_it_is(tmp_path: Path) -> None:
    audio, moving = tmp_path / "audio", tmp_path / "map"
    audio.mkdir()
    moving.mkdir()
    watch = Watch(ChildSpec("audio", sleep_on, (audio,), grace=0.1), ChildSpec("map", sleep_on, (moving,), grace=0.1))
    watch.wanted = False
    watch.until(lambda: bool(list(audio.iterdir())))
    watch.watch(0.1)
    assert watch.supervisor.pids.keys() == {"audio"} and watch.supervisor.starts("map") == 0
    watch.wanted = True
    watch.until(lambda: bool(list(moving.iterdir())))
    assert watch.supervisor.pids.keys() == {"audio", "map"} and watch.exits == []
    assert set(watch.stop()) == {"audio", "map"}


def test_one_that_is_no_longer_wanted_ends_and_nobody_is_told(tmp_path: Path) -> None:
    watch = Watch(ChildSpec("map", sleep_on, (tmp_path,), grace=30.0))
    for place in range(1, 4):
        watch.wanted = True
        begun = now()
        watch.until(lambda place=place: len(list(tmp_path.iterdir())) == place)  # type: ignore[misc]
        assert now() - begun < 3.0  # it has not failed, so it does not wait
        pid = watch.supervisor.pids["map"]
        watch.wanted = False
        watch.until(lambda: not watch.supervisor.pids)
        assert not process_alive(pid) and watch.supervisor.starts("map") == place
    watch.watch(0.2)
    assert watch.exits == [] and watch.supervisor.pids == {}
    assert watch.stop() == []


def test_one_that_is_wanted_again_while_it_ends_is_started_anew_and_nobody_is_told(tmp_path: Path) -> None:
    watch = Watch(ChildSpec("map", sleep_on, (tmp_path,), grace=30.0))
    watch.until(lambda: len(list(tmp_path.iterdir())) == 1)
    first = watch.supervisor.pids["map"]
    watch.wanted = False
    watch.supervisor.poll()
    watch.wanted = True
    watch.until(lambda: len(list(tmp_path.iterdir())) == 2)
    assert watch.supervisor.pids["map"] != first and watch.exits == []
    watch.supervisor.poll()
    os.kill(watch.supervisor.pids["map"], signal.SIGKILL)  # which is a failure again, and the first
    watch.until(lambda: len(list(tmp_path.iterdir())) == 3)
    assert watch.messages == ["The map process was killed (SIGKILL) and is started again."]
    watch.wanted = False
    watch.until(lambda: not watch.supervisor.pids)


@pytest.mark.parametrize("again", [False, True])
def test_one_that_does_not_end_when_it_is_not_wanted_is_killed_after_its_grace(tmp_path: Path, again: bool) -> None:
    watch = Watch(ChildSpec("map", sleep_on_whatever_is_asked, (tmp_path,), grace=0.4))
    watch.until(lambda: bool(list(tmp_path.iterdir())))
    first = watch.supervisor.pids["map"]
    watch.wanted = False
    begun = now()
    watch.supervisor.poll()
    watch.wanted = again  # it has been asked, so it ends in any case
    watch.until(lambda: watch.supervisor.pids.get("map") != first)
    assert 0.4 <= now() - begun < 3.0 and not process_alive(first)
    watch.until(lambda: len(list(tmp_path.iterdir())) == 1 + again)
    watch.wanted = False
    watch.until(lambda: not watch.supervisor.pids)
    assert watch.exits == []


def test_one_that_fails_over_and_over_begins_afresh_when_it_was_not_wanted_meanwhile() -> None:
    watch = Watch(ChildSpec("map", end_at_once, (3,)))
    watch.until(lambda: len(watch.messages) == 4)
    assert "has failed 4 times in a row" in watch.messages[-1]
    watch.wanted = False
    watch.watch(0.05)
    watch.wanted = True
    watch.until(lambda: len(watch.messages) == 5, 3.0)
    assert watch.messages[-1] == "The map process ended (exit code 3) and is started again."
    watch.wanted = False
    watch.until(lambda: not watch.supervisor.pids)


def test_no_spare_waits_for_one_that_is_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.node.supervisor._SETTLED", 0.1)
    spec = ChildSpec("map", sleep_on, (tmp_path,), pulse=lambda pid: Pulse(now()), prepare=get_ready, grace=0.1)
    watch = Watch(spec)
    watch.until(lambda: "map spare" in {child.name for child in multiprocessing.active_children()})
    watch.wanted = False
    watch.until(lambda: not watch.supervisor.pids)
    watch.watch(0.6)
    assert multiprocessing.active_children() == [] and watch.exits == []
