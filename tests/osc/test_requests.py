"""Bundles as one, jobs and their cancelling, old names, every address described, and the dump."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import pytest

from ear_engine.errors import UserError
from ear_engine.osc.aliases import PROTOCOL, Renamed, aliases
from ear_engine.osc.codec import encode
from ear_engine.osc.commands import Argument, Call, Command
from ear_engine.osc.jobs import MOST_JOBS, Job
from tests.osc.synthetic import Session
from tests.osc.test_service import Rig, play

NTP = 2_208_988_800


def bundle(at: float, *elements: bytes) -> bytes:
    """A bundle for Unix time ``at``; 0 is at once."""
    tag = struct.pack(">II", int(at) + NTP, int(at % 1 * 2**32)) if at else struct.pack(">Q", 1)
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


@pytest.mark.parametrize("ahead", [0.0, 0.2])
def test_nothing_comes_between_the_messages_of_a_bundle(session: Session, ahead: float) -> None:
    async def scene(rig: Rig) -> None:
        first, second = rig.client(), rig.client()
        seen: list[float] = []
        rig.control.listen(lambda change: seen.append(change.values.get("dream/rate", 0.0)))
        at = time.time() + ahead if ahead else 0.0
        for client, base in ((first, -30.0), (second, -50.0)):
            inner = bundle(at, *[encode("/ear/dream/rate", base - n) for n in range(5)])
            client.socket.sendto(bundle(at, inner, encode("/ear/dream/rate", base - 5)), client.engine)
        await asyncio.sleep(ahead + 0.2)
        rows = [seen[:6], seen[6:]]
        assert sorted(rows) == [[-50.0 - n for n in range(6)], [-30.0 - n for n in range(6)]]

    play(session, scene)


def test_parts_of_a_datagram_that_are_meant_for_other_times_come_then(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        seen: list[tuple[float, str]] = []
        rig.control.listen(lambda change: seen.extend((time.time(), name) for name in change.values))
        at = time.time()
        late = bundle(at + 0.3, encode("/ear/dream/rate", -40.0))
        past = bundle(at - 100, encode("/ear/dream/pull", 3.0))
        client.socket.sendto(bundle(at + 0.1, late, past, encode("/ear/playback/wet", 0.25)), client.engine)
        await asyncio.sleep(0.5)
        assert [name for _, name in seen] == ["dream/pull", "playback/wet", "dream/rate"]
        times = [when - at for when, _ in seen]
        assert times[1] >= 0.095 and times[2] >= 0.295  # never before

    play(session, scene)


def test_a_bundle_too_far_ahead_is_refused_once_and_nothing_of_it_is_done(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        far = bundle(time.time() + 60.0, *[encode("/ear/dream/rate", -40.0)] * 3)
        client.socket.sendto(far, client.engine)
        client.send("/ear/system/sync", 1)
        heard = await client.until("/ear/system/synced")
        assert [message[:3] for message in heard[:-1]] == [("/ear/fail", "/ear/dream/rate", "far_future")]
        assert (await client.ask("/ear/dream/rate"))[1] == -18.0

    play(session, scene)


class Oven:
    """A command that takes a while."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.stopped = 0
        self.command = Command("test/bake", (Argument("minutes", "i"),), "", "Bake.", self.bake)

    def bake(self, call: Call) -> None:
        self.jobs.append(call.engine.jobs.begin(call, self.stop))

    def stop(self) -> None:
        self.stopped += 1


def test_a_long_command_says_how_far_it_is_and_ends_once(session: Session) -> None:
    oven = Oven()

    async def scene(rig: Rig) -> None:
        client = rig.client()
        client.send("/ear/test/bake", 3, 77)
        await client.ask("/ear/system/sync", 1, answer="/ear/system/synced")
        (job,) = oven.jobs
        job.progress(0.5, "rising")
        job.progress(7.0, "nearly")
        assert await client.until("/ear/progress") == [
            ("/ear/progress", "/ear/test/bake", 77, 0.5, "rising"),
            ("/ear/progress", "/ear/test/bake", 77, 1.0, "nearly"),
        ]
        job.done("bread")
        job.done("again")
        job.progress(1.0, "late")
        job.fail(UserError("bread", "is burnt", "bake again"))
        await asyncio.sleep(0.05)
        assert client.take() == [("/ear/done", "/ear/test/bake", 77, "bread")]
        assert (await client.ask("/ear/system/cancel", 77, 5, answer="/ear/done"))[1:] == ("/ear/system/cancel", 5, 0)

    play(session, scene, commands=[oven.command])


def test_a_job_is_cancelled_by_its_client_alone(session: Session) -> None:
    oven = Oven()

    async def scene(rig: Rig) -> None:
        mine, other = rig.client(), rig.client()
        for number in (7, 8):
            mine.send("/ear/test/bake", 3, number)
        other.send("/ear/test/bake", 3, 7)
        await asyncio.sleep(0.05)
        assert (await other.ask("/ear/system/cancel", 8, answer="/ear/done"))[-1] == 0
        assert oven.stopped == 0
        heard = []
        mine.send("/ear/system/cancel", 7)
        heard += await mine.until("/ear/done")
        assert heard[0][:3] == ("/ear/fail", "/ear/test/bake", "cancelled") and heard[0][-1] == 7
        assert heard[1][-1] == 1 and oven.stopped == 1
        oven.jobs[0].done("never")  # it was at work when it was stopped
        oven.jobs[1].done("bread")
        assert (await mine.until("/ear/done"))[-1] == ("/ear/done", "/ear/test/bake", 8, "bread")
        oven.jobs[2].done("theirs")
        assert (await other.until("/ear/done"))[-1] == ("/ear/done", "/ear/test/bake", 7, "theirs")

    play(session, scene, commands=[oven.command])


