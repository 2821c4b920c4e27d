"""The conductor: starts everything, keeps it alive, and ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.midi.rtmidi_ports import open_system
from ear_engine.node import introduction, resuming
from ear_engine.node.aimed import Aimed
from ear_engine.node.audition import Auditions
from ear_engine.node.autopilot import ORIGIN as AUTOPILOT
from ear_engine.node.autopilot import Autopilot
from ear_engine.node.children import AUDIO, BAD_INPUT, LAYOUT, LISTEN, MAP, default_children
from ear_engine.node.console import Console
from ear_engine.node.heard import HeardLoops
from ear_engine.node.herald import Herald
from ear_engine.node.imprints import Imprints
from ear_engine.node.late import LateRefusals
from ear_engine.node.link import ORIGIN as LINK
from ear_engine.node.link import LinkClock
from ear_engine.node.live_input import LiveInput
from ear_engine.node.map_making import MapMaking
from ear_engine.node.memory import Memory
from ear_engine.node.midi import Midi
from ear_engine.node.midi_clock import ORIGIN as MIDI_CLOCK
from ear_engine.node.models import ORIGIN as MODELS
from ear_engine.node.models import Models
from ear_engine.node.moving_map import MovingMap
from ear_engine.node.options import NodeOptions
from ear_engine.node.panic import Panic
from ear_engine.node.recording import Recording
from ear_engine.node.rejoining import begin
from ear_engine.node.session import close_session, sounding
from ear_engine.node.set_desk import SetDesk
from ear_engine.node.sources import ORIGIN as SOURCE
from ear_engine.node.sources import Sources
from ear_engine.node.status import StatusBoard
from ear_engine.node.supervisor import ChildSpec, Exit, Supervisor
from ear_engine.node.tapping import Tapping
from ear_engine.node.targets import Targets
from ear_engine.node.transport import Transport
from ear_engine.node.viewer_process import ViewerProcess
from ear_engine.osc.groups.session import session_commands
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.platform import process_alive
from ear_engine.shared_memory.clock import now, playhead
from ear_engine.shared_memory.loops import prune_loops
from ear_engine.shared_memory.states import AudioState, ControlState, Event, StateWriter
from ear_engine.sources.library import ClipLibrary
from ear_engine.targets.facts import EarFacts
from ear_engine.web.discovery import Discovery
from ear_engine.web.server import WebServer

ENGINE = ("node", SOURCE, MODELS, AUTOPILOT, MIDI_CLOCK, LINK)
"""Origins of what the engine changes by itself."""
_TICK = 0.02  # seconds between looks at the children
_LOOK = 0.1  # between looks at their states
_SILENT = 15.0  # seconds after which `seconds` counts although nothing sounds

_log = logging.getLogger(__name__)

Children = Callable[[Path, NodeOptions], Sequence[ChildSpec]]


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
        self._writer: StateWriter[ControlState] = StateWriter(self.session, "control")
        self._map = MovingMap(
            self.control,
            self.session,
            device=lambda: self.board.device,
            pid=lambda: self._supervisor.pids.get(MAP),
            still=self._still_map,
            report=self._report,
            laying_out=lambda: self._making.percent,
        )
        self._making = MapMaking(
            self.control,
            self.session,
            lacking=self._lacks_map,
            pid=lambda: self._supervisor.pids.get(LAYOUT),
            report=self._report,
            known=lambda: self._facts_of_ear() is not None,
        )
        self._live = LiveInput(
            self.control,
            self.session,
            audio=lambda: self.board.audio,
            pid=lambda: self._supervisor.pids.get(LISTEN),
            source=lambda: self._sources.current,
            osc=lambda: self.osc,
            report=self._report,
        )
        wanted = {MAP: self._map.wanted, LAYOUT: self._making.wanted, LISTEN: self._live.wanted}
        self._supervisor = Supervisor(children(self.session, options), wanted=wanted)
        playing = None if self._before is None else sounding(self.session)
        if playing is not None:
            self._supervisor.adopt(AUDIO, playing)
        self._models = Models(self.control, options.ear)
        self._transport: Transport = Transport(self.control, lambda: self.board.audio)
        self.desk = SetDesk(
            self.control,
            options,
            ENGINE,
            clip=lambda: self._sources.names.place(str(self.control.tree.values["source/clip"])),
            beat=lambda: self._transport.beat_at(now()),
            midi=lambda: self._midi.bindings,
            report=self._report,
        )
        self._recording = Recording(self.control, self.session, lambda: self.board.audio, self._report)
        self._midi: Midi = Midi(
            lambda: open_system(options.midi, jack=options.audio.backend == "jack"),
            self.control,
            self._transport,
            osc=lambda: self.osc,
            maps=options.midi_maps,
            report=self._report,
        )
        self._memory = Memory(
            self.control,
            self.session,
            audio=lambda: self.board.audio,
            layers=lambda: self._targets.layers,
            refuse=lambda origin, address, error: self.osc.fail(origin, address, error),
            report=self._report,
        )
        self._shapes: list[LayerInfo] = []
        self._network: tuple[list[str], list[list[int]]] = ([], [])
        self.osc = OscService(
            self.control,
            self.session,
            status=lambda: self.board.report(),
            layers=lambda: self._shapes,
            clips=lambda: self._sources.names.clips,
            targets=lambda: self._targets.resolver,
            positions=self._map.now,
            auditions=lambda: self._auditions,
            quit=self.stop,
            bind=options.bind,
            port=options.osc_port,
            send=options.send,
            allow=options.allow,
            commands=(
                *self._models.commands(),
                *self._map.commands(),
                *self._making.commands(),
                *self.desk.commands(),
                *session_commands(self._recording),
                *self._midi.commands(),
                *self._memory.commands(),
                *self._live.commands(),
            ),
        )
        self.web = WebServer(
            self.session,
            status=lambda: self.board.report(),
            facts=self._facts_of_ear,
            positions=self._map.now,
            aimed=lambda: self._aimed.now(),
            bind=options.bind,
            map_asked=self._making.ask,
            allow=options.allow,
            osc=self.osc,
        )
        self._discovery = Discovery(options.bind, options.announce, lambda: self.osc.port, lambda: self.web.port)
        self.board = StatusBoard(
            self.session,
            ear=options.ear.name,
            device=options.device,
            audio=options.audio.backend,
            pids=lambda: self._supervisor.pids,
            osc_port=lambda: self.osc.port,
            clients=lambda: self.osc.clients,
            http_port=lambda: self.web.port,
        )
        self._herald = Herald(options, console, self.board, self.osc.event, self._facts)
        library = ClipLibrary(options.clip_folders, options.audio.sample_rate)
        self._sources = Sources(
            self.control, library, self.session / "loops", self.osc.fail, self._report, lambda: self.board.dreamed
        )
        folder = Path(options.ear.path)
        chosen = {} if options.forgiving else options.values
        self._targets = Targets(self.control, folder, chosen, self._give_up, self._report)
        self._aimed = Aimed(self.control, lambda: self._targets.resolver, self.osc.aim)
        loops = self.session / "loops"
        self._imprints = Imprints(
            self.control, self._sources, loops, lambda: self.board.audio, self.osc.fail, self._report
        )
        self.heard = HeardLoops(loops)
        self._auditions = Auditions(self.control, loops, self._facts_of_ear, lambda: self.board.audio)
        self._panic = Panic(self.control)
        self._tapping = Tapping(self.control, self.osc.fail)
        self._link = LinkClock(self.control, self._transport, self._report)
        self._late = LateRefusals(self.control, self.osc.fail)
        layers, engine = lambda: self._targets.layers, ("node", SOURCE, MODELS)
        self._autopilot = Autopilot(self.control, options.seed, layers, engine, self._report)
        seen = options.view or bool(options.outputs)
        self._viewer = ViewerProcess(self.session, lambda: self.osc.port, options, self._report) if seen else None
        if seen:
            self._making.ask()
        self._was_ready: set[str] = set()
        self._publishing = False
        self._unpublished = False
        self._closed = False
        self._began = now()
        self._sounding_since: float | None = None

    async def run(self) -> None:
        """Play until someone says stop.

        Raises:
            UserError: something that was asked for cannot be used.
        """
        if self._signals:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._on_signal)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self.osc.start()
            self.web.open(self.options.http_port, self.osc.port)
            self._discovery.open()
            if self._before is None:
                self.control.apply(self.options.values, self.options.origin)
                self._models.open(self.options.device, self.options.values)
                resuming.open_source(self._sources, self.options, self.session, self._report)
                resuming.lay_down(self._sources, self.options, self.session, self._report)
            else:
                self._sources.rejoin(self._before, self.options.clip)
                self._report("warning", "rejoined", "The engine had died and is back; the sound has gone on.")
            resuming.open_imprints(self._imprints, self.options, self.control, self._report)
            self.desk.open(self.heard, lambda: self.osc.port, afresh=self._before is None)
            self._memory.open(self.heard, self._sources)
            self._sources.names.made.append(self._live.takes)
            self._recording.open(self.options.keep if self._before is None else None)
            self.control.listen(self._changed)
            self._publish()
            self._herald.open(introduction.opening(self.options, self._sources.current, self.osc.port, self.web.port))
            self._supervisor.poll()
            sources = self._sources
            work = (
                sources.run(),
                sources.names.list_clips(),
                self._targets.run(),
                self._imprints.run(),
                self._auditions.run(),
                self.web.run(),
                self.desk.run(),
                self._midi.run(),
                self._memory.run(),
                self._link.run(),
            )
            tasks = [asyncio.create_task(task) for task in work]
            if self._viewer is not None:
                tasks.append(asyncio.create_task(self._viewer.run()))
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
        looked = 0.0
        while not self._ending.is_set():
            at = now()
            try:
                for ended in self._supervisor.poll():
                    self._judge(ended)
                if at - looked >= _LOOK:
                    looked = at
                    self._look(at)
            except Exception:  # a mistake in looking after things must not end the sound
                _log.exception("the conductor made a mistake; it goes on")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TICK)

    def _look(self, at: float) -> None:
        audio, dreamer = self.board.audio, self.board.dreamer
        if dreamer is not None and dreamer.layers and (dreamer.layers, dreamer.shapes) != self._network:
            self._network = dreamer.layers, dreamer.shapes
            self._shapes = [LayerInfo(name, *shape) for name, shape in zip(*self._network, strict=False)]
            self._targets.learn(*self._network)
        if self._error is not None:  # it is said when the engine has ended, and only then
            return
        if dreamer is not None:
            self._late.look(dreamer)
        if audio is not None:
            self.heard.look(audio, at)
        self._herald.look(at)
        self._aimed.look()
        self._imprints.look()
        self._memory.look()
        self._live.look()
        self._recording.look(audio, dreamer)
        self._making.look()
        self._autopilot.look(playhead(audio, at) if audio is not None and self.board.sounding else None)
        if dreamer is not None:
            playing = {entry.file for entry in audio.schedule} if audio is not None else set()
            prune_loops(self.session / "loops", dreamer.loop, protected=playing | self.osc.announced)
        if self.options.keeper and not process_alive(self.options.keeper):
            self.stop()
        if self.options.seconds is not None:
            if self._sounding_since is None and (self.board.sounding or at - self._began > _SILENT):
                self._sounding_since = at
            if self._sounding_since is not None and at - self._sounding_since >= self.options.seconds:
                self.stop()

    def _judge(self, ended: Exit) -> None:
        """What cannot be used from the very start ends the engine; later, the sound goes on without it."""
        if self._map.ended(ended) or self._making.ended(ended) or self._live.ended(ended):
            return
        if ended.was_ready:
            self._was_ready.add(ended.name)
        if ended.code == BAD_INPUT and ended.name not in self._was_ready:
            state = self.board.last(ended.name)
            errors = [event for event in state.events if event.level == "error"] if state is not None else []
            if errors:
                self._error = ProcessRefused(errors[-1])
                self.stop()
                return
        if ended.name not in (MAP, LISTEN):
            self._herald.relay(ended.name)
        self._report("warning", f"{ended.name}_restarted", ended.message)

    def _give_up(self, error: UserError) -> None:
        """What was asked for at the start cannot be."""
        self._error = error
        self.stop()

    def _changed(self, change: Change) -> None:
        """Publish once after any number of changes in a row."""
        if not self._publishing:
            self._publishing = True
            self._loop.call_soon(self._publish)

    def _publish(self) -> None:
        self._publishing = False
        if self._closed:
            return
        try:
            self._writer.write(self.control.snapshot())
        except (OSError, ValueError) as problem:  # the next change may get through
            if not self._unpublished:
                reason = f"The last change does not reach the sound and the dream ({problem}); fire target/clear."
                self._report("error", "not_published", reason)
            self._unpublished = True
        else:
            self._unpublished = False

    def _report(self, level: str, code: str, message: str) -> None:
        self._herald.event(level, code, message)

    def _facts_of_ear(self) -> EarFacts | None:
        resolver = self._targets.resolver
        return None if resolver is None else resolver.facts

    def _lacks_map(self) -> Path | None:
        facts = self._facts_of_ear()
        return self._targets.learned if facts is not None and facts.stored is None else None

    def _still_map(self) -> NDArray[np.float32] | None:
        facts = self._facts_of_ear()
        return None if facts is None else facts.positions

    def _facts(self) -> Mapping[str, Any]:
        clip = self._sources.current
        return {"clip": clip.name, "seconds": clip.seconds, "beats": clip.beats, "tempo": clip.tempo}

    async def _end(self) -> None:
        """Let the children end, kill those who do not, and free everything."""
        since = now()
        farewell = asyncio.ensure_future(self._discovery.close())
        self.board.stopping = True
        if self._supervisor.pids:
            self._herald.report()
            self.control.stop("node")
            self._publish()
            await self._supervisor.stop(since)
            audio = self.board.last("audio")
            if isinstance(audio, AudioState) and audio.record_path:
                self._herald.say([f"  recorded {audio.recorded:.1f} s to {audio.record_path}"])
        await farewell
        await self.desk.close()
        self._memory.close()
        await self.web.close()
        self._midi.close()
        if self._viewer is not None:
            self._viewer.close()
        self._link.close()
        self.osc.close()
        self._closed = True
        self._map.close()
        self._live.close()
        self._making.close()
        self._recording.close()
        self._writer.close()
        close_session(self.session)


async def run_node(options: NodeOptions, console: Console, **settings: Any) -> None:
    """Make a node and run it.

    Raises:
        UserError: something that was asked for cannot be used.
    """
    await Node(options, console, **settings).run()
