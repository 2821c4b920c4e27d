"""Streams of ranks, of the whole network, of the highest neurons, of regions, of channels; heartbeats and lead."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.reports import LayerInfo
from ear_engine.targets.resolve import Resolver
from tests.osc.stage import YOU, Heard, Stage
from tests.osc.synthetic import LAYERS, RATE, STEPS, Session, activations
from tests.web.ears import N, facts, statistics

ROW = {name: 8 * steps // 16 for name, steps in STEPS.items()}  # at 51 s, half of the loop: frame 8 of 16


@pytest.fixture
def stage(session: Session) -> Iterator[Stage]:
    made = Stage(session)
    session.play(session.publish(3), at=50.0)  # 4 beats in 2 s
    made.streams.poll()
    yield made
    made.streams.close()


def put_together(heard: Heard) -> np.ndarray:
    """The values of messages with a place."""
    values = np.full(heard[0][4], np.nan)
    for _, loop, frame, offset, total, *some in heard:
        assert (loop, frame, total) == (3, 8, len(values))
        values[offset : offset + len(some)] = some
    return values


def whole(number: int = 3) -> np.ndarray:
    """All activations of frame 8."""
    rows = activations(number)
    return np.concatenate([rows[layer.name][ROW[layer.name]] for layer in LAYERS])


def test_the_whole_network_in_index_order(stage: Stage) -> None:
    stage.time = 51.0
    stage.subscribe("/ear/activation/all", rate=1)
    stage.run(0.5)
    np.testing.assert_array_equal(put_together(stage.take()), whole())


@pytest.mark.parametrize("known", [True, False])
def test_ranks_are_those_that_http_gives(stage: Stage, known: bool) -> None:
    stage.statistics = statistics() if known else None
    expected = stage.wait_for_ranks()[8] / 255
    assert len(np.unique(expected)) > (50 if known else 1)
    stage.time = 51.0
    stage.subscribe("/ear/rank/all", rate=1)
    stage.subscribe("/ear/rank/encoder_0_conv1", YOU, rate=1)
    stage.run(0.5)
    np.testing.assert_allclose(put_together(stage.take()), expected, atol=1e-6)
    np.testing.assert_allclose(put_together(stage.take(YOU)), expected[216:816], atol=1e-6)


def test_ranks_of_a_new_loop_are_there_at_once_when_an_earlier_one_was_done(stage: Stage) -> None:
    stage.statistics = statistics()
    stage.wait_for_ranks()
    stage.session.play(stage.session.publish(4), at=50.0)
    stage.subscribe("/ear/rank/all", rate=1)
    stage.run(0.001)
    values = np.array([value for message in stage.take() for value in message[5:]])
    assert (values > 0).sum() > N / 2


def test_ranks_are_not_sent_until_they_are_known(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    known = LoopRanks.row
    monkeypatch.setattr(LoopRanks, "row", lambda *_: None)  # they are being made
    stage.time = 51.0
    for address in ("/ear/rank/all", "/ear/top/all", "/ear/summary/surprise", "/ear/summary/mean"):
        stage.subscribe(address, rate=1)
    stage.subscribe("/ear/rank/scalogram", YOU, rate=1, format="channels")
    stage.run(0.2)
    assert {message[0] for message in stage.take()} == {"/ear/summary/mean"}
    constant = stage.take_bundles(YOU)  # channels are a constant set, 0 until then
    assert constant and not any(value for address, value in constant if "/n" in address)
    monkeypatch.setattr(LoopRanks, "row", known)
    stage.wait_for_ranks()
    stage.time = 51.2
    stage.run(0.05)  # soon, although it is one a second
    heard = stage.take()
    assert {message[0] for message in heard} == {"/ear/rank/all", "/ear/top/all", "/ear/summary/surprise"}
    assert any(value > 0 for message in heard if message[0] == "/ear/rank/all" for value in message[5:])


def test_the_highest_neurons_come_first(stage: Stage) -> None:
    stage.statistics = statistics()
    ranks = stage.wait_for_ranks()[8]
    stage.time = 51.0
    stage.subscribe("/ear/top/*", rate=1)
    stage.run(0.5)
    heard = {message[0].removeprefix("/ear/top/"): message[1:] for message in stage.take()}
    assert set(heard) == {*STEPS, "all"}
    spans = {"all": slice(0, N), "scalogram": slice(0, 216), "encoder_0_conv1": slice(216, 816)}
    known = stage.statistics
    deviation = (whole() - known.mean) / np.sqrt(known.variance)
    for name, span in spans.items():
        assert heard[name][:2] == (3, 8)
        numbers, found = list(heard[name][2::2]), list(heard[name][3::2])
        assert len(numbers) == 16
        keys = sorted(range(span.start, span.stop), key=lambda n: (-int(ranks[n]), -deviation[n]))
        assert numbers == keys[:16]
        assert found == pytest.approx([ranks[n] / 255 for n in numbers])
    numbers = heard["autoregressive_0"][2::2]  # which has eight neurons
    assert set(numbers[:8]) <= {*range(816, 824), -1} and set(numbers[8:]) == {-1}


def test_regions_are_what_their_client_defines(stage: Stage) -> None:
    stage.resolver = Resolver(facts())
    stage.statistics = stage.resolver.facts.statistics
    ranks = stage.wait_for_ranks()[8] / 255
    me = stage.clients.touch(("127.0.0.1", 5000))
    assert stage.regions.define(me.regions, "one", "216-219, 700") == 5
    assert stage.regions.define(me.regions, "two", "encoder_0_conv1") == 600
    assert stage.regions.define(me.regions, "eight", "channel(encoder_0_conv1, 2)") == 150
    stage.time = 51.0
    stage.subscribe("/ear/region/*", rate=1)
    stage.subscribe("/ear/region/{one,two}", YOU, rate=1)
    stage.run(0.5)
    values = whole()
    heard = {message[0].removeprefix("/ear/region/"): message[1:] for message in stage.take()}
    assert list(heard) == ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    places = {
        "one": np.array([216, 217, 218, 219, 700]),
        "two": np.arange(216, 816),
        "eight": np.arange(216 + 300, 216 + 450),
    }
    for word, found in heard.items():
        some, theirs = values[places.get(word, [])], ranks[places.get(word, [])]
        figures = (some.mean(), some.max(), np.sqrt(np.square(some).mean()), theirs.mean()) if some.size else (0.0,) * 4
        assert found == (3, 8, *(pytest.approx(figure, abs=1e-5) for figure in figures))
    assert [message[3:] for message in stage.take(YOU)] == [(0.0, 0.0, 0.0, 0.0)] * 2  # those of another client


@pytest.mark.parametrize(
    ("word", "text", "code"),
    [
        ("nine", "scalogram", "unknown_region"),
        ("1", "scalogram", "unknown_region"),
        ("one", "no_such_layer", "unknown_layer"),
        ("one", "99999", "out_of_range"),
        ("one", "surprise()", "empty_target"),
        ("one", "channel(encoder_0_conv1", "bad_expression"),
        ("one", "1," * 600, "bad_value"),
    ],
)
def test_impossible_regions_are_refused_and_the_earlier_stays(stage: Stage, word: str, text: str, code: str) -> None:
    me = stage.clients.touch(("127.0.0.1", 5000))
    with pytest.raises(UserError, match="not known yet"):
        stage.regions.define(me.regions, "one", "scalogram")
    stage.resolver = Resolver(facts())
    stage.regions.define(me.regions, "one", "scalogram")
    with pytest.raises(UserError) as caught:
        stage.regions.define(me.regions, word, text)
    assert caught.value.code == code
    assert me.regions["one"].text == "scalogram"
    assert stage.regions.define(me.regions, "one", " ") == 0
    assert not me.regions


def test_channels_are_a_constant_set_and_zero_without_a_sound(session: Session) -> None:
    stage = Stage(session)
    for pattern in ("/ear/summary/*", "/ear/playhead", "/ear/objective", "/ear/{top,rank,region}/*"):
        stage.subscribe(pattern, format="channels", rate=2)
    stage.run(0.3)
    before = stage.take_bundles()
    session.play(session.publish(0), at=50.0)
    stage.run(0.5)
    source = stage.take_bundles()
    stage.session.play(stage.session.publish(3), at=50.0)
    stage.run(0.5)
    dreamed = stage.take_bundles()
    names = [message[0] for message in before]
    assert names == [message[0] for message in source] == [message[0] for message in dreamed]
    assert len(set(names)) == len(names)
    assert {"/ear/summary/mean/scalogram", "/ear/playhead/phase", "/ear/objective", "/ear/rank/all/n823"} <= set(names)
    assert all(isinstance(message[1], float) and len(message) == 2 for message in before)
    assert {message[1] for message in before if "neuron" not in message[0]} == {0.0}
    assert {message[1] for message in dreamed} > {0.0}
    assert all(not part.isdigit() for name in names for part in name.split("/"))
    stage.streams.close()


def test_an_ear_too_large_for_channels(stage: Stage) -> None:
    stage.layers = (LayerInfo("huge", 8, 200), LayerInfo("small", 2, 2))
    stage.streams.addresses()
    with pytest.raises(UserError, match="too many for channels"):
        stage.publisher.matches(stage.subscribe("/ear/rank/huge", format="channels").pattern, "channels")
    everything = stage.subscribe("/ear/rank/*", format="channels")
    assert stage.publisher.matches(everything.pattern, "channels") == 1
    assert everything.streams == ("/ear/rank/small",)


def test_another_ear_has_other_streams(stage: Stage) -> None:
    stage.subscribe("/ear/activation/*", rate=2)
    stage.subscribe("/ear/summary/mean", rate=2, format="channels", client=YOU)
    stage.run(0.4)
    assert "/ear/summary/mean/scalogram" in [message[0] for message in stage.take_bundles(YOU)]
    stage.take()
    stage.layers = (LayerInfo("scalogram", 1, 216), LayerInfo("other", 2, 5))
    stage.run(0.5)
    sizes = {message[0].rpartition("/")[2]: message[4] for message in stage.take()}
    assert sizes == {"scalogram": 216, "other": 10, "all": 226}
    assert [m[0] for m in stage.take_bundles(YOU)] == ["/ear/summary/mean/scalogram", "/ear/summary/mean/other"]


def test_heartbeats_come_twice_a_second_with_or_without_a_sound(session: Session) -> None:
    stage = Stage(session)
    stage.subscribe("/ear/heartbeat", rate=100)
    stage.subscribe("/ear/heartbeat", YOU, rate=1)
    stage.run(1.01)
    heard = stage.take()
    assert [message[1] for message in heard] == [0, 1, 2]
    assert [message[2] for message in heard] == [
        pytest.approx(1e3 * message[3]) for message in heard
    ]  # since the start
    assert [message[4:] for message in heard] == [(12.5, 2, 0)] * 3
    assert len(stage.take(YOU)) == 2
    session.play(session.publish(3), at=stage.time)
    stage.run(1.0)
    assert all(message[2] < 1e3 for message in stage.take())
    stage.take(YOU)
    stage.run(4.0)  # the audio process says nothing any more
    ages = [message[2] for message in stage.take()]
    assert ages == sorted(ages) and ages[-1] > 4000
    stage.streams.close()


def test_heartbeats_count_what_was_dropped_for_their_client(stage: Stage) -> None:
    stage.subscribe("/ear/playhead", rate=10)
    stage.subscribe("/ear/heartbeat", rate=2)
    stage.run(0.4)
    stage.take()
    stage.takes = False
    stage.run(1.0)
    stage.takes = True
    stage.run(0.5)
    (dropped,) = [message[-1] for message in stage.take() if message[0] == "/ear/heartbeat"]
    assert dropped == 10 + 2  # playheads and heartbeats


@pytest.mark.parametrize("lead", [0.0, 0.5, 1.0])
def test_lead_is_what_will_sound(stage: Stage, lead: float) -> None:
    stage.subscribe("/ear/playhead", rate=4, lead=lead)
    stage.subscribe("/ear/activation/scalogram", YOU, rate=4, lead=lead)
    stage.run(1.0)
    beats = [(n * 0.5 + lead) % 4 for n in range(4)]  # 2 beats a second
    heard = stage.take()
    assert [message[4] for message in heard] == pytest.approx(beats)
    assert [message[3] for message in heard] == [int(beat / 4 * 16) for beat in beats]
    firsts = [message[5] for message in stage.take(YOU)]
    assert firsts == [3 + int(beat / 4 * 16) / 16 for beat in beats]


def test_lead_reaches_into_the_next_loop_and_past_it_the_present_one_goes_on(stage: Stage) -> None:
    stage.subscribe("/ear/playhead", rate=8, lead=1.0)  # half a second
    stage.time = 51.625
    stage.run(0.5)
    assert [message[1] for message in stage.take()] == [3, 3, 3, 3]  # around its end
    following = dataclasses.replace(stage.session.publish(4), start=4 * RATE)  # at 54 s
    stage.session.play(stage.session.publish(3), following, at=50.0)
    stage.time = 53.3125
    stage.subscribe("/ear/playhead", YOU, rate=8)
    stage.take()
    stage.run(0.5)
    assert [message[1] for message in stage.take()] == [3, 3, 4, 4]
    assert [message[1] for message in stage.take(YOU)] == [3, 3, 3, 3]
