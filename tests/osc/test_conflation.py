"""Of a fader's numbers that wait, the latest counts; nothing else is left out, and nothing is overtaken."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.control import Change, ControlLog
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.conflation import Faders, Waiting
from ear_engine.osc.leaves import leaves
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from tests.osc.synthetic import status

ME, YOU = ("127.0.0.1", 5000), ("127.0.0.1", 6000)
RATE, TILT = "/ear/dream/rate", "/ear/tone/tilt"
FADERS = Faders(leaves(ParameterTree()).values())


def left(*sent: tuple[bytes, tuple[str, int]]) -> list[tuple[object, ...]]:
    waiting = Waiting(FADERS)
    for data, sender in sent:
        waiting.add(data, sender)
    taken = [(sender, *((m.address, *m.arguments) for m in decode(data))) for data, sender in waiting.take()]
    assert len(waiting) == 0
    return taken


def test_the_latest_counts_and_stays_where_it_was_sent() -> None:
    sets = [(RATE, -20.0), (TILT, 1), (RATE, -30.0), (TILT, 2), (RATE, -40.0)]
    assert left(*((encode(*one), ME) for one in sets)) == [(ME, (TILT, 2)), (ME, (RATE, -40.0))]


def test_everyone_has_a_hand_of_his_own() -> None:
    sent = [(encode(RATE, -20.0), ME), (encode(RATE, -30.0), YOU), (encode(RATE, -40.0), ME)]
    assert left(*sent) == [(YOU, (RATE, -30.0)), (ME, (RATE, -40.0))]


@pytest.mark.parametrize(
    "between",
    [
        encode(RATE),  # whoever asks gets what he has set
        encode("/ear/system/sync", 1),
        encode("/ear/undo"),
        encode("/ear/target/layer", "scalogram"),
        encode("/ear/dream/run", 0),  # switches and triggers are each heard
        encode("/ear/source/reset", 1),
        encode("/ear/*/rate", -1.0),
        encode(RATE, -25.0, 7),  # with the number of a request
        encode(RATE, "loud"),
        b"#bundle\0" + bytes(7) + b"\1" + bytes([0, 0, 0, 24]) + encode(RATE, -25.0),
        encode(RATE, 0.0)[:-4] + b"\x7f\xc0\0\0",  # no number: it is refused
        b"nonsense",
        b"",
    ],
)
def test_nothing_is_left_out_across_anything_else(between: bytes) -> None:
    waiting = Waiting(FADERS)
    sent = [encode(RATE, -20.0), between, between, encode(RATE, -30.0)]
    for data in sent:
        waiting.add(data, ME)
    assert [data for data, _ in waiting.take()] == sent


@given(st.lists(st.tuples(st.sampled_from([RATE, TILT, "/ear/target/depth"]), st.integers(-20, 20)), max_size=30))
def test_all_ends_as_if_each_had_been_done(sets: list[tuple[str, int]]) -> None:
    whole, some = ControlLog(ParameterTree()), ControlLog(ParameterTree())
    for address, value in sets:
        whole.apply({address.removeprefix("/ear/"): value}, "me")
    for _, (address, value) in left(*((encode(*one), ME) for one in sets)):  # type: ignore[misc]
        some.apply({str(address).removeprefix("/ear/"): value}, "me")
    assert whole.tree.values == some.tree.values


def test_a_busy_engine_is_at_the_latest_value_at_once(tmp_path: Path) -> None:
    """A thousand values have come while it did something else."""
    changes: list[Change] = []

    async def play() -> float:
        control = ControlLog(ParameterTree())
        control.listen(changes.append)
        service = OscService(control, tmp_path, status=lambda: status(0), port=0)
        await service.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fader:
            fader.connect(("127.0.0.1", service.port))
            for number in range(1000):
                fader.send(encode(RATE, -60.0 + 0.05 * number))
            fader.send(encode(RATE))
            fader.setblocking(False)
            began = time.perf_counter()
            (answer,) = decode(await asyncio.get_running_loop().sock_recv(fader, 100))
        took = time.perf_counter() - began
        assert answer.arguments[0] == pytest.approx(-60.0 + 0.05 * 999, abs=1e-4)
        service.close()
        return took

    took = asyncio.run(play())
    assert len(changes) <= 3 and took < 0.5, (len(changes), took)
