from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree, Value
from ear_engine.shared_memory.states import ControlState, StateWriter, Target


@pytest.fixture
def log() -> ControlLog:
    return ControlLog(ParameterTree(), ear="ears/small", seed=7, clock=lambda: 5.0)


def test_changes_are_numbered_timed_and_remembered(log: ControlLog) -> None:
    first = log.apply({"dream/rate": "-30"}, "cli")
    second = log.apply({"playback/mute": 1}, "osc 127.0.0.1:5")
    assert first == Change(1, 5.0, "cli", {"dream/rate": -30.0})
    assert second == Change(2, 5.0, "osc 127.0.0.1:5", {"playback/mute": True}, known=frozenset({"playback/mute"}))
    assert list(log.history) == [first, second]
    assert (log.number, log.snapshot().sequence) == (2, 2)


def test_several_values_change_together_or_not_at_all(log: ControlLog) -> None:
    with pytest.raises(UserError, match="playback/wet takes a number"):
        log.apply({"dream/rate": -30, "target/keep": 1, "playback/wet": "loud"}, "cli")
    assert log.snapshot().values["dream/rate"] == -18.0
    assert (log.number, log.snapshot().kept, list(log.history)) == (0, [], [])


def test_triggers_are_counted_and_ignore_zero(log: ControlLog) -> None:
    log.fire("source/reset", "cli")
    log.apply({"source/reset": 1}, "cli")
    nothing = log.apply({"source/reset": 0}, "cli")
    assert log.snapshot().triggers["source/reset"] == 2
    assert (nothing.number, nothing.triggers, len(log.history)) == (2, (), 2)


def test_a_value_is_not_a_trigger(log: ControlLog) -> None:
    with pytest.raises(UserError, match="not a trigger"):
        log.fire("dream/rate", "cli")


def test_keep_holds_the_target_as_it_is_and_clear_forgets(log: ControlLog) -> None:
    log.apply({"target/channel": 0.25}, "cli")
    log.apply({"target/channel": 0.75, "target/keep": 1}, "cli")
    log.apply({"target/channel": 1.0}, "cli")
    kept = log.snapshot().kept
    assert [region.channel for region in kept] == [0.75]
    assert log.target.channel == 1.0
    log.fire("target/clear", "cli")
    assert log.snapshot().kept == []


def test_kept_targets_are_bounded(log: ControlLog) -> None:
    for _ in range(32):
        log.fire("target/keep", "cli")
    with pytest.raises(UserError, match="holds 32 targets already"):
        log.fire("target/keep", "cli")
    assert len(log.snapshot().kept) == 32


def test_validators_see_the_checked_value_and_may_refuse_or_replace(log: ControlLog) -> None:
    def layer(value: Value) -> Value:
        if value == "nothing":
            raise UserError("layer 'nothing'", "does not exist", "use scalogram", "unknown_layer")
        return str(value).lower()

    log.validators["target/layer"] = layer
    log.apply({"target/layer": "Scalogram"}, "cli")
    assert log.snapshot().values["target/layer"] == "scalogram"
    with pytest.raises(UserError, match="does not exist"):
        log.apply({"target/layer": "nothing"}, "cli")


def test_endless_text_is_refused(log: ControlLog) -> None:
    with pytest.raises(UserError, match="printable text of up to 200 characters"):
        log.apply({"source/clip": "x" * 1001}, "osc")


def test_listeners_hear_changes_in_order_even_if_one_changes_something(log: ControlLog) -> None:
    heard: list[int] = []

    def follow(change: Change) -> None:
        if "source/clip" in change.values:
            log.set_source("source-00000001.ear", "node", {"playback/tempo": 99})

    log.listen(follow)
    log.listen(lambda change: heard.append(change.number))
    log.apply({"source/clip": "break"}, "cli")
    state = log.snapshot()
    assert heard == [1, 2]
    assert (state.source, state.source_number, state.values["playback/tempo"]) == ("source-00000001.ear", 1, 99.0)


def test_a_node_that_rejoins_goes_on_where_the_last_one_was(log: ControlLog) -> None:
    log.apply({"dream/rate": -40, "target/keep": 1}, "cli")
    log.set_source("source-00000001.ear", "node")
    again = ControlLog(ParameterTree(), state=log.snapshot())
    assert again.snapshot() == log.snapshot()
    assert again.apply({"dream/rate": -41}, "cli").number == 3


def test_stop_and_ear_are_changes_too(log: ControlLog) -> None:
    log.set_ear("ears/paper", "cli")
    log.stop("signal")
    assert (log.snapshot().ear, log.snapshot().stop, log.number) == ("ears/paper", True, 2)


def test_the_history_is_bounded() -> None:
    log = ControlLog(ParameterTree(), history=3)
    for _ in range(5):
        log.apply({"dream/run": 1}, "cli")
    assert [change.number for change in log.history] == [3, 4, 5]


@pytest.mark.parametrize("text", ["x" * 201, "\x01", "a\vb", "\udc80"])
def test_text_is_short_and_printable(log: ControlLog, text: str) -> None:
    with pytest.raises(UserError, match="target/layer takes printable text of up to 200 characters"):
        log.apply({"target/layer": text}, "osc")


def test_lines_and_tabs_of_pasted_text_are_spaces(log: ControlLog) -> None:
    log.apply({"target/objective": "layer(a)\n\t+ layer(b)\r\n"}, "osc")
    assert log.tree.values["target/objective"] == "layer(a)  + layer(b)  "


def test_the_largest_state_fits_its_slot(log: ControlLog, tmp_path: Path) -> None:
    log.apply({"source/clip": "\U0001f442" * 200, "target/layer": "\U0001f442" * 200}, "osc")
    for _ in range(32):
        log.fire("target/keep", "osc")
    writer: StateWriter[ControlState] = StateWriter(tmp_path, "control")
    assert writer.write(log.snapshot()) == 1
    writer.close()


def test_bad_kept_targets_are_dropped_through_the_log(log: ControlLog) -> None:
    for layer in ("one", "bad", "two"):
        log.apply({"target/layer": layer, "target/keep": 1}, "osc")
    forgotten = log.drop_kept(lambda region: region.layer == "bad", "node")
    assert [region.layer for region in forgotten] == ["bad"]
    assert [region.layer for region in log.snapshot().kept] == ["one", "two"]
    assert (log.history[-1].dropped, log.history[-1].origin, log.number) == ((1,), "node", 4)
    assert log.drop_kept(lambda region: region.layer == "bad", "node") == [] and log.number == 4


def test_a_judge_sees_targets_as_they_would_be_and_nothing_changes_if_it_refuses(log: ControlLog) -> None:
    seen: list[tuple[float, list[float], list[str]]] = []

    def judge(target: Target, kept: Sequence[Target], stored: Mapping[str, Target]) -> None:
        seen.append((target.weight, [one.weight for one in kept], sorted(stored)))
        if target.weight < 0 and kept:
            raise UserError("the target", "cancels", "change it", "contradictory")

    log.judges.append(judge)
    log.apply({"target/weight": 0.5, "target/keep": 1, "target/a": 1}, "cli")
    log.apply({"dream/rate": -30.0}, "cli")
    with pytest.raises(UserError):
        log.apply({"target/weight": -0.5, "dream/rate": -40.0}, "cli")
    assert seen == [(0.5, [0.5], ["a"]), (-0.5, [0.5], ["a"])]
    assert (log.target.weight, log.tree.values["dream/rate"], log.number) == (0.5, -30.0, 2)
