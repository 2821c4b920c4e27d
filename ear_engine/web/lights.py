"""The whole network over a WebSocket, a message a frame: ``ws://HOST:PORT/activations?rate=43&lead_beats=0.5``.

First comes a text, and again whenever it is another: JSON with

    neurons, layers     how many there are, and [name, neurons] of each layer, in order
    reference           ``music``, or ``loop`` where the ear has no statistics and ranks are among a loop's own frames
    header, dtype       names of the four little-endian uint32 that each binary message begins with, and uint8, the type
                        of the percentile ranks behind them, a byte a neuron
    rate, lead_beats    as asked for

A frame that cannot be sent in time is left out: what is sent is what is heard then. ``sequence`` counts messages.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from ear_engine.ear.loop_ranks import fitting
from ear_engine.ear.statistics import Statistics
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.whole import WholeNetwork
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.web import outbox
from ear_engine.web.answers import WebError, as_json
from ear_engine.web.pace import Pace

if TYPE_CHECKING:
    from ear_engine.web.sockets import Line

HEADER = struct.Struct("<4I")
NAMES = ("loop", "frame", "sequence", "frames")
MOST_RATE = 60.0
MOST_LEAD = 1.0  # beats
_SOONEST = 0.001  # seconds between two looks
_WAITING = 0.05  # seconds between looks while nothing sounds
_SPOKEN = (20.0, 20.0)  # messages a second that are taken from a client, which has nothing to say


class Lights:
    """Shows the network to whoever opens a socket.

    Args:
        network: as it is heard.
        statistics: of the ear, as soon as they are known.
    """

    def __init__(self, network: WholeNetwork, statistics: Callable[[], Statistics | None]) -> None:
        self._network = network
        self._statistics = statistics

    def open(self, query: Mapping[str, str]) -> Callable[[Line], Awaitable[None]]:
        """Who holds a socket that was asked for like this.

        Args:
            query: ``rate``, most messages a second, 0 to 60; 0 is one a frame, 43 a second. ``lead_beats``, 0 to 1, how
                much earlier than it is heard. Both may be left out.

        Raises:
            WebError: one is out of range (400).
        """
        rate = _number(query, "rate", MOST_RATE) or MOST_RATE
        lead = _number(query, "lead_beats", MOST_LEAD)

        async def talk(line: Line) -> None:
            listening = asyncio.ensure_future(_hear_out(line))
            showing = asyncio.ensure_future(self._show(line, rate, lead))
            try:
                done, _ = await asyncio.wait({listening, showing}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                listening.cancel()
                showing.cancel()

        return talk

    async def _show(self, line: Line, rate: float, lead: float) -> None:
        told, shown, sequence, sent = "", (-1, -1, False), 0, 0.0
        about, described = "", None
        while True:
            begun = now()
            whole = self._network.at(begun, lead)
            if whole is None:
                await asyncio.sleep(_WAITING)
                continue
            subject = whole.layers, whole.file, self._statistics()
            if described is None or any(a is not b for a, b in zip(subject, described, strict=True)):
                about, described = _describe(*subject, rate, lead), subject
            current = whole.loop, whole.frame, bool(whole.ranks.any())
            if about != told or current != shown:
                async with asyncio.timeout(outbox.STALLED):
                    if about != told:
                        await line.send(about)
                        told = about
                    numbers = whole.loop, whole.frame, sequence % (1 << 32), whole.frames
                    await line.send(HEADER.pack(*numbers) + whole.ranks.tobytes())
                shown, sent = current, begun
                sequence += 1
            soon = min(whole.seconds, _WAITING)  # another loop may enter meanwhile
            await asyncio.sleep(max(soon, sent + 1.0 / rate - now(), _SOONEST))


def _describe(
    layers: tuple[LayerInfo, ...], file: LoopFile | None, statistics: Statistics | None, rate: float, lead: float
) -> str:
    known = file is not None and fitting(file.activations, statistics) is not None
    about = {
        "neurons": sum(layer.neurons for layer in layers),
        "layers": [[layer.name, layer.neurons] for layer in layers],
        "reference": "music" if known else "loop",
        "header": NAMES,
        "dtype": "uint8",
        "rate": rate,
        "lead_beats": lead,
    }
    return as_json(about).decode()


async def _hear_out(line: Line) -> None:
    """Return when the other side ends; what it says means nothing."""
    pace = Pace(*_SPOKEN)
    while await line.receive() is not None:
        await pace.take(1.0)


def _number(query: Mapping[str, str], name: str, most: float) -> float:
    try:
        value = float(query.get(name) or 0.0)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= most:
        raise WebError(400, f"{name}={query[name][:20]}", f"is not 0 to {most:g}", "leave it out", "out_of_range")
    return value
