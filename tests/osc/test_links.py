"""Clients that are connected by other means than UDP."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from ear_engine.errors import UserError
from ear_engine.osc import links
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.stream_names import AIM, MEAN
from tests.osc.synthetic import Session
from tests.osc.test_service import Rig


class Other:
    """The other side of a link."""

    def __init__(self, rig: Rig, port: int = 50_000) -> None:
        self.got: list[tuple[Any, ...]] = []
        self.keys: list[str] = []
        self.full = False
        self.link = rig.service.link("127.0.0.1", port, self.take)

    def take(self, packet: bytes, address: str) -> bool:
        if not self.full:
            self.keys.append(address)
            self.got += [(message.address, *message.arguments) for message in decode(packet)]
        return not self.full

    def send(self, address: str, *arguments: object) -> None:
        self.link.receive(encode(address, *arguments))

    async def until(self, count: int) -> list[tuple[Any, ...]]:
        end = time.perf_counter() + 5.0
        while len(self.got) < count:
            assert time.perf_counter() < end, self.got
            await asyncio.sleep(0.005)
        got, self.got = self.got, []
        return got


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(Session(tmp_path))


def test_it_sets_gets_and_is_refused_as_any_client(rig: Rig) -> None:
    async def play() -> None:
        async with rig.running():
            other = Other(rig)
            other.send("/ear/dream/rate", -30.5)
            assert rig.control.tree.values["dream/rate"] == -30.5
            assert rig.control.history[-1].origin == f"osc 127.0.0.1:{links.BEYOND + 50_000}"
            other.send("/ear/dream/rate")
            other.send("/ear/dream/rat", 1)
            other.link.receive(b"nonsense")
            assert other.got[0] == ("/ear/dream/rate", -30.5)
            assert [got[0] for got in other.got[1:]] == ["/ear/fail"] * 2 and other.got[1][2] == "unknown_address"
            other.send("/ear/stream/subscribe", "/ear/tone/*")
            assert len(await other.until(12)) >= 12
            assert rig.service.clients == 1
            other.link.close()
            assert rig.service.clients == 0

    asyncio.run(play())


def test_it_hears_of_what_it_listens_to_and_of_nothing_else(rig: Rig) -> None:
    async def play() -> None:
        async with rig.running():
            entry = rig.session.publish(3)
            rig.session.play(entry)
            other, udp = Other(rig), rig.client()
            other.link.listen(["/ear/dream/rate", "/ear/norm/dream/rate", "/ear/nothing", "no path", AIM])
            told = dict(await other.until(2))
            assert told["/ear/dream/rate"] == -18.0 and told["/ear/norm/dream/rate"] == pytest.approx(7 / 9)
            udp.send("/ear/dream/rate", -12)
            udp.send("/ear/dream/pull", 4)
            assert next(got[:2] for got in await other.until(2)) == ("/ear/dream/rate", -12.0)
            rig.service.aim(7)
            assert await other.until(1) == [(AIM, 7)]
            other.link.ignore(["/ear/norm/dream/rate", AIM])
            udp.send("/ear/dream/rate", -24)
            assert await other.until(1) == [("/ear/dream/rate", -24.0)]
            other.send("/ear/dream/rate", -6)  # its own changes are not told
            rig.service.aim(8)
            await asyncio.sleep(0.1)
            assert other.got == []
            other.link.listen([MEAN])
            assert (await other.until(3))[0][0] == MEAN
            assert "/ear/dream/rate" not in [got[0] for got in other.got]

    asyncio.run(play())


def test_what_is_listened_to_already_is_not_told_again_and_lives_on_when_all_is_unsubscribed(rig: Rig) -> None:
    async def play() -> None:
        async with rig.running():
            other, udp = Other(rig), rig.client()
            other.send("/ear/system/reply_port", 9)
            other.link.listen(["/ear/dream/rate"])
            await other.until(1)
            other.link.listen(["/ear/dream/rate", "/ear/dream/pull"])
            assert await other.until(1) == [("/ear/dream/pull", 6.0)]
            other.send("/ear/stream/unsubscribe")
            other.link.listen(["/ear/tone/tilt"])
            await other.until(1)
            udp.send("/ear/dream/rate", -12)
            await asyncio.sleep(0.1)
            assert other.got == [("/ear/dream/rate", -12.0)]

    asyncio.run(play())


def test_paths_are_counted_and_a_closed_one_is_told_nothing(rig: Rig) -> None:
    async def play() -> None:
        async with rig.running():
            other, udp = Other(rig), rig.client()
            with pytest.raises(UserError, match="1024"):
                other.link.listen([f"/ear/{number}" for number in range(links.MOST_PATHS + 1)])
            other.link.listen(["/ear/dream/rate"])
            await other.until(1)
            bundle = b"#bundle\0" + int((time.time() + 2_208_988_800 + 0.2) * (1 << 32)).to_bytes(8, "big")
            get = encode("/ear/dream/rate")
            other.link.receive(bundle + len(get).to_bytes(4, "big") + get)  # answered when it is gone
            other.link.close()
            udp.send("/ear/dream/rate", -12)
            await asyncio.sleep(0.4)
            assert other.got == [] and rig.service.counters.failures == 0
            assert (await udp.ask("/ear/dream/rate"))[1] == -12.0

    asyncio.run(play())


def test_values_say_which_they_replace_and_answers_do_not(rig: Rig) -> None:
    async def play() -> None:
        async with rig.running():
            other = Other(rig)
            other.send("/ear/dream/rate")
            other.link.listen(["/ear/dream/rate"])
            await other.until(2)
            assert other.keys == ["", "/ear/dream/rate"]

    asyncio.run(play())


def test_the_namespace_describes_every_stream(rig: Rig) -> None:
    from ear_engine.osc.stream_table import find_row, type_tags

    async def play() -> None:
        async with rig.running():
            names = rig.service.namespace
            for address in names.streams:
                row = find_row(address, names.rows)
                assert row is not None, f"{address} has no row in osc/stream_table.py"
                assert names.sample(address) is None
            rig.session.play(rig.session.publish(3))
            await asyncio.sleep(0.1)
            for address in names.streams:
                row = find_row(address, names.rows)
                assert row is not None
                sample = names.sample(address)
                if sample is not None:
                    tags = {int: "i", float: "f", str: "s", bytes: "b"}
                    assert "".join(tags[type(part)] for part in sample) == type_tags(address, row, names.layers)

    asyncio.run(play())
