"""The dreamer: reads what the performer decides, dreams on, and says how it goes.

Nothing here waits for another process. What takes long (another ear) is made ready beside the dream.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.optimization.aiming import Aim
from ear_engine.optimization.attempts import Attempts
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dream_log import DreamLog
from ear_engine.optimization.loop_files import LoopFiles
from ear_engine.optimization.model import Choice, Model
from ear_engine.optimization.models import Models
from ear_engine.optimization.plugged import load_parts
from ear_engine.optimization.publisher import Publisher
from ear_engine.optimization.stepping import Stepping
from ear_engine.optimization.succession import Succession
from ear_engine.plugins import Registry
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import ControlState, DreamerState, StateReader, StateWriter

_IDLE = 0.02  # seconds between looks when there is nothing to do


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
        self._options = options
        self._control = StateReader(session, "control", ControlState)
        before = StateReader(session, "dreamer", DreamerState).read()
        self._writer: StateWriter[DreamerState] = StateWriter(session, "dreamer")
        self._bulletin = Bulletin(before)
        self._kept = DreamLog(self._bulletin)
        self._publisher = Publisher(session, before.loop if before else 0, before.file if before else "")
        self._phase = "loading"
        self._applied = 0
        self._resets = 0
        self._recalls = before.recalls if before else 0
        self._told: tuple[int, int] | None = None  # the dream and its step that were published last
        self._maps = 0
        self._registry = Registry()
        self._files = LoopFiles(session, self._bulletin)
        self._aim = Aim(self._bulletin)
        self._attempts = Attempts(self._aim, self._bulletin, self._rest)
        self._stepping = Stepping(self._attempts, self._kept, self._bulletin, options.threads)
        number = before.source_number if before else 0
        self._succession = Succession(self._files, self._kept, self._aim, self._attempts, number)
        self._models = Models(self._registry, self._bulletin, self._succession.new)
        self._ear = options.ear.name  # until there is a model

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
            looked = now()
            control = self._control.read()
            if (control is not None and control.stop) or not platform.parent_alive():
                return
            if control is None or not control.source:
                self._rest()
                continue
            self._kept.follow(control)
            model = self._models.model or self._load(control)
            self._files.clips = control.clips
            dream = self._succession.dream
            self._succession.clear_away()  # by now nobody holds the model and the dream before
            if dream is None or control.source_number != self._succession.source_number:
                dream = self._change_source(model, control)
            if dream is None:
                self._rest()
                continue
            ready = self._models.follow(self._choice(control), control.sequence, partial(self._files.place, control))
            if ready is not None:
                dream = self._succession.take_over(ready, dream, control)
                self._begin(dream, control)
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
            name, number = self._succession.name, self._succession.source_number
            self._kept.goes_on(dream, control, name, number, self._publisher.loop)
            if control.values["dream/run"] and not control.still and not control.values.get("memory/hold"):
                self._phase = "running"
                self._step(dream, control, looked, beats)
            else:
                self._phase = "paused"
                self._rest()
            due = self._publisher.due(dream, str(control.values["playback/quantize"]), self._stepping.speed.value)
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
        parts = load_parts(self._registry, lambda said: self._bulletin.event("warning", "broken_plugin", said))
        self._attempts.parts = parts
        return model

    def _fatal(self, error: UserError) -> UserError:
        self._bulletin.event("error", error.code, str(error))
        self._report()
        return error

    def _change_source(self, model: Model, control: ControlState) -> Dream | None:
        """Dream from another source. The same clip at another length, or after a restart, keeps what was dreamed."""
        place = self._files.place(control)
        if place is None:
            return self._succession.dream
        before = (self._publisher.file, control.carried) if self._succession.dream is None else ()
        last = self._files.last(before, place.source)
        try:
            dream = self._succession.new(model, place)
        except UserError as error:
            raise self._fatal(error) from None
        self._succession.change_source(dream, model, place, last, control)
        self._resets = control.triggers.get("source/reset", 0)
        if control.recalls == self._recalls:  # else what is recalled is heard at once
            self._begin(dream, control)
        return dream

    def _begin(self, dream: Dream, control: ControlState) -> None:
        if control.values["dream/run"]:
            self._aim.follow(dream, control)
            self._kept.did("warm", control)
            self._attempts.attempt(dream, control, lambda settings: dream.warm_up(settings, self._report))
        self._publish(dream, control)

    def _recall(self, dream: Dream, control: ControlState) -> None:
        """Let a loop that was heard before be heard again as it was, and go on from it."""
        self._recalls = control.recalls
        loop = self._files.recalled(control.recall, dream)
        if loop is not None:
            self._kept.did("call", control, file=control.recall)
            dream.recall(loop.audio)
            self._aim.follow(dream, control)
            self._attempts.attempt(dream, control, dream.feel)
        self._publish(dream, control, pledged=loop is not None)

    def _step(self, dream: Dream, control: ControlState, looked: float, beats: float) -> None:
        if dream.aimed:
            self._stepping.step(dream, control, looked, beats)
        else:
            self._stepping.objective = 0.0
            self._rest()
        self._stepping.pace(dream, control, looked)

    def _publish(self, dream: Dream, control: ControlState, pledged: bool = False) -> None:
        self._told = id(dream), dream.step_number
        trouble: UserError | None = None
        try:
            facts = self._succession.name, self._succession.source_number, control.sequence, self._stepping.objective
            self._kept.did("publ", control, loop=self._publisher.loop + 1, step=dream.step_number)
            self._publisher.publish(dream, *facts, pledged=pledged)
        except OSError as error:
            trouble = UserError("the dream", f"cannot be published ({error})", "make room there", "no_room")
        except UserError as error:
            trouble = error
        self._bulletin.trouble("publishing", trouble)
        self._report()

    def _rest(self) -> None:
        self._stepping.speed.look()
        self._report()
        time.sleep(_IDLE)

    def _report(self) -> None:
        dream, objective = self._succession.dream, self._stepping.objective
        layers = dream.index.layers if dream else ()
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
                step=dream.step_number if dream else 0,
                steps_per_second=self._stepping.speed.value,
                objective=objective if np.isfinite(objective) else 0.0,
                loop=self._publisher.loop,
                file=self._publisher.file,
                source_number=self._succession.source_number,
                sequence=self._applied,
                recalls=self._recalls,
                events=self._bulletin.events,
                refusals=self._bulletin.refusals,
            )
        )
