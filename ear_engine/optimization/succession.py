"""Which dream goes on, and what each takes over from the one before."""

from __future__ import annotations

import gc

from ear_engine import platform
from ear_engine.optimization.aiming import Aim
from ear_engine.optimization.attempts import Attempts
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dream_log import DreamLog
from ear_engine.optimization.loop_files import LoopFiles
from ear_engine.optimization.memory import free_memory
from ear_engine.optimization.model import Model
from ear_engine.optimization.models import Place, Ready, check_rate
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.shared_memory.states import ControlState


class Succession:
    """The dream that goes on, and the source that it is of.

    Args:
        files: sources and clips.
        kept: told how each dream begins.
        aim: aims each anew.
        attempts: the plug-ins that a dream gets.
        source_number: of the source of the dreamer before, 0 if there was none.
    """

    def __init__(self, files: LoopFiles, kept: DreamLog, aim: Aim, attempts: Attempts, source_number: int = 0) -> None:
        self._files = files
        self._kept = kept
        self._aim = aim
        self._attempts = attempts
        self._over = False  # whether there was another one before, whose memory has not been returned yet
        self.dream: Dream | None = None
        self.name = ""  # of its source
        self.source_number = source_number

    def new(self, model: Model, place: Place) -> Dream:
        """A dream of ``model`` in ``place``, which does not go on yet.

        Raises:
            UserError: the ear listens at another sample rate.
        """
        check_rate(model, place.source)
        around = Surroundings(model.statistics, self._files.clip, model.directions, self._attempts.parts)
        source = place.source
        return Dream(model.ear, source.audio, source.beats, seed=place.seed, device=model.device, surroundings=around)

    def change_source(
        self, dream: Dream, model: Model, place: Place, last: LoopFile | None, control: ControlState
    ) -> None:
        """Let ``dream``, of ``model`` in ``place``, go on from what was dreamed of the same clip, else from its source.

        Args:
            dream: that goes on.
            model: its model.
            place: its source.
            last: what a dreamer that was here before this process made of the source, or what was brought along to it.
            control: what is known.
        """
        name = place.source.name
        self._aim.renew(model.resolver(dream.index) if self.dream is None else None)
        if last is not None:
            dream.resume(last.audio, last.step)
            self._kept.begins("resume", dream, control, place.number, loop=last.loop, step=last.step)
        elif self.dream is not None and self.name == name:
            stretched = control.values["source/fit"] == "stretch"
            dream.inherit(self.dream, stretched=stretched)
            self._kept.begins("inherit", dream, control, place.number, stretched=stretched)
        else:
            self._kept.begins("new", dream, control, place.number)
        self.dream, self.name, self.source_number, self._over = dream, name, place.number, True

    def take_over(self, ready: Ready, before: Dream, control: ControlState) -> Dream:
        """Go on with another ear or device from what was dreamed.

        Raises:
            UserError: the ear listens at another sample rate than a source that has come meanwhile.
        """
        dream = ready.dream
        if ready.number != self.source_number:  # the source has changed meanwhile
            place = self._files.place(control)
            if place is not None:
                dream = self.new(ready.model, place)
        dream.inherit(before, stretched=False)
        self._kept.begins("inherit", dream, control, self.source_number, stretched=False)
        self.dream, self._over = dream, True
        self._aim.renew(ready.resolver)
        self._attempts.renew()
        return dream

    def clear_away(self) -> None:
        """Let go of the dream before, once nothing else holds it any more: it is part of cycles."""
        if self._over:
            self._over = False
            gc.collect()
            free_memory()
            platform.return_memory()
