"""The table of effects: a line a parameter, marked where it does not go one way."""

from __future__ import annotations

import pytest

from ear_engine.benchmarks.effects import Study, line, one_way, table
from ear_engine.parameters import ParameterTree


def test_every_parameter_of_tone_rhythm_transforms_and_penalties_is_measured() -> None:
    wanted = {row.name for row in ParameterTree() if row.group in ("tone", "rhythm", "transform", "penalty")}
    needed = {"tone/scale", "tone/root"}  # which scale; tone/scale_lock says how strictly
    assert {effect.name for effect in table()} == wanted - needed


def test_one_way_is_strict() -> None:
    assert one_way([1.0, 2.0, 3.0], True)
    assert not one_way([1.0, 2.0, 2.0], True)
    assert not one_way([1.0, 2.0, 1.5], True)
    assert one_way([3.0, 1.0], False)
    assert not one_way([3.0, 1.0], True)


@pytest.mark.slow
def test_a_line_of_the_table() -> None:
    effect = next(effect for effect in table() if effect.name == "tone/scale_lock")
    figures = list(Study(layers=["encoder_1_conv1"]).figures(effect))
    assert one_way(figures, True)
    assert figures[-1] > 95.0
    assert line(effect, figures).startswith("| tone/scale_lock | 0 · 0.3 · 0.6 · 1 | change in the scale | ")
