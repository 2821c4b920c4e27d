"""OSC as the node uses it: one object that starts, serves and closes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import ear_engine
from ear_engine.control import Change, ControlLog
from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError
from ear_engine.osc.aliases import RENAMED, Renamed
from ear_engine.osc.allowed import Allowed
from ear_engine.osc.codec import encode
from ear_engine.osc.command_table import builtin_commands
from ear_engine.osc.commands import Auditions, Command, Engine
from ear_engine.osc.delivery import Delivery
from ear_engine.osc.destinations import find_host
from ear_engine.osc.dispatcher import Counters, Dispatcher
from ear_engine.osc.heartbeat import Vitals
from ear_engine.osc.links import BEYOND, Link, Send
from ear_engine.osc.map_stream import MapNow, MapStream
from ear_engine.osc.namespace import Namespace
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.publisher import Publisher
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.regions import Regions
from ear_engine.osc.reports import ClipInfo, LayerInfo, StatusReport
from ear_engine.osc.server import OscServer, bind_socket
from ear_engine.osc.stream_names import AIM, EVENT, LOOP, MAX, MEAN, OBJECTIVE, PLAYHEAD, TAKE
from ear_engine.osc.stream_turns import StreamTurns
from ear_engine.osc.streams import Streams
from ear_engine.osc.subscriptions import DEFAULT_RATE, ClientTable, Subscription
from ear_engine.osc.whole import WholeNetwork
from ear_engine.shared_memory.clock import now, told_ahead
from ear_engine.targets.resolve import Resolver

STATIC_PATTERNS = (PLAYHEAD, MEAN, MAX, OBJECTIVE, LOOP, EVENT)


class OscService:
    """Serves OSC from the running event loop.

    Args:
        control: the control log; changes go in and come out through it.
        session: the session folder; WAV files of the loops go to its ``wav/``.
        status: how the engine is doing, asked when a client asks.
        layers: layers of the ear in forward order, as soon as they are known.
        clips: clips of the library.
        targets: resolves targets for the ear, as soon as it is known.
        positions: where neurons are on the map, as soon as that is known.
        auditions: lets excerpts of music sound.
        quit: called when a client asks the engine to end.
        bind: address to listen at; 127.0.0.1 is this machine only.
        port: UDP port; 0 is any free one.
        send: host and port of targets that only listen; they get ``STATIC_PATTERNS``.
        commands: further commands.
        engine_id: name of this engine, in ``/ear/system/pong``; host and process if empty.
        renamed: addresses that have a new name.
        allow: networks that are listened to, and this machine; all if there are none.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        *,
        status: Callable[[], StatusReport],
        layers: Callable[[], Sequence[LayerInfo]] = tuple,
        clips: Callable[[], Sequence[ClipInfo]] = tuple,
        targets: Callable[[], Resolver | None] = lambda: None,
        positions: Callable[[], MapNow | None] = lambda: None,
        auditions: Callable[[], Auditions | None] = lambda: None,
        quit: Callable[[], None] = lambda: None,
        bind: str = "127.0.0.1",
        port: int = 9000,
        send: Sequence[tuple[str, int]] = (),
        commands: Iterable[Command] = (),
        engine_id: str = "",
        renamed: Iterable[Renamed] = RENAMED,
        allow: Iterable[str] = (),
    ) -> None:
        self._bind = bind
        self._wanted_port = port
        self._static = tuple(send)
        self._allowed = Allowed(allow)
        self._clients = ClientTable(now)
        self._status = status
        self._targets = targets
        self._began = now()
        self.ranks = LoopRanks(self._statistics)
        """Percentile ranks of the loops that are heard; whoever else wants them shares them."""
        regions = Regions(targets)
        values = control.tree.values
        self._streams = Streams(
            session, layers, self.ranks, regions, lambda: told_ahead(values), lambda: bool(values["listen/run"])
        )
        self.whole = WholeNetwork(self._streams, self.ranks)
        """What all neurons do, frame by frame."""
        engine = Engine(
            control=control,
            clients=self._clients,
            status=status,
            layers=self._streams.layers,
            clips=clips,
            quit=quit,
            matches=lambda pattern, format: self._publisher.matches(pattern, format),
            subscribed=self._subscribed,
            engine_id=engine_id or f"{socket.gethostname()}:{os.getpid()}",
            version=ear_engine.__version__,
            targets=targets,
            auditions=auditions,
            regions=regions,
            addresses=lambda: self._namespace.described(),
        )
        table = (*builtin_commands(), *commands)
        self._delivery = Delivery(lambda address: address in self._dispatcher.leaves)
        self._dispatcher = Dispatcher(engine, table, self._delivery.answer, self._later, now, renamed=renamed)
        self._publisher = Publisher(
            self._clients,
            self._streams,
            MapStream(positions),
            control,
            self._dispatcher.leaves,
            self._delivery.tell,
            self._vitals,
        )
        self._turns = StreamTurns(
            session, self._streams, self._publisher, lambda: float(control.tree.values["playback/offset"]) / 1e3
        )
        self._namespace = Namespace(control, self._dispatcher.leaves, self._dispatcher.commands, self._streams)
        control.listen(self._changed)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Bind the port and serve.

        Raises:
            UserError: the port or address cannot be used, or the name of a target is unknown.
        """
        self._loop = loop = asyncio.get_running_loop()
        sock = bind_socket(self._bind, self._wanted_port)
        does, refused = self._dispatcher.handle, self._clients.refused
        server = OscServer(sock, does, refused, now, self._allowed, self._dispatcher.faders)
        self._delivery.server = server
        await server.open()
        try:
            for host, port in self._static:
                target = await find_host(host, port, sock.family)
                for text in STATIC_PATTERNS:
                    self._publisher.bind(self._clients.add_static(Pattern(text), target, DEFAULT_RATE))
        except UserError:
            self.close()
            raise
        self._turns.begin(loop)

    @property
    def port(self) -> int:
        """UDP port it listens at."""
        if self._delivery.server is None:
            raise RuntimeError("the OSC service has not been started")
        return self._delivery.server.port

    @property
    def clients(self) -> int:
        """Clients heard of lately or subscribed, and targets given at the start."""
        return self._clients.count

    @property
    def counters(self) -> Counters:
        """What went wrong so far."""
        counters, server = self._dispatcher.counters, self._delivery.server
        counters.dropped = 0 if server is None else server.dropped
        counters.loops_skipped = self._turns.announcer.skipped
        return counters

    @property
    def announced(self) -> frozenset[str]:
        """File names of the loops that were announced last."""
        return frozenset(self._turns.announcer.newest.copy())

    @property
    def namespace(self) -> Namespace:
        """Every address there is."""
        return self._namespace

    def link(self, host: str, port: int, send: Send) -> Link:
        """A client that is connected by other means than UDP (:mod:`ear_engine.osc.links`).

        Args:
            host: IP address of the other side.
            port: TCP port of the other side.
            send: takes what it is told.
        """
        address = host, BEYOND + port
        self._delivery.connect(address, send)
        forget = partial(self._delivery.forget, address)
        return Link(address, self._dispatcher, self._publisher, self._clients, forget)

    def event(self, level: str, code: str, message: str) -> None:
        """Tell subscribers of ``/ear/event`` (``s level, s code, s message``) what has happened."""
        self._publisher.event(EVENT, encode(EVENT, level, code, message[:1000]))

    def aim(self, number: int) -> None:
        """Tell subscribers of ``/ear/aim`` (``i number``) that something else is aimed at."""
        self._publisher.event(AIM, encode(AIM, number))

    def take(self, phase: str, share: float, name: str) -> None:
        """Tell subscribers of ``/ear/source/take`` how a take of the live input goes."""
        self._publisher.event(TAKE, encode(TAKE, phase, float(share), name), keep=False)

    def fail(self, origin: str, address: str, error: UserError) -> None:
        """Tell the client ``origin`` of the control log that what it set at ``address`` cannot be used after all.

        For what is found out later (a clip that cannot be read). Nothing happens if ``origin`` is no OSC client.
        """
        client = self._clients.find(origin)
        if client is not None:
            self._dispatcher.fail(client, address, error)

    def close(self) -> None:
        """End all subscriptions and free the port; a WAV file being written is completed."""
        if self._delivery.server is not None:
            self._delivery.server.close()
        self._loop = None
        self._turns.end()
        self._streams.close()

    def _later(self, delay: float, call: Callable[[], None]) -> object:
        assert self._loop is not None
        return self._loop.call_later(delay, call)

    def _statistics(self) -> Statistics | None:
        resolver = self._targets()
        return None if resolver is None else resolver.facts.statistics

    def _vitals(self) -> Vitals:
        report = self._status()
        return Vitals(now() - self._began, report.steps_per_second, report.dropouts)

    def _subscribed(self, subscription: Subscription) -> None:
        self._publisher.bind(subscription)
        self._turns.wake(subscription.due)

    def _changed(self, change: Change) -> None:
        self._turns.wake(self._publisher.changed(change))
