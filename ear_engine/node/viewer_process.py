"""The viewer beside an engine (``serve --view``): a process of its own, which may end or die without any consequence.

It is not one of the supervised children: whoever closes the window wants it closed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from ear_engine import platform
from ear_engine.node.options import NodeOptions

_LOOK = 0.05  # seconds between looks whether the engine listens
_GRACE = 1.0  # seconds it gets to end


class ViewerProcess:
    """Starts the viewer once the engine listens, and ends it with the engine.

    Args:
        session: the engine's session folder.
        port: UDP port that the engine listens at; raises RuntimeError until it does.
        options: say where it listens, what is shown where, and who may look.
        report: told if the viewer cannot be started or dies: level, code, message.
    """

    def __init__(
        self,
        session: Path,
        port: Callable[[], int],
        options: NodeOptions,
        report: Callable[[str, str, str], None],
    ) -> None:
        self._more = [*(() if options.view else ("--offscreen",)), *(f"--output={spec}" for spec in options.outputs)]
        self._more += [f"--allow={network}" for network in options.allow]
        self._session, self._port, self._bind, self._report = session, port, options.bind, report
        self._process: subprocess.Popen[bytes] | None = None

    async def run(self) -> None:
        """Start it, and tell if it ends by anything but its window being closed."""
        while True:
            try:
                port = self._port()
                break
            except RuntimeError:  # not yet
                await asyncio.sleep(_LOOK)
        address = ip_address(self._bind)
        local = "::1" if address.version == 6 else "127.0.0.1"
        host = local if address.is_unspecified else self._bind
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        command = [sys.executable, "-m", "ear_engine", "view", "--engine", place]
        command += ["--session", str(self._session), "--parent", str(os.getpid()), *self._more]
        try:
            with platform.at_urgency(None):
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except OSError as error:
            self._report("warning", "no_viewer", f"The viewer cannot be started ({error.strerror}); the sound goes on.")
            return
        while (code := self._process.poll()) is None:
            await asyncio.sleep(_LOOK)
        if code:
            how = f"exit code {code}" if code > 0 else f"signal {-code}"
            self._report("warning", "viewer_ended", f"The viewer has ended ({how}); `ear-engine view` opens it again.")

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
