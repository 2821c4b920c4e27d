"""Many datagrams through decoder and dispatcher, streams beside: ``python -m tests.osc.fuzz [COUNT] [SEED]``."""

from __future__ import annotations

import heapq
import itertools
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ear_engine.commands.parameters import all_commands
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.commands import DONE, FAIL, Call, Command, Engine
from ear_engine.osc.dispatcher import Dispatcher
from ear_engine.osc.reports import ClipInfo
from ear_engine.osc.subscriptions import MAX_CLIENTS, Address, Subscription
from ear_engine.parameters import ParameterTree, Value
from ear_engine.targets.facts import make_facts
from ear_engine.targets.resolve import Resolver
from tests.ear.test_statistics import STATISTICS_OF_NOTHING
from tests.osc.datagrams import addresses, drawn, known_to_break_others, mutations, packets
from tests.osc.stage import Stage
from tests.osc.synthetic import LAYERS, Session, status

SENDERS: tuple[Address, ...] = tuple((f"127.0.0.{1 + n % 9}", 5000 + n) for n in range(200))
ME: Address = ("127.0.0.77", 4999)
ELSEWHERE = frozenset(("midi", "memory", "session", "set", "source", "listen"))  # groups of commands
DRAWN = 4000  # packets that OSC allows
_TICK = 0.002  # seconds of the clock a datagram
_STREAMS_EVERY = 25  # datagrams
_CHECKED_EVERY = 500


@dataclass
class Found:
    """What was seen of all datagrams."""

    datagrams: int = 0
    answers: int = 0
    malformed: int = 0
    failures: int = 0
    scheduled: int = 0
    slowest: float = 0.0  # seconds of processor time for one datagram
    slowest_datagram: bytes = b""
    seconds: float = 0.0
    memory: list[int] = field(default_factory=list)  # bytes, after each tenth


