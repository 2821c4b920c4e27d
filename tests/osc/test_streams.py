from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.osc.map_stream import MapNow
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.streams import Streams
from ear_engine.presets import find_preset, recall
from ear_engine.shared_memory.loops import loop_name, write_loop
from tests.osc.stage import ME, YOU, Heard, Stage
from tests.osc.synthetic import LAYERS, RATE, STEPS, Session, activations, synthetic_loop


@pytest.fixture
def stage(session: Session) -> Iterator[Stage]:
    made = Stage(session)
    session.play(session.publish(3), at=50.0)  # 4 beats in 2 s
    made.streams.poll()
    yield made
    made.streams.close()


def test_the_playhead(stage: Stage) -> None:
    stage.subscribe("/ear/playhead", rate=4)
    stage.run(1.0)
    assert stage.take() == [
        ("/ear/playhead", 3, pytest.approx(0.125 * n), 2 * n, pytest.approx(0.5 * n), n) for n in range(4)
    ]


@pytest.mark.parametrize(("offset", "phase"), [(500.0, 0.25), (-500.0, 0.75)])
def test_all_can_be_told_earlier_or_later_than_it_is_heard(stage: Stage, offset: float, phase: float) -> None:
    stage.control.apply({"playback/offset": offset}, "test")
    stage.subscribe("/ear/playhead", rate=1)
    stage.subscribe("/ear/activation/autoregressive_0", rate=1)
    stage.run(0.5)
    playhead, activation = sorted(stage.take(), key=lambda message: str(message[0]), reverse=True)
    assert playhead[2] == pytest.approx(phase) and activation[2] == round(16 * phase)


def test_a_loop_that_has_just_been_scheduled_is_not_dark(stage: Stage, session: Session) -> None:
    first = session.publish(3)
    second = dataclasses.replace(session.publish(4), start=RATE)
    session.play(first, second, at=50.0)  # and nobody has looked at the schedule since
    moment = stage.streams.moment(50.8, lead=0.5)
    assert moment is not None and moment.playhead.entry == second
    assert moment.file is not None and moment.file.loop == 4
    assert [entry.loop for entry in stage.streams.poll()] == [4]  # it is still news


def test_activations_come_in_chunks_with_their_place(stage: Stage) -> None:
    stage.subscribe("/ear/activation/encoder_0_conv1", rate=1)
    stage.time = 51.0  # half of the loop: row 8 of 16
    stage.run(0.5)
    heard = stage.take()
    assert [message[1:5] for message in heard] == [(3, 8, 0, 600), (3, 8, 256, 600), (3, 8, 512, 600)]
    values = [value for message in heard for value in message[5:]]
    assert values == activations(3)["encoder_0_conv1"][8].tolist()


def test_packets_are_small(stage: Stage) -> None:
    stage.subscribe("/ear/activation/*", rate=1)
    stage.run(0.5)
    assert max(len(packet) for _, packet in stage.heard) <= 1400
    names = [*(layer.name for layer in LAYERS), "all"]
    assert {message[0] for message in stage.take()} == {f"/ear/activation/{name}" for name in names}


def test_a_slow_layer_holds_its_value(stage: Stage) -> None:
    stage.subscribe("/ear/activation/autoregressive_0", rate=8)
    stage.run(2.0)
    first_values = [message[5] for message in stage.take()]
    assert first_values == [3 + row / 16 for row in range(4) for _ in range(4)]