def test_jobs_are_bounded(session: Session) -> None:
    oven = Oven()

    async def scene(rig: Rig) -> None:
        client = rig.client()
        for number in range(MOST_JOBS + 1):
            client.send("/ear/test/bake", 3, number)
        heard = await client.until("/ear/fail")
        assert heard[-1][1:3] == ("/ear/test/bake", "too_many") and heard[-1][-1] == MOST_JOBS
        assert len(oven.jobs) == MOST_JOBS

    play(session, scene, commands=[oven.command])


def test_an_old_name_is_answered_under_the_new_one_for_one_version() -> None:
    rows = [Renamed("/ear/dream/speed", "/ear/dream/rate", PROTOCOL)]
    assert aliases(rows)["/ear/dream/speed"] == "/ear/dream/rate"
    assert aliases(rows)["/ear/norm/dream/speed"] == "/ear/norm/dream/rate"
    assert aliases(rows, PROTOCOL + 1) == {}


def test_old_names_are_set_asked_subscribed_and_described(session: Session) -> None:
    renamed = [
        Renamed("/ear/dream/speed", "/ear/dream/rate", PROTOCOL),
        Renamed("/ear/where", "/ear/playhead", PROTOCOL),
        Renamed("/ear/hello", "/ear/system/version", PROTOCOL),
    ]

    async def scene(rig: Rig) -> None:
        client = rig.client()
        client.send("/ear/dream/speed", -33.0)
        assert await client.ask("/ear/dream/speed", answer="/ear/dream/rate") == ("/ear/dream/rate", -33.0)
        client.send("/ear/norm/dream/speed", 1.0)
        assert (await client.ask("/ear/norm/dream/rate"))[1] == 1.0
        assert (await client.ask("/ear/hello", answer="/ear/system/version"))[1] == "ear-engine"
        assert (await client.ask("/ear/parameters/describe", "dream/speed"))[1] == "dream/rate"
        assert (await client.ask("/ear/system/describe", "/ear/dream/speed"))[1] == "/ear/dream/rate"
        client.send("/ear/stream/subscribe", "/ear/where", 10.0)
        session.play(session.publish(3))
        await client.until("/ear/playhead")

    play(session, scene, renamed=renamed)


async def pages(client: Any, prefix: str = "") -> list[str]:
    client.send("/ear/system/list", prefix)
    await client.until("/ear/system/list")
    await asyncio.sleep(0.1)
    client.send("/ear/system/list", prefix)
    await asyncio.sleep(0.2)
    found: dict[int, str] = {}
    heard = [message for message in client.take() if message[0] == "/ear/system/list"]
    for _, first, _, *names in heard:
        found.update(enumerate(names, first))
    assert sorted(found) == list(range(heard[0][2]))
    return [found[n] for n in sorted(found)]


def test_every_address_is_listed_and_described_over_osc(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        names = await pages(client)
        expected = ["/ear/dream/rate", "/ear/norm/dream/rate", "/ear/stream/subscribe", "/ear/rank/all", "/ear/loop"]
        assert set(expected) <= set(names) and len(set(names)) == len(names)
        assert await pages(client, "/ear/summary") == [
            f"/ear/summary/{name}" for name in ("mean", "max", "energy", "surprise")
        ]
        kinds = {}
        for name in names:
            await asyncio.sleep(0.007)  # it is no small request
            client.take()
            _, address, kind, usage, _, text = await client.ask("/ear/system/describe", name)
            assert address == name and usage.startswith("/ear/") and text
            kinds[name] = kind
        assert [kinds[name] for name in expected] == ["parameter", "parameter", "command", "stream", "event"]
        fail = await client.ask("/ear/system/describe", "/ear/dream/rat", answer="/ear/fail")
        assert "did you mean /ear/dream/rate" in fail[3]
        client.take()
        client.send("/ear/system/describe", "/ear/summary/m*")
        await asyncio.sleep(0.1)
        assert [message[1] for message in client.take()] == ["/ear/summary/mean", "/ear/summary/max"]

    play(session, scene)


def test_the_dump_tells_what_comes_in(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        watcher, other = rig.client(), rig.client()
        await watcher.ask("/ear/system/dump", answer="/ear/done")
        other.socket.sendto(
            bundle(0, encode("/ear/dream/rate", -30.5), encode("/ear/typo/of_it", "text", 7, b"abc")), other.engine
        )
        other.send("/ear/done", "of another engine")
        other.send("/ear/dream/run", 1)
        heard = []
        while len(heard) < 3:
            heard += [message for message in await watcher.until("/ear/dump") if message[0] == "/ear/dump"]
        who = f"127.0.0.1:{other.port}"
        assert [message[1:] for message in heard] == [
            (who, "/ear/dream/rate", "-30.5"),
            (who, "/ear/typo/of_it", "text 7 blob of 3 bytes"),
            (who, "/ear/dream/run", "1"),
        ]
        await watcher.ask("/ear/system/dump", 0, answer="/ear/done")
        watcher.take()
        other.send("/ear/dream/run", 0)
        await asyncio.sleep(0.1)
        assert watcher.take() == []

    play(session, scene)
