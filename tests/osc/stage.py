"""Streams and publisher on a clock that stands still until told, and what comes of them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from pythonosc.osc_message import OscMessage

from ear_engine.control import ControlLog
from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.ear.statistics import Statistics
from ear_engine.osc.codec import decode
from ear_engine.osc.heartbeat import Vitals
from ear_engine.osc.leaves import leaves
from ear_engine.osc.map_stream import MapNow, MapStream
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.publisher import Publisher
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.regions import Regions
from ear_engine.osc.streams import Streams
from ear_engine.osc.subscriptions import Address, ClientTable, Subscription
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import told_ahead
from ear_engine.shared_memory.loops import loop_name
from ear_engine.targets.resolve import Resolver
from tests.osc.synthetic import LAYERS, Session, synthetic_loop

Heard = list[tuple[Any, ...]]
ME = ("127.0.0.1", 5000)
YOU = ("127.0.0.1", 6000)


class Stage:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.time = 50.0
        self.heard: list[tuple[Address, bytes]] = []
        self.times: list[float] = []  # of each packet
        self.takes = True
        self.control = ControlLog(ParameterTree())
        self.clients = ClientTable(lambda: self.time)
        self.statistics: Statistics | None = None
        self.resolver: Resolver | None = None
        self.layers = LAYERS
        self.ranks = LoopRanks(lambda: self.statistics)
        self.regions = Regions(lambda: self.resolver)
        values = self.control.tree.values
        self.streams = Streams(
            session.folder,
            lambda: self.layers,
            self.ranks,
            self.regions,
            lambda: told_ahead(values),
            lambda: bool(values["listen/run"]),
        )
        table = leaves(self.control.tree)
        self.map: MapNow | None = None
        positions = MapStream(lambda: self.map)
        vitals = lambda: Vitals(self.time - 50.0, 12.5, 2)  # noqa: E731
        clock = lambda: self.time  # noqa: E731
        beside = (self.control, table, self.send, vitals, clock, clock)
        self.publisher = Publisher(self.clients, self.streams, positions, *beside)
        self.control.listen(self.publisher.changed)

    def send(self, packet: bytes, subscription: Subscription) -> bool:
        if self.takes:
            self.heard.append((subscription.target, packet))
            self.times.append(self.time)
        return self.takes

    def subscribe(self, pattern: str, client: Address = ME, **options: Any) -> Subscription:
        subscription = self.clients.subscribe(self.clients.touch(client), Pattern(pattern), **options)
        self.publisher.bind(subscription)
        return subscription

    def run(self, seconds: float) -> None:
        """Let the clock go on in steps of 1/1024 s, which add up exactly."""
        for _ in range(max(1, round(seconds * 1024))):
            self.streams.poll()
            self.publisher.step(self.time)
            self.time += 1 / 1024

    def wait_for_ranks(self, number: int = 3) -> np.ndarray:
        """Let those of a loop be known, which takes its time beside all else."""
        loop = synthetic_loop(number)
        until = time.monotonic() + 10.0
        nothing = np.zeros(sum(layer.neurons for layer in LAYERS), np.float32)
        self.ranks.prepare(loop_name(number), loop)
        while self.ranks.row(loop_name(0), loop, 0, nothing) is None:
            assert time.monotonic() < until
            time.sleep(0.001)
        return loop_ranks(loop.activations, loop.frames, self.statistics)

    def take(self, target: Address = ME) -> Heard:
        messages = [OscMessage(packet) for packet in self.packets(target)]
        return [(message.address, *message.params) for message in messages]

    def take_bundles(self, target: Address = ME) -> Heard:
        """Messages of bundles."""
        return [(m.address, *m.arguments) for packet in self.packets(target) for m in decode(packet)]

    def packets(self, target: Address = ME) -> list[bytes]:
        found = [packet for there, packet in self.heard if there == target]
        self.heard = [item for item in self.heard if item[0] != target]
        return found
