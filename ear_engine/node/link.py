"""Ableton Link: one tempo, one bar line, one start and stop with other programs on the network.

The library is ``aalink``, which need not be installed. Alone, the engine leads: Link's timeline is laid on what is
heard. With others it follows the bars of the session (four beats), and both sides may change the tempo. A tempo set
here is given to the session when it is heard, at the bar; one that comes from there is taken over once it stands still,
and acts at the next bar, after which :class:`ear_engine.node.transport.Transport` brings the bars together.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from typing import Any, Protocol

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node.transport import RUN, Transport
from ear_engine.parameters import Value
from ear_engine.shared_memory.clock import BAR, now

ORIGIN = "link"
LINK = "playback/link"

_LOOK = 0.05  # seconds between looks
_STILL = 4  # looks for which a tempo must stand still
_CLEAR = 0.006  # BPM beyond rounding
_APART = 0.003  # seconds that Link's beats may lie beside ours while we lead
_ARRIVED = 0.005  # share of a tempo by which the loop that is heard may differ from it, being of whole samples
_AHEAD = 0.5  # seconds before a start on the bar

Report = Callable[[str, str, str], None]  # level, code, message


class Session(Protocol):
    """What of :class:`aalink.Link` is used."""

    tempo: float
    playing: bool
    enabled: bool
    quantum: float
    start_stop_sync_enabled: bool

    @property
    def num_peers(self) -> int:
        """Programs besides this one."""

    @property
    def phase(self) -> float:
        """Beats since the bar line, now."""

    def force_beat(self, beat: float) -> None:
        """Let it be ``beat`` now."""


def open_session(tempo: float) -> Session:
    """Join or found a session; within a running event loop.

    Raises:
        ImportError: ``aalink`` is not installed.
    """
    from aalink import Link

    session: Session = Link(tempo)
    return session


class LinkClock:
    """Keeps engine and session together while ``playback/link`` is on.

    Args:
        control: its values are followed.
        transport: what is heard.
        report: told what everyone should know.
        make: opens a session at a tempo.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.
    """

    def __init__(
        self,
        control: ControlLog,
        transport: Transport,
        report: Report,
        make: Callable[[float], Session] = open_session,
        clock: Callable[[], float] = now,
    ) -> None:
        self._control = control
        self._transport = transport
        self._report = report
        self._make = make
        self._clock = clock
        self._session: Session | None = None
        self._peers = 0
        self._ours = 0.0  # tempo asked for here, as of the last look
        self._theirs = 0.0  # the session's, as far as it was taken over or refused
        self._seen = (0.0, 0)  # the session's tempo, and for how many looks
        self._playing = False  # the session's, likewise
        self._ran = True
        control.validators[LINK] = self._check
        control.listen(self._changed)

    async def run(self) -> None:
        """Look every now and then."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK)

    def look(self) -> None:
        """See what has changed on either side."""
        if not self._control.tree.values[LINK]:
            self.close()
            return
        if self._session is None:
            self._open()
        session = self._session
        assert session is not None
        self._count(session)
        self._give_tempo(session)
        self._take_tempo(session)
        self._start_and_stop(session)
        if not session.num_peers:
            self._lead(session)
        elif abs(session.tempo - self._theirs) < _CLEAR and self._transport.wanted == self._ours:
            self._transport.follow(session.tempo, session.phase, self._clock(), ORIGIN)

    def close(self) -> None:
        """Leave the session."""
        if self._session is not None:
            self._session.enabled = False
            self._session = None
            self._peers = 0

    def _check(self, value: Value) -> Value:
        if value and self._make is open_session and importlib.util.find_spec("aalink") is None:
            mend = "install it (pip install 'ear-engine[link]') and start the engine again"
            raise UserError(LINK, "needs the package aalink, which is not there", mend, "no_link")
        return value

    def _open(self) -> None:
        self._ours = self._theirs = self._transport.wanted
        session = self._make(self._ours)
        session.quantum = float(BAR)
        session.start_stop_sync_enabled = True
        self._ran = self._playing = session.playing = self._transport.running
        session.enabled = True
        self._seen = (session.tempo, 0)
        self._session = session

    def _count(self, session: Session) -> None:
        peers = int(session.num_peers)
        if peers != self._peers:
            self._peers = peers
            told = f"{peers} other{'' if peers == 1 else 's'}" if peers else "nobody else"
            self._report("info", "link_peers", f"Ableton Link: {told} in the session, {session.tempo:.2f} BPM.")

    def _give_tempo(self, session: Session) -> None:
        """What was set here, as soon as it is heard."""
        wanted = self._transport.wanted
        if wanted != self._ours and abs(self._transport.tempo / wanted - 1.0) < _ARRIVED:
            self._ours = self._theirs = session.tempo = wanted
            self._seen = (wanted, 0)

    def _take_tempo(self, session: Session) -> None:
        """What was set elsewhere, as soon as it stands still."""
        tempo = float(session.tempo)
        looks = self._seen[1] + 1 if abs(tempo - self._seen[0]) < _CLEAR else 0
        self._seen = (tempo, looks)
        if looks < _STILL or abs(tempo - self._theirs) < _CLEAR or self._transport.wanted != self._ours:
            return
        self._theirs = tempo
        if not self._transport.follow(tempo, float(session.phase), self._clock(), ORIGIN):
            mend = "set source/fit to crop or stretch" if self._transport.led else "play at 20 to 300 BPM"
            self._report("warning", "link_tempo", f"Ableton Link plays at {tempo:.2f} BPM, which cannot be; {mend}.")
        self._ours = self._transport.wanted

    def _start_and_stop(self, session: Session) -> None:
        playing, running = bool(session.playing), self._transport.running
        if playing != self._playing:
            self._playing = self._ran = playing
            if playing:
                self._transport.start(ORIGIN, self._next_bar(session))
            else:
                self._transport.stop(ORIGIN)
        elif running != self._ran:
            self._ran = self._playing = session.playing = running

    def _lead(self, session: Session) -> None:
        """Nobody else is there: Link's bars are where ours are heard."""
        moment = self._clock()
        beat = self._transport.beat_at(moment)
        if beat is not None:
            apart = (session.phase - beat + BAR / 2) % BAR - BAR / 2
            if abs(apart) * 60.0 / session.tempo > _APART:
                session.force_beat(beat)

    def _next_bar(self, session: Session) -> float:
        """Clock time of the session's next bar line that is not too near."""
        bar = BAR * 60.0 / session.tempo
        wait = bar - session.phase * 60.0 / session.tempo
        while wait < _AHEAD:
            wait += bar
        return self._clock() + wait

    def _changed(self, change: Change) -> None:
        """A start by hand among others waits for their bar."""
        session: Any = self._session
        if session is not None and change.origin != ORIGIN and change.values.get(RUN) and session.num_peers:
            self._control.align(self._next_bar(session), ORIGIN)
