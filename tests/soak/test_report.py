"""What a report says of what was measured."""

from __future__ import annotations

import json
import math

import pytest

from ear_engine.soak.machine import Memory, Probe, resident, stolen
from ear_engine.soak.report import Line, Report


@pytest.mark.parametrize(
    ("value", "target", "met"),
    [(0.0, 0.0, True), (1.0, 0.0, False), (4.9, 5.0, True), (math.nan, 5.0, False), (math.nan, None, None)],
)
def test_what_could_not_be_measured_is_not_met(value: float, target: float | None, met: bool | None) -> None:
    assert Line("a", value, "s", target).met is met


def test_one_line_that_is_missed_is_seen_and_fails_the_whole() -> None:
    lines = (Line("good", 1.0, "ms", 5.0), Line("bad", 7.25, "ms", 5.0, "of ten"), Line("told", 12345.0))
    report = Report("about", lines, ("something was restarted",))
    text = report.text().splitlines()
    assert not report.met
    assert [line[0] for line in text[2:5]] == ["+", "x", " "]
    assert "7.250 ms" in text[3] and "(at most 5)" in text[3] and text[3].endswith("of ten")
    assert "12,345" in text[4] and "  something was restarted" in text
    data = json.loads(json.dumps(report.data()))
    assert data["met"] is False and [line["met"] for line in data["lines"]] == [True, False, None]
    assert Report("about", lines[:1]).met and Report("about", lines[:1]).text().endswith("all that a stage needs")


def test_numbers_that_are_none_are_none_in_json() -> None:
    assert json.loads(json.dumps(Report("a", (Line("b", math.nan),)).data()))["lines"][0]["value"] is None


def test_memory_grows_by_its_trend_and_not_by_its_beginning() -> None:
    memory = Memory()
    for step in range(101):
        loading = 50.0 * (step < 15)  # a beginner's weight
        memory.samples.setdefault("flat 1", []).append((float(step), 100.0 + loading + (-1.0) ** step))
        memory.samples.setdefault("growing 2", []).append((float(step), 100.0 + 0.1 * step))
        if step > 80:
            memory.samples.setdefault("young 3", []).append((float(step), 10.0))
    found = memory.growth()
    assert found.keys() == {"flat 1", "growing 2"}
    assert abs(found["flat 1"][1]) < 0.1
    assert found["growing 2"][1] == pytest.approx(8.0 / 1.06, rel=0.01)


def test_the_machine_tells_of_itself() -> None:
    import os

    probe = Probe()
    size = resident(os.getpid())
    probe.close()
    if size is not None:
        assert 5.0 < size < 5000.0
    share = probe.stolen_share
    assert share is None or 0.0 <= share < os.cpu_count() or stolen() is None  # type: ignore[operator]
