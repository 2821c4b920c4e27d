"""Drives a stand-in host that takes commands and gives answers as lines of JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

HERE = Path(__file__).parent


class Host:
    """A host under Node.js.

    Args:
        script: its file beside this one.
        arguments: of it.
    """

    def __init__(self, script: str, *arguments: object, environment: dict[str, str] | None = None) -> None:
        node = shutil.which("node")
        if node is None:
            pytest.fail("node is missing; on Debian or Ubuntu: apt-get install nodejs (`make test` does it)")
        command = [node, str(HERE / script), *map(str, arguments)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
        )

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._process.poll() is None:
                self("close")
                self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait(10)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()

    def __call__(self, command: str, *arguments: object) -> Any:
        """What the host answers."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the host has ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def until(
        self, command: str, arguments: Sequence[object], wanted: Callable[[Any], bool], seconds: float = 20.0
    ) -> Any:
        """Ask again until the answer is ``wanted``."""
        end = time.monotonic() + seconds
        while True:
            answer = self(command, *arguments)
            if wanted(answer):
                return answer
            assert time.monotonic() < end, f"{command} {arguments}: still {answer!r}"
            time.sleep(0.05)
