"""Targets resolved for an ear: which neurons, how much, when, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.targets.facts import make_facts
from ear_engine.targets.resolve import Resolver, clips_of, clips_wanted, resolve
from ear_engine.targets.terms import Term
from ear_engine.targets.tokens import BadExpression
from tests.ear.test_statistics import make
from tests.targets.ears import FACTS, FREQUENCIES, INDEX, target

BEATS = 8.0
PHASE = range(24, 48)  # neurons of the scalogram that no dream follows


def weights(terms: tuple[Term, ...]) -> np.ndarray:
    """What the linear terms weigh, (neurons,)."""
    found = np.zeros(len(INDEX))
    for term in terms:
        assert term.objective == "linear" and term.pattern is not None
        assert np.abs(term.pattern).sum() == pytest.approx(1.0, abs=1e-5)
        found[INDEX[term.layer].span] += term.weight * term.pattern
    return found


def objective(text: str) -> tuple[Term, ...]:
    return resolve(target(by="objective", objective=text), FACTS, BEATS)


def neurons(layer: str, channels: object, bins: object = slice(None)) -> np.ndarray:
    """The mean over a rectangle of a layer, (neurons,)."""
    place = INDEX[layer]
    part = np.zeros((place.channels, place.bins))
    part[channels, bins] = 1.0  # type: ignore[index]
    found = np.zeros(len(INDEX))
    found[place.span] = (part / part.sum()).reshape(-1)
    return found


@given(st.floats(0, 1), st.floats(0, 1), st.floats(20, 20000), st.floats(20, 20000))
def test_a_layer_takes_its_channels_and_the_bins_in_its_span_or_the_nearest(
    center: float, width: float, low: float, high: float
) -> None:
    chosen = target(channel=center, channel_width=width, freq_low=low, freq_high=high)
    found = weights(resolve(chosen, FACTS, BEATS))[INDEX["first"].span].reshape(4, 12) > 0
    channels, bins = found.any(axis=1), found.any(axis=0)
    assert channels.sum() == max(1, round(width * 4)) and found.sum() == channels.sum() * bins.sum()
    centers = np.array(FREQUENCIES["first"])
    inside = (centers >= min(low, high)) & (centers <= max(low, high))
    nearest = np.arange(12) == np.abs(np.log2(centers / np.sqrt(low * high))).argmin()
    assert (bins == (inside if inside.any() else nearest)).all()


def test_time_is_shares_of_the_loop_and_goes_around_its_end() -> None:
    (term,) = resolve(target(start=14.0, length=3.0), FACTS, BEATS)
    assert (term.start, term.length) == (0.75, 0.375)
    for whole in ({"start": 3.0, "length": 0.0}, {"start": 3.0, "length": 8.0}, {"length": 64.0}):
        (term,) = resolve(target(**whole), FACTS, BEATS)
        assert (term.start, term.length) == (0.0, 1.0)


def test_depth_goes_from_the_first_layer_to_the_last_and_blends() -> None:
    def shares(depth: float) -> dict[str, float]:
        return {term.layer: term.weight for term in resolve(target(by="depth", depth=depth), FACTS, BEATS)}

    assert shares(0.0) == {"first": 1.0}
    assert shares(0.5) == {"second": 1.0}
    assert shares(1.0) == {"top": 1.0}
    assert shares(0.3) == pytest.approx({"first": 0.4, "second": 0.6})
    (term,) = resolve(
        target(by="depth", depth=0.0, channel=0.0, channel_width=0.25, freq_low=120, freq_high=120), FACTS, 8
    )
    assert np.allclose(weights((term,)), neurons("first", 0, 0))


def test_a_disc_takes_what_lies_in_it_less_towards_its_edge() -> None:
    found = weights(resolve(target(by="map", x=0.4, y=0.6, radius=0.3), FACTS, BEATS))
    distance = np.hypot(*(FACTS.positions - np.float32([0.4, 0.6])).T)
    assert ((found > 0) <= (distance < 0.3)).all() and (found > 0).sum() > 5
    expected = np.where(FACTS.drawn, np.maximum(0.0, 1 - (distance / 0.3) ** 2) ** 2, 0.0)
    assert np.allclose(found, expected / expected.sum(), atol=1e-6)
    assert found.sum() == pytest.approx(1.0)


def test_a_disc_around_nothing_takes_the_nearest_neuron() -> None:
    for x, y in ((0.0, 1.0), (0.37, 0.52)):
        found = weights(resolve(target(by="map", x=x, y=y, radius=0.0001), FACTS, BEATS))
        distance = np.hypot(*(FACTS.positions - np.float32([x, y])).T)
        assert found.nonzero()[0].tolist() == [int(np.where(FACTS.drawn, distance, 9).argmin())]


@pytest.mark.parametrize("channel", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("width", [0.1, 1.0])
def test_the_scalogram_is_its_level_wherever_the_channel_is(channel: float, width: float) -> None:
    chosen = target(channel=channel, channel_width=width)
    found = weights(resolve(replace(chosen, layer="scalogram"), FACTS, BEATS))
    assert np.allclose(found, neurons("scalogram", 0))


def test_no_disc_takes_the_phase() -> None:
    found = weights(resolve(target(by="map", x=0.5, y=0.0, radius=1.0), FACTS, BEATS))
    assert (found[:24] > 0).any() and not found[24:48].any()


@given(st.lists(st.integers(0, len(INDEX) - 1), min_size=1).filter(lambda some: any(n not in PHASE for n in some)))
def test_listed_neurons_weigh_the_same(numbers: list[int]) -> None:
    found = weights(resolve(target(by="neurons", neurons=",".join(map(str, numbers))), FACTS, BEATS))
    chosen = sorted(set(numbers))
    assert found.nonzero()[0].tolist() == chosen
    assert np.allclose(found[chosen], 1 / len(chosen))


def test_an_imprint_is_likeness_at_three_depths_between_its_frequencies() -> None:
    terms = resolve(target(by="imprint", imprint="bass"), FACTS, BEATS)
    assert {(t.objective, t.text, t.pattern is None) for t in terms} == {("likeness", "bass", True)}
    assert sum(t.weight for t in terms) == pytest.approx(1.0)
    low = resolve(target(by="imprint", imprint="bass", freq_high=500.0, start=2.0, length=2.0), FACTS, BEATS)
    first = next(term for term in low if term.layer == "first")
    assert first.pattern is not None and (first.pattern > 0).reshape(4, 12).any(axis=0).sum() == 5
    assert (first.start, first.length) == (0.25, 0.25)


def test_a_morph_goes_from_a_to_b() -> None:
    stored = {"a": target(by="neurons", neurons="3"), "b": target(by="neurons", neurons="130", weight=0.5)}
    for morph in (0.0, 0.25, 1.0):
        terms = resolve(target(by="morph", morph=morph, weight=2.0), FACTS, BEATS, stored)
        expected = np.zeros(len(INDEX))
        expected[[3, 130]] = 2 * (1 - morph), 2 * 0.5 * morph
        assert np.allclose(weights(terms), expected)
    with pytest.raises(UserError, match="fire target/b") as refusal:
        resolve(target(by="morph"), FACTS, BEATS, {"a": target()})
    assert refusal.value.code == "not_stored"


# ---- expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("neuron(first, 2, 5)", neurons("first", 2, 5)),
        ("neuron(top, 7)", neurons("top", 7)),
        ("neuron(first, 2)", neurons("first", 2)),
        ("channel(second, 1..3)", neurons("second", slice(1, 4))),
        ("layer(second, freq=300..900)", neurons("second", slice(None), slice(1, 3))),
        ("layer(second, freq=450..451)", neurons("second", slice(None), 1)),
        ("region(first, channels=0..1, freq=1k..3k)", neurons("first", slice(0, 2), slice(7, 10))),
        ("band(100..150)", neurons("scalogram", 0, slice(0, 3))),
        ("layer(scalogram)", neurons("scalogram", 0)),
        ("depth(0.5)", neurons("second", slice(None))),
    ],
)
def test_what_functions_choose(text: str, expected: np.ndarray) -> None:
    assert np.allclose(weights(objective(text)), expected, atol=1e-6)
    assert np.allclose(weights(objective(f"-0.5*({text})")), -0.5 * expected, atol=1e-6)


def test_likeness_between_frequencies_leaves_the_phase_out() -> None:
    (term,) = objective("likeness(drums, scalogram, freq=100..150)")
    assert term.pattern is not None
    assert term.pattern.nonzero()[0].tolist() == [0, 1, 2] and term.pattern.sum() == pytest.approx(1.0)
    terms = objective("likeness(drums, freq=100..300, time=0..2)")
    assert sum(term.weight for term in terms) == pytest.approx(1.0)
    assert all(term.length == 0.25 for term in terms)
    assert next(term for term in terms if term.layer == "first").pattern is not None


def test_a_whole_layer_is_the_same_however_it_is_said() -> None:
    (whole,) = objective("deep_dream(first) + deep_dream(first, channels=0..3) + deep_dream(first, freq=20..20k)")
    assert (whole.weight, whole.pattern) == (3.0, None)


def test_surprise_is_the_opposite_of_foresight() -> None:
    (term,) = objective("cpc() - 0.5*surprise()")
    assert (term.objective, term.weight) == ("cpc", 1.5)
    (term,) = objective("surprise() + 0.25*cpc()")
    assert (term.objective, term.weight) == ("surprise", 0.75)


def test_terms_of_one_layer_and_time_become_one() -> None:
    terms = objective("2*channel(first, 0) - channel(first, 1) + 0.5*neuron(first, 0, 3) + layer(top)")
    assert [term.layer for term in terms] == ["first", "top"]
    expected = (
        2 * neurons("first", 0) - neurons("first", 1) + 0.5 * neurons("first", 0, 3) + neurons("top", slice(None))
    )
    assert np.allclose(weights(terms), expected, atol=1e-6)
    assert terms[0].weight == pytest.approx(3.5)
    assert len(objective("layer(first, time=0..2) + layer(first, time=0..2) + layer(first)")) == 2


def test_the_other_objectives() -> None:
    (direction,) = objective("-direction(fast, time=1..3)")
    assert (direction.objective, direction.layer, direction.text, direction.weight) == (
        "direction",
        "second",
        "fast",
        -1,
    )
    assert (direction.start, direction.length) == (0.125, 0.25)
    (difference,) = objective("difference(top, at=1, from=5)")
    assert (difference.start, difference.length, difference.other) == (0.125, 0.125, 0.625)
    (dream,) = objective("deep_dream(first, freq=1k..3k) + deep_dream(first, freq=1k..3k)")
    assert (dream.objective, dream.weight) == ("deep_dream", 2.0) and dream.pattern is not None
    assert {term.objective for term in objective("cpc() + diversity(top)")} == {"cpc", "diversity"}
    (likeness,) = objective("likeness('drums', second)")
    assert (likeness.layer, likeness.text, likeness.pattern) == ("second", "drums", None)


@pytest.mark.parametrize(
    ("text", "character", "code", "said"),
    [
        ("0.5*layer(frist)", 11, "unknown_layer", "try first"),
        ("cpc() + channel(first, 4)", 24, "out_of_range", "is beyond the layer's 4; use 0 to 3"),
        ("channel(first, 2..9)", 16, "out_of_range", "channel 9 of first"),
        ("channel(first, 3..2)", 16, "empty_target", "the range 3..2"),
        ("neuron(first, 1, 12)", 18, "out_of_range", "bin 12 of first"),
        ("layer(first, freq=800..200)", 19, "empty_target", "holds no frequency"),
        ("layer(first, freq=20k..30k)", 19, "empty_target", "lies outside first"),
        ("layer(first, time=3..3)", 19, "empty_target", "ends before it begins"),
        ("layer(top, freq=200..800)", 17, "empty_target", "has no frequencies"),
        ("direction(fsat)", 11, "unknown_direction", "did you mean fast"),
        ('name("bright hats")', 1, "no_statistics", "ear-engine statistics"),
        ("difference(top, at=1, from=9)", 1, "empty_target", "a moment and itself"),
        ("difference(top, length=-5)", 24, "empty_target", "the length -5"),
        ("difference(top, length=0)", 24, "empty_target", "is not above 0; give it in beats"),
        ("neuron(top, 1, 3)", 16, "out_of_range", "is not there, the layer has one bin; leave it out"),
        ("cpc() + channel(scalogram, 1)", 9, "empty_target", "phase, which is heard but not followed"),
        ("neuron(scalogram, 1, 4)", 1, "empty_target", "choose its channel 0, or other neurons"),
        ("deep_dream(scalogram, channels=1)", 1, "empty_target", "phase, which is heard but not followed"),
        ("likeness(drums, freq=0..0)", 22, "empty_target", "holds no frequency"),
        ("likeness(drums, freq=-5..0)", 22, "empty_target", "holds no frequency"),
        ("likeness(drums, first, freq=-200..-100)", 29, "empty_target", "holds no frequency"),
        ("likeness(drums, first, freq=800..200)", 29, "empty_target", "holds no frequency"),
        ("likeness(drums, first, freq=20k..30k)", 29, "empty_target", "lies outside first"),
        ("likeness(drums, top, freq=200..800)", 27, "empty_target", "has no frequencies"),
        ("likeness(drums, frist)", 17, "unknown_layer", "try first"),
    ],
)
def test_what_the_ear_does_not_have_is_named_with_its_character(
    text: str, character: int, code: str, said: str
) -> None:
    with pytest.raises(BadExpression, match=f"at character {character} ") as refusal:
        objective(text)
    assert refusal.value.code == code
    assert said in str(refusal.value)


# ---- what cancels or is nothing


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ((target(), target(weight=-1.0)), "contradictory"),
        (
            (target(by="neurons", neurons="48-59"), target(by="objective", objective="-neuron(first, 0)")),
            "contradictory",
        ),
        ((target(by="objective", objective="layer(top) - layer(top)"),), "contradictory"),
        ((target(by="objective", objective="deep_dream(top) - deep_dream(top)"),), "contradictory"),
        ((target(by="objective", objective="deep_dream(top) - deep_dream(top, channels=0..9)"),), "contradictory"),
        ((target(by="objective", objective="cpc() + surprise()"),), "contradictory"),
        ((target(by="objective", objective="cpc()"), target(by="objective", objective="surprise()")), "contradictory"),
        ((target(by="neurons", neurons="24-47"),), "empty_target"),
        ((target(by="objective", objective="0*layer(top)"),), "empty_target"),
        ((target(by="neurons", neurons=""),), "empty_target"),
        ((target(by="imprint", imprint=""),), "empty_target"),
        ((target(by="neurons", neurons="174"),), "out_of_range"),
        ((target(by="objective", objective="layer("),), "bad_expression"),
    ],
)
def test_what_cannot_be_dreamed_is_refused(targets: tuple[object, ...], code: str) -> None:
    with pytest.raises(UserError) as refusal:
        Resolver(FACTS).resolve(targets, BEATS)  # type: ignore[arg-type]
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "whole", ["layer(first{})", "channel(second, 2{})", "deep_dream(first{})", "direction(fast{})"]
)
def test_a_whole_less_its_parts_in_time_is_nothing(whole: str) -> None:
    def during(time: str) -> str:
        return whole.format(f", time={time}")

    halves = f"0.5*{during('0..4')} + 0.5*{during('4..8')}"
    thirds = f"({during('1..3.6666666667')} + {during('3.6666666667..6.3333333333')} + {during('6.3333333333..9')})/3"
    for parts in (halves, thirds):
        with pytest.raises(BadExpression, match="at character 1 asks for the opposite") as refusal:
            objective(f"{whole.format('')} - ({parts})")
        assert refusal.value.code == "contradictory"
        (left,) = objective(f"{whole.format('')} - ({parts}) + 0.5*layer(top)")
        assert (left.layer, left.weight) == ("top", 0.5)
    assert len(objective(f"{whole.format('')} - {during('0..4')}")) == 2
    assert len(objective("likeness(a, top) - 0.5*likeness(a, top, time=0..4) - 0.5*likeness(a, top, time=4..8)")) == 3


def test_a_single_loop_has_no_diversity() -> None:
    asked = target(by="objective", objective="layer(top) + 0.5*diversity(top)")
    with pytest.raises(BadExpression, match=r"diversity at character 18 compares loops .* this is one") as refusal:
        Resolver(FACTS, variants=1).resolve((asked,), BEATS)
    assert refusal.value.code == "one_variant"
    for variants in (0, 4):
        assert len(Resolver(FACTS, variants).resolve((asked,), BEATS)) == 2


@pytest.mark.parametrize("words", ["ZZ Top", "0 Hz", "Ümläut's"])
def test_words_that_name_nothing_are_pointed_at(words: str) -> None:
    statistics = make("")
    facts = make_facts(statistics.index, {}, statistics)
    with pytest.raises(BadExpression, match="at character 19 ") as refusal:
        resolve(target(by="objective", objective=f'-0.5*cpc() + name("{words}")'), facts, BEATS)
    assert refusal.value.code == "unknown_region"


def test_a_name_is_never_the_phase() -> None:
    statistics = make("")
    facts = make_facts(statistics.index, {}, statistics)
    (term,) = resolve(target(by="name", name="scalogram sound"), facts, BEATS)
    assert term.pattern is not None and term.pattern.nonzero()[0].tolist() == [0, 1, 2, 3]
    with pytest.raises(UserError, match="phase, which is heard but not followed"):
        resolve(target(by="name", name="Wavering"), facts, BEATS)
    with pytest.raises(BadExpression, match="at character 6 is nothing but the scalogram's phase"):
        resolve(target(by="objective", objective="name(Wavering)"), facts, BEATS)


def test_a_weight_of_0_alone_is_nothing_to_dream_of() -> None:
    """A fader on its way through the middle is no mistake."""
    for weight in (0.0, 1e-42, -1e-10):
        assert Resolver(FACTS).resolve((target(weight=weight),), BEATS) == ()
    with pytest.raises(UserError):
        Resolver(FACTS).resolve((target(by="neurons", neurons="999999", weight=0.0),), BEATS)


@pytest.mark.parametrize("factor", ["1e-300", "1e-42", "-1e-10", "(1e-5*1e-5)", "0"])
def test_a_weight_that_is_as_good_as_0_counts_as_0(factor: str) -> None:
    text = f"{factor}*layer(first)"
    with pytest.raises(BadExpression, match="at character 1 weighs nothing") as refusal:
        objective(text)
    assert refusal.value.code == "empty_target"
    assert [term.layer for term in objective(f"{text} + 2*layer(top)")] == ["top"]
    assert len(objective("1e-5*layer(first)")) == 1


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("1e6*(1e6*(1e6*(layer(first) + layer(second)) + cpc()) + cpc())", 16),
        ("cpc() + 1e3*(layer(top) - 1e4*layer(first))", 31),
        ("-1e6*(1e6*(layer(first)) + cpc())", 12),
    ],
)
def test_weights_are_limited_multiplied_out(text: str, character: int) -> None:
    with pytest.raises(BadExpression, match=f"at character {character} weighs .* beyond 1000000") as refusal:
        objective(text)
    assert refusal.value.code == "bad_expression"
    (term,) = objective("1e6*(1e-3*(1e3*layer(first) + 1e-6*layer(top)))")
    assert term.weight == pytest.approx(1e6)


def test_an_expression_that_is_nothing_is_refused_beside_others_too() -> None:
    nothing = target(by="objective", objective="layer(top) - layer(top)")
    with pytest.raises(BadExpression, match="at character 1 asks for the opposite") as refusal:
        Resolver(FACTS).resolve((nothing, target()), BEATS)
    assert refusal.value.code == "contradictory"


def test_a_silent_target_beside_others_is_left_out() -> None:
    found = Resolver(FACTS).resolve((target(weight=0.0), target(by="neurons", neurons="3")), BEATS)
    assert weights(found).nonzero()[0].tolist() == [3]


def test_resolving_again_does_not_change_what_was_resolved() -> None:
    resolver = Resolver(FACTS)
    kept = target(by="map", radius=0.5)
    first = weights(resolver.resolve((kept,), BEATS))
    resolver.resolve((kept, target(weight=-0.5)), BEATS)
    assert (weights(resolver.resolve((kept,), BEATS)) == first).all()


def test_extent() -> None:
    resolver = Resolver(FACTS)
    asked = target(by="objective", objective="channel(second, 0..1) + neuron(first, 1) + cpc() + likeness(a, top)")
    extent = resolver.extent(resolver.resolve((asked,), BEATS))
    assert (extent.terms, extent.layers, extent.neurons) == (4, ("first", "second", "top"), 10 + 12 + 10)


def test_clips() -> None:
    text = "likeness('a b', top) - 2*(likeness(now) + cpc())"
    assert clips_of(target(by="objective", objective=text)) == {"a b", "now"}
    assert clips_of(target(by="imprint", imprint="bass")) == {"bass"}
    assert clips_of(target(imprint="bass")) == clips_of(target(by="objective", objective="likeness(")) == frozenset()


def test_the_clips_that_must_be_there() -> None:
    kept, stored = [target(by="imprint", imprint="bass")], {"a": target(by="imprint", imprint="now"), "b": target()}
    assert clips_wanted(target(), kept, stored) == {"bass"}
    assert clips_wanted(target(by="morph"), kept, stored) == {"bass", "now"}


def test_statistics_of_other_layers_are_left_out() -> None:
    assert make_facts(INDEX, FREQUENCIES).statistics is None


def test_it_needs_no_torch() -> None:
    program = "import sys, ear_engine.targets.resolve; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
