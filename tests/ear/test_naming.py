"""Names: facts in words."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.ear.naming import Facts, hertz, neuron_name, region_names, words_of


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (Facts(60.0, onset=0.9), "kicks"),
        (Facts(9000.0, onset=0.9, noisiness=0.5), "bright hats"),
        (Facts(800.0, onset=0.9), "mid hits"),
        (Facts(800.0, onset=0.9, tonality=0.6), "mid plucks"),
        (Facts(800.0, bandwidth=4.0, onset=0.9), "bursts"),
        (Facts(60.0, tonality=0.8, onset=-0.5, decay=-0.4), "steady bass"),
        (Facts(220.0, tonality=0.8), "low tones"),
        (Facts(700.0, bandwidth=3.0, tonality=0.8, glide=0.7), "rising chords"),
        (Facts(700.0, tonality=0.8, glide=-0.7), "falling mid tones"),
        (Facts(7000.0, noisiness=0.8), "hiss"),
        (Facts(700.0, bandwidth=3.0, noisiness=0.8), "wide noise"),
        (Facts(70.0, noisiness=0.8), "rumble"),
        (Facts(700.0, decay=0.8), "mid tails"),
        (Facts(700.0, loudness=-0.9), "mid gaps"),
        (Facts(0.0, loudness=-0.9), "silence"),
        (Facts(700.0, loudness=0.9), "loud mids"),
        (Facts(700.0, phase=0.9, tonality=0.8), "wavering mid tones"),
        (Facts(3000.0), "highs"),
        (Facts(0.0, onset=0.9), "bursts"),
        (Facts(440.0, alive=False), "idle"),
    ],
)
def test_a_name_says_what_was_measured(facts: Facts, name: str) -> None:
    assert region_names([facts]) == (name,)


def test_names_that_would_be_alike_get_their_frequency_and_then_a_number() -> None:
    low, high, other = (Facts(hertz, tonality=0.8) for hertz in (120.0, 233.0, 800.0))
    low = dataclasses.replace(low, frequency=220.0)
    assert region_names([low, high, other, low]) == ("220 Hz tones", "230 Hz tones", "mid tones", "220 Hz tones #2")
    idle = Facts(440.0, alive=False)
    assert region_names([idle, idle]) == ("idle", "idle #2")


numbers = st.floats(-1, 1)
any_facts = st.builds(
    Facts,
    frequency=st.one_of(st.just(0.0), st.floats(20, 20000)),
    bandwidth=st.floats(0, 10),
    onset=numbers,
    decay=numbers,
    tonality=numbers,
    noisiness=numbers,
    loudness=numbers,
    glide=numbers,
    phase=st.floats(0, 1),
    alive=st.booleans(),
)


@given(st.lists(any_facts, max_size=20))
def test_no_two_names_are_alike_and_all_are_short(facts: list[Facts]) -> None:
    names = region_names(facts)
    assert len(set(names)) == len(names) == len(facts)
    for name in names:
        assert 1 <= len(words_of(name)) <= 5
        assert len(name) <= 40
    assert region_names(facts) == names


def test_a_neuron_has_its_frequency_in_its_name() -> None:
    assert neuron_name(Facts(221.0, tonality=0.8, onset=-0.5, decay=-0.5)) == "steady tones @ 220 Hz"


@pytest.mark.parametrize(
    ("frequency", "text"),
    [(220.4, "220 Hz"), (52.6, "53 Hz"), (999.0, "1 kHz"), (8213.0, "8.2 kHz"), (12345.0, "12 kHz"), (96.0, "96 Hz")],
)
def test_frequencies_have_two_figures(frequency: float, text: str) -> None:
    assert hertz(frequency) == text
