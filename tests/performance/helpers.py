"""A feeder on the real graph that keeps what it plays, block by block on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.playback.audition import Audition
from ear_engine.playback.events import EventLog
from ear_engine.playback.feeder import Feeder
from ear_engine.playback.graph import Graph
from ear_engine.playback.library import LoopLibrary
from tests.playback.helpers import RATE, Offline, Session

BLOCK = 256


class Player:
    """``heard`` is everything that went out."""

    def __init__(self, session: Session, backend: Offline) -> None:
        self.session, self.backend = session, backend
        self.graph = Graph(ring=1 << 15)
        self.events = EventLog()
        self._chunks: list[NDArray[np.float32]] = []
        self.feeder = Feeder(
            self.graph,
            backend,
            LoopLibrary(session.loops, RATE, self.events),
            self.events,
            sample_rate=RATE,
            lead=0.02,
            sink=self._chunks.append,
            audition=Audition(session.loops, self.graph, backend.rate, BLOCK, self.events),
            clock=lambda: self.at,
        )
        self.at = 50.0

    def record(self, folder: Path | str) -> None:
        """Keep what is played there; end it if there is none."""
        assert self.session.control is not None
        self.session.control = replace(self.session.control, recording=str(folder))

    def play(self, seconds: float, feed: bool = True) -> None:
        """Compute blocks, with a tick after each."""
        for _ in range(round(seconds * self.backend.rate / BLOCK)):
            self.backend.block()
            self.at += BLOCK / self.backend.rate
            if feed:
                self.feeder.tick(self.session.control, self.session.dreamer, self.at)

    @property
    def heard(self) -> NDArray[np.float32]:
        """(2, samples), at the device's rate."""
        return np.concatenate(self._chunks).T


@contextmanager
def player(session: Session, rate: int = RATE) -> Iterator[Player]:
    """One that has started."""
    backend = Offline(BLOCK, rate)
    made = Player(session, backend)
    backend.start()
    yield made
    backend.stop()
    made.graph.close()
    backend.close()
