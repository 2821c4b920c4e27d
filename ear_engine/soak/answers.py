"""How soon the engine answers, asked by a client of its own while all else goes on."""

from __future__ import annotations

import socket
import threading
import time

import numpy as np

from ear_engine.osc.codec import MalformedPacket, decode, encode

ASKED = "audition/seconds"
"""Parameter that is set and asked for: nothing is dreamed or heard by it, and nobody else touches it meanwhile."""
_SETTING = f"/ear/{ASKED}"
_PAUSE = 0.25  # seconds between questions
_PATIENCE = 2.0


class Asker:
    """Sets a value and asks for it, again and again.

    Args:
        port: of the engine.
    """

    def __init__(self, port: int) -> None:
        self.seconds: list[float] = []
        """From each question to its answer."""
        self.lost = 0
        """Questions without an answer in two seconds."""
        self._port = port
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def percentile(self, percent: float) -> float:
        """Milliseconds; not a number if nothing was answered."""
        return float(1e3 * np.percentile(self.seconds, percent)) if self.seconds else float("nan")

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            client.settimeout(_PATIENCE)
            turn = 0
            while not self._ended.wait(_PAUSE):
                turn += 1
                taken = self._ask(client, 1.0 + 0.125 * (turn % 8))
                if taken is None:
                    self.lost += 1
                else:
                    self.seconds.append(taken)

    def _ask(self, client: socket.socket, value: float) -> float | None:
        began = time.perf_counter()
        try:
            for packet in (encode(_SETTING, value), encode(_SETTING)):
                client.sendto(packet, ("127.0.0.1", self._port))
            while time.perf_counter() - began < _PATIENCE:
                for message in decode(client.recv(1 << 16)):
                    if message.address == _SETTING and message.arguments == (value,):
                        return time.perf_counter() - began
        except (OSError, MalformedPacket):  # nobody is there just now
            time.sleep(_PAUSE)
        return None
