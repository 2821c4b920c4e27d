"""What a setting is heard by: one number for a loop before and after a dream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ear_engine.clip import resample_loop
from ear_engine.ear.activations import Recorder
from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.rhythm import GRIDS
from ear_engine.optimization.scales import SCALES
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.spectral_curve import CROSSOVERS_HZ
from ear_engine.optimization.transforms.base import Shape
from ear_engine.quality.judge import Judge
from ear_engine.quality.onsets import find_onsets, onset_strength
from ear_engine.quality.spectra import Floats, Loop, power_frames
from ear_engine.targets.terms import Term

_TINY = 1e-30
_HEARD_HZ = (100.0, 4000.0)  # where notes are looked for


@dataclass(frozen=True)
class Scene:
    """One dream, measured.

    Args:
        before, after: (samples,), the loop that the ear heard.
        sample_rate: Hz.
        beats: of the loop.
        judge: hears the loops with the ear that dreamed.
        terms: what was dreamed of.
        settings: what steered it.
    """

    before: Loop
    after: Loop
    sample_rate: int
    beats: int
    judge: Judge
    terms: Sequence[Term]
    settings: DreamSettings

    @property
    def change(self) -> Loop:
        """What the dream added."""
        return self.after - self.before


Measure = Callable[[Scene], float]


def _spectrum(scene: Scene) -> tuple[Floats, Floats]:
    """Frequency, and share of the change's energy, of each bin."""
    energy = np.abs(np.fft.rfft(scene.change.astype(np.float64))) ** 2
    hertz = np.asarray(np.fft.rfftfreq(len(scene.change), 1.0 / scene.sample_rate), dtype=np.float64)
    return hertz, energy / max(float(energy.sum()), _TINY)


def centroid(scene: Scene) -> float:
    """Spectral centroid of the change, Hz."""
    hertz, share = _spectrum(scene)
    return float((hertz * share).sum())


def band_share(band: int) -> Measure:
    """Share of the change's energy in the low (0), middle (1) or high (2) band, in dB."""

    def measure(scene: Scene) -> float:
        hertz, share = _spectrum(scene)
        return float(10.0 * np.log10(share[np.searchsorted(CROSSOVERS_HZ, hertz) == band].sum() + _TINY))

    return measure


def in_scale(scene: Scene) -> float:
    """Share of the change's energy from 100 to 4000 Hz that is within 50 cents of C major and A minor, per cent."""
    hertz, share = _spectrum(scene)
    inside = (hertz > _HEARD_HZ[0]) & (hertz < _HEARD_HZ[1])
    pitch = np.round(12.0 * np.log2(hertz[inside] / 440.0)).astype(np.int64) + 9
    return float(100.0 * share[inside][np.isin(pitch % 12, SCALES["major"])].sum() / share[inside].sum())


def tonal_share(scene: Scene) -> float:
    """Share of the change's energy in tones, per cent, by medians along time and frequency (Fitzgerald 2010)."""
    power = power_frames(scene.change, 2048, 512)
    amplitude = np.sqrt(power)
    tones = median_filter(amplitude, (33, 1), mode="wrap") ** 2
    hits = median_filter(amplitude, (1, 33), mode="nearest") ** 2
    return float(100.0 * (power * tones / (tones + hits + _TINY)).sum() / power.sum())


def where_silent(scene: Scene) -> float:
    """Share of the change's energy where the source is more than 40 dB below its loudest place, in dB."""
    source, change = (power_frames(loop, 1024, 512) for loop in (scene.before, scene.change))
    return float(10.0 * np.log10(change[source < 1e-4 * source.max()].sum() / change.sum() + _TINY))


def on_grid(grid: str) -> Measure:
    """Share of the change's energy in the first third after each pulse of a grid, per cent."""

    def measure(scene: Scene) -> float:
        spacing = len(scene.change) * GRIDS[grid] / scene.beats
        inside = (np.arange(len(scene.change)) + 0.005 * scene.sample_rate) % spacing < spacing / 3.0
        energy = scene.change.astype(np.float64) ** 2
        return float(100.0 * energy[inside].sum() / energy.sum())

    return measure


def change_level(scene: Scene) -> float:
    """Level of the change below that of the source, dB."""
    return float(10.0 * np.log10((scene.change**2).sum() / (scene.before**2).sum()))


def at_onsets(scene: Scene) -> float:
    """Share of the change's energy within 80 ms from an onset of the source, per cent."""
    strength = onset_strength(scene.before, scene.sample_rate)
    frame = len(scene.before) / len(strength)
    opened = np.zeros(len(scene.before), dtype=bool)
    for found in find_onsets(scene.before, scene.sample_rate):
        at = round((int(found) - 1) * frame)
        opened[np.arange(at, at + round(0.08 * scene.sample_rate)) % len(opened)] = True
    energy = scene.change.astype(np.float64) ** 2
    return float(100.0 * energy[opened].sum() / energy.sum())


