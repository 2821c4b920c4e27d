"""Tap tempo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.tapping import TAP, Tapping, Taps
from ear_engine.parameters import ParameterTree


def tapped(*times: float) -> list[float | None]:
    taps = Taps()
    return [taps.tap(time) for time in times]


def test_four_taps_are_enough() -> None:
    assert tapped(0.0, 0.5, 1.0, 1.5) == [None, None, None, 120.0]


def test_one_that_is_missed_or_bounces_does_not_count() -> None:
    assert tapped(0.0, 0.5, 0.52, 1.0, 1.5, 2.5, 3.0)[3:] == [None, 120.0, 120.0, 120.0]


def test_two_seconds_without_a_tap_begin_anew() -> None:
    assert tapped(0.0, 0.5, 1.0, 1.5, 4.0, 5.0, 6.0, 7.0) == [None, None, None, 120.0, None, None, None, 60.0]


@given(st.floats(20.0, 300.0), st.integers(0, 1 << 31))
def test_an_uneven_hand_finds_its_tempo(tempo: float, seed: int) -> None:
    gap = 60.0 / tempo
    times = np.arange(9) * gap + np.random.default_rng(seed).uniform(-0.02, 0.02, 9) * gap
    found = tapped(*(float(time) for time in times))[-1]
    assert found == pytest.approx(tempo, rel=0.01)


def test_slow_ones_count_down_to_20_and_a_pause_is_none_of_them() -> None:
    assert tapped(0.0, 3.0, 6.0, 9.0) == [None, None, None, 20.0]
    assert tapped(0.0, 2.4, 4.8, 7.2, 9.6, 16.0, 18.4)[3:] == [25.0, 25.0, None, None]
    assert tapped(0.0, 5.0, 12.0, 16.0, 20.0) == [None] * 5


class Hand:
    """A control log that is tapped at times that the test says."""

    def __init__(self, fit: str) -> None:
        self.at = 0.0
        self.refused: list[tuple[str, str, str]] = []
        self.control = ControlLog(ParameterTree(), clock=lambda: self.at)
        self.control.apply({"source/fit": fit}, "test")
        Tapping(self.control, self.refuse)

    def refuse(self, origin: str, address: str, error: UserError) -> None:
        self.refused.append((origin, error.code, str(error)))

    def tap(self, gap: float, count: int) -> None:
        for _ in range(count):
            self.at += gap
            self.control.fire(TAP, "pad")

    @property
    def tempo(self) -> object:
        return self.control.tree.values["playback/tempo"]


def test_the_tempo_is_set_and_not_set_again_by_every_tap() -> None:
    hand = Hand("crop")
    hand.tap(1.0, 4)
    assert hand.tempo == 60.0
    number = hand.control.number
    hand.tap(1.0, 1000)
    assert hand.control.number == number + 1000  # the taps, and nothing that they set
    assert not hand.refused


def test_where_the_clip_leads_the_tempo_is_told() -> None:
    hand = Hand("clip_tempo")
    hand.tap(0.5, 3)
    assert not hand.refused
    hand.tap(0.5, 1)
    assert hand.tempo == 120.0
    reason = "playback/tap finds 120 BPM, but the tempo follows the clip; "
    assert hand.refused == [
        ("pad", "follows_clip", reason + "set source/fit to crop or stretch, then playback/tempo to 120.")
    ]


def test_a_tempo_that_cannot_be_is_told() -> None:
    hand = Hand("crop")
    hand.tap(0.15, 4)
    assert hand.tempo == 120.0
    assert hand.refused == [("pad", "out_of_range", "playback/tap finds 400 BPM; tap 20 to 300.")]


def test_a_tempo_that_is_too_slow_is_told_as_well() -> None:
    hand = Hand("crop")
    hand.tap(4.0, 3)
    assert not hand.refused
    hand.tap(4.0, 1)
    assert hand.refused == [("pad", "out_of_range", "playback/tap finds 15 BPM; tap 20 to 300.")]
    hand.tap(3.0, 4)
    assert hand.tempo == 20.0 and len(hand.refused) == 1
