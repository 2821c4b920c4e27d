"""Datagrams that nobody should send, into a real engine; ``python -m tests.clients.fuzz_engine`` sends 100,000."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.clients.conftest import ENGINES, run_engine
from tests.clients.fuzz_engine import RATE, made, watch

SECONDS = 0.050  # that a ping may take
GROWTH = 24 << 20  # bytes; loops that are kept for clients come and go


@pytest.mark.slow
@pytest.mark.clients
@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_the_sound_goes_on_and_the_engine_answers() -> None:
    datagrams = made(10_000, seed=1)
    assert len(datagrams) > 9000
    for engine in run_engine(ENGINES["real"]):
        seen = watch(engine.port, datagrams, RATE, len(datagrams) / RATE)
        after = watch(engine.port, [], RATE, 3.0)
        assert (after.after.node, after.after.audio) == (seen.before.node, seen.before.audio)  # nothing began anew
        assert float(np.median(after.pings)) < SECONDS
        for time in (seen, after):
            assert max(time.pings) < 5.0  # each was answered
            assert time.moved == time.heads > 5
        assert after.after.memory - seen.before.memory < GROWTH
        assert engine.process.poll() is None
