"""The dreamer process: reads what the performer decides, dreams on, and says how it goes.

Nothing here waits for another process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.control import target_of
from ear_engine.ear.devices import choose_device
from ear_engine.ear.network import Ear
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import CONFIG
from ear_engine.errors import UserError
from ear_engine.optimization.ascent import PluginFault
from ear_engine.optimization.dream import Dream, Surroundings
from ear_engine.optimization.plugged import Parts, load_parts
from ear_engine.optimization.publisher import Publisher, Speed
from ear_engine.optimization.settings import settings_of
from ear_engine.plugins import Registry
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import (
    ControlState,
    DreamerState,
    Event,
    Refusal,
    StateReader,
    StateWriter,
)
from ear_engine.targets.facts import load_facts
from ear_engine.targets.resolve import Resolver
from ear_engine.yaml_files import load_yaml

_IDLE = 0.02  # seconds between looks when there is nothing to do
_EVENTS = 16


@dataclass(frozen=True)
class DreamerOptions:
    """How to start a dreamer.

    Args:
        ear: folder of the ear.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        seed: of all randomness.
        threads: for torch on the CPU; 0 leaves its own choice.
    """

    ear: Path
    device: str = "auto"
    seed: int = 0
    threads: int = 0


class Dreamer:
    """The dreamer's loop and its mailboxes.

    Args:
        session: the session folder.
        options: ear, device, seed.
    """

    def __init__(self, session: Path, options: DreamerOptions) -> None:
        self._session = session
        self._options = options
        self._control = StateReader(session, "control", ControlState)
        before = StateReader(session, "dreamer", DreamerState).read()
        self._writer: StateWriter[DreamerState] = StateWriter(session, "dreamer")
        self._device = options.device
        self._events: list[Event] = list(before.events) if before else []
        self._publisher = Publisher(session, before.loop if before else 0, before.file if before else "")
        self._phase = "loading"
        self._objective = 0.0
        self._speed = Speed()
        self._source_number = before.source_number if before else 0
        self._applied = 0
        self._refused = ""
        self._dream: Dream | None = None
        self._parts: Parts | None = None
        self._statistics: Statistics | None = None
        self._clips: Mapping[str, str] = {}
        self._aimed: object = None
        self._resolver: Resolver | None = None
        self._refusals: list[Refusal] = list(before.refusals) if before else []
        self._name = ""

    def run(self) -> None:
        """Dream until the node says stop or is gone."""
        self._report()
        try:
            self._device = choose_device(self._options.device)
            self._report()
            kind = str(load_yaml(self._options.ear / CONFIG).get("kind", "cpc"))
            registry = Registry()
            ear: Ear = registry.load("ears", kind)(self._options.ear)
        except UserError as error:
            self._event("error", error.code, str(error))
            self._report()
            raise
        self._parts = load_parts(registry, lambda said: self._event("warning", "broken_plugin", said))
        try:
            self._statistics = load_statistics(self._options.ear)
        except UserError as error:
            self._event("warning", error.code, str(error))
        last_step = now()
        resets = 0
        while True:
            control = self._control.read()
            if (control is not None and control.stop) or not platform.parent_alive():
                return
            if control is None or not control.source:
                self._rest()
                continue
            dream = self._dream
            if dream is None or control.source_number != self._source_number:
                source = self._read(control.source)
                if source is None:
                    self._rest()
                    continue
                resets = control.triggers.get("source/reset", 0)
                dream = self._change_source(ear, source, control)
            if control.triggers.get("source/reset", 0) != resets:
                resets = control.triggers["source/reset"]
                dream.reset()
                self._begin(dream, control)
            moment = now()
            beats = (moment - last_step) * dream.tempo / 60.0
            last_step = moment
            self._applied = control.sequence
            self._aim(dream, control)
            if control.values["dream/run"]:
                self._phase = "running"
                self._step(dream, control, beats)
                self._pace(dream, control, moment)
            else:
                self._phase = "paused"
                self._rest()
            if self._publisher.due(dream, str(control.values["playback/quantize"]), self._speed.value):
                self._publish(dream, control)
            self._report()

    def _change_source(self, ear: Ear, source: LoopFile, control: ControlState) -> Dream:
        """Dream from ``source``. The same clip at another length, or after a restart, keeps what was dreamed of it."""
        last = self._last_loop()
        dream = Dream(
            ear,
            source.audio,
            source.beats,
            seed=control.seed,
            device=self._device,
            surroundings=Surroundings(self._statistics, self._clip, parts=self._parts),
        )
        self._aimed = None
        resumed = last is not None and last.name == source.name and last.samples == source.samples
        if last is not None and resumed:
            dream.resume(last.audio, last.step)
        elif self._dream is not None and self._name == source.name:
            dream.inherit(self._dream, stretched=control.values["source/fit"] == "stretch")
        self._dream, self._name, self._source_number = dream, source.name, control.source_number
        self._begin(dream, control)
        return dream

    def _last_loop(self) -> LoopFile | None:
        """The newest loop of a dreamer that was here before this process; None for the first source."""
        if self._dream is not None or not self._publisher.file:
            return None
        try:
            return read_loop(self._session / "loops" / self._publisher.file)
        except (OSError, ValueError):  # pruned, or never finished: dream from the source
            return None

    def _begin(self, dream: Dream, control: ControlState) -> None:
        if control.values["dream/run"]:
            self._aim(dream, control)
            dream.warm_up(settings_of(control.values), self._report)
        self._publish(dream, control)

    def _aim(self, dream: Dream, control: ControlState) -> None:
        """Let the dream be of what is asked for; if that cannot be, it stays what it was, and the reason is told."""
        target = target_of(control.values)
        wanted = target, control.kept, control.stored, control.clips
        if wanted == self._aimed:
            return
        self._aimed, self._clips = wanted, control.clips
        try:
            if self._resolver is None:
                facts = load_facts(self._options.ear, dream.index)
                assert facts is not None
                self._resolver = Resolver(facts)
            dream.aim(self._resolver.resolve((target, *control.kept), dream.beats, control.stored))
        except UserError as error:
            self._decline(control.sequence, f"target/{target.by}", error)

    def _clip(self, name: str) -> NDArray[np.float32] | None:
        """Audio of a clip that a target names."""
        file = self._clips.get(name)
        loop = self._read(file) if file else None
        return None if loop is None else loop.audio

    def _step(self, dream: Dream, control: ControlState, beats: float) -> None:
        try:
            result = dream.step(settings_of(control.values), beats)
        except PluginFault as fault:
            self._parts = dream.parts = dream.parts.without(fault.part)
            self._event("warning", fault.code, str(fault))
            return
        self._speed.count()
        if result.finite:
            self._objective = result.objective
        else:
            self._event("warning", "not_finite", "The dream left the numbers; the last good loop is restored.")

    def _decline(self, sequence: int, name: str, error: UserError) -> None:
        """Refuse a change that has been made already; what was there before goes on."""
        number = self._refusals[-1].number + 1 if self._refusals else 1
        self._refusals = [*self._refusals, Refusal(number, sequence, name, error.code, str(error))][-_EVENTS:]
        self._event("warning", error.code, str(error))

    def _refuse(self, error: UserError) -> None:
        if str(error) != self._refused:
            self._refused = str(error)
            self._event("error", error.code, str(error))

    def _pace(self, dream: Dream, control: ControlState, began: float) -> None:
        cap = int(control.values["optimizer/steps_per_loop"])
        if cap:
            time.sleep(min(1.0, max(0.0, dream.seconds / cap - (now() - began))))

    def _read(self, file: str) -> LoopFile | None:
        try:
            return read_loop(self._session / "loops" / file)
        except (OSError, ValueError) as error:
            self._refuse(UserError(f"source {file}", f"cannot be read ({error})", "choose the clip again", "bad_clip"))
            return None

    def _publish(self, dream: Dream, control: ControlState) -> None:
        try:
            self._publisher.publish(dream, self._name, self._source_number, control.sequence, self._objective)
        except OSError as error:
            self._refuse(UserError("the dream", f"cannot be published ({error})", "make room there", "no_room"))
        self._report()

    def _rest(self) -> None:
        self._speed.look()
        self._report()
        time.sleep(_IDLE)

    def _event(self, level: str, code: str, message: str) -> None:
        number = self._events[-1].number + 1 if self._events else 1
        self._events = [*self._events, Event(number, level, code, message)][-_EVENTS:]

    def _report(self) -> None:
        layers = self._dream.index.layers if self._dream else ()
        self._writer.write(
            DreamerState(
                pid=os.getpid(),
                phase=self._phase,
                heartbeat=now(),
                ear=self._options.ear.name,
                device=self._device,
                layers=[layer.name for layer in layers],
                shapes=[[layer.channels, layer.bins] for layer in layers],
                step=self._dream.step_number if self._dream else 0,
                steps_per_second=self._speed.value,
                objective=self._objective if np.isfinite(self._objective) else 0.0,
                loop=self._publisher.loop,
                file=self._publisher.file,
                source_number=self._source_number,
                sequence=self._applied,
                events=self._events,
                refusals=self._refusals,
            )
        )


def dreamer_main(session: Path, options: DreamerOptions) -> None:
    """Entry point of the spawned process.

    Raises:
        SystemExit: code 2 if the ear or device cannot be used (the reason is an event in the dreamer's state).
    """
    platform.ignore_interrupt()
    platform.lower_priority()
    platform.reuse_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        Dreamer(session, replace(options, ear=Path(options.ear))).run()
    except UserError:
        raise SystemExit(2) from None
