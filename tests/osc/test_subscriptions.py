from __future__ import annotations

import pytest

from ear_engine.errors import UserError
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.subscriptions import MAX_CLIENTS, MAX_SUBSCRIPTIONS, ClientTable

HERE = ("127.0.0.1", 5000)
THERE = ("10.0.0.2", 5000)
PLAYHEAD = Pattern("/ear/playhead")


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> ClientTable:
    return ClientTable(clock)


def test_a_lease_ends_unless_renewed_by_any_message(table: ClientTable, clock: Clock) -> None:
    table.subscribe(table.touch(HERE), PLAYHEAD, ttl=10)
    clock.time += 9
    table.touch(HERE)
    clock.time += 9
    assert table.expire() == 0
    clock.time += 2
    assert table.expire() == 1
    assert list(table) == []


def test_lease_zero_lasts_but_only_on_this_machine(table: ClientTable, clock: Clock) -> None:
    table.subscribe(table.touch(HERE), PLAYHEAD, ttl=0)
    clock.time += 1e6
    assert table.expire() == 0
    with pytest.raises(UserError, match="only for clients on this machine"):
        table.subscribe(table.touch(THERE), PLAYHEAD, ttl=0)


def test_what_is_over_knows_it_however_it_ended(table: ClientTable, clock: Clock) -> None:
    client = table.touch(HERE)
    replaced = table.subscribe(client, PLAYHEAD)
    ended = table.subscribe(client, PLAYHEAD)
    assert (replaced.ended, ended.ended) == (True, False)
    table.unsubscribe(client)
    refused = table.subscribe(client, PLAYHEAD)
    assert ended.ended and table.refused(HERE) == 1
    expired = table.subscribe(table.touch(THERE), PLAYHEAD, ttl=1)
    clock.time += 2
    assert refused.ended and table.expire() == 1 and expired.ended


def test_rates_have_a_default_and_a_cap(table: ClientTable) -> None:
    client = table.touch(HERE)
    assert table.subscribe(client, PLAYHEAD).rate == 30.0
    assert table.subscribe(client, PLAYHEAD, rate=1e6).rate == 240.0
    assert table.subscribe(client, PLAYHEAD, rate=2.5).rate == 2.5
    with pytest.raises(UserError, match="below 0"):
        table.subscribe(client, PLAYHEAD, rate=-1)


def test_the_same_subscription_again_replaces_the_first(table: ClientTable) -> None:
    client = table.touch(HERE)
    table.subscribe(client, PLAYHEAD, rate=10)
    table.subscribe(client, PLAYHEAD, rate=20)
    table.subscribe(client, PLAYHEAD, rate=5, target=7000)
    assert [(s.rate, s.target[1]) for s in table] == [(20.0, 5000), (5.0, 7000)]


def test_nobody_can_aim_a_stream_at_someone_else(table: ClientTable) -> None:
    for client, target in [(THERE, "10.0.0.3:7000"), (THERE, "127.0.0.1:7000"), (HERE, "10.0.0.3:7000")]:
        with pytest.raises(UserError) as caught:
            table.subscribe(table.touch(client), PLAYHEAD, target=target)
        assert caught.value.code == "not_allowed"
    assert table.subscribe(table.touch(THERE), PLAYHEAD, target="10.0.0.2:7000").target == ("10.0.0.2", 7000)
    assert table.subscribe(table.touch(HERE), PLAYHEAD, target="127.0.0.2:7000").target == ("127.0.0.2", 7000)


@pytest.mark.parametrize(
    ("asking", "target", "goal"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1:7000", "::ffff:127.0.0.1"),
        ("::1", "127.0.0.1:7000", "::ffff:127.0.0.1"),
        ("::1", "[::1]:7000", "::1"),
        ("::ffff:10.0.0.2", "10.0.0.2:7000", "::ffff:10.0.0.2"),
        ("127.0.0.1", "[::1]:7000", ""),
        ("::ffff:10.0.0.2", "10.0.0.3:7000", ""),
    ],
)
def test_a_target_is_named_as_the_socket_reaches_it(table: ClientTable, asking: str, target: str, goal: str) -> None:
    client = table.touch((asking, 5000))
    if goal:
        assert table.subscribe(client, PLAYHEAD, target=target).target == (goal, 7000)
    else:
        with pytest.raises(UserError, match="is not your host"):
            table.subscribe(client, PLAYHEAD, target=target)


@pytest.mark.parametrize("target", [70_000, -1, "7000x", "host:7000", "127.0.0.1:", "127.0.0.1:99999"])
def test_impossible_targets_are_refused(table: ClientTable, target: int | str) -> None:
    with pytest.raises(UserError):
        table.subscribe(table.touch(HERE), PLAYHEAD, target=target)


def test_the_reply_port_is_the_default_target(table: ClientTable) -> None:
    client = table.touch(HERE)
    client.reply_port = 6000
    assert table.subscribe(client, PLAYHEAD).target == ("127.0.0.1", 6000)


def test_a_receiver_that_refuses_is_forgotten(table: ClientTable) -> None:
    client = table.touch(HERE)
    table.subscribe(client, PLAYHEAD)
    table.subscribe(client, PLAYHEAD, target=7000)
    table.add_static(PLAYHEAD, HERE, 30)
    assert table.refused(("127.0.0.1", 7000)) == 1
    assert table.refused(HERE) == 1
    assert [subscription.static for subscription in table] == [True]


def test_the_table_is_bounded(table: ClientTable) -> None:
    for port in range(1, 1000):
        table.touch(("127.0.0.1", port))
    assert table.count == MAX_CLIENTS
    for port in range(1, MAX_CLIENTS + 1):
        table.subscribe(table.touch(("10.0.0.1", port)), PLAYHEAD)
    late = table.touch(HERE)
    with pytest.raises(UserError, match="64 clients before it"):
        table.subscribe(late, PLAYHEAD)
    assert len(list(table)) == MAX_CLIENTS


def test_a_client_that_chose_its_reply_port_is_kept_longer_than_passers_by(table: ClientTable) -> None:
    table.touch(HERE).reply_port = 7000
    for port in range(1, 1000):
        table.touch(("127.0.0.2", port))
    assert table.touch(HERE).reply_to == ("127.0.0.1", 7000)


def test_one_client_is_bounded(table: ClientTable) -> None:
    client = table.touch(HERE)
    for number in range(MAX_SUBSCRIPTIONS):
        table.subscribe(client, Pattern(f"/ear/{number}a"))
    with pytest.raises(UserError, match="one more than 64"):
        table.subscribe(client, PLAYHEAD)


def test_unsubscribing_one_pattern_or_all(table: ClientTable) -> None:
    client = table.touch(HERE)
    for text in ("/ear/a", "/ear/b", "/ear/c"):
        table.subscribe(client, Pattern(text))
    assert table.unsubscribe(client, "/ear/b") == 1
    assert table.unsubscribe(client, "/ear/b") == 0
    assert table.unsubscribe(client) == 2


def test_clients_count_while_they_speak_or_listen(table: ClientTable, clock: Clock) -> None:
    table.subscribe(table.touch(HERE), PLAYHEAD, ttl=0)
    table.touch(THERE)
    table.add_static(PLAYHEAD, ("127.0.0.1", 1), 30)
    assert table.count == 3
    clock.time += 31
    assert table.count == 2
