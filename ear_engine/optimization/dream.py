"""One dream: a loop of audio, changed step by step so that a region of the ear fires.

Time is counted in beats, not in steps: a step that took ``dt`` beats moves the loop ``dt`` times as far, so a machine
that makes 5 steps a second and one that makes 500 play the same preset alike. All randomness comes from (seed, step).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.activations import NeuronIndex, Recorder, index_layers, to_arrays
from ear_engine.ear.network import Ear
from ear_engine.loudness import SILENT, LoudnessMeter, limit_peaks
from ear_engine.optimization.gradient import reshape_gradient, shape_gradient, tilt_curve
from ear_engine.optimization.optimizer import NormalizedGradient
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.target import RegionObjective, Selection, bin_frequencies, select
from ear_engine.optimization.transforms import Copies, FrequencyMask, TimeMask, TimeShift, Transform

SILENCE_LUFS = -20.0  # loudness of a dream that begins from silence
_DITHER = 1e-5  # -100 dBFS: gives silence a gradient, inaudible
_LEVELINGS = 4  # rounds of gain and limiting
_FIRST_STEPS = 32  # steps that find a first sound when there is only silence,
_FIRST_BEATS = 0.125  # each as long as this many beats,
_FIRST_RATE = 0.0  # at this many dB a beat


@dataclass(frozen=True)
class Step:
    """What one step did: the objective before it, and whether the loop was still finite (if not, it was restored)."""

    objective: float
    finite: bool


@dataclass(frozen=True)
class Version:
    """The loop as it will be heard, and what the ear makes of it.

    Shapes:
        audio: (2, samples), float32, peaks below 0.97
        activations[layer]: (steps, neurons), float32
    """

    audio: NDArray[np.float32]
    activations: dict[str, NDArray[np.float32]]
    frames: int


class Dream:
    """A dream of one ear from one source.

    Args:
        ear: the ear; a fused copy of it listens.
        source: (1 or 2, samples) at the ear's sample rate; the ear hears the middle, the sides stay as they are.
        beats: length of the loop in beats.
        seed: of all randomness.
        device: torch device.
        transforms: what is done to each copy the ear hears.
        objective: what a region's strength is.
        optimizer: how a direction becomes a change.
    """

    def __init__(
        self,
        ear: Ear,
        source: NDArray[np.float32],
        beats: int,
        *,
        seed: int = 0,
        device: str = "cpu",
        transforms: Sequence[Transform] | None = None,
        objective: type[RegionObjective] = RegionObjective,
        optimizer: type[NormalizedGradient] = NormalizedGradient,
    ) -> None:
        self.device = torch.device(device)
        self.ear = ear.fused().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.beats = beats
        self.seed = seed
        self.transforms = (TimeShift(), TimeMask(), FrequencyMask()) if transforms is None else tuple(transforms)
        self.step_number = 0
        self._recorder = Recorder(self.ear, inputs=("scalogram",))
        rate = ear.config.scalogram.sample_rate
        samples = source.shape[1]
        stereo = np.repeat(source, 2, axis=0) if source.shape[0] == 1 else source
        self._meter = LoudnessMeter(samples, rate)
        loudness = self._meter.measure(stereo)
        self.silent = loudness <= SILENT
        self.loudness = SILENCE_LUFS if self.silent else loudness
        self._mid = torch.from_numpy((stereo[0] + stereo[1]) / 2).to(self.device)
        self._side = torch.from_numpy((stereo[0] - stereo[1]) / 2).to(self.device)
        # RMS that "dB of change" refers to: the source's own, or that of pink-ish sound at the loudness aimed at
        own = float(self._mid.square().mean().sqrt())
        self._level = 10.0 ** (SILENCE_LUFS / 20.0) if self.silent else own
        self._optimizer = optimizer(self._level)
        self._objective_kind = objective
        self._frequencies = bin_frequencies(ear.config)
        self._curve = lru_cache(maxsize=4)(self._new_curve)
        self.index, self._spread = self._survey()
        self.reset()

    def reset(self) -> None:
        """Back to the source."""
        generator = self._generator(-1)
        dither = torch.randn(self._mid.shape, generator=generator).to(self.device) * _DITHER
        self.audio = self._mid + dither
        self._good = self.audio
        self._optimizer.reset()
        self._since_reset = 0

    def resume(self, heard: NDArray[np.float32], step: int) -> None:
        """Go on from a version of this dream, of shape (2, samples), that was published at ``step``."""
        middle = torch.from_numpy(heard.mean(axis=0)).to(self.device)
        level = middle.square().mean().sqrt().clamp(min=1e-12)
        self.audio = middle * (self._level / level).clamp(max=1.0) if not self.silent else middle
        self._good = self.audio
        self.step_number = step
        self._since_reset = _FIRST_STEPS

    def inherit(self, other: Dream, *, stretched: bool) -> None:
        """Take over what ``other`` dreamed of the same clip at another length: resampled with it, or tiled and cut."""
        dreamed = other.audio - other._mid
        if stretched:
            bins = torch.fft.rfft(dreamed)
            dreamed = torch.fft.irfft(bins, n=self.samples) * (self.samples / other.samples)
        else:
            dreamed = dreamed.repeat(-(-self.samples // other.samples))[: self.samples]
        self.audio = self._mid + dreamed
        self._good = self.audio
        self.step_number = other.step_number
        self._since_reset = _FIRST_STEPS

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
        """Move the loop by ``beats`` beats' worth of change.

        The gradient of the objective is shaped (:mod:`ear_engine.optimization.gradient`), the optimizer moves the loop
        by ``rate`` dB of its own level a beat along it, and it is drawn back to the source.

        Args:
            settings: what steers it.
            beats: time since the last step; more than one beat counts as one.

        Raises:
            UserError: a target's layer does not exist in this ear.
        """
        beats = min(max(beats, 0.0), 1.0)
        gradient, objective = self._gradient(settings)
        self.step_number += 1
        self._since_reset += 1
        shaped = shape_gradient(gradient, self._curve(settings.tilt))
        audio = self._optimizer.step(self.audio, shaped, settings.rate, beats)
        if settings.pull > 0 and not self.silent:
            audio = torch.lerp(self._mid, audio, 0.5 ** (beats / settings.pull))
        level = audio.square().mean().sqrt()
        if float(level) > self._level:
            audio = audio * (self._level / level)
        finite = bool(torch.isfinite(level)) and np.isfinite(objective)
        if finite:
            self._good, self.audio = self.audio, audio
        else:
            self.audio = self._good
            self._optimizer.reset()
        return Step(objective, finite)

    def warm_up(self, settings: DreamSettings, alive: Callable[[], None] = lambda: None) -> None:
        """From silence: find the first sound before it is heard, ``alive`` called at each step; else nothing."""
        if self.silent:
            first = replace(settings, rate=_FIRST_RATE)
            while self._since_reset < _FIRST_STEPS:
                self.step(first, _FIRST_BEATS)
                alive()

    def version(self) -> Version:
        """The loop as it is to be heard now: at the source's loudness, limited, with its activations."""
        sides = torch.stack([self.audio + self._side, self.audio - self._side]).cpu().numpy()
        if self.silent and self._since_reset == 0:
            audio = np.zeros_like(sides)
        else:
            audio, gain = self._level_out(sides)
            if self.silent:  # no source says how loud the loop itself is to be: as loud as it is heard
                self.audio = self.audio * gain
                self._level = float(self.audio.square().mean().sqrt())
                self._optimizer.level = self._level
        trace, frames = self._trace(audio)
        return Version(audio, to_arrays(trace), frames)

    def _level_out(self, sides: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """``sides`` limited at the loudness aimed at, and the first gain; what the limiter takes is made up for."""
        gain = first = 10.0 ** ((self.loudness - self._meter.measure(sides)) / 20.0)
        for _ in range(_LEVELINGS):
            audio = limit_peaks(np.asarray(sides * np.float32(gain), dtype=np.float32))
            missing = self.loudness - self._meter.measure(audio)
            if missing < 0.1 or gain > 2.0 * first:
                break
            gain *= 10.0 ** (missing / 20.0)
        return audio, first

    def listen(self, audio: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Activations of every layer, (steps, neurons), for a loop of shape (2, samples): the ear hears its middle."""
        return to_arrays(self._trace(audio)[0])

    def _trace(self, audio: NDArray[np.float32]) -> tuple[dict[str, Tensor], int]:
        middle = torch.from_numpy(audio.mean(axis=0)).to(self.device)[None]
        with torch.no_grad(), self._recorder.recording() as trace:
            frames = self.ear(middle, circular=True).features.shape[-1]
        return dict(trace), int(frames)

    def _survey(self) -> tuple[NeuronIndex, dict[str, float]]:
        """Layers of the ear, and the spread of each on the source plus noise 20 dB below it (no layer is constant)."""
        noise = torch.randn(self._mid.shape, generator=self._generator(-2)).to(self.device) * self._level * 0.1
        with torch.no_grad(), self._recorder.recording(raw=True) as trace:
            frames = self.ear((self._mid + noise)[None], circular=True).features.shape[-1]
        return index_layers(trace, int(frames)), {name: float(values.std()) for name, values in trace.items()}

    def _generator(self, step: int) -> torch.Generator:
        mixed = np.random.SeedSequence([self.seed, step + 2]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(mixed >> np.uint64(1)))

    def _new_curve(self, tilt: float) -> Tensor:
        return tilt_curve(self.samples, self.sample_rate, tilt, self.device)

    def _gradient(self, settings: DreamSettings) -> tuple[Tensor, float]:
        generator = self._generator(self.step_number)
        selections = [select(r, self.index, self._frequencies, self.beats) for r in settings.regions if r.weight]
        if not selections:
            return torch.zeros_like(self.audio), 0.0
        audio = self.audio.detach().requires_grad_()
        copies = Copies(audio.expand(settings.batch_size, -1), torch.zeros(settings.batch_size, device=self.device))
        for transform in self.transforms:
            copies = transform.on_audio(copies, settings, generator)
        features = self._features(copies.audio, settings.reshape)
        for transform in self.transforms:
            features = transform.on_features(features, settings, generator)
        deep = {selection.layer for selection in selections} - {"scalogram"}
        with self._recorder.recording(deep, raw=True, stop=True) as trace:
            if deep:
                self.ear.hear(features, circular=True)
        trace["scalogram"] = features
        objective = self._objective(selections, trace, copies.shifts)
        (gradient,) = torch.autograd.grad(objective, audio)
        return gradient, float(objective.detach())

    def _features(self, audio: Tensor, reshape: float) -> Tensor:
        scalogram = self.ear.scalogram
        coefficients = scalogram.transform(audio)
        place = coefficients.detach()
        coefficients.register_hook(lambda gradient: reshape_gradient(gradient, place, reshape, self._level))
        features: Tensor = scalogram.features(coefficients, audio.shape[-1] / coefficients.shape[-1], circular=True)
        # The phase is heard but not followed: its gradient is noise (measured: the cosine between the gradients of
        # four time shifts is 0.12 with it and 0.30 without; steps of -24 dB lose 0.09 without gain, or gain 0.12).
        return torch.cat([features[:, :1], features[:, 1:].detach()], dim=1)

    def _objective(self, selections: Iterable[Selection], trace: dict[str, Tensor], shifts: Tensor) -> Tensor:
        parts = [self._objective_kind(s, self._spread[s.layer])(trace, shifts) for s in selections]
        return torch.stack(parts).sum()
