"""The conductor: starts everything, keeps it alive, and ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from types import FrameType
from typing import Any

from ear_engine import platform
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node import introduction, resuming
from ear_engine.node.children import BAD_INPUT, LISTEN, MAP, default_children
from ear_engine.node.console import Console
from ear_engine.node.options import NodeOptions
from ear_engine.node.publishing import Publishing
from ear_engine.node.rejoining import begin
from ear_engine.node.session import close_session
from ear_engine.node.set_desk import SetDesk
from ear_engine.node.status import StatusBoard
from ear_engine.node.supervisor import Exit
from ear_engine.node.wiring import Children, Parts
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now, playhead
from ear_engine.shared_memory.loops import prune_loops
from ear_engine.shared_memory.states import AudioState, Event

_TICK = 0.02  # seconds between looks at the children
_LOOK = 0.1  # between looks at their states
_SILENT = 15.0  # seconds after which `seconds` counts although nothing sounds

_log = logging.getLogger(__name__)


class ProcessRefused(UserError):
    """A child process cannot use what it was given; the sentence is its own."""

    def __init__(self, event: Event) -> None:
        super().__init__("", "", "", event.code)
        self.args = (event.message,)


class Node:
    """One engine; made within a running event loop.

    Args:
        options: what was asked for.
        console: where it says how it is doing.
        children: what to run in the session folder.
        signals: end in order on SIGINT and SIGTERM.

    Raises:
        OSError: no session folder can be made.
    """

    def __init__(
        self,
        options: NodeOptions,
        console: Console,
        *,
        children: Children = default_children,
        signals: bool = True,
    ) -> None:
        beginning = begin(options)
        self.options = options = beginning.options
        self.session, self._before = beginning.session, beginning.state
        self.control = ControlLog(ParameterTree(), ear=str(options.ear.path), seed=options.seed, state=self._before)
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._error: UserError | None = None
        self._signals = signals
        self.parts = Parts(
            options, self.session, self.control, self._before, console, children, self.stop, self._give_up
        )
        self._publishing = Publishing(self.control, self.session, self.parts.herald.event)
        self._network: tuple[list[str], list[list[int]]] = ([], [])
        self._was_ready: set[str] = set()
        self._restraint = platform.Restraint(platform.Urgency.ANSWERS)
        self._began = now()
        self._sounding_since: float | None = None

    @property
    def board(self) -> StatusBoard:
        """How it is doing."""
        return self.parts.board

    @property
    def desk(self) -> SetDesk:
        """Sets, presets and undo."""
        return self.parts.desk

    @property
    def osc(self) -> OscService:
        """Who answers."""
        return self.parts.osc

    async def run(self) -> None:
        """Play until someone says stop.

        Raises:
            UserError: something that was asked for cannot be used.
        """
        parts = self.parts
        if self._signals:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._on_signal)
        tasks: list[asyncio.Task[None]] = []
        try:
            await parts.osc.start()
            parts.web.open(self.options.http_port, parts.osc.port)
            parts.discovery.open()
            if self._before is None:
                self.control.apply(self.options.values, self.options.origin)
                parts.models.open(self.options.device, self.options.values)
                resuming.open_source(parts.sources, self.options, self.session, parts.herald.event)
                resuming.lay_down(parts.sources, self.options, self.session, parts.herald.event)
            else:
                parts.sources.rejoin(self._before, self.options.clip)
                parts.herald.event("warning", "rejoined", "The engine had died and is back; the sound has gone on.")
            resuming.open_imprints(parts.imprints, self.options, self.control, parts.herald.event)
            parts.desk.open(parts.heard, lambda: parts.osc.port, afresh=self._before is None)
            parts.memory.open(parts.heard, parts.sources)
            parts.sources.names.made.append(parts.live.takes)
            parts.recording.open(self.options.keep if self._before is None else None)
            self._publishing.open()
            parts.herald.open(introduction.opening(self.options, parts.sources.current, parts.osc.port, parts.web.port))
            parts.supervisor.poll()
            sources = parts.sources
            work = (
                sources.run(),
                sources.names.list_clips(),
                parts.targets.run(),
                parts.imprints.run(),
                parts.auditions.run(),
                parts.web.run(),
                parts.desk.run(),
                parts.midi.run(),
                parts.memory.run(),
                parts.link.run(),
            )
            tasks = [asyncio.create_task(task) for task in work]
            if parts.viewer is not None:
                tasks.append(asyncio.create_task(parts.viewer.run()))
            await self._watch()
        finally:
            for task in tasks:
                task.cancel()
            await self._end()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End; from the event loop's thread only."""
        self._ending.set()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self.stop)

    async def _watch(self) -> None:
        parts = self.parts
        looked = 0.0
        while not self._ending.is_set():
            at = now()
            try:
                for ended in parts.supervisor.poll():
                    self._judge(ended)
                if at - looked >= _LOOK:
                    looked = at
                    self._look(at)
            except Exception:  # a mistake in looking after things must not end the sound
                _log.exception("the conductor made a mistake; it goes on")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TICK)

    def _look(self, at: float) -> None:
        self._restraint.look(at)
        parts = self.parts
        audio, dreamer = parts.board.audio, parts.board.dreamer
        if dreamer is not None and dreamer.layers and (dreamer.layers, dreamer.shapes) != self._network:
            self._network = dreamer.layers, dreamer.shapes
            parts.shapes = [LayerInfo(name, *shape) for name, shape in zip(*self._network, strict=False)]
            parts.targets.learn(*self._network)
            gc.freeze()  # what stays is not looked through again: 79,000 objects hold up all answers for 40 ms
        if self._error is not None:  # it is said when the engine has ended, and only then
            return
        if dreamer is not None:
            parts.late.look(dreamer)
        if audio is not None:
            parts.heard.look(audio, at)
        parts.herald.look(at)
        parts.aimed.look()
        parts.imprints.look()
        parts.memory.look()
        parts.live.look()
        parts.recording.look(audio, dreamer)
        parts.making.look()
        parts.autopilot.look(playhead(audio, at) if audio is not None and parts.board.sounding else None)
        if dreamer is not None:
            playing = {entry.file for entry in audio.schedule} if audio is not None else set()
            prune_loops(self.session / "loops", dreamer.loop, protected=playing | parts.osc.announced)
        if self.options.keeper and not platform.process_alive(self.options.keeper):
            self.stop()
        if self.options.seconds is not None:
            if self._sounding_since is None and (parts.board.sounding or at - self._began > _SILENT):
                self._sounding_since = at
            if self._sounding_since is not None and at - self._sounding_since >= self.options.seconds:
                self.stop()

    def _judge(self, ended: Exit) -> None:
        """What cannot be used from the very start ends the engine; later, the sound goes on without it."""
        parts = self.parts
        if parts.map.ended(ended) or parts.making.ended(ended) or parts.live.ended(ended):
            return
        if ended.was_ready:
            self._was_ready.add(ended.name)
        if ended.code == BAD_INPUT and ended.name not in self._was_ready:
            state = parts.board.last(ended.name)
            errors = [event for event in state.events if event.level == "error"] if state is not None else []
            if errors:
                self._error = ProcessRefused(errors[-1])
                self.stop()
                return
        if ended.name not in (MAP, LISTEN):
            parts.herald.relay(ended.name)
        parts.herald.event("warning", f"{ended.name}_restarted", ended.message)

    def _give_up(self, error: UserError) -> None:
        """What was asked for at the start cannot be."""
        self._error = error
        self.stop()

    async def _end(self) -> None:
        """Let the children end, kill those who do not, and free everything."""
        parts = self.parts
        since = now()
        farewell = asyncio.ensure_future(parts.discovery.close())
        parts.board.stopping = True
        if parts.supervisor.pids:
            parts.herald.report()
            self.control.stop("node")
            self._publishing.now()
            await parts.supervisor.stop(since)
            audio = parts.board.last("audio")
            if isinstance(audio, AudioState) and audio.record_path:
                parts.herald.say([f"  recorded {audio.recorded:.1f} s to {audio.record_path}"])
        await farewell
        await parts.desk.close()
        parts.memory.close()
        await parts.web.close()
        parts.midi.close()
        if parts.viewer is not None:
            parts.viewer.close()
        parts.link.close()
        parts.osc.close()
        parts.map.close()
        parts.live.close()
        parts.making.close()
        parts.recording.close()
        self._publishing.close()
        close_session(self.session)


async def run_node(options: NodeOptions, console: Console, **settings: Any) -> None:
    """Make a node and run it.

    Raises:
        UserError: something that was asked for cannot be used.
    """
    await Node(options, console, **settings).run()
