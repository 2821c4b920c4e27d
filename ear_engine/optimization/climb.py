"""The way of a dream's loops, step after step: where they are, what the optimizer remembers, what was heard last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import Ear
from ear_engine.optimization.ascent import Ascent, Drawn, Goal, InputGradient, Reading, State
from ear_engine.optimization.drawing import Level, draw, seeded
from ear_engine.optimization.hearing import Hearing
from ear_engine.optimization.plugged import Parts
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.shaping import Shaper
from ear_engine.optimization.step_graph import StepGraph
from ear_engine.optimization.transforms.base import Shape


class Climb:
    """Makes the steps of one dream, by the method and in the parametrization that the settings name.

    Args:
        ear: fused.
        hearing: what steps get to know of it.
        source: (samples,), what the loops are drawn back to.
        beats: length of the loop in beats.
        seed: of all randomness.
        shaper: spectrum and rhythm of every change.
        audio: (variants, samples), where the loops are.
    """

    def __init__(
        self, ear: Ear, hearing: Hearing, source: Tensor, beats: int, seed: int, shaper: Shaper, audio: Tensor
    ) -> None:
        self._ear = ear
        self._hearing = hearing
        self._source = source
        self._beats = beats
        self._seed = seed
        self._shaper = shaper
        self.graph = StepGraph() if source.is_cuda else None
        self.goals: tuple[Goal, ...] = ()
        self.restart(audio)

    def restart(self, audio: Tensor) -> None:
        """Go on from ``audio``, (variants, samples), as if nothing had been before."""
        self._ascent: Ascent | None = None
        self._chosen = ("", "")
        self._reading: Reading | None = None
        self.state = State(audio, ())
        self.heard: InputGradient | None = None  # at the ear's input, of the last step

    def restore(self, state: State, settings: DreamSettings, parts: Parts) -> None:
        """Go on from ``state``, to which steps with ``settings`` have led."""
        self.restart(state.audio)
        if state.memory:
            self._choose(settings, parts)
            self.state = state

    def aim(self, goals: tuple[Goal, ...]) -> None:
        """Go towards ``goals`` from the next step on."""
        self.goals = goals
        if self._ascent is not None:
            self._ascent.goals = goals

    def scale(self, gain: float) -> None:
        """Make the loops ``gain`` times as loud, and go on with what the optimizer remembers."""
        self.state = replace(self.state, audio=self.state.audio * gain)
        if self._ascent is not None:
            self._ascent.parametrization.restart(self.state.audio)

    def advance(self, settings: DreamSettings, beats: float, parts: Parts, level: Level, number: int) -> Reading:
        """Make a step; return what tells of the one before, or of this one if it is the first.

        Args:
            settings: what steers it.
            beats: that pass in it, 0 to 1.
            parts: plug-ins that take part.
            level: what its distance is relative to.
            number: of steps before it, which decides all that is random.

        Raises:
            PluginFault: a plug-in failed; the loops are as before.
            UserError: a plug-in that the settings name is not there.
        """
        ascent = self._choose(settings, parts)
        before = self._reading
        drawn = self._draw(ascent, settings, beats, parts, level, number)
        if self.graph is None:
            self.state, report = ascent.advance(self.state, drawn)
        else:
            self.state, report = self.graph.advance(ascent, self.state, drawn)
        self._reading, self.heard = Reading(report), report.heard
        return before or self._reading

    def gradient(self) -> NDArray[np.float32] | None:
        """Of the last step at the ear's input, (frames, bins), if there was one and it is finite."""
        if self.heard is None or not len(self.heard.level):
            return None
        gradient: NDArray[np.float32] = self.heard.unshifted().float().contiguous().cpu().numpy()
        return gradient if np.isfinite(gradient).all() else None

    def _choose(self, settings: DreamSettings, parts: Parts) -> Ascent:
        """The steps that the settings name; another method or parametrization goes on from the same audio."""
        chosen = settings.method, settings.parametrization
        if self._ascent is None or self._chosen != chosen:
            audio = self.state.audio
            rate = self._ear.config.scalogram.sample_rate
            parametrization = parts.parametrization(settings.parametrization, audio.shape[-1], rate, audio)
            optimizer = parts.optimizer(settings.method)
            scalogram = self._ear.scalogram
            self._ascent = Ascent(scalogram, self._hearing, self._source, optimizer, parametrization, self.goals)
            self.state = self._ascent.start(audio)
            self._chosen = chosen
        return self._ascent

    def _draw(
        self, ascent: Ascent, settings: DreamSettings, beats: float, parts: Parts, level: Level, number: int
    ) -> Drawn:
        """Everything random, and the settings as tensors."""
        scalogram = self._ear.config.scalogram
        variants, samples = self.state.audio.shape
        shape = Shape(
            variants,
            settings.batch_size,
            samples,
            scalogram.loop_frames(samples),
            scalogram.bins,
            scalogram.sample_rate,
            self._beats,
            beats,
            scalogram.bins_per_octave,
            scalogram.f_min,
            number,
        )
        chosen = parts, ascent.optimizer, self._shaper.shaping(settings)
        return draw(settings, shape, level, *chosen, seeded(self._seed, number), self._source.device)
