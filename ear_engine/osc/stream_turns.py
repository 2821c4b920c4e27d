"""When subscribers are told: turns of the event loop, each when something is due, in which new loops are announced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ear_engine.osc.beat_events import Beats
from ear_engine.osc.loops import LoopAnnouncer
from ear_engine.osc.publisher import IDLE, Publisher
from ear_engine.osc.stream_names import BEAT, LOOP
from ear_engine.osc.streams import Streams
from ear_engine.shared_memory.clock import now

_log = logging.getLogger(__name__)


class StreamTurns:
    """Turns from :meth:`begin` to :meth:`end`.

    Args:
        session: the session folder; WAV files of the loops go to its ``wav/``.
        streams: what is heard.
        publisher: tells subscribers.
        offset: seconds that beats are told to be earlier than they are heard.
    """

    def __init__(self, session: Path, streams: Streams, publisher: Publisher, offset: Callable[[], float]) -> None:
        self._streams = streams
        self._publisher = publisher
        self._beats = Beats(lambda: streams.audio, offset, lambda packet: publisher.event(BEAT, packet, keep=False))
        self._worker = ThreadPoolExecutor(1, "loop-wav")
        self.announcer = LoopAnnouncer(session / "loops", session / "wav", self._worker, self._written)
        """Writes loops as WAV files."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the first turn at once, all others in ``loop``."""
        self._loop = loop
        self._turn()

    def wake(self, at: float) -> None:
        """Take the next turn at clock time ``at`` if it is not due before; many wishes in a row move it only once."""
        if self._loop is not None and self._timer is not None and at < self._next:
            self._timer.cancel()
            self._next = at
            self._timer = self._loop.call_later(max(0.0, at - now()), self._turn)

    def end(self) -> None:
        """No more turns; a WAV file being written is completed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop = None
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _turn(self) -> None:
        if self._loop is None:
            return
        wait = IDLE
        try:
            at = now()
            fresh = self._streams.poll()
            if fresh:
                moment = self._streams.moment(at)
                for entry in fresh:
                    if moment is None or entry.start >= moment.playhead.entry.start:
                        self.announcer.add(entry)
                self._publisher.prepare()
            self.announcer.step()
            self._beats.step()
            wait = self._publisher.step(at)
        except Exception:  # the next turn may succeed: streams must not end because of one loop
            _log.exception("streams failed for a moment")
        self._next = now() + wait
        self._timer = self._loop.call_later(wait, self._turn)

    def _written(self, packet: bytes) -> None:
        """In the worker: a WAV file is complete."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._publisher.event, LOOP, packet)
