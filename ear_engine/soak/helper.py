"""A client of the engine in a process of its own, which tells in JSON what it has found when its stdin ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_PATIENCE = 20.0  # seconds


class Helper:
    """The process; Ctrl-C is not for it.

    Args:
        module: that it runs.
        port: of the engine.
    """

    def __init__(self, module: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def close(self) -> Any | None:
        """End it; what it tells, None if it has died or does not end."""
        try:
            out, _ = self._process.communicate("", timeout=_PATIENCE)
            return json.loads(out)
        except (subprocess.TimeoutExpired, ValueError):
            self._process.kill()
            self._process.wait()
            return None
