"""Auditions over OSC on a node with the real audio process: what is answered, what is heard, what is refused."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.ear_files import EarFolder
from ear_engine.loudness import LoudnessMeter
from ear_engine.node import audition
from ear_engine.node.conductor import Node
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.loops import read_loop
from tests.audition.music import MOMENT, NAMES, SILENT, Music, ear_folder, heard_pitch, piece, pitch
from tests.node.standin import RATE, audio_state, options, playing, until
from tests.node.test_conductor import Client

NEURON = "/ear/audition/neuron"
STOP = "/ear/audition/stop"


@asynccontextmanager
async def stage(ear: Path, record: Path | None = None) -> AsyncIterator[tuple[Node, Client]]:
    chosen = options(ear=EarFolder("standin", ear), audio=AudioOptions("null", record=record))
    async with playing(chosen) as (node, _):
        client = await Client(node.osc.port).open()
        try:
            await until(lambda: node.parts.facts_of_ear() is not None)
            yield node, client
        finally:
            client.close()


def play(ear: Path, scenario: Callable[[Node, Client], Awaitable[None]], record: Path | None = None) -> None:
    async def all_of_it() -> None:
        async with stage(ear, record) as (node, client):
            await scenario(node, client)

    asyncio.run(all_of_it())


def test_it_is_answered_heard_and_recorded(music: Music, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"

    async def scenario(node: Node, client: Client) -> None:
        client.send("/ear/audition/duck", -60.0)
        client.send("/ear/audition/seconds", 1.0)
        client.send(NEURON, 7, 0, 42)
        told = await client.answer("/ear/done", 8.0)
        assert told == (NEURON, 42, 7, 1, 2, "music", NAMES[0], MOMENT, pytest.approx(1.0))
        await until(lambda: audio_state(node).audition_left > 0.0)
        client.send("/ear/audition/now")
        assert (await client.answer("/ear/audition/now"))[:6] == (7, 1, 2, "music", NAMES[0], MOMENT)
        await until(lambda: audio_state(node).audition_left == 0.0)
        await until(lambda: node.parts.auditions.now() is None)
        client.send("/ear/audition/now")
        assert (await client.answer("/ear/audition/now"))[:3] == (-1, 0, 0)
        await asyncio.sleep(0.3)

    play(ear_folder(tmp_path / "ear"), scenario, take)
    heard, rate = soundfile.read(take, dtype="float32")
    assert rate == RATE
    blocks = heard[: len(heard) // 4410 * 4410, 0].reshape(-1, 4410)
    tones = [heard_pitch(block, rate) for block in blocks]
    expected = (pitch(0, 11), pitch(0, 12))  # three quarters of a second before the moment, one after
    music_in = [min(abs(tone - hertz) for hertz in expected) < 11.0 for tone in tones]
    assert 8 <= sum(music_in) <= 11


def test_the_next_one_comes_each_time_and_only_the_newest_files_stay(music: Music, tmp_path: Path) -> None:
    async def scenario(node: Node, client: Client) -> None:
        told = []
        for neuron, which in ((7, 0), (7, 0), (7, 0), (8, 0), (7, 2), (7, 0)):
            client.send(NEURON, neuron, which)
            told.append((await client.answer("/ear/done", 8.0))[2:4])
        assert told == [(7, 1), (7, 2), (7, 1), (8, 1), (7, 2), (7, 1)]
        await until(lambda: audio_state(node).audition == "audition-00000006.ear")
        assert len(list((node.session / "loops").glob("audition-*"))) == 2
        assert audio_state(node).events == []

    play(ear_folder(tmp_path / "ear"), scenario)


def test_a_node_that_goes_on_in_a_session_gives_its_excerpts_new_names(music: Music, tmp_path: Path) -> None:
    async def scenario(node: Node, client: Client) -> None:
        for number in (1, 2, 3):
            client.send(NEURON, 7, 1)
            await client.answer("/ear/done", 8.0)
            await until(lambda: audio_state(node).audition == f"audition-{number:08d}.ear")  # noqa: B023
        loops = node.session / "loops"
        again = audition.Auditions(node.control, loops, node.parts.facts_of_ear, lambda: node.board.audio)
        running = asyncio.create_task(again.run())
        again.play(8, 1, lambda sounding: None, pytest.fail)
        await until(lambda: audio_state(node).audition == "audition-00000004.ear")
        assert audio_state(node).audition_left > 0.0 and audio_state(node).events == []
        running.cancel()

    play(ear_folder(tmp_path / "ear"), scenario)


def test_it_ends_when_it_is_told_to(music: Music, tmp_path: Path) -> None:
    async def scenario(node: Node, client: Client) -> None:
        client.send(NEURON, 7)
        await client.answer("/ear/done", 8.0)
        await until(lambda: audio_state(node).audition_left > 0.0)
        client.send(STOP)
        await until(lambda: audio_state(node).audition_left == 0.0, 1.0)  # of four seconds
        assert node.parts.auditions.now() is None and node.control.snapshot().audition == ""
        number = node.control.number
        client.send(STOP)  # nothing sounds: nothing happens
        await until(lambda: node.control.number > number)
        client.send(NEURON, 7)  # and it can be had again
        assert (await client.answer("/ear/done", 8.0))[3] == 2

    play(ear_folder(tmp_path / "ear"), scenario)


def test_what_excites_a_neuron_is_listed(music: Music, tmp_path: Path) -> None:
    async def scenario(node: Node, client: Client) -> None:
        client.send("/ear/audition/list", 7)
        for index, name in enumerate(NAMES):
            row = await client.answer("/ear/audition/list")
            assert row[:5] == (index, 2, "music", name, MOMENT) and row[5] == pytest.approx(8.0, abs=1.0)
        client.send("/ear/audition/list", SILENT)
        assert await client.answer("/ear/audition/list") == (0, 0)

    play(ear_folder(tmp_path / "ear"), scenario)


def test_what_cannot_be_is_refused_with_the_number_of_the_request(music: Music, tmp_path: Path) -> None:
    async def scenario(node: Node, client: Client) -> None:
        async def refused(*arguments: object) -> tuple[object, ...]:
            client.send(NEURON, *arguments)
            return await client.answer("/ear/fail")

        for arguments, code in (
            ((1 << 30, 0, 1), "out_of_range"),
            ((-1, 0, 1), "out_of_range"),
            ((7, 3, 1), "out_of_range"),
            ((7, -1, 1), "out_of_range"),
            ((SILENT, 0, 1), "no_excerpts"),
        ):
            told = await refused(*arguments)
            assert (told[0], told[1], told[3]) == (NEURON, code, 1)
        assert (await refused("seven"))[1] == "bad_arguments"
        shutil.move(music.store, music.store.with_name("aside"))
        told = await refused(7, 0, 9)
        assert (told[1], told[3]) == ("not_built", 9) and "ear-engine corpus build" in str(told[2])
        assert audio_state(node).audition == "" and not list((node.session / "loops").glob("audition-*"))
        shutil.move(music.store.with_name("aside"), music.store)  # built meanwhile
        client.send(NEURON, 7, 1)
        await client.answer("/ear/done", 8.0)

    play(ear_folder(tmp_path / "ear"), scenario)


def test_an_ear_without_statistics_is_said(tmp_path: Path) -> None:
    async def scenario(client: Client) -> None:
        client.send(NEURON, 7, 0, 5)
        told = await client.answer("/ear/fail")
        assert told[3] == 5 and told[1] in ("no_statistics", "not_ready") and "ear" in str(told[2])

    async def all_of_it() -> None:
        async with playing() as (node, _):
            client = await Client(node.osc.port).open()
            await scenario(client)
            client.close()

    asyncio.run(all_of_it())


def test_a_disk_that_hangs_holds_up_nothing(music: Music, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(audition, "_PATIENCE", 2.0)
    find = audition.Recordings.find

    def slow(self: audition.Recordings, corpus: str, recording: str) -> object:
        if not hangs.is_set():
            hangs.wait(20)
        return find(self, corpus, recording)

    monkeypatch.setattr(audition.Recordings, "find", slow)

    async def scenario(node: Node, client: Client) -> None:
        client.send(NEURON, 7, 0, 1)
        await asyncio.sleep(0.1)
        client.send(NEURON, 7, 0, 2)  # the one before gives way at once
        told = await client.answer("/ear/fail")
        assert (told[1], told[3]) == ("superseded", 1)
        client.send("/ear/system/ping", 77)
        assert (await client.answer("/ear/system/pong", 1.0))[2] == 77
        told = await client.answer("/ear/fail", 6.0)
        assert (told[1], told[3]) == ("too_slow", 2)
        monkeypatch.setattr(audition, "_PATIENCE", 20.0)  # for a machine that is busy
        client.send(NEURON, 7, 0, 9)
        client.send("/ear/system/cancel", 9)
        told = await client.answer("/ear/fail")
        assert (told[1], told[3]) == ("cancelled", 9)
        assert (await client.answer("/ear/done"))[2] == 1
        hangs.set()
        await asyncio.sleep(0.3)
        assert audio_state(node).audition == ""  # what came too late does not sound
        client.send(NEURON, 8, 0, 3)
        assert (await client.answer("/ear/done", 8.0))[1:3] == (3, 8)

    play(ear_folder(tmp_path / "ear"), scenario)


def loudness(audio: np.ndarray, rate: int = RATE) -> float:
    return LoudnessMeter(audio.shape[1], rate).measure(np.ascontiguousarray(audio))


def test_the_excerpt_is_as_loud_as_the_loop_that_is_heard(music: Music, tmp_path: Path) -> None:
    take, loops = tmp_path / "take.wav", list[float]()

    async def scenario(node: Node, client: Client) -> None:
        client.send("/ear/audition/duck", -60.0)
        client.send(NEURON, 7, 2)  # the soft one
        await client.answer("/ear/done", 8.0)
        entry = audio_state(node).schedule[-1]
        loops.append(loudness(read_loop(node.session / "loops" / entry.file).audio))
        await until(lambda: audio_state(node).audition_left > 0.0)
        await until(lambda: audio_state(node).audition_left == 0.0, 8.0)

    play(ear_folder(tmp_path / "ear"), scenario, take)
    heard, _ = soundfile.read(take, dtype="float32")
    excerpt = heard[-3 * RATE : -1 * RATE].T
    assert loudness(excerpt) == pytest.approx(loops[0], abs=1.0)
    assert loops[0] > loudness(np.stack(2 * [piece(1)[: 2 * RATE].astype(np.float32)])) + 3.0