def test_summaries_are_one_float_a_layer(stage: Stage) -> None:
    ranks = stage.wait_for_ranks()
    stage.subscribe("/ear/summary/*", rate=1)
    stage.time = 51.0  # row 8 of 16, 2 of 4
    stage.subscribe("/ear/objective", rate=1)
    stage.run(0.5)
    rows = [activations(3)[layer.name][8 * STEPS[layer.name] // 16] for layer in LAYERS]
    bits = np.split(-np.log2(1 - ranks[8] / 256), np.cumsum([layer.neurons for layer in LAYERS])[:-1])
    assert stage.take() == [
        ("/ear/summary/mean", *(pytest.approx(row.mean()) for row in rows)),
        ("/ear/summary/max", *(row.max() for row in rows)),
        ("/ear/summary/energy", *(pytest.approx(np.sqrt(np.square(row).mean())) for row in rows)),
        ("/ear/summary/surprise", *(pytest.approx(part.mean()) for part in bits)),
        ("/ear/objective", 3 / 8),
    ]


def test_a_source_streams_zeros_in_the_same_shape(stage: Stage) -> None:
    stage.session.play(stage.session.publish(0), at=50.0)
    stage.subscribe("/ear/*", rate=1)
    stage.subscribe("/ear/*/{mean,autoregressive_0}", rate=1)
    stage.run(0.5)
    assert stage.take() == [
        ("/ear/playhead", 0, 0.0, 0, 0.0, 0),
        ("/ear/heartbeat", 0, 0.0, 0.0, 12.5, 2, 0),
        ("/ear/objective", 0.0),
        ("/ear/summary/mean", 0.0, 0.0, 0.0),
        ("/ear/activation/autoregressive_0", 0, 0, 0, 8, *[0.0] * 8),
        ("/ear/rank/autoregressive_0", 0, 0, 0, 8, *[0.0] * 8),
        ("/ear/top/autoregressive_0", 0, 0, *[-1, 0.0] * 16),
    ]


def test_the_next_loop_streams_when_it_is_heard_and_not_when_it_is_scheduled(stage: Stage) -> None:
    following = dataclasses.replace(stage.session.publish(4), start=RATE)  # at 51 s
    stage.session.play(stage.session.publish(3), following, at=50.0)
    stage.streams.poll()
    (stage.session.folder / "loops" / loop_name(4)).unlink()  # mapped already
    stage.subscribe("/ear/activation/scalogram", rate=4)
    stage.run(1.5)
    assert [message[1] for message in stage.take()] == [3, 3, 3, 3, 4, 4]


def test_a_loop_that_cannot_be_read_does_not_stop_the_streams(stage: Stage) -> None:
    entry = dataclasses.replace(stage.session.publish(3), loop=9, file=loop_name(9))
    stage.session.play(entry, at=50.0)
    stage.subscribe("/ear/{playhead,objective}", rate=1)
    stage.run(0.5)
    assert stage.take() == [("/ear/playhead", 9, 0.0, 0, 0.0, 0), ("/ear/objective", 0.0)]


def test_values_that_are_not_finite_are_never_sent(stage: Stage) -> None:
    loop = synthetic_loop(5)
    loop.activations["autoregressive_0"][:, 1] = np.nan
    loop.activations["autoregressive_0"][:, 2] = np.inf
    broken = dataclasses.replace(loop, objective=math.nan)
    entry = stage.session.publish(5)
    write_loop(stage.session.folder / "loops" / entry.file, broken)
    stage.session.play(entry, at=50.0)
    stage.subscribe("/ear/objective", rate=1)
    stage.subscribe("/ear/activation/autoregressive_0", rate=1)
    stage.subscribe("/ear/summary/max", rate=1)
    stage.run(0.5)
    heard = stage.take()
    assert heard[0] == ("/ear/objective", 0.0)
    assert heard[1][5:8] == (5.0, 0.0, 0.0)
    assert math.isfinite(heard[2][3])


def test_several_clients_each_at_its_own_rate_and_port(stage: Stage) -> None:
    stage.subscribe("/ear/playhead", rate=10)
    stage.subscribe("/ear/playhead", YOU, rate=40, target=7000)
    stage.subscribe("/ear/objective", YOU, rate=5)
    stage.run(1.0)
    assert len(stage.take(ME)) == 10
    assert len(stage.take(("127.0.0.1", 7000))) == 40
    assert len(stage.take(YOU)) == 5


def test_nothing_streams_before_a_loop_or_after_the_lease(session: Session) -> None:
    stage = Stage(session)
    stage.subscribe("/ear/playhead", rate=10, ttl=2)
    stage.run(0.5)
    assert stage.take() == []
    session.play(session.publish(3), at=50.0)
    stage.run(5.0)
    assert len(stage.take()) == 15
    stage.streams.close()


def test_a_late_turn_is_left_out_instead_of_queued(stage: Stage) -> None:
    stage.subscribe("/ear/playhead", rate=100)
    stage.run(0.1)
    assert len(stage.take()) == 10
    stage.time += 3.0
    stage.run(0.1)
    assert len(stage.take()) in (10, 11)


def test_what_the_socket_does_not_take_is_counted_and_dropped(stage: Stage) -> None:
    subscription = stage.subscribe("/ear/playhead", rate=10)
    stage.takes = False
    stage.run(0.5)
    assert (subscription.dropped, stage.heard) == (5, [])
    stage.takes = True
    stage.run(0.5)
    assert [message[-1] for message in stage.take()] == [5, 6, 7, 8, 9]


def test_parameters_are_told_at_once_and_then_when_others_change_them(stage: Stage) -> None:
    stage.subscribe("/ear/dream/*", rate=10)
    stage.run(0.2)
    told = [("/ear/dream/run", 1), ("/ear/dream/rate", -18.0), ("/ear/dream/pull", 6.0), ("/ear/dream/autopilot", 0)]
    assert stage.take() == told
    stage.control.apply({"dream/rate": -30}, "osc 127.0.0.1:5000")  # its own
    stage.run(0.2)
    assert stage.take() == []
    stage.control.apply({"dream/rate": -31, "playback/wet": 0.5}, "osc 127.0.0.1:6000")
    stage.run(0.01)
    assert stage.take() == [("/ear/dream/rate", -31.0)]


def test_whoever_changes_something_is_told_what_else_that_changed(stage: Stage) -> None:
    stage.subscribe("/ear/{tone,target,playback}/*", rate=10)
    stage.run(0.2)
    stage.take()
    own = "osc 127.0.0.1:5000"
    stage.control.apply({"target/depth": 0.25}, own)  # implies target/by
    stage.run(0.2)
    assert stage.take() == [("/ear/target/by", "depth")]
    stage.control.apply({"playback/wet": 7.0, "tone/tilt": 1.0}, own)  # the first is clipped
    stage.run(0.2)
    assert stage.take() == [("/ear/playback/wet", 1.0)]
    recall(find_preset("drone", stage.control.tree), stage.control, own)
    stage.run(0.3)
    told = dict(message[:2] for message in stage.take())
    assert told["/ear/tone/tilt"] == stage.control.tree.values["tone/tilt"]
    assert len(told) > 10


def test_fast_changes_are_told_at_the_rate_with_the_latest_value(stage: Stage) -> None:
    stage.subscribe("/ear/norm/playback/wet", rate=10)
    stage.run(0.1)
    stage.take()
    for number in range(1000):
        stage.control.apply({"playback/wet": number / 1024}, "cli")
        stage.run(0.001)
    values = [message[1] for message in stage.take()]
    assert len(values) == 10
    stage.run(0.2)
    assert stage.take() == [("/ear/norm/playback/wet", pytest.approx(999 / 1024))]


def test_triggers_fired_by_others_are_told(stage: Stage) -> None:
    stage.subscribe("/ear/target/keep", rate=10)
    stage.run(0.2)
    assert stage.take() == []
    stage.control.fire("target/keep", "cli")
    stage.run(0.01)
    assert stage.take() == [("/ear/target/keep", 1)]


def test_events_come_at_once_and_the_newest_again_to_those_who_come_later(stage: Stage) -> None:
    stage.subscribe("/ear/event")
    stage.publisher.event("/ear/event", b"/ear/event\0\0,i\0\0\0\0\0\1")
    assert stage.take() == [("/ear/event", 1)]
    stage.subscribe("/ear/event", YOU)
    stage.run(0.2)
    assert (stage.take(ME), stage.take(YOU)) == ([], [("/ear/event", 1)])


def test_layers_are_learned_from_the_loops_if_nobody_tells(session: Session) -> None:
    streams = Streams(session.folder, tuple)
    assert streams.layers() == ()
    session.play(session.publish(3), at=50.0)
    streams.poll()
    assert [(layer.name, layer.neurons) for layer in streams.layers()] == [(x.name, x.neurons) for x in LAYERS]
    streams.close()


def whole_map(heard: Heard) -> np.ndarray:
    """The last map in ``heard``, put together."""
    version, total = heard[-1][1], heard[-1][3]
    values = np.full(total, np.nan, np.float32)
    for address, number, offset, _, *floats in heard:
        if address == "/ear/map/positions" and number == version:
            values[offset : offset + len(floats)] = floats
    return values.reshape(-1, 2)


def test_the_map_comes_once_and_again_when_it_moves(stage: Stage) -> None:
    stage.subscribe("/ear/map/positions", rate=30)
    stage.run(0.2)
    assert stage.take() == []
    positions = np.random.default_rng(0).random((20_000, 2)).astype(np.float32)
    stage.map = MapNow(1, positions)
    stage.run(1 / 30)
    assert len(stage.take()) == 48
    stage.subscribe("/ear/map/positions", YOU, rate=30)
    stage.run(0.5)
    for client in (ME, YOU):
        heard = stage.take(client)
        assert {message[1] for message in heard} == {1} and len(heard) == (157 if client == YOU else 157 - 48)
    stage.map = MapNow(2, positions + 0.5)
    stage.run(0.5)
    for client in (ME, YOU):
        np.testing.assert_array_equal(whole_map(stage.take(client)), positions + 0.5)
    stage.run(0.5)
    assert stage.take(ME) == stage.take(YOU) == []


def test_patterns_leave_out_what_is_large_unless_it_is_named(stage: Stage) -> None:
    stage.layers = (LayerInfo("huge", 8, 200), LayerInfo("small", 2, 2))
    assert stage.subscribe("/ear/map/*").streams == ()
    assert stage.subscribe("/ear/{rank,activation}/*").streams == ("/ear/activation/small", "/ear/rank/small")
    named = stage.subscribe("/ear/*/{all,huge,positions}", rate=9)
    assert set(named.streams) == {
        *("/ear/map/positions", "/ear/activation/all", "/ear/activation/huge", "/ear/rank/all", "/ear/rank/huge"),
        *("/ear/top/all", "/ear/top/huge"),
    }
    matches = stage.publisher.matches
    values = [row for row in stage.control.tree if row.group == "map"]
    assert matches(Pattern("/ear/map/*")) == len(values) > 0
    assert matches(Pattern("/ear/rank/*")) == 1 and matches(Pattern("/ear/map/positions")) == 1
    with pytest.raises(UserError, match=r"means nothing but streams of more than 1024 values; name them, such as /ear"):
        matches(Pattern("/ear/rank/hug?"))


def test_the_map_needs_no_sound(session: Session) -> None:
    stage = Stage(session)
    stage.map = MapNow(1, np.ones((3, 2), np.float32))
    stage.subscribe("/ear/*")
    stage.subscribe("/ear/map/positions")
    stage.subscribe("/ear/playhead")
    stage.run(0.2)
    heard = stage.take()
    assert heard[0] == ("/ear/map/positions", 1, 0, 6, *[1.0] * 6)
    assert [message[0] for message in heard[1:]] == ["/ear/heartbeat"]
    stage.streams.close()


def test_what_is_dropped_of_the_map_is_sent_later(stage: Stage) -> None:
    positions = np.random.default_rng(0).random((20_000, 2)).astype(np.float32)
    stage.map = MapNow(1, positions)
    subscription = stage.subscribe("/ear/map/positions", rate=30)
    stage.run(1 / 30)
    stage.takes = False
    stage.run(0.1)
    assert subscription.dropped == 3  # one a turn: what follows would be dropped too
    stage.takes = True
    stage.run(0.5)
    heard = stage.take()
    assert len(heard) == 157
    np.testing.assert_array_equal(whole_map(heard), positions)
