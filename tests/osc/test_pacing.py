"""How turns of many packets are spread over time, and what becomes of those that are late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ear_engine.osc.pacing import SLICE, Pacer
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.subscriptions import ClientTable, Subscription
from tests.osc.stage import ME, Stage
from tests.osc.synthetic import LAYERS, Session

BUFFER = 212_992  # a receiver's by default on Linux
KEPT = 2304  # bytes that it takes for a packet of 1,400


class Line:
    """A pacer, a clock, and a receiver that reads at once or never."""

    def __init__(self) -> None:
        self.time = 10.0
        self.sent: list[tuple[float, int, bytes]] = []
        self.takes = True
        self.cost = 0.0  # seconds that sending takes
        self.pacer = Pacer(self.send, lambda: self.time, lambda: self.time)

    def send(self, packet: bytes, subscription: Subscription) -> bool:
        self.sent.append((self.time, subscription.number, packet))
        self.time += self.cost
        return self.takes

    def run(self, seconds: float) -> None:
        until = self.time + seconds
        while self.time < until:
            assert self.pacer.drain(self.time) > self.time
            self.time += 0.001


def subscription(number: int = 1, port: int = 5000, rate: float = 43.0) -> Subscription:
    return Subscription(number, Pattern("/ear/activation/all"), ("127.0.0.1", port), rate, "blob", 0.0, 0.0)


@pytest.fixture
def line() -> Line:
    return Line()


def most_within(times: list[float], seconds: float) -> int:
    """Most packets in any stretch of that length."""
    ends = np.searchsorted(times, np.array(times) + seconds)
    return int((ends - np.arange(len(times))).max())


def test_a_small_turn_goes_at_once(line: Line) -> None:
    line.pacer.put(subscription(), [b"a" * 1000] * 10, line.time)
    line.pacer.drain(line.time)
    assert len(line.sent) == 10


def test_a_large_turn_is_spread_over_its_period_and_complete(line: Line) -> None:
    packets = [bytes([n]) * 1400 for n in range(134)]  # 42,608 float32
    for _ in range(3):
        line.pacer.put(subscription(), packets, line.time)
        line.run(1 / 43)
    assert [packet for _, _, packet in line.sent] == packets * 3
    times = [at for at, *_ in line.sent]
    assert most_within(times, 0.005) * KEPT < BUFFER  # a receiver may look away for 5 ms
    assert 0.010 < times[133] - times[0] < 1 / 43


def test_large_packets_go_one_at_a_time(line: Line) -> None:
    line.pacer.put(subscription(), [b"a" * 65_000] * 3, line.time)
    line.run(1 / 43)
    times = [at for at, *_ in line.sent]
    assert len(times) == 3 and most_within(times, 0.003) == 1


def test_two_subscriptions_of_one_receiver_share_its_pace_and_two_receivers_do_not(line: Line) -> None:
    packets = [b"a" * 1400] * 60
    line.pacer.put(subscription(1), packets, line.time)
    line.pacer.put(subscription(2), packets, line.time)
    line.pacer.put(subscription(3, port=6000), packets, line.time)
    line.pacer.drain(line.time)
    first = [number for _, number, _ in line.sent]
    assert set(first) == {1, 3} and first.count(1) == first.count(3) < 30
    line.run(1 / 43)
    assert sorted(number for _, number, _ in line.sent) == [1] * 60 + [2] * 60 + [3] * 60


def test_a_turn_is_busy_until_it_is_sent(line: Line) -> None:
    mine, other = subscription(1), subscription(2)
    line.pacer.put(mine, [b"a" * 1400] * 100, line.time)
    line.pacer.drain(line.time)
    assert line.pacer.busy(mine) and not line.pacer.busy(other)
    line.run(1 / 43)
    assert len(line.sent) == 100 and not line.pacer.busy(mine)


def test_whoever_asks_anew_all_the_time_does_not_pile_up_turns(line: Line) -> None:
    table = ClientTable(lambda: line.time)
    client = table.touch(("127.0.0.1", 5000))
    packets = [b"a" * 1400] * 134
    for _ in range(50):
        mine = table.subscribe(client, Pattern("/ear/activation/all"))
        line.pacer.put(mine, packets, line.time)
    line.run(1 / 30)
    assert [number for _, number, _ in line.sent] == [mine.number] * 134


def test_who_is_late_catches_up_but_not_at_once(line: Line) -> None:
    line.pacer.put(subscription(), [b"a" * 1400] * 134, line.time)
    counts = []
    for _ in range(4):
        before = len(line.sent)
        line.pacer.drain(line.time)
        counts.append(len(line.sent) - before)
        line.time += 0.05
    assert counts == [SLICE // 2300, 2 * SLICE // 2300, 134 - SLICE // 2300 - 2 * SLICE // 2300, 0]
    assert 2 * SLICE // 2300 * KEPT < 0.65 * BUFFER


def test_what_the_network_does_not_take_is_counted_and_not_kept(line: Line) -> None:
    mine = subscription()
    line.takes = False
    line.pacer.put(mine, [b"a"] * 5, line.time)
    line.run(0.1)
    assert (mine.dropped, len(line.sent)) == (5, 5)


def test_no_more_packets_a_second_than_the_budget_of_all_streams(line: Line) -> None:
    receivers = [subscription(n, port=5000 + n, rate=240.0) for n in range(50)]
    taken = 0
    for turn in range(240):
        for mine in receivers:
            if not line.pacer.busy(mine):
                line.pacer.put(mine, [b"a" * 1000] * 20, line.time)
        before = len(line.sent)
        line.run(1 / 240)
        taken += len(line.sent) - before if turn >= 24 else 0
    seconds = line.time - 10.0
    assert 0.8 * 50_000 < taken / seconds < 1.1 * 50_000
    shares = np.bincount([number for _, number, _ in line.sent])
    assert shares.max() < 1.1 * shares.min()  # all alike


def test_what_is_cut_off_is_first_in_the_next_turn(line: Line) -> None:
    for number in range(4):
        line.pacer.put(subscription(number, port=5000 + number), [b"a"], line.time)
    line.cost = 0.002
    for turn in range(4):
        line.pacer.drain(line.time, line.time + 0.001)  # time for one
        assert [number for _, number, _ in line.sent] == [0, 1, 2, 3][: turn + 1]


@pytest.fixture
def stage(session: Session) -> Iterator[Stage]:
    made = Stage(session)
    session.play(session.publish(3), at=50.0)
    made.streams.poll()
    yield made
    made.streams.close()


def test_turns_that_are_left_out_are_seen_in_the_sequence_and_counted(stage: Stage) -> None:
    mine = stage.subscribe("/ear/playhead", rate=100)
    stage.run(0.1)
    stage.time += 1.0
    stage.run(0.05)
    numbers = [message[-1] for message in stage.take()]
    assert numbers[:10] == list(range(10))
    assert numbers[10] in (109, 110, 111) and mine.dropped == numbers[10] - 10


def test_subscriptions_at_different_times_share_the_packets_of_a_frame(stage: Stage) -> None:
    stage.subscribe("/ear/activation/all", rate=100)
    stage.subscribe("/ear/activation/all", ("127.0.0.1", 6000), rate=100)
    stage.run(0.05)  # within one frame of 1/8 s
    packets = stage.packets(ME) + stage.packets(("127.0.0.1", 6000))
    assert len(packets) > 30
    assert len({id(packet) for packet in packets}) == -(-sum(layer.neurons for layer in LAYERS) // 256)


def test_a_turn_is_not_left_out_since_the_rest_of_the_one_before_was_late(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event loop that is busy comes a few milliseconds late to each slice, so to the last one of a frame, too."""
    monkeypatch.setattr("ear_engine.osc.pacing.SLICE", 3000)
    mine = stage.subscribe("/ear/activation/all", rate=43.0)
    while stage.time < 60.0:
        stage.streams.poll()
        stage.time += max(0.001, stage.publisher.step(stage.time)) + 0.006
    assert mine.dropped == 0 and mine.sequence > 10 * 43 - 5
