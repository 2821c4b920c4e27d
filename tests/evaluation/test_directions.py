"""Directions are found where there is something to find, and are honest about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.evaluation.directions import Averages, Question, ask, choose
from ear_engine.evaluation.questions import questions

RECORDINGS, EACH = 40, 5


@dataclass(frozen=True)
class Labeled:
    """A recording, as far as questions go."""

    labels: dict[str, str] = field(default_factory=dict)


def labeled(number: int) -> Labeled:
    return Labeled({"bright": str(number % 2)})


BRIGHT = Question(("bright", "dark"), ("high", "low"), lambda one: one.labels["bright"] == "1")


def heard(strength: float, seed: int = 0) -> Averages:
    """Two layers; in the second, the third neuron tells bright from dark, as clearly as ``strength`` says."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(RECORDINGS), EACH)
    first = rng.normal(size=(RECORDINGS * EACH, 6)).astype(np.float32)
    second = rng.normal(size=(RECORDINGS * EACH, 4)).astype(np.float32)
    second[:, 2] += strength * (2 * (owner % 2) - 1)
    excerpts: Any = SimpleNamespace(owner=owner, recordings=tuple(labeled(n) for n in range(RECORDINGS)))
    return Averages(excerpts, {"first": first, "second": second})


def test_a_direction_points_to_what_tells() -> None:
    found = ask(BRIGHT, heard(1.5))
    assert found is not None
    assert found.layer == "second"
    assert found.vector[2] > 0.95
    assert 0.8 < found.low < found.accuracy < found.high <= 1.0
    assert found.recordings == RECORDINGS
    made = choose([found])
    assert set(made) == {"bright", "dark"}
    assert np.array_equal(made["dark"].vector, -made["bright"].vector)
    assert made["dark"].description == "low"
    assert made["bright"].accuracy == pytest.approx(found.accuracy)


@pytest.mark.parametrize("seed", range(3))
def test_chance_is_no_direction(seed: int) -> None:
    found = ask(BRIGHT, heard(0.0, seed))
    assert found is not None
    assert not found.clear
    with pytest.raises(UserError, match="tells nothing of what was asked"):
        choose([found])


def test_what_only_marks_recordings_is_no_direction() -> None:
    """Neurons that recognize each recording tell excerpts of known recordings, not of new ones."""
    averages = heard(0.0)
    marks = np.zeros((RECORDINGS * EACH, RECORDINGS), np.float32)
    marks[np.arange(RECORDINGS * EACH), averages.excerpts.owner] = 3.0
    found = ask(BRIGHT, Averages(averages.excerpts, {"marks": marks}))
    assert found is not None
    assert not found.clear


def test_too_few_answers_are_no_question() -> None:
    rare = Question(("rare", ""), ("", ""), lambda _one: False)
    assert ask(rare, heard(1.0)) is None


def test_questions_compare_like_with_like() -> None:
    """A style is asked about among music of its own source, tempi are thirds of each source's own."""
    recordings: list[Any] = []
    for number in range(30):
        tempo = {"tempo": str(60 + number), "style": "house" if number < 10 else "techno", "source": "a"}
        recordings.append(Labeled(tempo))
        recordings.append(Labeled({"tempo": str(160 + number), "style": f"own {number}", "source": "b"}))
    asked = {question.names[0]: question for question in questions(recordings)}
    answers = [asked["fast"].answer(one) for one in recordings]
    assert [sum(a is side for a in answers[::2]) for side in (True, False, None)] == [10, 10, 10]
    assert [sum(a is side for a in answers[1::2]) for side in (True, False, None)] == [10, 10, 10]
    house = [asked["house"].answer(one) for one in recordings]
    assert [house[::2].count(side) for side in (True, False, None)] == [10, 20, 0]
    assert set(house[1::2]) == {None}
    assert "own 3" not in asked


@pytest.mark.parametrize(
    ("labels", "name", "answer"),
    [
        ({"scale": "dorian"}, "major", False),
        ({"scale": "mixolydian"}, "major", True),
        ({"scale": "locrian"}, "major", None),
        ({"meter": "6/8"}, "triple", True),
        ({"meter": "4/4"}, "triple", False),
        ({"meter": "5/4"}, "triple", None),
        ({"root": "9", "scale": "minor", "soundfont": "x"}, "key of c", True),
        ({"root": "9", "scale": "minor"}, "key of c", None),
        ({"soundfont": "x"}, "played", True),
    ],
)
def test_labels_answer_questions(labels: dict[str, str], name: str, answer: bool | None) -> None:
    one: Any = Labeled(labels)
    asked = {question.names[0]: question for question in questions([one])}
    assert asked[name].answer(one) is answer