def frame_texture(scene: Scene) -> float:
    """How far the change's level above 5 kHz rises and falls with the scalogram's frames, per cent of its mean."""
    spectrum = np.fft.rfft(scene.change.astype(np.float64))
    spectrum[: round(5000.0 * len(scene.change) / scene.sample_rate)] = 0
    envelope = np.fft.rfft(np.fft.irfft(spectrum, len(scene.change)) ** 2)
    frames = scene.judge.ear.config.scalogram.loop_frames(len(scene.change))
    return float(100.0 * np.abs(envelope[frames]) / np.abs(envelope[0]))


def floor_level(scene: Scene) -> float:
    """Level that a tenth of the places of the dream lie below, from 100 Hz to 10 kHz, dB under the loudest."""
    power = power_frames(scene.after, 2048, 1024)
    hertz = np.fft.rfftfreq(2048, 1.0 / scene.sample_rate)
    heard = power[:, (hertz > 100.0) & (hertz < 10000.0)]
    return float(10.0 * np.log10((np.percentile(heard, 10) + _TINY) / heard.max()))


def kept(change: Callable[[Loop, int], Sequence[Loop]]) -> Measure:
    """Share of the target's gain that is left when the loop is changed, per cent."""

    def measure(scene: Scene) -> float:
        def value(loop: Loop) -> float:
            return float(scene.judge.values(loop[None], [scene.terms])[0, 0])

        plain = value(scene.after) - value(scene.before)
        pairs = zip(change(scene.after, scene.sample_rate), change(scene.before, scene.sample_rate), strict=True)
        return 100.0 * float(np.mean([value(after) - value(before) for after, before in pairs])) / plain

    return measure


def repitched(loop: Loop, sample_rate: int) -> Sequence[Loop]:
    """A semitone higher and lower, as a turntable does: shorter and longer too."""
    return [resample_loop(loop[None], round(len(loop) * 2.0 ** (semitones / 12.0)))[0] for semitones in (-1, 1)]


def releveled(loop: Loop, sample_rate: int) -> Sequence[Loop]:
    """12 dB louder and softer."""
    return [loop * np.float32(10.0 ** (decibels / 20.0)) for decibels in (-12, 12)]


def holed(loop: Loop, sample_rate: int) -> Sequence[Loop]:
    """Without its first, second, third and last quarter."""
    edges = np.linspace(0, len(loop), 5)
    at = np.arange(len(loop))
    return [np.where((at >= low) & (at < high), np.float32(0), loop) for low, high in _pairs(edges)]


def notched(loop: Loop, sample_rate: int) -> Sequence[Loop]:
    """Without each of five bands of an octave and a half from 110 Hz on."""
    spectrum, hertz = np.fft.rfft(loop), np.fft.rfftfreq(len(loop), 1.0 / sample_rate)
    bands = _pairs(110.0 * 2.0 ** (1.5 * np.arange(6)))
    return [
        np.fft.irfft(np.where((hertz >= low) & (hertz < high), 0, spectrum), len(loop)).astype(np.float32)
        for low, high in bands
    ]


repitched_kept = kept(repitched)
releveled_kept = kept(releveled)
holed_kept = kept(holed)
notched_kept = kept(notched)


def cost_of(penalty: Penalty, full: DreamSettings) -> Measure:
    """What a penalty says of the dream, 1 for ordinary music; ``full`` sets it to its full strength."""

    def measure(scene: Scene) -> float:
        audio = torch.from_numpy(np.ascontiguousarray(scene.after))[None]
        recorder = Recorder(scene.judge.ear, inputs=("scalogram",))
        with torch.no_grad(), recorder.recording(raw=True) as trace:
            features = scene.judge.ear(audio, circular=True).features
        names = list(recorder.names)
        deepest = max(names.index(term.layer) for term in scene.terms)
        heard = {layer: raw for layer, raw in trace.items() if names.index(layer) <= deepest}
        shape = Shape(1, 1, audio.shape[1], features.shape[-1], features.shape[-2], scene.sample_rate, scene.beats)
        numbers = penalty.numbers(full, shape)
        assert numbers is not None
        return float(penalty.cost(audio, features, heard, numbers))

    return measure


def _pairs(edges: NDArray[np.generic]) -> list[tuple[float, float]]:
    return [(float(low), float(high)) for low, high in pairwise(edges)]
