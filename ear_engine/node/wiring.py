"""What a node is made of, and who is told of whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.midi.rtmidi_ports import open_system
from ear_engine.node.aimed import Aimed
from ear_engine.node.audition import Auditions
from ear_engine.node.autopilot import ORIGIN as AUTOPILOT
from ear_engine.node.autopilot import Autopilot
from ear_engine.node.children import AUDIO, LAYOUT, LISTEN, MAP
from ear_engine.node.console import Console
from ear_engine.node.heard import HeardLoops
from ear_engine.node.herald import Herald
from ear_engine.node.imprints import Imprints
from ear_engine.node.late import LateRefusals
from ear_engine.node.left_loops import LeftLoops, bring_left
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
from ear_engine.node.session import sounding
from ear_engine.node.set_desk import SetDesk
from ear_engine.node.sources import ORIGIN as SOURCE
from ear_engine.node.sources import Sources
from ear_engine.node.status import StatusBoard
from ear_engine.node.supervisor import ChildSpec, Supervisor
from ear_engine.node.tapping import Tapping
from ear_engine.node.targets import Targets
from ear_engine.node.transport import Transport
from ear_engine.node.viewer_process import ViewerProcess
from ear_engine.osc.groups.session import session_commands
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.service import OscService
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import ControlState
from ear_engine.sources.library import ClipLibrary
from ear_engine.targets.facts import EarFacts
from ear_engine.web.discovery import Discovery
from ear_engine.web.server import WebServer

ENGINE = ("node", SOURCE, MODELS, AUTOPILOT, MIDI_CLOCK, LINK)
"""Origins of what the engine changes by itself."""

Children = Callable[[Path, NodeOptions], Sequence[ChildSpec]]


class Parts:
    """All parts of one node; made within a running event loop, started by the conductor.

    Args:
        options: what was asked for.
        session: its folder.
        control: what is decided.
        before: what had been decided before a node died whose session this is; None in a new one.
        console: where it says how it is doing.
        children: what to run in the session folder.
        stop: ends the engine.
        give_up: ends it since what was asked for at the start cannot be.
    """

    def __init__(
        self,
        options: NodeOptions,
        session: Path,
        control: ControlLog,
        before: ControlState | None,
        console: Console,
        children: Children,
        stop: Callable[[], None],
        give_up: Callable[[UserError], None],
    ) -> None:
        self.map = MovingMap(
            control,
            session,
            device=lambda: self.board.device,
            pid=lambda: self.supervisor.pids.get(MAP),
            still=self._still_map,
            report=self._report,
            laying_out=lambda: self.making.percent,
        )
        self.making = MapMaking(
            control,
            session,
            lacking=self._lacks_map,
            pid=lambda: self.supervisor.pids.get(LAYOUT),
            report=self._report,
            known=lambda: self.facts_of_ear() is not None,
        )
        self.live = LiveInput(
            control,
            session,
            audio=lambda: self.board.audio,
            pid=lambda: self.supervisor.pids.get(LISTEN),
            source=lambda: self.sources.current,
            osc=lambda: self.osc,
            report=self._report,
        )
        wanted = {MAP: self.map.wanted, LAYOUT: self.making.wanted, LISTEN: self.live.wanted}
        self.supervisor = Supervisor(children(session, options), wanted=wanted)
        playing = None if before is None else sounding(session)
        if playing is not None:
            self.supervisor.adopt(AUDIO, playing)
        self.models = Models(control, options.ear)
        self.transport: Transport = Transport(control, lambda: self.board.audio)
        self.desk = SetDesk(
            control,
            options,
            ENGINE,
            clip=lambda: self.sources.names.place(str(control.tree.values["source/clip"])),
            beat=lambda: self.transport.beat_at(now()),
            midi=lambda: self.midi.bindings,
            report=self._report,
            names=lambda: self.sources.names,
        )
        self.recording = Recording(control, session, lambda: self.board.audio, self._report)
        self.midi: Midi = Midi(
            lambda: open_system(options.midi, jack=options.audio.backend == "jack"),
            control,
            self.transport,
            osc=lambda: self.osc,
            maps=options.midi_maps,
            report=self._report,
        )
        self.memory = Memory(
            control,
            session,
            audio=lambda: self.board.audio,
            layers=lambda: self.targets.layers,
            refuse=lambda origin, address, error: self.osc.fail(origin, address, error),
            report=self._report,
        )
        self.shapes: list[LayerInfo] = []
        """Layers of the ear that dreams."""
        self.osc = OscService(
            control,
            session,
            status=lambda: self.board.report(),
            layers=lambda: self.shapes,
            clips=lambda: self.sources.names.clips,
            targets=lambda: self.targets.resolver,
            positions=self.map.now,
            auditions=lambda: self.auditions,
            quit=stop,
            bind=options.bind,
            port=options.osc_port,
            send=options.send,
            allow=options.allow,
            commands=(
                *self.models.commands(),
                *self.map.commands(),
                *self.making.commands(),
                *self.desk.commands(),
                *session_commands(self.recording),
                *self.midi.commands(),
                *self.memory.commands(),
                *self.live.commands(),
            ),
        )
        self.web = WebServer(
            session,
            status=lambda: self.board.report(),
            facts=self.facts_of_ear,
            positions=self.map.now,
            aimed=lambda: self.aimed.now(),
            bind=options.bind,
            map_asked=self.making.ask,
            allow=options.allow,
            osc=self.osc,
        )
        self.discovery = Discovery(options.bind, options.announce, lambda: self.osc.port, lambda: self.web.port)
        self.board = StatusBoard(
            session,
            ear=options.ear.name,
            device=options.device,
            audio=options.audio.backend,
            pids=lambda: self.supervisor.pids,
            osc_port=lambda: self.osc.port,
            clients=lambda: self.osc.clients,
            http_port=lambda: self.web.port,
        )
        self.herald = Herald(options, console, self.board, self.osc.event, self._facts)
        left = bring_left(options, session)
        library = ClipLibrary((left, *options.clip_folders), options.audio.sample_rate)
        self.sources = Sources(
            control, library, session / "loops", self.osc.fail, self._report, lambda: self.board.dreamed
        )
        self.sources.names.made.append(LeftLoops(left, library))
        folder = Path(options.ear.path)
        chosen = {} if options.forgiving else options.values
        self.targets = Targets(control, folder, chosen, give_up, self._report)
        self.aimed = Aimed(control, lambda: self.targets.resolver, self.osc.aim)
        loops = session / "loops"
        self.imprints = Imprints(control, self.sources, loops, lambda: self.board.audio, self.osc.fail, self._report)
        self.heard = HeardLoops(loops)
        self.auditions = Auditions(control, loops, self.facts_of_ear, lambda: self.board.audio)
        self.panic = Panic(control)
        self.tapping = Tapping(control, self.osc.fail)
        self.link = LinkClock(control, self.transport, self._report)
        self.late = LateRefusals(control, self.osc.fail)
        layers, engine = lambda: self.targets.layers, ("node", SOURCE, MODELS)
        self.autopilot = Autopilot(control, options.seed, layers, engine, self._report)
        seen = options.view or bool(options.outputs)
        self.viewer = ViewerProcess(session, lambda: self.osc.port, options, self._report) if seen else None
        if seen:
            self.making.ask()

    def facts_of_ear(self) -> EarFacts | None:
        """What is known of the ear, as soon as it is."""
        resolver = self.targets.resolver
        return None if resolver is None else resolver.facts

    def _report(self, level: str, code: str, message: str) -> None:
        self.herald.event(level, code, message)

    def _lacks_map(self) -> Path | None:
        facts = self.facts_of_ear()
        return self.targets.learned if facts is not None and facts.stored is None else None

    def _still_map(self) -> NDArray[np.float32] | None:
        facts = self.facts_of_ear()
        return None if facts is None else facts.positions

    def _facts(self) -> Mapping[str, Any]:
        clip = self.sources.current
        return {"clip": clip.name, "seconds": clip.seconds, "beats": clip.beats, "tempo": clip.tempo}
