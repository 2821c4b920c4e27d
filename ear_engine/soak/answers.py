"""How soon the engine answers, asked by a client in a process of its own while all else goes on.

It is as urgent as what sounds, where the system allows that, so that what is measured is the engine's time and not that
of a client that was kept waiting.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ear_engine import platform
from ear_engine.osc.codec import MalformedPacket, decode, encode
from ear_engine.soak.helper import Helper

ASKED = "audition/seconds"
"""Parameter that is set and asked for: nothing is dreamed or heard by it, and nobody else touches it meanwhile."""
_SETTING = f"/ear/{ASKED}"
_PAUSE = 0.25  # seconds between questions
_PATIENCE = 2.0


@dataclass(frozen=True)
class Answers:
    """What was answered.

    Args:
        seconds: from each question to its answer.
        lost: questions without an answer in two seconds.
    """

    seconds: Sequence[float] = ()
    lost: int = 0

    def percentile(self, percent: float) -> float:
        """Milliseconds; not a number if nothing was answered."""
        return float(1e3 * np.percentile(self.seconds, percent)) if self.seconds else float("nan")


class Asker:
    """The process that sets a value and asks for it, again and again.

    Args:
        port: of the engine.
    """

    def __init__(self, port: int) -> None:
        self._helper = Helper("ear_engine.soak.answers", port)

    def close(self) -> Answers:
        """End it; what was answered, nothing if it has died."""
        told = self._helper.close()
        return Answers() if told is None else Answers(**told)


def main(port: int) -> None:
    """Ask until stdin ends."""
    platform.raise_thread_priority()
    seconds: list[float] = []
    lost = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.settimeout(_PATIENCE)
        turn = 0
        while not select.select([sys.stdin], [], [], _PAUSE)[0]:
            turn += 1
            taken = _ask(client, port, 1.0 + 0.125 * (turn % 8))
            if taken is None:
                lost += 1
            else:
                seconds.append(taken)
    print(json.dumps({"seconds": seconds, "lost": lost}))


def _ask(client: socket.socket, port: int, value: float) -> float | None:
    began = time.perf_counter()
    try:
        for packet in (encode(_SETTING, value), encode(_SETTING)):
            client.sendto(packet, ("127.0.0.1", port))
        while time.perf_counter() - began < _PATIENCE:
            for message in decode(client.recv(1 << 16)):
                if message.address == _SETTING and message.arguments == (value,):
                    return time.perf_counter() - began
    except (OSError, MalformedPacket):  # nobody is there just now
        time.sleep(_PAUSE)
    return None


if __name__ == "__main__":
    main(int(sys.argv[1]))
