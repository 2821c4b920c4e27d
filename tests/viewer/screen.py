"""A screen without a screen (Xvfb), hands on it (xdotool), and a viewer that is driven frame by frame."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ear_engine.shared_memory.owner import session_of

MISSING = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]


@contextmanager
def screen(size: str = "1400x900x24") -> Iterator[str]:
    """A display for this process and its children."""
    if MISSING:
        pytest.skip(f"needs {' and '.join(MISSING)}")
    read, write = os.pipe()
    typed = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(typed, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        display = f":{told.readline().strip()}"
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = display
    try:
        yield display
    finally:
        os.environ.pop("DISPLAY")
        if before is not None:
            os.environ["DISPLAY"] = before
        server.terminate()
        server.wait(10)


def xdo(*words: object) -> None:
    """What hands do."""
    subprocess.run(["xdotool", *map(str, words)], check=True, timeout=20)


class EngineProcess:
    """`ear-engine serve` without a sound card, on a port of its own."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self._said = tempfile.TemporaryFile("w+")
        command = [sys.executable, "-m", "ear_engine", "serve", "--no-restart", "--audio", "null"]
        self.process = subprocess.Popen(
            [*command, "--osc-port", str(port), "--json-status", "--device", "cpu", *options],
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.said
        self.status: dict[str, Any] = json.loads(line)
        self.port = int(self.status["osc_port"])

    @property
    def session(self) -> Path:
        """Its session folder."""
        found = session_of(self.process.pid)
        assert found is not None
        return found

    @property
    def said(self) -> str:
        self._said.seek(0)
        return self._said.read()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._said.close()


def wait_for(true: Callable[[], object], step: Callable[[], object], seconds: float = 30.0) -> None:
    """Go on until something is so."""
    end = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < end, "it does not happen"
        step()


def picture(path: Path) -> Any:
    """Pixels of a PNG file."""
    from matplotlib import image

    return image.imread(path)
