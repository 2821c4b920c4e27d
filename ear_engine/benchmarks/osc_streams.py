"""Streams of a real engine: whether all neurons arrive, and what that costs the process that sends them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ear_engine.benchmarks.rows import Row, judged
from ear_engine.osc.codec import decode, encode
from ear_engine.shared_memory.clock import now

_RATE = 43.0  # Hz, that of frames
_BUFFER = 1 << 20  # bytes that the client asks for
_TARGET = 15.0  # % of a core
_WARM = 3.0  # seconds before a case
_SILENCE = 0.2  # seconds between looks at the end
CASES = (
    ("/ear/activation/all", "blob", 0, "as float32 in packets of 1,400 bytes"),
    ("/ear/activation/all", "blob", 65_507, "as float32 in packets of 65,507 bytes"),
    ("/ear/rank/all", "blob8", 0, "as ranks in a byte each"),
)
"""Address, format, packet size, and words for it."""


@dataclass
class _Tally:
    """What has arrived."""

    whole: int = 0
    torn: int = 0
    packets: int = 0
    total: int = 0
    _frame: tuple[int, int] = (-1, -1)
    _first: bool = True
    _have: int = 0

    def add(self, loop: int, frame: int, offset: int, total: int, values: int) -> None:
        """Count one packet."""
        self.packets += 1
        if offset == 0:
            self._close()
            self._frame, self._have, self.total = (loop, frame), 0, total
        if (loop, frame) == self._frame:
            self._have += values

    def _close(self) -> None:
        if self._frame != (-1, -1) and not self._first:
            self.whole += self._have == self.total
            self.torn += self._have != self.total
        self._first = False


def processor_seconds(pid: int) -> float | None:
    """Processor time that a process has taken; None where the system does not tell it in /proc."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / 100.0


def stream_rows(port: int, pid: int, seconds: float, dreaming: Callable[[], float]) -> list[Row]:
    """Processor time of the node ``pid`` and frames that arrive, for each of :data:`CASES`.

    Args:
        port: of OSC.
        pid: of the process that sends.
        seconds: of each case, and of the time before in which nothing is subscribed.
        dreaming: steps a second.
    """
    before = _share(pid, lambda: time.sleep(seconds))
    rows = []
    for address, format, size, words in CASES:
        tally = _Tally()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            client.settimeout(_SILENCE)
            client.connect(("127.0.0.1", port))
            client.send(encode("/ear/stream/subscribe", address, _RATE, format, 0, 3600.0, 0.0, size))
            _receive(client, address, _Tally(), min(seconds, _WARM))  # what is made on first use is made
            share = _share(pid, lambda: _receive(client, address, tally, seconds))  # noqa: B023
            client.send(encode("/ear/stream/unsubscribe"))
            _receive(client, address, _Tally(), 0.3)
        case = f"{tally.total} neurons at {_RATE:.0f} Hz {words}"
        if share is not None and before is not None:
            what = f"{case}: the node, dreaming at {dreaming():.0f} steps/s ({before:.1f} % without)"
            rows.append(judged("osc", what, share, "% of a core", target=_TARGET))
        rows.append(judged("osc", f"{case}: frames that arrive whole", tally.whole / seconds, "frames/s"))
        torn = 100.0 * tally.torn / max(1, tally.whole + tally.torn)
        rows.append(judged("osc", f"{case}: frames that do not", torn, "%", target=0.0))
    return rows


def _share(pid: int, act: Callable[[], object]) -> float | None:
    """Percent of a core that ``pid`` takes while ``act`` runs."""
    first, start = processor_seconds(pid), now()
    act()
    last, taken = processor_seconds(pid), now() - start
    return None if first is None or last is None else 100.0 * (last - first) / taken


def _receive(client: socket.socket, address: str, tally: _Tally, seconds: float) -> None:
    until = now() + seconds
    width = {"float32": 4, "float16": 2, "uint8": 1}
    while now() < until:
        try:
            (message, *_) = decode(client.recv(1 << 16))
        except TimeoutError:
            continue
        if message.address == address:
            loop, frame, offset, total, dtype, _, data = message.arguments
            assert isinstance(data, bytes) and isinstance(dtype, str)
            tally.add(int(loop), int(frame), int(offset), int(total), len(data) // width[dtype])  # type: ignore[arg-type]
