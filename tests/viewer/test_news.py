"""What an engine says is kept only as far as it can be shown."""

from __future__ import annotations

import math

import pytest

from ear_engine.osc.codec import Message
from ear_engine.osc.stream_names import LOOP, PLAYHEAD
from ear_engine.parameters import ParameterTree
from ear_engine.viewer.news import STATUS, News
from ear_engine.viewer.playhead import PlayheadClock


@pytest.fixture
def news() -> News:
    return News(ParameterTree())


@pytest.mark.parametrize("seconds", [1e-311, 5e-324, 0.04, 4000.0, 1e308])
def test_loops_of_no_length_are_ignored(news: News, seconds: float) -> None:
    assert not news.take(Message(LOOP, (3, "p", seconds, 1, 8, 120.0)), 0.0)
    for turn in range(60):
        assert news.take(Message(PLAYHEAD, (3, turn * 0.013 % 1.0, 0, 1.0, 0)), 0.02 * turn)
    heard = news.clock.at(1.2)
    assert heard is not None and math.isfinite(heard.phase) and heard.seconds == pytest.approx(0.02 / 0.013)
    assert news.loops.maxlen and not news.loops


def test_beats_beyond_all_bounds_are_ignored(news: News) -> None:
    assert not news.take(Message(PLAYHEAD, (3, 0.5, 0, 1e308, 0)), 0.0)


def test_a_phase_that_hardly_moves_has_no_length() -> None:
    clock = PlayheadClock()
    for turn in range(60):
        clock.add(0.02 * turn, 1, 5e-324 * (turn > 10), 0.0)
    heard = clock.at(1.2)
    assert heard is not None and math.isfinite(heard.phase)


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("steps_per_second", 42.5, "fast"),
        ("steps_per_second", 42.5, math.nan),
        ("steps_per_second", 42, math.inf),
        ("dropouts", 3, "none"),
        ("loop", 3, 1.5),
        ("http_port", 8080, "8080"),
        ("ear", "small", 1),
    ],
)
def test_a_status_of_another_kind_leaves_what_was(news: News, key: str, good: object, bad: object) -> None:
    assert news.take(Message(STATUS, (key, bad, "clients", 1)), 0.0)
    assert news.status == {"clients": 1}
    assert news.take(Message(STATUS, (key, good, "clients", 2, "unheard_of", "x")), 0.0)
    assert news.take(Message(STATUS, (key, bad, "clients", 3)), 0.0)
    assert news.status == {key: good, "clients": 3}
