"""Four clients that listen to everything, in a process of their own; what each has heard is told at the end."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from ear_engine.osc.codec import MalformedPacket, Message, decode, encode
from ear_engine.soak.helper import Helper

SUBSCRIPTIONS = (
    (("/ear/playhead", 60.0, "list"), ("/ear/summary/*", 30.0, "list"), ("/ear/beat", 20.0, "list")),
    (("/ear/activation/all", 43.0, "blob"),),
    (("/ear/top/all", 30.0, "list"), ("/ear/summary/*", 43.0, "list"), ("/ear/objective", 30.0, "list")),
    (("/ear/rank/all", 20.0, "blob8"), ("/ear/event", 10.0, "list"), ("/ear/loop", 10.0, "list")),
)
"""Of each client: pattern, rate in Hz, format."""
_BUFFER = 1 << 20
_AGAIN = 3.0  # seconds; whoever is away for a moment, as a node that died, is asked again
_LEASE = 10.0


@dataclass
class Heard:
    """What one client has heard.

    Args:
        messages: by address.
        malformed: packets that were no OSC.
        longest: seconds in which nothing came, at most, those before the first packet and after the last among them.
        skipped: numbers of the playhead that were left out.
    """

    messages: Counter[str] = field(default_factory=Counter)
    malformed: int = 0
    longest: float = 0.0
    skipped: int = 0
    _last: float | None = None
    _number: int | None = None

    def wait(self, at: float) -> None:
        """Someone listens from ``at`` on, or still does; seconds of any clock that goes on."""
        if self._last is None:
            self._last = at
        self.longest = max(self.longest, at - self._last)

    def add(self, data: bytes, at: float) -> None:
        """Count a packet that came at ``at``."""
        self.wait(at)
        self._last = at
        try:
            messages: list[Message] = decode(data)
        except MalformedPacket:
            self.malformed += 1
            return
        for message in messages:
            self.messages[message.address] += 1
            if message.address == "/ear/playhead":
                self._count(int(message.arguments[4]))  # type: ignore[arg-type]

    def _count(self, number: int) -> None:
        if self._number is not None and number > self._number + 1:
            self.skipped += number - self._number - 1
        self._number = number


class Listeners:
    """The process with the clients.

    Args:
        port: of the engine.
    """

    def __init__(self, port: int) -> None:
        self._helper = Helper("ear_engine.soak.listeners", port)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._helper.pid

    def close(self) -> list[Heard]:
        """End it; what each client has heard, nothing if it has died."""
        return [Heard(Counter(one.pop("messages")), **one) for one in self._helper.close() or ()]


def main(port: int) -> None:
    """Listen until stdin ends."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in SUBSCRIPTIONS]
    heard = [Heard() for _ in SUBSCRIPTIONS]
    for one, tally in zip(sockets, heard, strict=True):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        tally.wait(time.monotonic())
    asked = 0.0
    while True:
        at = time.monotonic()
        if at - asked > _AGAIN:
            asked = at
            for one, wanted in zip(sockets, SUBSCRIPTIONS, strict=True):
                for pattern, rate, format in wanted:
                    one.sendto(encode("/ear/stream/subscribe", pattern, rate, format, 0, _LEASE), ("127.0.0.1", port))
        ready, _, _ = select.select([*sockets, sys.stdin], [], [], 0.5)
        if sys.stdin in ready and not sys.stdin.read(1):
            break
        for one, tally in zip(sockets, heard, strict=True):
            if one in ready:
                _drain(one, tally)
    for tally in heard:
        tally.wait(time.monotonic())
    said = [
        {"messages": one.messages, "malformed": one.malformed, "longest": one.longest, "skipped": one.skipped}
        for one in heard
    ]
    print(json.dumps(said))


def _drain(one: socket.socket, tally: Heard) -> None:
    while True:
        try:
            data = one.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:  # said of a packet that found nobody: the engine is away
            continue
        tally.add(data, time.monotonic())


if __name__ == "__main__":
    main(int(sys.argv[1]))
