"""How soon hands are answered is measured with a real window and a real engine."""

from __future__ import annotations

import json

import pytest

from ear_engine.benchmarks import view_answers


@pytest.mark.slow
def test_what_is_sent_shines_and_what_is_painted_is_heard() -> None:
    if not view_answers.available():
        pytest.skip("needs Xvfb and xdotool")
    rows = view_answers.run(4)
    assert [row.case.rpartition(", ")[2] for row in rows] == ["median of 4", "worst of 4", "median of 1", "worst of 1"]
    for row in rows:
        assert row.part == "view" and row.unit == "ms" and "21,520 neurons" in row.case
        json.dumps(vars(row), allow_nan=False)
    shines, worst, heard, _ = rows
    assert 0.0 < shines.value <= worst.value and shines.target == 50.0
    assert heard.value > 250.0 and "until the dream of it is heard (a beat lasts 500 ms)" in heard.case
