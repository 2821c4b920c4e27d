"""The conductor: starts everything, keeps it alive, and ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node import introduction
from ear_engine.node.autopilot import Autopilot
from ear_engine.node.children import BAD_INPUT, default_children
from ear_engine.node.console import Console
from ear_engine.node.herald import Herald
from ear_engine.node.options import NodeOptions
from ear_engine.node.session import close_session, open_session
from ear_engine.node.sources import ORIGIN as SOURCE
from ear_engine.node.sources import Sources
from ear_engine.node.status import StatusBoard
from ear_engine.node.supervisor import ChildSpec, Exit, Supervisor
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree, Value
from ear_engine.shared_memory.clock import now, playhead
from ear_engine.shared_memory.loops import prune_loops
from ear_engine.shared_memory.states import AudioState, ControlState, Event, StateWriter
from ear_engine.sources.library import ClipLibrary

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
        self.options = options
        self.session = open_session()
        self.control = ControlLog(ParameterTree(), ear=str(options.ear.path), seed=options.seed)
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._error: UserError | None = None
        self._signals = signals
        self._writer: StateWriter[ControlState] = StateWriter(self.session, "control")
        self._supervisor = Supervisor(children(self.session, options))
        self._shapes: list[LayerInfo] = []
        self.osc = OscService(
            self.control,
            self.session,
            status=lambda: self.board.report(),
            layers=lambda: self._shapes,
            clips=lambda: self._sources.clips,
            quit=self.stop,
            bind=options.bind,
            port=options.osc_port,
            send=options.send,
        )
        self.board = StatusBoard(
            self.session,
            ear=options.ear.name,
            device=options.device,
            audio=options.audio.backend,
            pids=lambda: self._supervisor.pids,
            osc_port=lambda: self.osc.port,
            clients=lambda: self.osc.clients,
        )
        self._herald = Herald(options, console, self.board, self.osc.event, self._facts)
        library = ClipLibrary(options.clip_folders, options.audio.sample_rate)
        self._sources = Sources(self.control, library, self.session / "loops", self.osc.fail, self._report)
        self.control.validators["target/layer"] = self._check_layer
        self._layers: list[str] = []
        self._autopilot = Autopilot(self.control, options.seed, lambda: self._layers, ("node", SOURCE), self._report)
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
            self.control.apply(self.options.values, self.options.origin)
            self._sources.open(self.options.clip)
            self.control.listen(self._changed)
            self._publish()
            self._herald.open(introduction.opening(self.options, self._sources.current, self.osc.port))
            self._supervisor.poll()
            tasks = [asyncio.create_task(self._sources.run()), asyncio.create_task(self._sources.list_clips())]
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
        if dreamer is not None and dreamer.layers and dreamer.layers != self._layers:
            self._shapes = [
                LayerInfo(name, *shape) for name, shape in zip(dreamer.layers, dreamer.shapes, strict=False)
            ]
            self._learn_layers(dreamer.layers)
        if self._error is not None:  # it is said when the engine has ended, and only then
            return
        self._herald.look(at)
        self._autopilot.look(playhead(audio, at) if audio is not None and self.board.sounding else None)
        if dreamer is not None:
            playing = {entry.file for entry in audio.schedule} if audio is not None else set()
            prune_loops(self.session / "loops", dreamer.loop, protected=playing)
        if self.options.seconds is not None:
            if self._sounding_since is None and (self.board.sounding or at - self._began > _SILENT):
                self._sounding_since = at
            if self._sounding_since is not None and at - self._sounding_since >= self.options.seconds:
                self.stop()

    def _judge(self, ended: Exit) -> None:
        """What cannot be used from the very start ends the engine; later, the sound goes on without it."""
        if ended.was_ready:
            self._was_ready.add(ended.name)
        if ended.code == BAD_INPUT and ended.name not in self._was_ready:
            state = self.board.last(ended.name)
            errors = [event for event in state.events if event.level == "error"] if state is not None else []
            if errors:
                self._error = ProcessRefused(errors[-1])
                self.stop()
                return
        self._herald.relay(ended.name)
        self._report("warning", f"{ended.name}_restarted", ended.message)

    def _learn_layers(self, layers: list[str]) -> None:
        """The dreamer has loaded: now it is known which layers there are."""
        first, self._layers = not self._layers, layers
        self._drop_kept(layers)
        layer = str(self.control.tree.values["target/layer"])
        if layer in layers:
            return
        error = self._no_layer(layer)
        if first and self.options.values.get("target/layer") == layer:
            self._error = error
            self.stop()
            return
        default = str(self.control.tree["target/layer"].default)
        instead = default if default in layers else self._nearest_layers(layer)[0]
        self.control.apply({"target/layer": instead}, "node")
        self._report("warning", error.code, f"{error} The target is now in {instead}.")

    def _drop_kept(self, layers: list[str]) -> None:
        """Kept targets in layers that are not there would never fire."""
        dropped = {region.layer for region in self.control.drop_kept(lambda kept: kept.layer not in layers, "node")}
        for layer in sorted(dropped):
            self._report("warning", "unknown_layer", f"{self._no_layer(layer)} The targets kept in it are dropped.")

    def _check_layer(self, value: Value) -> Value:
        if self._layers and value not in self._layers:
            raise self._no_layer(str(value))
        return value

    def _no_layer(self, name: str) -> UserError:
        mend = f"did you mean {' or '.join(self._nearest_layers(name))}"
        return UserError(f"layer {name[:60]!r}", "is not in this ear", mend, "unknown_layer")

    def _nearest_layers(self, name: str) -> list[str]:
        return difflib.get_close_matches(name[:60], self._layers, n=2, cutoff=0.0)

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

    def _facts(self) -> Mapping[str, Any]:
        clip = self._sources.current
        return {"clip": clip.name, "seconds": clip.seconds, "beats": clip.beats, "tempo": clip.tempo}

    async def _end(self) -> None:
        """Let the children end, kill those who do not, and free everything."""
        since = now()
        self.board.stopping = True
        if self._supervisor.pids:
            self._herald.report()
            self.control.stop("node")
            self._publish()
            await self._supervisor.stop(since)
            audio = self.board.last("audio")
            if isinstance(audio, AudioState) and audio.record_path:
                self._herald.say([f"  recorded {audio.recorded:.1f} s to {audio.record_path}"])
        self.osc.close()
        self._closed = True
        self._writer.close()
        close_session(self.session)


async def run_node(options: NodeOptions, console: Console, **settings: Any) -> None:
    """Make a node and run it.

    Raises:
        UserError: something that was asked for cannot be used.
    """
    await Node(options, console, **settings).run()
