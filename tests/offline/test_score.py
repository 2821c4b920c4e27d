"""Scores: read from set files through the one table, mistakes named with their line, and played when they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.offline.course import Course
from ear_engine.offline.performing import Performance, PlayedBeat
from ear_engine.offline.request import Request
from ear_engine.parameters import ParameterTree
from ear_engine.score import Score, read_scored_set
from ear_engine.setfile import read_set


def read(folder: Path, text: str) -> Score:
    path = folder / "film.yaml"
    path.write_text(text)
    return read_scored_set(path, ParameterTree())[1]


def test_a_score_is_read_beside_the_values_of_the_start(tmp_path: Path) -> None:
    path = tmp_path / "film.yaml"
    path.write_text(
        "seed: 7\ndream/rate: -22\nscore:\n"
        "  - beat: 8\n    target/layer: encoder_6_conv1\n"
        "  - {second: 1.5, over: 2, dream: {rate: -12}}\n"
        "  - beat: 16\n    preset: drone\n    tone/tilt: 3\n    source/reset: on\n"
    )
    chosen, score = read_scored_set(path, ParameterTree())
    assert (chosen.seed, chosen.values) == (7, {"dream/rate": -22.0})
    first, second, third = score
    assert (first.at, first.unit, first.over) == (8.0, "beat", 0.0)
    assert first.values == {"target/layer": "encoder_6_conv1", "target/by": "layer"}
    assert (second.at, second.unit, second.over, second.values) == (1.5, "second", 2.0, {"dream/rate": -12.0})
    assert third.reset and third.values["tone/tilt"] == 3.0
    assert (third.values["target/by"], third.values["tone/scale"]) == ("depth", "fifths")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dream:\n  rate: -20\n  rat: 3\n", ("line 3: dream/rat", "did you mean dream/rate")),
        ("tone/tilt: loud\n", ("line 1: tone/tilt", "number")),
        ("score: 3\n", ("line 1: score", "not a list")),
        ("score:\n  - dream/rate: -20\n", ("line 2: score", "does not say when")),
        ("score:\n  - beat: 1\n    second: 2\n", ("line 2: score", "both")),
        ("score:\n  - beat: soon\n", ("line 2: beat", "'soon', not a number")),
        ("score:\n  - beat: -1\n", ("line 2: beat", "outside 0")),
        ("score:\n  - beat: .nan\n", ("line 2: beat", "outside 0")),
        ("score:\n  - beat: 1\n    over: -2\n", ("line 3: over", "outside 0")),
        ("score:\n  - 7\n", ("line 2: score", "not a change")),
        ("score:\n  - beat: 1\n\n    dream: {rat: 3}\n", ("line 4: dream/rat", "did you mean dream/rate")),
        ("score:\n  - beat: 1\n    dream/rate: 3\n", ("line 3: dream/rate", "outside -60 to -6 dB")),
        ("score:\n  - beat: 1\n    dream/rate: fast\n", ("line 3: dream/rate", "number")),
        ("score:\n  - beat: 1\n    dream: {rate: -9}\n    dream/rate: -8\n", ("line 4: dream/rate", "twice")),
        ("score:\n  - beat: 1\n    preset: dron\n", ("line 3: preset", "did you mean drone")),
        ("score:\n  - beat: 1\n    source/clip: dub\n", ("line 3: source/clip", "does not change in a film")),
        ("score:\n  - beat: 1\n    playback/mute: on\n", ("line 3: playback/mute", "does not change in a film")),
        ("score:\n  - beat: 1\n    target/morph: 0.5\n", ("line 3: target/morph", "does not change in a film")),
        ("score:\n  - beat: 1\n    over: 2\n    tone/scale: major\n", ("line 4: tone/scale", "cannot glide")),
    ],
)
def test_mistakes_are_named_with_line_and_parameter(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as refusal:
        read(tmp_path, text)
    message = str(refusal.value)
    assert f"film.yaml, {words[0]}" in message and "\n" not in message
    for word in words[1:]:
        assert word in message


def test_whoever_plays_no_score_says_so(tmp_path: Path) -> None:
    path = tmp_path / "film.yaml"
    path.write_text("seed: 3\nscore:\n  - beat: 1\n")
    with pytest.raises(UserError, match=r"film\.yaml, line 2: score is only for films"):
        read_set(path, ParameterTree())


def test_numbers_glide_along_their_curves_and_all_else_changes_at_once(tmp_path: Path) -> None:
    tree = ParameterTree()
    score = read(
        tmp_path,
        "score:\n  - {second: 2, over: 1, dream/rate: -12}\n  - {beat: 2, over: 4, target/freq_high: 8000}\n"
        "  - {beat: 8, target/layer: c, dream/rate: -40}\n  - {beat: 8, dream/rate: -30}\n",
    )
    start = {**tree.values, "dream/rate": -24.0, "target/freq_high": 500.0}
    course = Course(start, score, 0.5, tree)  # half a second a beat: second 2 is beat 4
    assert course.at(3.99) == {**start, "target/freq_high": course.at(3.99)["target/freq_high"]}
    assert [course.at(beat)["dream/rate"] for beat in (4, 4.5, 5, 6, 7.9, 8)] == pytest.approx(
        [-24.0, -21.0, -18.0, -12.0, -12.0, -30.0]
    )
    assert [course.at(beat)["target/freq_high"] for beat in (2, 4, 6)] == pytest.approx([500.0, 2000.0, 8000.0])
    assert course.at(8)["target/layer"] == "c"


def played(tiny: Path, tick: Path, score: Score, **values: object) -> list[PlayedBeat]:
    request = Request(tiny, tick, "encoder_1_conv1", beats=5, steps=2, device="cpu", values=values)
    return list(Performance(request, score=score).play())


def test_a_performance_follows_its_score(tiny: Path, tick: Path, tmp_path: Path) -> None:
    score = read(
        tmp_path,
        "score:\n  - {beat: 2, target/layer: encoder_2_conv1}\n  - {second: 1.5, playback/wet: 0}\n"
        "  - {beat: 4, source/reset: on, playback/wet: 1}\n",
    )
    plain, changed = played(tiny, tick, ()), played(tiny, tick, score)
    assert [beat.terms[0].layer for beat in changed] == [f"encoder_{layer}_conv1" for layer in (1, 1, 2, 2, 2)]
    for number in (0, 1, 2):  # what is heard then was dreamed before
        assert np.array_equal(changed[number].audio, plain[number].audio)
    half = len(changed[3].audio[0]) // 2
    source = changed[0].audio
    assert not np.allclose(plain[3].audio[:, half:], source[:, half:], atol=1e-3)
    assert np.abs(changed[3].audio[:, -1] - source[:, -1]).max() < 1e-3  # dry by the end of the beat
    afar = [np.abs(one[4].audio[:, half:] - source[:, half:]).max() for one in (changed, plain)]
    assert afar[0] < 0.2 * afar[1]  # wet, but it has started over


def test_a_target_that_cannot_be_is_said_before_anything_is_dreamed(tiny: Path, tick: Path, tmp_path: Path) -> None:
    score = read(tmp_path, "score:\n  - beat: 1\n    dream/rate: -9\n  - beat: 2\n    target/layer: encodre_2_conv1\n")
    with pytest.raises(UserError, match=r"film\.yaml, line 4: score: .*encodre_2_conv1.*try encoder_2_conv1"):
        Performance(Request(tiny, tick, "encoder_1_conv1", beats=5, device="cpu"), score=score)
