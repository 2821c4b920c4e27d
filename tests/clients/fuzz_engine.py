"""Datagrams that nobody should send, into an engine that plays: ``python -m tests.clients.fuzz_engine [COUNT] [SEED]``.

Two equal times are compared: one in which nobody disturbs the engine, and one in which datagrams come.
"""

from __future__ import annotations

import itertools
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ear_engine.osc.codec import encode
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import Place
from tests.clients.conftest import ENGINES, run_engine
from tests.osc.datagrams import addresses, drawn, known_to_break_others, mutations, packets

LEFT_OUT = ("/ear/system/quit", "/ear/map/make")  # the one ends it, the other takes a core for a minute
SOCKETS = 32
RATE = 2500.0  # datagrams a second
_STATUS, _PING, _PLAYHEAD = "/ear/system/status", "/ear/system/ping", "/ear/playhead"


@dataclass(frozen=True)
class State:
    """What an engine says of itself, and what the system says of its node."""

    loop: int
    dropouts: int
    node: int  # process id
    audio: int
    memory: int  # bytes that the node holds


@dataclass(frozen=True)
class Seen:
    """A time with the engine: states at its beginning and end, pings during it (seconds), and how many playheads of it
    said that the sound had gone on, of how many."""

    seconds: float
    before: State
    after: State
    pings: tuple[float, ...]
    moved: int
    heads: int

    @property
    def dropouts(self) -> int:
        """During it."""
        return self.after.dropouts - self.before.dropouts


def state(peer: Peer) -> State:
    """Ask for it.

    Raises:
        AssertionError: no answer.
    """
    peer.send(_STATUS)
    end = time.monotonic() + 5.0
    while time.monotonic() < end:
        for message in peer.receive(0.2):
            if message.address == _STATUS:
                facts = dict(zip(message.arguments[::2], message.arguments[1::2], strict=True))
                loop, dropouts, node, audio = (int(facts[key]) for key in ("loop", "dropouts", "pid_node", "pid_audio"))  # type: ignore[arg-type, index]
                return State(loop, dropouts, node, audio, _memory(node))
    raise AssertionError("no status")


def ping(peer: Peer, number: int) -> float:
    """Seconds to the answer; 5 if there is none."""
    start = time.perf_counter()
    peer.send(_PING, number)
    while (taken := time.perf_counter() - start) < 5.0:
        for message in peer.receive(0.5):
            if message.address == "/ear/system/pong" and message.arguments[-1] == number:
                return time.perf_counter() - start
    return taken


def watch(port: int, datagrams: Sequence[bytes], rate: float, seconds: float) -> Seen:
    """Send ``datagrams`` at ``rate`` for ``seconds`` while the engine is asked how it is doing."""
    senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
    pings: list[float] = []
    phases: list[float] = []
    with Peer(Place("127.0.0.1", port)) as peer:
        before, began = state(peer), time.monotonic()
        waiting: Iterable[bytes] = iter(datagrams)
        sent, next_look = 0, began + 0.25
        while (at := time.monotonic()) - began < seconds:
            due = min(len(datagrams), int((at - began) * rate)) - sent
            for datagram in itertools.islice(waiting, due):
                senders[sent % SOCKETS].sendto(datagram, ("127.0.0.1", port))
                sent += 1
            if at > next_look:
                next_look = at + 0.25
                pings.append(ping(peer, len(pings) + 1))
                phases += _phase(peer)
                for sender in senders[::7]:  # nobody there any more
                    sender.close()
                senders[::7] = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in senders[::7]]
            time.sleep(0.002)
        after = state(peer)
    for sender in senders:
        sender.close()
    steps = np.diff(phases)
    return Seen(time.monotonic() - began, before, after, tuple(pings), int(np.count_nonzero(steps)), steps.size)


def _phase(peer: Peer) -> list[float]:
    """Where in the loop the sound is, once."""
    peer.send("/ear/stream/subscribe", _PLAYHEAD, 240.0)
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        for message in peer.receive(0.2):
            if message.address == _PLAYHEAD:
                peer.send("/ear/stream/unsubscribe")
                return [float(message.arguments[1])]  # type: ignore[arg-type]
    return []


def made(count: int, seed: int) -> list[bytes]:
    """Datagrams for an engine that shall go on."""
    names = [name for name in addresses() if name not in LEFT_OUT]
    begin = [*drawn(packets(names), 2000), *known_to_break_others(time.time()).values()]
    quits = [encode(name)[: len(name)] for name in LEFT_OUT]
    found = itertools.islice(mutations(begin, seed), count)
    return [datagram for datagram in found if not any(name in datagram for name in quits)]


def _memory(pid: int) -> int:
    statm = Path(f"/proc/{pid}/statm")
    return int(statm.read_text().split()[1]) * 4096 if statm.exists() else 0


def main(arguments: list[str]) -> None:
    """Print what was seen of a time without and one with datagrams."""
    count, seed = (int(arguments[at]) if len(arguments) > at else default for at, default in ((0, 100_000), (1, 0)))
    datagrams = made(count, seed)
    for engine in run_engine(ENGINES["real"]):
        seconds = len(datagrams) / RATE
        for name, sent in (("undisturbed", []), ("disturbed", datagrams), ("afterwards", [])):
            seen = watch(engine.port, sent, RATE, seconds if name != "afterwards" else 5.0)
            p50, p99 = (1e3 * float(np.percentile(seen.pings, percent)) for percent in (50, 99))
            print(
                f"{name}: {len(sent)} datagrams in {seen.seconds:.0f} s; ping p50 {p50:.1f}, p99 {p99:.1f} ms; "
                f"{seen.dropouts} dropouts; loops {seen.before.loop} to {seen.after.loop}; playhead moved {seen.moved} "
                f"of {seen.heads} times; memory of the node {seen.before.memory / 1e6:.1f} to "
                f"{seen.after.memory / 1e6:.1f} MB; {'same' if seen.before.node == seen.after.node else 'other'} node, "
                f"{'same' if seen.before.audio == seen.after.audio else 'other'} audio process",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
