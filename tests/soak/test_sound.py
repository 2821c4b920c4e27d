"""What is found of the sound of a performance: every change counts, or it is said why not."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from ear_engine.soak.gain import Pulse
from ear_engine.soak.sound import Sound, look_at
from ear_engine.soak.waits import Away
from tests.soak.performances import BEAT, BEGAN, LOOP, RATE, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made.enter(0)
    return made


def gains(stage: Stage, *moves: tuple[float, float | None], away: tuple[Away, ...] = ()) -> Sound:
    """Look at changes by turns to -1 and 0 dB: when each was asked for, and when it was heard, if it was."""
    value = 0.0
    for asked, heard in moves:
        before, value = value, -1.0 - value
        stage.change(asked, playback__gain=value)
        if heard is not None:
            stage.glide(heard, before, value)
    return look_at(stage.keep(), away=away)


def test_a_change_of_the_gain_is_heard_with_the_block_that_is_made_then(stage: Stage) -> None:
    found = gains(stage, (2.0, 2.01), (5.0, 5.03)).gain
    assert len(found.values) == 2 and not found.left_out
    assert 10.0 <= found.values[0] <= 33.3 and 30.0 <= found.values[1] <= 53.3


def test_one_that_is_heard_after_seconds_or_never_counts_as_such(stage: Stage) -> None:
    found = gains(stage, (2.0, 2.01), (5.0, 7.5), (10.0, None)).gain
    assert len(found.values) == 3
    assert 2500.0 <= found.values[1] <= 2523.3
    assert found.never == 1 and found.percentile(99) == math.inf


def test_neither_another_change_nor_the_end_answers_for_one_that_is_not_heard(stage: Stage) -> None:
    stage.glide(16.0, 0.0, -60.0)  # as the sound is faded out
    assert gains(stage, (10.0, None)).gain.never == 1


def test_only_what_could_not_be_heard_is_left_out_and_it_is_said_why(stage: Stage) -> None:
    moves = [(-1.0, None), (2.0, None), (2.05, 2.06), (5.0, None), (19.95, None)]
    found = gains(stage, *moves, away=(Away("audio", 4.9 + BEGAN, 6.0 + BEGAN),)).gain
    assert found.values == []
    assert sum(found.left_out.values()) == 5
    note = found.note("changes")
    for reason in ("before the first sound", "changed again at once", "killed", "the performance ended first"):
        assert f"1 {reason}" in note or reason in note


def pulses(*sent: tuple[float, float]) -> list[Pulse]:
    """Messages: so many seconds after the beginning, dB."""
    return [Pulse(BEGAN + after, value) for after, value in sent]


def test_a_change_counts_from_when_its_message_was_sent(stage: Stage) -> None:
    for asked, value in ((2.0, -1.0), (5.0, 0.0)):
        stage.change(asked, playback__gain=value)
        stage.glide(asked, -1.0 - value, value)
    kept = stage.keep()
    committed = look_at(kept).gain
    found = look_at(kept, pulses=pulses((1.6, -1.0), (4.99, 0.0))).gain
    later = [value - before for value, before in zip(found.values, committed.values, strict=True)]
    assert later == [pytest.approx(400.0), pytest.approx(10.0)]
    assert found.note("changes") == "2 changes"
    assert committed.note("changes") == "2 changes, from when the node took them: when they were sent is not known"


def test_a_message_that_never_reached_the_log_was_never_heard_and_the_next_ones_are_not_late(stage: Stage) -> None:
    for asked, value in ((2.0, -1.0), (11.0, 0.0), (14.0, -1.0)):
        stage.change(asked, playback__gain=value)
        stage.glide(asked, -1.0 - value, value)
    sent = pulses((2.0, -1.0), (5.0, 0.0), (8.0, -1.0), (11.0, 0.0), (14.0, -1.0), (17.0, 0.0))
    found = look_at(stage.keep(), pulses=sent).gain
    assert len(found.values) == 6 and found.never == 3
    assert max(value for value in found.values if value < math.inf) < 50.0


def test_a_lost_message_is_left_out_where_any_change_is_and_about_a_death(stage: Stage) -> None:
    away = (Away("node", 8.3 + BEGAN, 12.0 + BEGAN),)
    sent = pulses((-1.0, -1.0), (8.0, 0.0), (11.0, -1.0), (19.95, 0.0))
    found = look_at(stage.keep(), away=away, pulses=sent).gain
    assert found.values == []
    assert sorted(found.left_out.values()) == [1, 1, 2]


def test_an_undo_is_no_message_and_counts_from_when_the_node_took_it(stage: Stage) -> None:
    for asked, value in ((2.0, -1.0), (3.5, 0.0)):
        stage.change(asked, playback__gain=value)
        stage.glide(asked, -1.0 - value, value)
    stage.changes[-1]["gesture"] = "undo#2"
    found = look_at(stage.keep(), pulses=pulses((2.0, -1.0), (3.3, 0.0))).gain
    assert len(found.values) == 3 and found.never == 1
    assert max(value for value in found.values if value < math.inf) < 50.0
    assert "1 of them without a pulse, from when the node took them" in found.note("changes")


def test_sound_that_ends_before_playing_does_excuses_nothing(stage: Stage) -> None:
    stage.seconds = 5
    stage.change(10.0, playback__gain=-1.0)
    stage.change(15.0, playback__gain=0.0)
    stage.change(19.95, playback__gain=-1.0)
    stage.change(6.0, dream__rate=-20.0)
    stage.change(18.0, dream__rate=-21.0)  # of 3 beats that are left
    stage.change(19.9, dream__rate=-22.0)
    dreams(stage, (1, BEAT, 0))
    kept = stage.keep()
    found = look_at(kept, ended=BEGAN + 20.0)
    assert found.gain.values == [math.inf, math.inf]
    assert dict(found.gain.left_out) == {"the performance ended first": 1}
    assert found.dream.values == [math.inf, 3.0]
    assert dict(found.dream.left_out) == {"the performance ended first": 1}
    unknown = look_at(kept)  # the log has a change as late as 19.95
    assert unknown.gain == replace(found.gain, since=unknown.gain.since)
    assert unknown.dream.never == 1


def test_a_value_that_was_there_already_is_no_change_and_what_is_muted_is_not_heard(stage: Stage) -> None:
    stage.change(2.0, playback__gain=0.0)
    stage.change(3.0, playback__mute=True)
    stage.change(5.0, playback__gain=-1.0)
    found = look_at(stage.keep()).gain
    assert found.values == [] and sum(found.left_out.values()) == 1


def dreams(stage: Stage, *loops: tuple[int, int, int]) -> None:
    """Loops: number, engine sample at which it enters, the last change that it knows."""
    for loop, start, sequence in loops:
        stage.enter(start, loop)
        stage.published.append((loop, sequence))


def test_a_dream_that_is_heard_from_the_beat_it_could_reach_is_not_late(stage: Stage) -> None:
    number = stage.change(2.6, dream__rate=-20.0)  # between the beats at 2.5 and 3.0
    dreams(stage, (1, BEAT, 0), (2, 6 * BEAT, number))
    stage.steps = [(2.55, 2.65, 0), (2.65, 2.74, number), (2.74, 3.0, number)]
    found = look_at(stage.keep())
    assert found.dream.values == [0.0] and found.late_steps == 0
    assert found.dream.until_known(99) == pytest.approx(140.0)


@pytest.mark.parametrize(("done", "late"), [(2.74, 1.0), (2.76, 0.0)])
def test_it_is_late_by_the_beats_after_the_one_that_its_step_could_reach(
    stage: Stage, done: float, late: float
) -> None:
    number = stage.change(2.6, dream__rate=-20.0)
    dreams(stage, (1, BEAT, 0), (2, 6 * BEAT, number - 1), (3, 7 * BEAT, number))
    stage.steps = [(2.55, 2.65, number - 1), (2.65, done, number)]
    assert look_at(stage.keep()).dream.values == [late]


@pytest.mark.parametrize(("making", "late"), [(0.05, 1.0), (0.07, 0.0)])
def test_what_it_takes_to_make_a_version_is_not_late(stage: Stage, making: float, late: float) -> None:
    number = stage.change(2.6, dream__rate=-20.0)
    dreams(stage, (1, BEAT, 0), (2, 6 * BEAT, number - 1), (3, 7 * BEAT, number))
    stage.steps = [(2.55, 2.65, number - 1), (2.65, 2.69, number)]  # a quarter of a second before 3.0 is 2.75
    stage.making = making
    assert look_at(stage.keep()).dream.values == [late]


def test_a_step_that_begins_after_a_change_without_it_is_found(stage: Stage) -> None:
    number = stage.change(2.6, dream__rate=-20.0)
    dreams(stage, (1, BEAT, 0), (2, 6 * BEAT, number))
    stage.steps = [(2.55, 2.65, 0), (2.65, 2.7, 0), (2.7, math.nan, number), (2.75, 2.8, number)]
    found = look_at(stage.keep())
    assert found.late_steps == 1 and found.dream.values == [0.0]


def test_one_that_is_heard_after_many_beats_or_never_counts_as_such(stage: Stage) -> None:
    first = stage.change(2.6, dream__rate=-20.0)
    second = stage.change(4.6, target__channel=0.3)
    dreams(stage, (1, BEAT, 0), (2, 6 * BEAT + 20 * BEAT, first))
    found = look_at(stage.keep()).dream
    assert found.values == [20.0, math.inf] and found.never == 1 and second == 2


def test_where_loops_enter_once_a_loop_the_loop_is_waited_for(stage: Stage) -> None:
    stage.state["playback/quantize"] = "loop"
    number = stage.change(2.6, dream__rate=-20.0)
    dreams(stage, (1, BEAT, 0), (2, LOOP, number))
    assert look_at(stage.keep()).dream.values == [0.0]


def test_a_change_shortly_before_the_end_is_late_but_not_missed(stage: Stage) -> None:
    stage.change(18.1, dream__rate=-20.0)  # could be heard from 18.5 on
    stage.change(19.9, dream__rate=-21.0)
    dreams(stage, (1, BEAT, 0))
    found = look_at(stage.keep()).dream
    assert found.values == [3.0] and dict(found.left_out) == {"the performance ended first": 1}


def test_dreams_that_could_not_be_heard_are_left_out_and_it_is_said_why(stage: Stage) -> None:
    stage.change(0.1, dream__rate=-20.0)  # before the first dream
    stage.change(5.0, engine={"source_number": 2, "source": "source-2.ear"})
    stage.change(5.1, dream__rate=-21.0)
    stage.change(9.0, dream__rate=-22.0)  # killed
    stage.change(12.0, dream__run=False)
    stage.change(12.1, dream__rate=-23.0)
    dreams(stage, (1, BEAT, 0))
    stage.enter(12 * BEAT, 2, source=2)
    found = look_at(stage.keep(), away=(Away("dreamer", 8.9 + BEGAN, 11.0 + BEGAN),)).dream
    assert found.values == [] and len(found.left_out) == 4


def test_another_source_excuses_nothing_once_it_has_been_heard(stage: Stage) -> None:
    stage.change(5.0, engine={"source_number": 2, "source": "source-2.ear"})
    number = stage.change(7.6, dream__rate=-21.0)
    dreams(stage, (1, BEAT, 0))
    stage.enter(12 * BEAT, 2, source=2)
    stage.enter(20 * BEAT, 3, source=2)
    stage.published.append((3, number))
    assert look_at(stage.keep()).dream.values == [4.0]


def test_loops_that_enter_on_the_grid_in_phase_are_exact(stage: Stage) -> None:
    stage.enter(3 * BEAT, 1)
    stage.enter(3 * BEAT + BEAT // 2, 2)
    stage.enter(LOOP, 3, origin=LOOP)
    found = look_at(stage.keep()).boundaries
    assert found.count > 3 and found.worst == 0.0


@pytest.mark.parametrize(("start", "origin"), [(3 * BEAT + 1, 0), (3 * BEAT, 1), (3 * BEAT, -1)])
def test_one_sample_off_the_grid_or_out_of_phase_is_seen(stage: Stage, start: int, origin: int) -> None:
    stage.enter(start, 1, origin)
    assert look_at(stage.keep()).boundaries.worst == pytest.approx(1.0 / LOOP)


def test_without_a_second_loop_nothing_is_known_of_boundaries(stage: Stage) -> None:
    assert math.isnan(look_at(stage.keep()).boundaries.worst)


def test_a_sound_that_comes_back_out_of_phase_is_seen(stage: Stage, tmp_path: Path) -> None:
    stage.keep()
    again = Stage(tmp_path, 5, part=2, at=BEGAN + 20.5, first=round(20.5 * RATE))
    again.enter(again.first, 0, origin=441)
    found = look_at(again.keep(), away=(Away("audio", 20.1 + BEGAN, 22.0 + BEGAN),))
    assert found.boundaries.worst == pytest.approx(441 / LOOP)
    assert found.gaps == (pytest.approx(0.4 + 1024 / RATE, abs=1e-6),)


def test_a_sound_that_does_not_come_back_leaves_a_gap_without_end(stage: Stage) -> None:
    assert look_at(stage.keep(), away=(Away("audio", 20.1 + BEGAN, 30.0 + BEGAN),)).gaps == (math.inf,)


@pytest.mark.parametrize("off", [0.0, 40.0])
def test_a_playhead_that_jumps_is_beside_the_sound(stage: Stage, off: float) -> None:
    for turn in range(50):
        after = 1.0 + 0.3 * turn
        stage.change(after, position=after * RATE - off * (turn % 10 == 0))
    found = look_at(stage.keep()).playhead
    assert len(found.errors) == 50
    assert max(found.errors) == pytest.approx(off, abs=0.01)
    assert found.ahead == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("by", "late"), [(-500.0, 0.0), (900.0, 0.0), (0.0, 0.003)])
def test_a_playhead_that_is_always_beside_the_sound_is_seen_by_its_marks(stage: Stage, by: float, late: float) -> None:
    stage.late = late
    for turn in range(50):
        after = 1.0 + 0.3 * turn
        stage.change(after, position=after * RATE + by)
    found = look_at(stage.keep()).playhead
    assert found.errors[0] == pytest.approx(max(-by, 0.0), abs=0.01)
    assert found.ahead == pytest.approx(by / RATE + late, abs=1e-6)


def test_sound_that_was_not_compared_is_told_apart(tmp_path: Path) -> None:
    stage = Stage(tmp_path, crc=1)
    stage.enter(0)
    found = look_at(stage.keep())
    assert found.compared == found.different == 20.0
