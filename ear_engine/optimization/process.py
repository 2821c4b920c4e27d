"""The dreamer process: reads what the performer decides, dreams on, and says how it goes.

Nothing here waits for another process. What takes long (another ear) is made ready beside the dream.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.optimization.aiming import Aim
from ear_engine.optimization.ascent import PluginFault
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dream_log import DreamLog
from ear_engine.optimization.fallback import Fallback
from ear_engine.optimization.memory import free_memory, memory_error
from ear_engine.optimization.model import Choice, Model
from ear_engine.optimization.models import Models, Place, Ready, check_rate
from ear_engine.optimization.objectives.base import Objective
from ear_engine.optimization.plugged import Parts, load_parts
from ear_engine.optimization.publisher import Publisher, Speed
from ear_engine.optimization.settings import DreamSettings, settings_of
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.optimization.threads import Threads
from ear_engine.optimization.versions import Step
from ear_engine.plugins import Registry
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import ControlState, DreamerState, StateReader, StateWriter

_IDLE = 0.02  # seconds between looks when there is nothing to do
_NOT_FINITE = UserError(
    "the dream", "has left the numbers and stays at its last good loop", "choose a lower dream/rate", "not_finite"
)

Result = TypeVar("Result")


@dataclass(frozen=True)
class DreamerOptions:
    """How to start a dreamer.

    Args:
        ear: folder of the ear, unless the control slot names one.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``, unless the control slot names one.
        seed: of all randomness.
        threads: for torch on the CPU; 0 for as many as make steps faster (:mod:`ear_engine.optimization.threads`).
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
        self._bulletin = Bulletin(before)
        self._kept = DreamLog(self._bulletin)
        self._publisher = Publisher(session, before.loop if before else 0, before.file if before else "")
        self._phase = "loading"
        self._objective = 0.0
        self._speed = Speed()
        self._source_number = before.source_number if before else 0
        self._applied = 0
        self._resets = 0
        self._recalls = before.recalls if before else 0
        self._told: tuple[int, int] | None = None  # the dream and its step that were published last
        self._maps = 0
        self._registry = Registry()
        self._parts: Parts | None = None
        self._models = Models(self._registry, self._bulletin, self._new_dream)
        self._dream: Dream | None = None
        self._over = False  # whether there was another one before, whose memory has not been returned yet
        self._name = ""
        self._ear = options.ear.name  # until there is a model
        self._clips: Mapping[str, str] = {}
        self._aim = Aim(self._bulletin)
        self._fallback = Fallback()
        self._threads = Threads(options.threads or min(platform.cores(), torch.get_num_threads()))

    def run(self) -> None:
        """Dream until the node says stop or is gone.

        Raises:
            UserError: the ear or the device that it shall begin with cannot be used.
        """
        try:
            self._run()
        finally:
            self._kept.close()

    def _run(self) -> None:
        self._report()
        last_step = now()
        while True:
            control = self._control.read()
            if (control is not None and control.stop) or not platform.parent_alive():
                return
            if control is None or not control.source:
                self._rest()
                continue
            self._kept.follow(control)
            model = self._models.model or self._load(control)
            self._clips = control.clips
            dream = self._dream
            if self._over:  # by now nobody holds the model and the dream before
                self._over = False
                _clear_away()
            if dream is None or control.source_number != self._source_number:
                dream = self._change_source(model, control)
            if dream is None:
                self._rest()
                continue
            ready = self._models.follow(self._choice(control), control.sequence, partial(self._place, control))
            if ready is not None:
                dream = self._take_over(ready, dream, control)
            if control.triggers.get("source/reset", 0) != self._resets:
                self._resets = control.triggers["source/reset"]
                dream.reset()
                self._kept.did("back", control)
                self._begin(dream, control)
            if control.recalls != self._recalls:
                self._recall(dream, control)
            moment = now()
            beats = (moment - last_step) * dream.tempo / 60.0
            last_step = moment
            self._applied = control.sequence
            if control.maps != self._maps:
                self._aim.renew((self._models.model or model).resolver(dream.index))
            self._maps = control.maps
            self._aim.follow(dream, control)
            self._kept.goes_on(dream, control, self._name, self._source_number, self._publisher.loop)
            if control.values["dream/run"] and not control.still and not control.values.get("memory/hold"):
                self._phase = "running"
                self._step(dream, control, moment, beats)
                self._pace(dream, control, moment)
            else:
                self._phase = "paused"
                self._rest()
            due = self._publisher.due(dream, str(control.values["playback/quantize"]), self._speed.value)
            if due and (self._phase == "running" or self._told != (id(dream), dream.step_number)):
                self._publish(dream, control)
            self._report()

    def _choice(self, control: ControlState) -> Choice:
        return Choice(
            Path(control.ear or self._options.ear), str(control.values.get("model/device", self._options.device))
        )

    def _load(self, control: ControlState) -> Model:
        choice = self._choice(control)
        self._ear = choice.folder.name
        try:
            model = self._models.load(choice, self._report)
        except UserError as error:
            raise self._fatal(error) from None
        self._parts = load_parts(self._registry, lambda said: self._bulletin.event("warning", "broken_plugin", said))
        return model

    def _fatal(self, error: UserError) -> UserError:
        self._bulletin.event("error", error.code, str(error))
        self._report()
        return error

    def _place(self, control: ControlState) -> Place | None:
        source = self._read(control.source)
        return None if source is None else Place(source, control.source_number, control.seed)

    def _new_dream(self, model: Model, place: Place) -> Dream:
        check_rate(model, place.source)
        around = Surroundings(model.statistics, self._clip, model.directions, self._parts)
        source = place.source
        return Dream(model.ear, source.audio, source.beats, seed=place.seed, device=model.device, surroundings=around)

    def _change_source(self, model: Model, control: ControlState) -> Dream | None:
        """Dream from another source. The same clip at another length, or after a restart, keeps what was dreamed."""
        place = self._place(control)
        if place is None:
            return self._dream
        source = place.source
        last = self._last_loop(source, control)
        try:
            dream = self._new_dream(model, place)
        except UserError as error:
            raise self._fatal(error) from None
        self._aim.renew(model.resolver(dream.index) if self._dream is None else None)
        if last is not None:
            dream.resume(last.audio, last.step)
            self._kept.begins("resume", dream, control, place.number, loop=last.loop, step=last.step)
        elif self._dream is not None and self._name == source.name:
            stretched = control.values["source/fit"] == "stretch"
            dream.inherit(self._dream, stretched=stretched)
            self._kept.begins("inherit", dream, control, place.number, stretched=stretched)
        else:
            self._kept.begins("new", dream, control, place.number)
        self._dream, self._name, self._source_number, self._over = dream, source.name, place.number, True
        self._resets = control.triggers.get("source/reset", 0)
        if control.recalls == self._recalls:  # else what is recalled is heard at once
            self._begin(dream, control)
        return dream

    def _last_loop(self, source: LoopFile, control: ControlState) -> LoopFile | None:
        """What a dreamer that was here before this process made of ``source``, or what was brought along to it."""
        for file in (self._publisher.file, control.carried) if self._dream is None else ():
            try:
                last = read_loop(self._session / "loops" / file)
            except (OSError, ValueError):  # there is none, it was pruned, or never finished
                continue
            if last.loop and last.name == source.name and last.samples == source.samples:
                return last
        return None

    def _take_over(self, ready: Ready, before: Dream, control: ControlState) -> Dream:
        """Go on with another ear or device from what was dreamed."""
        dream = ready.dream
        if ready.number != self._source_number:  # the source has changed meanwhile
            place = self._place(control)
            if place is not None:
                dream = self._new_dream(ready.model, place)
        dream.inherit(before, stretched=False)
        self._kept.begins("inherit", dream, control, self._source_number, stretched=False)
        self._dream, self._over = dream, True
        self._aim.renew(ready.resolver)
        self._fallback = Fallback()
        self._begin(dream, control)
        return dream

    def _begin(self, dream: Dream, control: ControlState) -> None:
        if control.values["dream/run"]:
            self._aim.follow(dream, control)
            self._kept.did("warm", control)
            self._attempt(dream, control, lambda settings: dream.warm_up(settings, self._report))
        self._publish(dream, control)

    def _recall(self, dream: Dream, control: ControlState) -> None:
        """Let a loop that was heard before be heard again as it was, and go on from it."""
        self._recalls = control.recalls
        loop = self._read(control.recall)
        if loop is not None and (loop.samples, loop.sample_rate) != (dream.samples, dream.sample_rate):
            reason = f"has {loop.samples} samples, and the loop {dream.samples}"
            error = UserError(f"loop {control.recall}", reason, "choose its source first", "other_length")
            self._bulletin.event("warning", error.code, str(error))
            loop = None
        if loop is not None:
            self._kept.did("call", control, file=control.recall)
            dream.recall(loop.audio)
            self._aim.follow(dream, control)
            self._attempt(dream, control, dream.feel)
        self._publish(dream, control, pledged=loop is not None)

    def _clip(self, name: str) -> NDArray[np.float32] | None:
        """Audio of a clip that a target names."""
        file = self._clips.get(name)
        loop = self._read(file) if file else None
        return None if loop is None else loop.audio

    def _step(self, dream: Dream, control: ControlState, moment: float, beats: float) -> None:
        if not dream.aimed:
            self._objective = 0.0
            self._rest()
            return

        def act(settings: DreamSettings) -> Step:
            began = now()
            self._kept.step(control, beats, moment)
            made = dream.step(settings, beats)
            self._kept.stepped()
            if dream.device.type == "cpu" and not self._options.threads:
                kind = dream.samples, dream.reads, settings.batch_size, settings.method, settings.parametrization
                self._threads.step(now() - began, kind)
            self._fallback.worked(settings)
            return made

        result = self._attempt(dream, control, act)
        if result is not None:
            self._speed.count()
            if result.finite:
                self._objective = result.objective
            self._bulletin.trouble("numbers", None if result.finite else _NOT_FINITE, "warning")

    def _attempt(self, dream: Dream, control: ControlState, act: Callable[[DreamSettings], Result]) -> Result | None:
        """What ``act`` does with the settings; None if it fails, and whoever is to blame for that is told."""
        settings = self._fallback.usable(settings_of(control.values))
        try:
            result = act(settings)
        except PluginFault as fault:
            if isinstance(fault.part, Objective):
                self._aim.drop(dream, control.sequence, fault)
            else:
                self._parts = dream.parts = dream.parts.without(fault.part)
                self._bulletin.event("warning", fault.code, str(fault))
        except (UserError, MemoryError, RuntimeError) as error:
            told = error if isinstance(error, UserError) else memory_error(error, "this step", "use a smaller batch")
            if told is None:
                raise
            free_memory()
            if not self._fallback.failed(settings, told, partial(self._bulletin.decline, control.sequence)):
                self._bulletin.trouble("step", told)
                self._rest()
        else:
            self._bulletin.trouble("step", None)
            return result
        return None

    def _pace(self, dream: Dream, control: ControlState, began: float) -> None:
        cap = int(control.values["optimizer/steps_per_loop"])
        if cap:
            time.sleep(min(1.0, max(0.0, dream.seconds / cap - (now() - began))))

    def _read(self, file: str) -> LoopFile | None:
        try:
            loop = read_loop(self._session / "loops" / file)
        except (OSError, ValueError) as error:
            reason = f"cannot be read ({error})"
            self._bulletin.trouble("file", UserError(f"loop {file}", reason, "choose the clip again", "bad_clip"))
            return None
        self._bulletin.trouble("file", None)
        return loop

    def _publish(self, dream: Dream, control: ControlState, pledged: bool = False) -> None:
        self._told = id(dream), dream.step_number
        trouble: UserError | None = None
        try:
            facts = self._name, self._source_number, control.sequence, self._objective
            self._kept.did("publ", control, loop=self._publisher.loop + 1, step=dream.step_number)
            self._publisher.publish(dream, *facts, pledged=pledged)
        except OSError as error:
            trouble = UserError("the dream", f"cannot be published ({error})", "make room there", "no_room")
        except UserError as error:
            trouble = error
        self._bulletin.trouble("publishing", trouble)
        self._report()

    def _rest(self) -> None:
        self._speed.look()
        self._report()
        time.sleep(_IDLE)

    def _report(self) -> None:
        layers = self._dream.index.layers if self._dream else ()
        model = self._models.model
        self._writer.write(
            DreamerState(
                pid=os.getpid(),
                phase=self._phase,
                heartbeat=now(),
                ear=model.name if model else self._ear,
                device=self._models.device or "auto",
                layers=[layer.name for layer in layers],
                shapes=[[layer.channels, layer.bins] for layer in layers],
                step=self._dream.step_number if self._dream else 0,
                steps_per_second=self._speed.value,
                objective=self._objective if np.isfinite(self._objective) else 0.0,
                loop=self._publisher.loop,
                file=self._publisher.file,
                source_number=self._source_number,
                sequence=self._applied,
                recalls=self._recalls,
                events=self._bulletin.events,
                refusals=self._bulletin.refusals,
            )
        )


def _clear_away() -> None:
    """Let go of the dream before: it is part of cycles, and nothing else must hold it any more."""
    gc.collect()
    free_memory()
    platform.return_memory()


def dreamer_main(session: Path, options: DreamerOptions) -> None:
    """Entry point of the spawned process.

    Raises:
        SystemExit: code 2 if the ear or device cannot be used (the reason is an event in the dreamer's state).
    """
    platform.ignore_interrupt()
    platform.lower_priority()
    platform.reuse_memory()
    try:
        Dreamer(session, replace(options, ear=Path(options.ear))).run()
    except UserError:
        raise SystemExit(2) from None
