"""Datagrams that nobody should send, by the thousand; ``python -m tests.osc.fuzz`` sends a million."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.osc.codec import MalformedPacket, decode
from tests.osc.datagrams import addresses, known_to_break_others, mutations, packets
from tests.osc.fuzz import ME, Target, check_answer, feed, memory, seeds
from tests.osc.synthetic import Session

SLOWEST = 0.25  # seconds of processor time for one datagram of 64 kB
BREAKERS = known_to_break_others()


@pytest.fixture
def target(session: Session) -> Iterator[Target]:
    made = Target(session)
    yield made
    made.close()


@pytest.mark.parametrize("name", BREAKERS)
def test_what_has_broken_others(target: Target, name: str) -> None:
    start = time.thread_time()
    for _ in range(3):
        target.osc.handle(BREAKERS[name], ME)
        target.go_on(0)
    assert time.thread_time() - start < 3 * SLOWEST
    for packet, _ in target.answers:
        check_answer(packet)
    target.time += 60.0  # what waits for its time has been done or refused
    target.go_on(0)
    assert not target.waiting
    target.check()


@given(st.one_of(packets(addresses()), st.binary(max_size=200)))
@settings(max_examples=500)
def test_what_is_decoded_is_plain_and_what_is_not_is_refused(datagram: bytes) -> None:
    with suppress(MalformedPacket):
        for message in decode(datagram):
            assert message.address.startswith("/")
            assert all(isinstance(part, int | float | str | bytes | type(None)) or part for part in message.flat)


@pytest.mark.slow
def test_twenty_thousand_datagrams(target: Target) -> None:
    found = feed(target, mutations(seeds(1000), seed=1), 20_000)
    assert found.slowest < SLOWEST, found.slowest_datagram
    assert found.malformed > 5000 and found.failures > 1000 and found.answers > 2000 and found.scheduled > 50
    settled, *_, last = found.memory[3:]
    assert memory() == 0 or last - settled < 4 << 20  # bytes


def test_the_same_seed_gives_the_same_datagrams(tmp_path: Path) -> None:
    some = [*BREAKERS.values()]
    first, again, other = (list(itertools.islice(mutations(some, seed), 50)) for seed in (1, 1, 2))
    assert first == again != other
