"""One dream: loops of audio, changed step by step so that what is aimed at fires.

Time is counted in beats, not in steps: a step that took ``dt`` beats moves the loop ``dt`` times as far, so a machine
that makes 5 steps a second and one that makes 500 play the same preset alike. All randomness comes from (seed, step).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear
from ear_engine.fitting import refit
from ear_engine.loudness import LoudnessMeter
from ear_engine.optimization.climb import Climb
from ear_engine.optimization.drawing import Level, seeded
from ear_engine.optimization.dream_source import DreamSource
from ear_engine.optimization.first_sound import FIRST_BEATS, FIRST_STEPS, first_settings
from ear_engine.optimization.hearing import Hearing
from ear_engine.optimization.norms import survey
from ear_engine.optimization.objectives.base import Context
from ear_engine.optimization.plugged import load_parts
from ear_engine.optimization.recalling import Recalled, recalled
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.shaping import Shaper
from ear_engine.optimization.snapshots import Snapshot
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.optimization.versions import Step, Version, Versions
from ear_engine.targets.terms import Term

_DITHER = 1e-5  # -100 dBFS: gives silence a gradient, inaudible


class Dream:
    """Dreams of one ear from one source.

    Args:
        ear: the ear; a fused copy of it listens.
        source: (1 or 2, samples) at the ear's sample rate; the ear hears the middle, the sides stay as they are.
        beats: length of the loop in beats.
        seed: of all randomness.
        device: torch device.
        variants: loops dreamed at once from the same source.
        dtype: what the network multiplies while it dreams; float32 if None. Loops and activations are float32.
        surroundings: statistics, clips, directions, plug-ins.
    """

    def __init__(
        self,
        ear: Ear,
        source: NDArray[np.float32],
        beats: int,
        *,
        seed: int = 0,
        device: str = "cpu",
        variants: int = 1,
        dtype: torch.dtype | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        around = surroundings or Surroundings()
        self.device = torch.device(device)
        self.ear = ear.fused().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.beats = beats
        self.seed = seed
        self.parts = around.parts or load_parts()
        self.step_number = 0
        self._variants = variants
        self._recorder = Recorder(self.ear, inputs=("scalogram",))
        hearing = Hearing(self.ear, self._recorder, dtype)
        rate = ear.config.scalogram.sample_rate
        samples = source.shape[1]
        self._meter = LoudnessMeter(samples, rate)
        self._source = DreamSource.of(source, self._meter, self.device)
        self.silent, self.loudness = self._source.silent, self._source.loudness
        self._versions = Versions(hearing, self._source, rate)
        self._recalled: Recalled | None = None
        self._level = self._source.level  # RMS that "dB of change" refers to
        middle = self._source.middle
        noise = torch.randn(middle.shape, generator=seeded(seed, -2)).to(self.device) * self._level * 0.1
        self.index, norms = survey(self.ear, self._recorder, middle + noise, around.statistics)
        clip = around.clips_on(self.device)
        self._context = Context(
            self.ear, self.index, norms, self.device, samples, beats, clip, around.directions, variants
        )
        shaper = Shaper(source.mean(axis=0), rate, beats, seed, self.device)
        self.climb = Climb(self.ear, hearing, middle, beats, seed, shaper, self._beginning())
        self._since_reset = 0

    def aim(self, terms: Iterable[Term]) -> None:
        """Dream of ``terms`` from the next step on; of nothing if there are none.

        Raises:
            UserError: one of them cannot be; what was aimed at before stays.
        """
        goals = tuple((term.weight, self.parts.objective(term, self._context)) for term in terms if term.weight)
        self.climb.aim(goals)

    def reset(self) -> None:
        """Back to the source."""
        self._recalled = None
        self.go_on_from(self._beginning())
        self._since_reset = 0

    def _beginning(self) -> Tensor:
        dither = torch.randn((self._variants, self.samples), generator=seeded(self.seed, -1)).to(self.device) * _DITHER
        return self._source.middle + dither

    @property
    def audio(self) -> Tensor:
        """The middle of the loops as they are, (variants, samples)."""
        return self.climb.state.audio

    def go_on_from(self, audio: Tensor) -> None:
        """Go on from ``audio``, (variants, samples), as if nothing had been before."""
        self.climb.restart(audio)

    def resume(self, heard: NDArray[np.float32], step: int) -> None:
        """Go on from a version of this dream, of shape (2, samples), that was published at ``step``."""
        middle = torch.from_numpy(heard.mean(axis=0)).to(self.device)
        level = middle.square().mean().sqrt().clamp(min=1e-12)
        audio = middle * (self._level / level).clamp(max=1.0) if not self.silent else middle
        self.go_on_from(audio.repeat(self._variants, 1))
        self.step_number = step
        self._since_reset = FIRST_STEPS

    def recall(self, heard: NDArray[np.float32]) -> None:
        """Go on from a loop that was heard, (1 or 2, samples): the next version is that loop, bit for bit.

        Those after it have its sides and its loudness until the dream goes back to its source.
        """
        middle, self._recalled = recalled(heard, None if self.silent else self._level, self._meter, self.device)
        if self.silent:
            self._level = float(middle.square().mean().sqrt())
        self.go_on_from(middle.repeat(self._variants, 1))
        self._since_reset = FIRST_STEPS

    def feel(self, settings: DreamSettings) -> None:
        """Find the gradient at the ear's input of a loop that was just recalled, which stays as it is.

        Raises:
            PluginFault, UserError: as :meth:`step`.
        """
        kept, audio, number = self._recalled, self.audio, self.step_number
        if kept is not None and self.climb.goals:
            self.step(settings, 0.0)
            heard = self.climb.heard
            self.go_on_from(audio)
            self._recalled, self.climb.heard, self.step_number = kept, heard, number

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Everything that the next step depends on besides the source, the ear and the settings, as arrays by name."""
        return Snapshot(self.climb.state, self._recalled, self._level, self._since_reset, self.step_number).arrays()

    def restore(self, made: Mapping[str, NDArray[Any]], settings: DreamSettings) -> None:
        """Go on from a :meth:`snapshot` of another dream of this source, with the settings that it had.

        Parametrizations that hold what was at their beginning begin here.
        """
        kept = Snapshot.of(made, self.device)
        self.climb.restore(kept.state, settings, self.parts)
        self._level, self._since_reset, self.step_number = kept.level, kept.since_reset, kept.step_number
        self._recalled = kept.recalled

    def inherit(self, other: Dream, *, stretched: bool) -> None:
        """Take over what ``other`` dreamed of the same clip at another length, fitted as the clip is."""
        dreamed = (other.audio - other._source.middle).to(self.device)
        if (self.samples, self.beats) != (other.samples, other.beats):
            fitted = refit(
                dreamed.cpu().numpy(), other.beats, self.samples, self.beats, self.sample_rate, stretched=stretched
            )
            dreamed = torch.from_numpy(fitted).to(self.device)
        self.go_on_from(self._source.middle + dreamed)
        if other._recalled is not None and self.samples == other.samples:
            self._recalled = other._recalled.on(self.device)
        self.step_number = other.step_number
        self._since_reset = other._since_reset

    @property
    def aimed(self) -> bool:
        """Whether there is anything to dream of."""
        return bool(self.climb.goals)

    @property
    def reads(self) -> frozenset[str]:
        """Layers that are read for what is aimed at."""
        return frozenset().union(*(goal.layers for _, goal in self.climb.goals))

    @property
    def samples(self) -> int:
        """Length of the loop."""
        return int(self._source.middle.shape[0])

    @property
    def sample_rate(self) -> int:
        """Hz."""
        rate: int = self.ear.config.scalogram.sample_rate
        return rate

    @property
    def seconds(self) -> float:
        """Length of the loop."""
        return self.samples / self.sample_rate

    @property
    def tempo(self) -> float:
        """Beats a minute."""
        return self.beats * 60.0 / self.seconds

    def step(self, settings: DreamSettings, beats: float) -> Step:
        """Move the loops by ``beats`` beats' worth of change towards what is aimed at.

        The gradient of the objective is shaped (:mod:`ear_engine.optimization.gradient`), the optimizer moves the loops
        by ``rate`` dB of their level a beat along it, and they are drawn back to the source.

        Args:
            settings: what steers it.
            beats: time since the last step; more than one beat counts as one.

        Raises:
            PluginFault: a plug-in failed; the loops are as before.
            UserError: a plug-in that the settings name is not there.
        """
        if not self.climb.goals:
            self.climb.heard = None
            return Step(0.0, True)
        level = Level(self._level, not self.silent)
        reading = self.climb.advance(settings, min(max(beats, 0.0), 1.0), self.parts, level, self.step_number)
        self.step_number += 1
        self._since_reset += 1
        self._recalled = None if self._recalled is None else self._recalled.changed()
        return Step(*reading.read())

    def warm_up(self, settings: DreamSettings, alive: Callable[[], None] = lambda: None) -> None:
        """From silence: find the first sound before it is heard, ``alive`` called at each step; else nothing."""
        if self.silent and self.climb.goals:
            first = first_settings(settings)
            while self._since_reset < FIRST_STEPS:
                self.step(first, FIRST_BEATS)
                alive()

    def version(self, variant: int = 0) -> Version:
        """A loop as it is to be heard now: mastered to the source's loudness, with its activations."""
        middle, back = self.audio[variant], self._recalled
        if back is not None and back.audio is not None:
            audio = back.audio
        elif self._source.mute and self._since_reset == 0:
            audio = np.zeros((2, self.samples), np.float32)
        else:
            mastered = self._versions.master(middle, back)
            audio = mastered.audio.cpu().numpy()
            if self._source.mute:  # no source says how loud the loop itself is to be: as loud as it is heard
                self.climb.scale(mastered.gain)
                self._level = float(self.audio[variant].square().mean().sqrt())
        return self._versions.version(audio, self.climb.gradient() if variant == 0 else None)

    def listen(self, audio: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Activations of every layer, (steps, neurons), for a loop of shape (2, samples): the ear hears its middle."""
        return self._versions.listen(audio)