class Target(Stage):
    """Everything behind the socket, on a clock that datagrams move."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        session.play(session.publish(3))
        self.statistics = STATISTICS_OF_NOTHING
        self.resolver = Resolver(make_facts(STATISTICS_OF_NOTHING.index, {}, STATISTICS_OF_NOTHING))
        self.control.judges.append(self._judge)
        self.answers: list[tuple[bytes, Address]] = []
        self.waiting: list[tuple[float, int, Callable[[], None]]] = []
        self.scheduled = 0
        self.mistakes: list[str] = []
        engine = Engine(
            control=self.control,
            clients=self.clients,
            status=status,
            layers=lambda: LAYERS,
            clips=lambda: [ClipInfo("beat", 4.0, 8)],
            quit=lambda: None,
            matches=self.publisher.matches,
            subscribed=self.publisher.bind,
            engine_id="test:1",
            version="0.1.0",
            targets=lambda: self.resolver,
            regions=self.regions,
        )
        commands = all_commands(ParameterTree())
        own = {"/ear/map/make", "/ear/ear/load"}  # need children
        rest = (_alone(command) for command in commands if command.address not in own)
        clock = lambda: self.time  # noqa: E731
        self.osc = Dispatcher(engine, rest, self._answer, self._later, clock, lambda: 5000.0)
        handler = logging.Handler(logging.ERROR)
        handler.emit = lambda record: self.mistakes.append(handler.format(record))  # type: ignore[method-assign]
        logging.getLogger("ear_engine").addHandler(handler)
        self.close = lambda: logging.getLogger("ear_engine").removeHandler(handler)

    def _judge(self, target: object, kept: object, stored: object) -> None:
        assert self.resolver is not None
        self.resolver.resolve((target, *kept), 8.0, stored)  # type: ignore[misc, arg-type]

    def _answer(self, packet: bytes, client: Address) -> bool:
        self.answers.append((packet, client))
        return True

    def send(self, packet: bytes, subscription: Subscription) -> bool:
        return True

    def _later(self, delay: float, call: Callable[[], None]) -> None:
        self.scheduled += 1
        heapq.heappush(self.waiting, (self.time + delay, self.scheduled, call))

    def go_on(self, number: int) -> None:
        """Move the clock, do what is due, and send streams now and then."""
        self.time += _TICK
        while self.waiting and self.waiting[0][0] <= self.time:
            heapq.heappop(self.waiting)[2]()
        if number % _STREAMS_EVERY == 0:
            self.streams.poll()
            self.publisher.step(self.time)
            self.clients.expire()

    def check(self) -> None:
        """What must hold whatever came."""
        assert not self.mistakes, self.mistakes[0]
        tree = self.control.tree
        for row in tree:
            value: Value | None = tree.values.get(row.name)
            assert row.kind == "trigger" or row.check(value) == value, (row.name, value)
        assert self.clients.count <= MAX_CLIENTS
        self.answers.clear()
        self.osc.handle(encode("/ear/system/ping", 7), ME)
        assert [decode(packet)[0].address for packet, to in self.answers if to == ME] == ["/ear/system/pong"]


def _alone(command: Command) -> Command:
    """A command; of one that acts on other parts of an engine only what it takes is looked at here
    (:mod:`tests.clients.fuzz_engine` has them all)."""
    group = command.name.partition("/")[0]
    return replace(command, run=Call.done) if group in ELSEWHERE else command


def check_answer(packet: bytes) -> None:
    """An answer is OSC of the four plain types, short, and never that the engine made a mistake."""
    (message,) = decode(packet)
    assert all(type(argument) in (int, float, str, bytes) for argument in message.arguments), packet
    assert message.address.startswith("/ear/") and len(packet) <= 1500 + 800, packet
    assert not (message.address == FAIL and message.arguments[1] == "internal"), packet
    assert message.address != DONE or isinstance(message.arguments[0], str)


def feed(target: Target, datagrams: Iterable[bytes], count: int) -> Found:
    """Send ``count`` datagrams from many senders, checking every answer.

    Raises:
        AssertionError: something is not as it must be.
    """
    found = Found()
    began = time.monotonic()
    for number, datagram in enumerate(itertools.islice(datagrams, count)):
        start = time.thread_time()
        target.osc.handle(datagram, SENDERS[number % 7 if number % 3 else number % len(SENDERS)])
        taken = time.thread_time() - start
        if taken > found.slowest:
            found.slowest, found.slowest_datagram = taken, datagram
        for packet, _ in target.answers:
            check_answer(packet)
        found.answers += len(target.answers)
        target.answers.clear()
        target.go_on(number)
        if number % _CHECKED_EVERY == 0:
            target.check()
        if number % max(1, count // 10) == 0:
            found.memory.append(memory())
    target.check()
    counters = target.osc.counters
    found.memory.append(memory())
    found.datagrams, found.malformed, found.failures = count, counters.malformed, counters.failures
    found.scheduled, found.seconds = target.scheduled, time.monotonic() - began
    return found


def memory() -> int:
    """Bytes that this process holds now; 0 where the system does not say."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * 4096 if pages.exists() else 0


def seeds(count: int = DRAWN) -> list[bytes]:
    """What mutations begin with."""
    return [*drawn(packets(addresses()), count), *known_to_break_others().values()]


def main(arguments: list[str]) -> None:
    """Print what was found, or fail."""
    count, seed = (int(arguments[at]) if len(arguments) > at else default for at, default in ((0, 1_000_000), (1, 0)))
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        target = Target(session)
        found = feed(target, mutations(seeds(), seed), count)
        target.close()
        session.close()
    megabytes = " ".join(f"{taken / 1e6:.0f}" for taken in found.memory)
    print(
        f"{found.datagrams} datagrams in {found.seconds:.0f} s; {found.malformed} malformed, {found.answers} answers,"
    )
    print(f"{found.failures} refusals, {found.scheduled} bundles that waited; slowest {1e3 * found.slowest:.1f} ms of")
    print(f"{found.slowest_datagram[:120]!r} ({len(found.slowest_datagram)} bytes); memory, MB: {megabytes}")


if __name__ == "__main__":
    main(sys.argv[1:])
