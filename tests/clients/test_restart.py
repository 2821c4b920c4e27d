"""An engine is killed, another one started at its port: every client says anew where it listens and what it wants."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.clients.conftest import ENGINES, ROOT
from tests.clients.hosts.lines import Host
from tests.clients.hosts.touchosc_host import TouchOsc
from tests.clients.test_panels import LAYOUT, SESSION, Engine, free_port, max_host
from tests.clients.test_puredata_library import FOLDER
from tests.clients.test_supercollider import SCRIPTS, Sclang, installed

pytestmark = [pytest.mark.clients, pytest.mark.slow]
__all__ = ["installed"]  # a fixture


class Restarted:
    """An engine at a port of its own, again and again."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self._starts = 0

    def start(self, rate: float) -> None:
        """Kill the one before without a word; the next one dreams at ``rate``."""
        self.kill()
        self._starts += 1
        command = [*ENGINES["fake"], str(self.port), str(9000 + self._starts)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["osc_port"] == self.port
        self.set(rate)

    def set(self, rate: float) -> None:
        """Someone else sets it."""
        other = Engine(self.port)
        other.set("/ear/dream/rate", rate)
        other.close()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def restarted() -> Iterator[Restarted]:
    made = Restarted()
    made.start(-20.0)
    yield made
    made.kill()


def test_max(restarted: Restarted) -> None:
    with max_host("ear-engine.maxpat", restarted.port) as host:
        host.until("see", [["dream/rate", "value"]], lambda text: text == "-20.0 dB")
        restarted.start(-30.0)
        host.until("see", [["dream/rate", "value"]], lambda text: text == "-30.0 dB", 6.0)
        restarted.set(-40.0)
        host.until("see", [["dream/rate", "value"]], lambda text: text == "-40.0 dB", 2.0)


def test_touchosc(restarted: Restarted) -> None:
    with TouchOsc(LAYOUT, restarted.port, free_port()) as host:
        host.frames(2.6)
        assert host.beside("dream_rate") == "-20.0 dB"
        restarted.start(-30.0)
        host.frames(2.6)
        assert host.beside("dream_rate") == "-30.0 dB"
        restarted.set(-40.0)
        host.frames(0.5)
        assert host.beside("dream_rate") == "-40.0 dB"


def test_open_stage_control(restarted: Restarted) -> None:
    with Host("open_stage_control_host.js", SESSION, restarted.port) as host:
        host.until("see", ["dream_rate_value"], lambda text: text == "-20.0 dB")
        restarted.start(-30.0)
        host.until("see", ["dream_rate_value"], lambda text: text == "-30.0 dB", 6.0)
        restarted.set(-40.0)
        host.until("see", ["dream_rate_value"], lambda text: text == "-40.0 dB", 2.0)


def test_puredata(restarted: Restarted, pd: list[str], tmp_path: Path) -> None:
    patch = tmp_path / "restart.pd"
    patch.write_text(
        "#N canvas 0 0 400 200 12;\n#X obj 20 20 ear-engine localhost " + str(restarted.port) + ";\n"
        "#X obj 20 50 r ear/dream/rate;\n#X obj 20 80 print RATE;\n#X obj 200 50 sel -40;\n"
        "#X msg 200 80 \\; pd quit;\n#X connect 1 0 2 0;\n#X connect 1 0 3 0;\n#X connect 3 0 4 0;\n"
    )
    ran = subprocess.Popen([*pd, "-path", str(FOLDER), str(patch)], stderr=subprocess.PIPE, text=True, errors="replace")
    heard = Lines(ran, ran.stderr, r"RATE: (\S+)")
    try:
        heard.wait_for("-20")
        restarted.start(-30.0)
        heard.wait_for("-30")
        restarted.set(-40.0)
        assert ran.wait(10) == 0
    finally:
        ran.kill()
        heard.close()


def test_supercollider(restarted: Restarted, installed: Sclang) -> None:
    command = [*installed.command, str(SCRIPTS / "restart.scd")]
    environment = installed.environment | {"EAR_PORT": str(restarted.port)}
    ran = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    heard = Lines(ran, ran.stdout, r"^(READY|RATE|END)(.*)")
    try:
        heard.wait_for("READY", 30.0)
        restarted.start(-30.0)
        time.sleep(2.5)
        restarted.set(-40.0)
        heard.wait_for("END")
        assert ("RATE", " -40.0 9002 true") in heard.found
        assert ran.wait(10) == 0
    finally:
        ran.kill()
        heard.close()


class Lines:
    """Words of the lines that a program says, as it says them."""

    def __init__(self, ran: subprocess.Popen[str], stream: IO[str] | None, pattern: str) -> None:
        assert stream is not None
        self.found: list[tuple[str, ...]] = []
        self._ran, self._stream = ran, stream
        self._thread = threading.Thread(target=self._read, args=(stream, re.compile(pattern)))
        self._thread.start()

    def _read(self, stream: IO[str], pattern: re.Pattern[str]) -> None:
        for line in stream:
            if (said := pattern.search(line)) is not None:
                self.found.append(said.groups())

    def close(self) -> None:
        """When it has ended."""
        self._ran.wait()
        self._thread.join()
        self._stream.close()

    def wait_for(self, word: str, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not any(groups[0] == word for groups in self.found):
            assert time.monotonic() < end, self.found
            time.sleep(0.02)
