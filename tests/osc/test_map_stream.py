"""The map in packets: all of it, a few at a time, and nothing twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from ear_engine.osc.map_stream import POSITIONS, MapNow, MapStream, Round

MOST = 48  # messages a turn
NEURONS = 42_608  # of the paper's ear


def drawn(neurons: int, version: int = 1) -> MapNow:
    values = np.random.default_rng(version).uniform(-0.2, 1.2, (neurons, 2)).astype(np.float32)
    return MapNow(version, values)


class Stage:
    """A map that can be exchanged, and what a subscription gets of it."""

    def __init__(self, here: MapNow | None = None) -> None:
        self.here = here
        self.asked = 0
        self.stream = MapStream(self._now)

    def _now(self) -> MapNow | None:
        self.asked += 1
        return self.here

    def take(self, round_: Round) -> list[list[Any]]:
        """The arguments of one turn's messages."""
        messages = [OscMessage(packet) for packet in self.stream.turn(round_)]
        assert all(message.address == POSITIONS for message in messages)
        return [list(message.params) for message in messages]

    def rest(self, round_: Round) -> list[list[Any]]:
        """All turns until one is empty."""
        found: list[list[Any]] = []
        while turn := self.take(round_):
            assert len(turn) <= MOST
            found += turn
        return found


def put_together(messages: list[list[Any]]) -> np.ndarray:
    """The map as a client puts it together; every place is written once."""
    total = messages[0][2]
    values, times = np.full(total, np.nan, np.float32), np.zeros(total, int)
    for version, offset, all_of_it, *floats in messages:
        assert (version, all_of_it) == (messages[0][0], total)
        values[offset : offset + len(floats)] = floats
        times[offset : offset + len(floats)] += 1
    assert (times == 1).all()
    return values.reshape(-1, 2)


@pytest.mark.parametrize("neurons", [1, 127, 128, 129, 6144, NEURONS])
def test_it_comes_whole_in_small_packets_a_few_a_turn(neurons: int) -> None:
    here = drawn(neurons)
    stage, round_ = Stage(here), Round()
    packets: list[bytes] = []
    while turn := stage.stream.turn(round_):
        assert len(turn) <= MOST
        packets += turn
    assert max(map(len, packets)) < 1400
    messages = [list(OscMessage(packet).params) for packet in packets]
    np.testing.assert_array_equal(put_together(messages), here.positions)
    assert [message[1] for message in messages] == list(range(0, 2 * neurons, 256))


def test_nothing_is_sent_again_until_it_moves() -> None:
    stage, round_ = Stage(drawn(300)), Round()
    assert len(stage.rest(round_)) == 3
    assert [stage.take(round_) for _ in range(5)] == [[]] * 5
    stage.here = drawn(300, version=2)
    assert {message[0] for message in stage.rest(round_)} == {2}
    assert stage.take(round_) == []


def test_a_map_that_moves_meanwhile_is_sent_when_the_one_before_is_complete() -> None:
    first, second, third = (drawn(NEURONS, version) for version in (1, 2, 3))
    stage, round_ = Stage(first), Round()
    heard = stage.take(round_)
    stage.here = second
    heard += stage.take(round_)
    stage.here = third
    heard += stage.rest(round_)
    one, three = ([message for message in heard if message[0] == version] for version in (1, 3))
    assert heard == one + three  # the second was never needed
    np.testing.assert_array_equal(put_together(one), first.positions)
    np.testing.assert_array_equal(put_together(three), third.positions)


def test_subscriptions_are_each_at_a_place_of_their_own() -> None:
    here = drawn(NEURONS)
    stage, early, late = Stage(here), Round(), Round()
    heard = [stage.take(early) for _ in range(3)]
    behind = [stage.take(late)]
    stage.here = drawn(NEURONS, version=2)
    heard.append(stage.rest(early))
    behind.append(stage.rest(late))
    for got in (heard, behind):
        messages = [message for turn in got for message in turn]
        for version in (1, 2):
            whole = put_together([message for message in messages if message[0] == version])
            np.testing.assert_array_equal(whole, drawn(NEURONS, version).positions)


def test_one_who_comes_late_gets_all_of_it() -> None:
    stage, early, late = Stage(drawn(500)), Round(), Round()
    stage.rest(early)
    np.testing.assert_array_equal(put_together(stage.rest(late)), drawn(500).positions)


def test_nothing_is_sent_before_a_map_is_known_nor_after_it_is_lost() -> None:
    stage, round_ = Stage(), Round()
    assert stage.rest(round_) == []
    stage.here = drawn(3)
    assert len(stage.rest(round_)) == 1
    stage.here = None  # another ear, of which nothing is known yet
    assert stage.rest(round_) == stage.rest(Round()) == []
    stage.here = drawn(4, version=2)
    assert put_together(stage.rest(round_)).shape == (4, 2)


def test_nobody_asks_for_the_map_in_the_middle_of_a_round() -> None:
    stage, round_ = Stage(drawn(NEURONS)), Round()
    stage.rest(round_)
    assert stage.asked == 2  # at its beginning, and after it


def test_what_could_not_be_sent_is_due_again() -> None:
    stage, round_ = Stage(drawn(NEURONS)), Round()
    heard = stage.take(round_)
    lost = stage.take(round_)
    stage.stream.back(round_, 10)
    again = stage.take(round_)
    assert again[:10] == lost[-10:]
    whole = put_together(heard + lost[:-10] + again + stage.rest(round_))
    np.testing.assert_array_equal(whole, drawn(NEURONS).positions)


def test_versions_stay_whole_numbers_in_float32() -> None:
    stage = Stage(MapNow((1 << 23) + 5, np.zeros((1, 2), np.float32)))
    assert stage.rest(Round())[0][0] == 5


def test_only_what_has_a_plane_s_two_coordinates_is_packed_in_order() -> None:
    space = np.arange(15, dtype=np.float32).reshape(5, 3)
    stage = Stage(MapNow(1, space[:, :2]))  # a view that is not contiguous
    np.testing.assert_array_equal(put_together(stage.rest(Round())), space[:, :2])


def test_a_map_without_neurons_is_no_message() -> None:
    assert Stage(MapNow(1, np.zeros((0, 2), np.float32))).rest(Round()) == []
