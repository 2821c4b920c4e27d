"""One dream: loops of audio, changed step by step so that what is aimed at fires.

Time is counted in beats, not in steps: a step that took ``dt`` beats moves the loop ``dt`` times as far, so a machine
that makes 5 steps a second and one that makes 500 play the same preset alike. All randomness comes from (seed, step).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.activations import Recorder, to_arrays
from ear_engine.ear.network import Ear
from ear_engine.fitting import refit
from ear_engine.loudness import SILENT, LoudnessMeter
from ear_engine.optimization.ascent import Ascent, Drawn, Goal, InputGradient, Reading, State
from ear_engine.optimization.drawing import Level, draw
from ear_engine.optimization.hearing import Hearing
from ear_engine.optimization.mastering import Mastering
from ear_engine.optimization.norms import survey
from ear_engine.optimization.objectives.base import Context
from ear_engine.optimization.plugged import load_parts
from ear_engine.optimization.recalling import Recalled, recalled
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.shaping import Shaper
from ear_engine.optimization.step_graph import StepGraph
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.optimization.transforms.base import Shape
from ear_engine.optimization.versions import Step, Version
from ear_engine.targets.terms import Term

SILENCE_LUFS = -20.0  # loudness of a dream that begins from silence
_DITHER = 1e-5  # -100 dBFS: gives silence a gradient, inaudible
_FIRST_STEPS = 8  # steps that find a first sound when there is only silence,
_FIRST_BEATS = 0.5  # each as long as this many beats,
_FIRST_RATE = 0.0  # at this many dB a beat,
_FIRST_COPIES = 8  # heard in each: what one copy begins sounds at the frame rate, and reshaping would keep it so
_FIRST_RESHAPE = 0.4  # at most


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
        self.graph = StepGraph() if self.device.type == "cuda" else None
        self._variants = variants
        self._recorder = Recorder(self.ear, inputs=("scalogram",))
        self._hearing = Hearing(self.ear, self._recorder, dtype)
        rate = ear.config.scalogram.sample_rate
        samples = source.shape[1]
        stereo = np.repeat(source, 2, axis=0) if source.shape[0] == 1 else source
        self._mastering = Mastering(samples, rate, self.device)
        meter = LoudnessMeter(samples, rate)
        loudness, middle = meter.measure(stereo), (stereo[0] + stereo[1]) / 2
        self._meter = meter
        self._mute = loudness <= SILENT
        self.silent = meter.measure(np.stack([middle, middle])) <= SILENT
        self.loudness = SILENCE_LUFS if self._mute else loudness
        self._mid = torch.from_numpy(middle).to(self.device)
        self._side = torch.from_numpy((stereo[0] - stereo[1]) / 2).to(self.device)
        self._recalled: Recalled | None = None
        # RMS that "dB of change" refers to: the source's own, or that of pink-ish sound at the loudness aimed at
        own = float(self._mid.square().mean().sqrt())
        self._level = 10.0 ** (SILENCE_LUFS / 20.0) if self.silent else own
        self._shaper = Shaper(stereo.mean(axis=0), rate, beats, seed, self.device)
        noise = torch.randn(self._mid.shape, generator=self._generator(-2)).to(self.device) * self._level * 0.1
        self.index, norms = survey(self.ear, self._recorder, self._mid + noise, around.statistics)

        def clip(name: str) -> Tensor | None:
            audio = around.clip(name)
            return None if audio is None else torch.from_numpy(audio.mean(axis=0)).to(self.device)

        self._context = Context(
            self.ear, self.index, norms, self.device, samples, beats, clip, around.directions, self._variants
        )
        self._goals: tuple[Goal, ...] = ()
        self._ascent: Ascent | None = None
        self._chosen = ("", "")
        self.reset()

    def aim(self, terms: Iterable[Term]) -> None:
        """Dream of ``terms`` from the next step on; of nothing if there are none.

        Raises:
            UserError: one of them cannot be; what was aimed at before stays.
        """
        goals = tuple((term.weight, self.parts.objective(term, self._context)) for term in terms if term.weight)
        self._goals = goals
        if self._ascent is not None:
            self._ascent.goals = goals

    def reset(self) -> None:
        """Back to the source."""
        generator = self._generator(-1)
        dither = torch.randn((self._variants, self.samples), generator=generator).to(self.device) * _DITHER
        self._recalled = None
        self.go_on_from(self._mid + dither)
        self._since_reset = 0

    @property
    def audio(self) -> Tensor:
        """The middle of the loops as they are, (variants, samples)."""
        return self._state.audio

    def go_on_from(self, audio: Tensor) -> None:
        """Go on from ``audio``, (variants, samples), as if nothing had been before."""
        self._ascent = None
        self._chosen = ("", "")
        self._state = State(audio, ())
        self._reading: Reading | None = None
        self._heard: InputGradient | None = None

    def resume(self, heard: NDArray[np.float32], step: int) -> None:
        """Go on from a version of this dream, of shape (2, samples), that was published at ``step``."""
        middle = torch.from_numpy(heard.mean(axis=0)).to(self.device)
        level = middle.square().mean().sqrt().clamp(min=1e-12)
        audio = middle * (self._level / level).clamp(max=1.0) if not self.silent else middle
        self.go_on_from(audio.repeat(self._variants, 1))
        self.step_number = step
        self._since_reset = _FIRST_STEPS

    def recall(self, heard: NDArray[np.float32]) -> None:
        """Go on from a loop that was heard, (1 or 2, samples): the next version is that loop, bit for bit.

        Those after it have its sides and its loudness until the dream goes back to its source.
        """
        middle, self._recalled = recalled(heard, None if self.silent else self._level, self._meter, self.device)
        if self.silent:
            self._level = float(middle.square().mean().sqrt())
        self.go_on_from(middle.repeat(self._variants, 1))
        self._since_reset = _FIRST_STEPS

    def feel(self, settings: DreamSettings) -> None:
        """Find the gradient at the ear's input of a loop that was just recalled, which stays as it is.

        Raises:
            PluginFault, UserError: as :meth:`step`.
        """
        kept, audio, number = self._recalled, self.audio, self.step_number
        if kept is not None and self._goals:
            self.step(settings, 0.0)
            heard = self._heard
            self.go_on_from(audio)
            self._recalled, self._heard, self.step_number = kept, heard, number

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Everything that the next step depends on besides the source, the ear and the settings, as arrays by name."""
        state = {"audio": self._state.audio, **{f"memory{n}": kept for n, kept in enumerate(self._state.memory)}}
        if self._recalled is not None:
            state["side"] = self._recalled.side
        made = {name: tensor.detach().float().cpu().numpy().copy() for name, tensor in state.items()}
        if self._recalled is not None and self._recalled.audio is not None:
            made["heard"] = self._recalled.audio
        loudness = self._recalled.loudness if self._recalled is not None else 0.0
        made["numbers"] = np.array([self._level, self._since_reset, self.step_number, loudness], np.float64)
        return made

    def restore(self, made: Mapping[str, NDArray[Any]], settings: DreamSettings) -> None:
        """Go on from a :meth:`snapshot` of another dream of this source, with the settings that it had.

        Parametrizations that hold what was at their beginning begin here.
        """
        state = {name: torch.from_numpy(array.copy()).to(self.device) for name, array in made.items()}
        level, since, number, loudness = (float(one) for one in made["numbers"])
        self.go_on_from(state["audio"])
        memory = tuple(state[f"memory{n}"] for n in range(sum(name.startswith("memory") for name in state)))
        if memory:
            self._choose(settings)
            self._state = State(state["audio"], memory)
        self._level, self._since_reset, self.step_number = level, round(since), round(number)
        self._recalled = Recalled(state["side"], loudness, made.get("heard")) if "side" in state else None

    def inherit(self, other: Dream, *, stretched: bool) -> None:
        """Take over what ``other`` dreamed of the same clip at another length, fitted as the clip is."""
        dreamed = (other.audio - other._mid).to(self.device)
        if (self.samples, self.beats) != (other.samples, other.beats):
            fitted = refit(
                dreamed.cpu().numpy(), other.beats, self.samples, self.beats, self.sample_rate, stretched=stretched
            )
            dreamed = torch.from_numpy(fitted).to(self.device)
        self.go_on_from(self._mid + dreamed)
        if other._recalled is not None and self.samples == other.samples:
            self._recalled = other._recalled.on(self.device)
        self.step_number = other.step_number
        self._since_reset = other._since_reset

    @property
    def aimed(self) -> bool:
        """Whether there is anything to dream of."""
        return bool(self._goals)

    @property
    def reads(self) -> frozenset[str]:
        """Layers that are read for what is aimed at."""
        return frozenset().union(*(goal.layers for _, goal in self._goals))

    @property
    def samples(self) -> int:
        """Length of the loop."""
        return int(self._mid.shape[0])

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
        if not self._goals:
            self._heard = None
            return Step(0.0, True)
        beats = min(max(beats, 0.0), 1.0)
        ascent = self._choose(settings)
        before = self._reading
        drawn = self._draw(settings, beats)
        if self.graph is None:
            self._state, report = ascent.advance(self._state, drawn)
        else:
            self._state, report = self.graph.advance(ascent, self._state, drawn)
        self._reading, self._heard = Reading(report), report.heard
        self.step_number += 1
        self._since_reset += 1
        self._recalled = None if self._recalled is None else self._recalled.changed()
        return Step(*(before or self._reading).read())

    def _choose(self, settings: DreamSettings) -> Ascent:
        """The steps that the settings name; another method or parametrization goes on from the same audio."""
        chosen = settings.method, settings.parametrization
        if self._ascent is None or self._chosen != chosen:
            audio = self._state.audio
            parametrization = self.parts.parametrization(
                settings.parametrization, self.samples, self.sample_rate, audio
            )
            optimizer = self.parts.optimizer(settings.method)
            self._ascent = Ascent(self.ear.scalogram, self._hearing, self._mid, optimizer, parametrization, self._goals)
            self._state = self._ascent.start(audio)
            self._chosen = chosen
        return self._ascent

    def _draw(self, settings: DreamSettings, beats: float) -> Drawn:
        """Everything random, and the settings as tensors."""
        assert self._ascent is not None
        scalogram = self.ear.config.scalogram
        shape = Shape(
            self._variants,
            settings.batch_size,
            self.samples,
            scalogram.loop_frames(self.samples),
            scalogram.bins,
            self.sample_rate,
            self.beats,
            beats,
            scalogram.bins_per_octave,
            scalogram.f_min,
            self.step_number,
        )
        level = Level(self._level, not self.silent)
        chosen = self.parts, self._ascent.optimizer, self._shaper.shaping(settings)
        return draw(settings, shape, level, *chosen, self._generator(self.step_number), self.device)

    def warm_up(self, settings: DreamSettings, alive: Callable[[], None] = lambda: None) -> None:
        """From silence: find the first sound before it is heard, ``alive`` called at each step; else nothing."""
        if self.silent and self._goals:
            copies = max(_FIRST_COPIES, settings.batch_size)
            reshape = min(_FIRST_RESHAPE, settings.reshape)
            first = replace(settings, rate=_FIRST_RATE, batch_size=copies, reshape=reshape)
            while self._since_reset < _FIRST_STEPS:
                self.step(first, _FIRST_BEATS)
                alive()

    def version(self, variant: int = 0) -> Version:
        """A loop as it is to be heard now: mastered to the source's loudness, with its activations."""
        middle, back = self.audio[variant], self._recalled
        if back is not None and back.audio is not None:
            audio = back.audio
        elif self._mute and self._since_reset == 0:
            audio = np.zeros((2, self.samples), np.float32)
        else:
            side = self._side if back is None else back.side
            loudness = self.loudness if back is None else back.loudness
            mastered = self._mastering(torch.stack([middle + side, middle - side]), loudness)
            audio = mastered.audio.cpu().numpy()
            if self._mute:  # no source says how loud the loop itself is to be: as loud as it is heard
                self._state = replace(self._state, audio=self.audio * mastered.gain)
                if self._ascent is not None:
                    self._ascent.parametrization.restart(self.audio)
                self._level = float(self.audio[variant].square().mean().sqrt())
        trace, frames = self._trace(audio)
        return Version(audio, to_arrays(trace), frames, self._gradient() if variant == 0 else None)

    def _gradient(self) -> NDArray[np.float32] | None:
        """Of the last step at the ear's input, (frames, bins), if there was one and it is finite."""
        if self._heard is None or not len(self._heard.level):
            return None
        gradient: NDArray[np.float32] = self._heard.unshifted().float().contiguous().cpu().numpy()
        return gradient if np.isfinite(gradient).all() else None

    def listen(self, audio: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Activations of every layer, (steps, neurons), for a loop of shape (2, samples): the ear hears its middle."""
        return to_arrays(self._trace(audio)[0])

    def _trace(self, audio: NDArray[np.float32]) -> tuple[dict[str, Tensor], int]:
        middle = torch.from_numpy(audio.mean(axis=0)).to(self.device)[None]
        with torch.no_grad(), self._recorder.recording() as trace:
            frames = self.ear(middle, circular=True).features.shape[-1]
        return dict(trace), int(frames)

    def _generator(self, step: int) -> torch.Generator:
        mixed = np.random.SeedSequence([self.seed, step + 2]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(mixed >> np.uint64(1)))
