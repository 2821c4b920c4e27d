"""What a report judges: nothing that could not be measured, and nothing that went wrong, passes."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace

import pytest

from ear_engine.soak.findings import Found, report_of
from ear_engine.soak.listeners import Heard
from ear_engine.soak.machine import Memory
from ear_engine.soak.options import SoakOptions
from ear_engine.soak.places import Boundaries, Playhead
from ear_engine.soak.report import Line, Report
from ear_engine.soak.sound import Sound
from ear_engine.soak.viewer import Viewed
from ear_engine.soak.waits import StepWaits, Waits
from ear_engine.soak.watch import Watch

GOOD = Sound(
    seconds=60.0,
    compared=60.0,
    different=0.0,
    missed=0.0,
    entries=30,
    block=23.2,
    gain=Waits([8.0, 12.0, 19.0]),
    dream=StepWaits([0.0] * 50),
    boundaries=Boundaries(60, 0.0),
    playhead=Playhead((0.2, 0.4, 0.9), 0.001),
)


def found(sound: Sound | None = GOOD, faults: bool = False, over: str = "", watch: Watch | None = None) -> Found:
    made = Found(SoakOptions(60.0, faults=faults), seconds=60.0, first_sound=2.0, ended_in_order=True, speeds=[15.0])
    made.sound, made.over, made.watch = sound, over, watch or Watch(0.0)
    made.heard = [Heard(Counter({"/ear/playhead": 100}), longest=1.0) for _ in range(4)]
    made.viewed = Viewed(1500, 4.0)
    return made


def missed(one: Found) -> set[str]:
    """Names of the lines that say that it is not good enough."""
    return {line.name for line in report_of(one).lines if line.met is False}


def test_what_is_good_is_good() -> None:
    assert missed(found()) == set()
    assert missed(found(faults=True)) == set()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"compared": 0.0}, "sound that is not as planned, to the bit"),
        ({"compared": 50.0}, "sound that was not compared"),
        ({"seconds": 50.0, "compared": 50.0}, "sound that was not compared"),
        ({"different": 1.0}, "sound that is not as planned, to the bit"),
        ({"gain": Waits([8.0] * 90 + [2500.0] * 10)}, "message to first changed sample, p99"),
        ({"gain": Waits([8.0] * 900 + [math.inf])}, "changes of the gain that were never heard"),
        ({"gain": Waits()}, "message to first changed sample, p50"),
        ({"dream": StepWaits([0.0] * 90 + [1.0] * 10)}, "dream heard after the beat that it could reach, p99"),
        ({"dream": StepWaits([0.0] * 900 + [math.inf])}, "changes of what is dreamed that were never heard"),
        ({"late_steps": 1}, "changes of what is dreamed that the next step did not know"),
        ({"dream": StepWaits()}, "dream heard after the beat that it could reach, p50"),
        ({"boundaries": Boundaries(60, 6e-6)}, "loop boundary off its place, most"),
        ({"boundaries": Boundaries()}, "loop boundary off its place, most"),
        ({"playhead": Playhead((0.2, 2.0, 3.0), 0.001)}, "playhead to audio, p50"),
        ({"playhead": Playhead((0.2,) * 80 + (3.0,), 0.001)}, "playhead to audio, p99"),
        ({"playhead": Playhead((0.2,), 0.02)}, "playhead ahead of all sound that was seen"),
        ({"playhead": Playhead()}, "playhead to audio, p50"),
        ({"faults": ("sound-1.kept is cut off.",)}, "faults of what was kept"),
    ],
)
def test_what_is_not_good_enough_or_not_known_is_missed(change: dict[str, object], line: str) -> None:
    assert line in missed(found(replace(GOOD, **change)))  # type: ignore[arg-type]


def test_no_sound_at_all_is_missed_and_it_is_said_why() -> None:
    one = found(None)
    one.no_sound = "performance 'x' has no sound; record for longer than a second."
    assert "sound that is not as planned, to the bit" in missed(one)
    assert "record for longer" in report_of(one).text()


def test_an_engine_that_is_over_before_its_time_is_missed() -> None:
    one = found(over="the engine stands still: no status for 10 s")
    assert missed(one) == {"ended or stood still before its time"}
    assert "no status for 10 s" in report_of(one).text()


def watched(back: int | None) -> Watch:
    watch = Watch(0.0)
    watch.status({"pids": {"audio": 2}, "state": "running"}, 0.0)
    watch.killed("audio", 2, 1.0)
    if back is not None:
        watch.status({"pids": {"audio": 22}, "state": "running"}, float(back))
    return watch


def test_a_process_that_was_started_again_is_missed_unless_it_was_killed_on_purpose() -> None:
    assert missed(found(watch=watched(3))) == {"processes that were started again"}
    assert missed(found(replace(GOOD, gaps=(0.4,)), faults=True, watch=watched(3))) == set()


def test_one_that_was_killed_and_does_not_come_back_or_late_is_missed() -> None:
    assert "killed processes that did not come back" in missed(found(faults=True, watch=watched(None)))
    late = found(replace(GOOD, gaps=(0.4, 1.2)), faults=True, watch=watched(3))
    assert missed(late) == {"sound back after its process was killed, longest"}
    assert "audio 2.0 s" in report_of(late).text()


def test_what_never_came_is_told_as_such_and_is_none_in_json() -> None:
    report = Report("about", (Line("a", math.inf, "ms", 20.0), Line("b", 2.3e-6, "of a loop", 1e-6)))
    assert "never" in report.text() and "2.3e-06 of a loop" in report.text() and not report.met
    assert [line["value"] for line in json.loads(json.dumps(report.data()))["lines"]] == [None, 2.3e-6]


def test_a_process_that_is_started_again_without_being_killed_is_missed_with_faults_too() -> None:
    watch = watched(3)
    line = "processes started again without being killed"
    assert missed(found(faults=True, watch=watch)) == set()
    watch.status({"pids": {"audio": 23}, "state": "running"}, 5.0)
    watch.status({"pids": {"audio": 23, "dreamer": 3}, "state": "running"}, 6.0)
    watch.status({"pids": {"audio": 23, "dreamer": 33}, "state": "running"}, 7.0)
    one = found(faults=True, watch=watch)
    assert missed(one) == {line}
    (told,) = (row for row in report_of(one).lines if row.name == line)
    assert told.value == 2 and told.note == "audio 1 times, dreamer 1 times"


def test_sound_that_was_not_compared_is_missed_with_faults_too_but_for_the_time_without_audio() -> None:
    line = "sound that was not compared"
    assert line in missed(found(replace(GOOD, seconds=50.0, compared=50.0), faults=True))
    away = replace(GOOD, seconds=57.0, compared=57.0, gaps=(0.9, 0.9, 0.9))
    assert missed(found(away, faults=True)) == set()
    assert "less 2.7 s" in report_of(found(away, faults=True)).text()
    assert line in missed(found(replace(away, compared=54.0), faults=True))
    assert line in missed(found(replace(away, seconds=54.0, compared=54.0), faults=True))


@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.parametrize(
    ("viewed", "line"),
    [
        (Viewed(1500, 4.0, "ended by itself, with code -11"), "viewer ended before its time"),
        (Viewed(1500, 31.0), "longest time without a picture"),
        (Viewed(0, 10.0), "longest time without a picture"),
        (None, "longest time without a picture"),
    ],
)
def test_a_viewer_that_does_not_draw_to_the_end_is_missed(viewed: Viewed | None, line: str, faults: bool) -> None:
    one = found(faults=faults)
    one.viewed = viewed
    assert line in missed(one)


def test_a_viewer_that_cannot_draw_is_told_of_and_not_judged() -> None:
    one = found()
    one.viewed = Viewed(0, 60.0, blind="drawing without a display needs EGL (none); install Mesa.")
    assert missed(one) == set()
    assert "cannot draw here (drawing without a display needs EGL" in report_of(one).about
    assert ", a viewer" not in report_of(one).about
    one = replace(found(), options=SoakOptions(60.0, view=False), viewed=None)
    assert missed(one) == set() and "viewer" not in report_of(one).text()


def long(*names: str) -> Found:
    """Ten minutes, in which the memory of these processes is known."""
    one = replace(found(), seconds=600.0, memory=Memory())
    one.sound = replace(GOOD, seconds=600.0, compared=600.0)
    assert one.memory is not None
    for pid, name in enumerate(names):
        one.memory.samples[f"{name} {pid}"] = [(5.0 * look, 100.0) for look in range(120)]
    return one


def test_memory_that_is_not_known_after_a_long_time_is_missed() -> None:
    every = ("keeper", "node", "audio", "dreamer", "viewer")
    assert missed(long(*every)) == set()
    for name in every:
        one = long(*(other for other in every if other != name))
        assert missed(one) == {f"memory of {name} grew by"}
    assert missed(replace(one, viewed=Viewed(0, 600.0, blind="no EGL"))) == set()
    assert missed(replace(one, options=SoakOptions(600.0, view=False), viewed=None)) == set()
    assert missed(replace(long(), seconds=599.0, sound=replace(GOOD, seconds=599.0, compared=599.0))) == set()


def test_a_client_that_hears_nothing_or_not_for_long_is_missed() -> None:
    one = found()
    one.heard[2] = Heard(longest=60.0)
    assert missed(one) == {"clients that heard nothing", "longest time without any"}
    one.heard[2] = Heard(Counter({"/ear/loop": 1}), longest=5.5)
    assert missed(one) == {"longest time without any"}
    assert missed(replace(one, options=SoakOptions(60.0, faults=True))) == set()
    assert missed(replace(one, heard=[])) == {"clients that heard nothing", "longest time without any"}
