"""Looks for an audio device that has vanished, from a process of its own: whoever asks a driver may wait for long.

``python -m ear_engine.playback.lookout BACKEND DEVICE BUFFER RATE CHANNELS`` (rate 0: any) ends with exit code 0 as
soon as the device opens, and with 1 if its input is closed: nobody waits for it any more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import cast

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.playback.backend import open_output
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions, BackendName
from ear_engine.shared_memory.clock import now

_BETWEEN = 2.0  # seconds between two looks
_RENEWED = 60.0  # seconds after which another process looks: a driver may hang in there, too


class Lookout:
    """Looks every two seconds.

    Args:
        wanted: options that ask for the device.
    """

    def __init__(self, wanted: AudioOptions) -> None:
        self.missing = [wanted.backend, wanted.device or ""]
        """Backend and device, as ``AudioState.missing`` has them."""
        what = (wanted.backend, wanted.device or "", wanted.buffer_size, wanted.device_rate or 0, wanted.channels)
        self._command = [sys.executable, "-m", "ear_engine.playback.lookout", *map(str, what)]
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0.0

    def found(self) -> bool:
        """Whether it is there again; returns at once."""
        code = None if self._process is None else self._process.poll()
        if code == 0:
            return True
        if self._process is None or code is not None or now() - self._begun > _RENEWED:
            self.close()
            with platform.shielding_children():
                self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            self._begun = now()
        return False

    def close(self) -> None:
        """Look no more."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def look_for(wanted: AudioOptions, between: float = _BETWEEN) -> None:
    """Return as soon as what is ``wanted`` opens."""
    while True:
        time.sleep(between)
        try:
            open_output(wanted, EventLog()).close()
        except UserError:
            continue
        return


def main(typed: Sequence[str]) -> None:
    """Look for what the command line says."""
    backend, device, buffer, rate, channels = typed
    platform.ignore_interrupt()
    platform.lower_priority()
    threading.Thread(target=_end_with_input, daemon=True).start()
    look_for(
        AudioOptions(
            backend=cast(BackendName, backend),
            device=device or None,
            buffer_size=int(buffer),
            device_rate=int(rate) or None,
            channels=int(channels),
        )
    )


def _end_with_input() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
