"""What every parameter of tone, rhythm, transforms and penalties does to a dream: one dream a setting, one measure.

``python -m ear_engine.benchmarks.effects [GROUP/NAME …]`` dreams short loops with ``small`` and prints a table in
Markdown. All but the parameter in question is at its default; a line that does not go one way is marked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from ear_engine import platform
from ear_engine.benchmarks import effect_measures as measures
from ear_engine.benchmarks.effect_measures import Measure, Scene
from ear_engine.ear.checkpoint import load_ear
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.penalties.activation import Activation
from ear_engine.optimization.penalties.high_frequency import HighFrequency
from ear_engine.optimization.penalties.noise import Noise
from ear_engine.optimization.penalties.total_variation import TotalVariation
from ear_engine.optimization.rhythm import GRIDS
from ear_engine.optimization.settings import settings_of
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.optimization.transforms.time_shift import TimeShift
from ear_engine.parameters import Value
from ear_engine.quality.dreaming import values_of
from ear_engine.quality.judge import Judge, judge_of, layer_target
from ear_engine.quality.spectra import Loop
from ear_engine.resources import resource
from ear_engine.sources.loops import render_builtin

_BEATS, _STEPS = 8, 4  # beats that are dreamed, steps in each
_LAYERS = ("encoder_3_conv1", "encoder_5_conv2")
_DEEP = ("encoder_7_conv2", "autoregressive_4")  # they hear far around, so what is hidden can be made up for
_FULL = replace(
    settings_of(values_of({})),
    activation_penalty=1.0,
    noise_penalty=1.0,
    high_frequency_penalty=1.0,
    total_variation_penalty=1.0,
)
WITHOUT_SHIFTS = "without"
"""As a value of ``transform/time_shift``: not even by less than a hop."""


@dataclass(frozen=True)
class Effect:
    """One line of the table.

    Args:
        name: of the parameter.
        values: from the least effect to the most.
        told: what is measured, in words.
        measure: what it is heard by.
        unit: of the measure.
        rises: whether the measure shall rise with the values.
        others: parameters that are needed besides.
        clip: source, a built-in loop; ``hiss`` is the beat with noise 40 dB below it.
        layers: dreamed of, each by itself; figures are means over them.
    """

    name: str
    values: Sequence[Value]
    told: str
    measure: Measure
    unit: str
    rises: bool = True
    others: Mapping[str, Value] = field(default_factory=dict)
    clip: str = "beat"
    layers: Sequence[str] = _LAYERS


def table() -> tuple[Effect, ...]:
    """All of them."""
    e, m = Effect, measures
    decibels = (-24.0, -12.0, 0.0, 12.0, 24.0)
    strengths = (0.0, 0.3, 0.6, 1.0)
    copies: dict[str, Value] = {"optimizer/batch_size": 4}
    pulses = "change in the first third after each pulse"
    holed, notched = "gain left without a quarter of the loop", "gain left without an octave and a half"
    floor = "level below which a tenth of the dream lies"
    costs = "cost, about 1 for ordinary music"
    return (
        e("tone/tilt", (-12.0, -6.0, 0.0, 6.0), "centroid of the change", m.centroid, "Hz"),
        e("tone/reshape", (0.0, 0.5, 0.8, 1.0), "change where the source is 40 dB down", m.where_silent, "dB", False),
        e("tone/low", decibels, "change below 200 Hz", m.band_share(0), "dB"),
        e("tone/mid", decibels, "change from 200 to 2500 Hz", m.band_share(1), "dB"),
        e("tone/high", decibels, "change above 2500 Hz", m.band_share(2), "dB"),
        e("tone/tonal", (-1.0, -0.5, 0.0, 0.5, 1.0), "tones in the change", m.tonal_share, "%"),
        e("tone/scale_lock", strengths, "change in the scale", m.in_scale, "%"),
        *(e("rhythm/grid", ("off", grid), pulses, m.on_grid(grid), "%") for grid in GRIDS),
        e("rhythm/density", (0.1, 0.3, 0.6, 1.0), "change", m.change_level, "dB", others={"rhythm/grid": "quarter"}),
        e("rhythm/lock", strengths, "change within 80 ms from the source's onsets", m.at_onsets, "%"),
        e("transform/time_shift", (WITHOUT_SHIFTS, 0.0), "change at the frame rate", m.frame_texture, "%", False),
        e("transform/time_shift", (WITHOUT_SHIFTS, 1.0), "change at the frame rate", m.frame_texture, "%", False),
        e("transform/pitch_shift", (0.0, 0.5, 1.0, 2.0), "gain a semitone off", m.repitched_kept, "%", others=copies),
        e("transform/loudness", (0.0, 6.0, 12.0, 24.0), "gain left 12 dB off", m.releveled_kept, "%", others=copies),
        e("transform/time_mask", (0.0, 0.3, 0.6), holed, m.holed_kept, "%", True, copies, layers=_DEEP),
        e("transform/freq_mask", (0.0, 0.3, 0.6), notched, m.notched_kept, "%", True, copies, layers=_DEEP),
        e("transform/gradient_noise", (0.0, 0.3, 1.0), "change", m.change_level, "dB", False),
        e("transform/denoise", (0.0, 0.3, 1.0), floor, m.floor_level, "dB", False, clip="hiss"),
        e("penalty/activation", (0.0, 0.3, 1.0), costs, m.cost_of(Activation(), _FULL), "", False),
        e("penalty/noise", (0.0, 0.3, 1.0), costs, m.cost_of(Noise(), _FULL), "", False),
        e("penalty/high_frequency", (0.0, 0.3, 1.0), costs, m.cost_of(HighFrequency(), _FULL), "", False),
        e("penalty/total_variation", (0.0, 0.3, 1.0), costs, m.cost_of(TotalVariation(), _FULL), "", False),
    )  # fmt: skip


class Study:
    """Dreams with one ear.

    Args:
        ear: name of an ear that ships.
        layers: dreamed of instead of an effect's own.
    """

    def __init__(self, ear: str = "small", layers: Sequence[str] = ()) -> None:
        folder = resource("configs", "ears", ear)
        self._ear = load_ear(folder)
        self._rate = self._ear.config.scalogram.sample_rate
        self._layers = layers
        beat = render_builtin("beat", self._rate)
        self._beats = beat.beats // 2  # two seconds are enough to hear an effect
        mono = beat.audio.mean(axis=0)[: beat.samples // 2]
        hiss = np.random.default_rng(1).normal(size=len(mono)) * 0.01 * float(np.sqrt(np.mean(mono**2)))
        self._sources: dict[str, Loop] = {"beat": mono, "hiss": (mono + hiss).astype(np.float32)}
        self._judge: Judge = judge_of(folder, self._ear, self._beats, mono)

    def figures(self, effect: Effect) -> Iterator[float]:
        """The measure at each value, the mean over layers."""
        for value in effect.values:
            yield float(np.mean([self._figure(effect, value, layer) for layer in self._layers or effect.layers]))

    def _figure(self, effect: Effect, value: Value, layer: str) -> float:
        shifted = value != WITHOUT_SHIFTS
        changes = {**effect.others, effect.name: value if shifted else 0.0}
        settings = settings_of(values_of(changes))
        terms = self._judge.terms(layer_target(layer))
        source = self._sources[effect.clip]
        parts = self._judge.parts
        if not shifted:
            parts = parts.without(next(one for one in parts.transforms if isinstance(one, TimeShift)))
        around = Surroundings(self._judge.facts.statistics, parts=parts)
        dream = Dream(self._ear, source[None], self._beats, surroundings=around)
        dream.aim(terms)
        for _ in range(_BEATS * _STEPS):
            dream.step(settings, 1.0 / _STEPS)
        after = dream.audio[0].cpu().numpy()
        return effect.measure(Scene(source, after, self._rate, self._beats, self._judge, terms, settings))


def one_way(figures: Sequence[float], rises: bool) -> bool:
    """Whether each figure is above the one before, or below if it shall fall."""
    return all((b > a) == rises and a != b for a, b in pairwise(figures))


def line(effect: Effect, figures: Sequence[float]) -> str:
    """A row of the table."""
    values = " · ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in effect.values)
    shown = " · ".join(f"{figure:.3g}" for figure in figures)
    mark = "" if one_way(figures, effect.rises) else "not one way"
    return f"| {effect.name} | {values} | {effect.told} | {shown} {effect.unit} | {mark} |"


def main() -> None:
    """Dream and print, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="GROUP/NAME", help="only these; all if none is given")
    parser.add_argument("--layer", action="append", default=[], help="dreamed of; may be repeated")
    typed = parser.parse_args()
    platform.reuse_memory()
    study = Study(layers=typed.layer)
    print("| parameter | settings | measure | at each setting | |\n|---|---|---|---|---|")
    for effect in table():
        if not typed.names or effect.name in typed.names:
            print(line(effect, list(study.figures(effect))))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
