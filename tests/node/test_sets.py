"""Sets while they are played: saved, loaded, kept by themselves, resumed; and several hands that see each other."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine import platform
from ear_engine.cli import parse
from ear_engine.clip import Clip
from ear_engine.commands.serve import node_options
from ear_engine.node.children import audio_child
from ear_engine.node.sets import BAR
from ear_engine.node.transport import Transport
from ear_engine.osc.place import Place
from ear_engine.parameters import ParameterTree
from ear_engine.sets import last
from ear_engine.sets.contents import Contents, read_contents
from ear_engine.sets.last import find_last
from ear_engine.sets.loops import keep_loop, kept_loops
from ear_engine.sets.text import WrittenSet
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.viewer.client import EngineClient
from tests.node.standin import audio_state, dreamer, options, playing, tone_file, until
from tests.node.test_conductor import Client


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sets", "presets", "state"):
        place = tmp_path / name
        monkeypatch.setattr(platform, f"user_{name.removesuffix('s')}_dir", lambda place=place: place)
    return tmp_path


async def asked(client: Client, address: str, *arguments: object) -> tuple[object, ...]:
    """What is answered, which is not a refusal."""
    client.send(address, *arguments)
    answer = ("/ear/done", "/ear/fail")
    await until(lambda: any(heard in answer and said[0] == address for heard, said in client.heard), 8.0)
    index = next(i for i, (heard, said) in enumerate(client.heard) if heard in answer and said[0] == address)
    heard, said = client.heard.pop(index)
    assert heard == "/ear/done", said
    return said


def test_a_set_is_saved_and_loaded_at_a_bar_while_the_sound_goes_on(folders: Path) -> None:
    async def scenario() -> None:
        async with playing() as (node, notes):
            client = await Client(node.osc.port).open()
            values = node.control.tree.values
            for address, value in (("/ear/tone/tilt", -9.5), ("/ear/target/depth", 0.75), ("/ear/target/keep", 1)):
                client.send(address, value)
            await until(lambda: len(node.control.kept) == 1)
            await asked(client, "/ear/preset/save", "mine", "My own")
            await asked(client, "/ear/preset/recall", "mine")
            client.send("/ear/target/keep")
            await asked(client, "/ear/set/save", "night")
            with pytest.raises(AssertionError, match="is there already"):
                await asked(client, "/ear/set/save", "night")
            before, held = dict(values), node.control.held
            client.send("/ear/preset/delete", "mine")
            client.send("/ear/source/clip", "dub")
            client.send("/ear/target/name", "bright hats")
            client.send("/ear/target/clear")
            client.send("/ear/tone/tilt", 5.0)
            await until(lambda: node.control.snapshot().source_number == 2 and values["tone/tilt"] == 5.0)
            beats: list[float | None] = []
            node.control.listen(
                lambda change: (
                    beats.append(Transport(node.control, lambda: node.board.audio).beat_at(now()))
                    if "set" in change.gesture
                    else None
                )
            )
            assert (await asked(client, "/ear/set/load", "night"))[2:] == ("night", 0)
            assert (values, node.control.held) == (before, held)
            (beat,) = beats
            assert beat is not None and beat % BAR < 1.0  # soon after the bar line, on a busy machine, too
            assert (folders / "presets" / "mine.yaml").exists()  # the set has brought it back
            await until(lambda: node.control.snapshot().source_number == 3)
            assert node.board.sounding
            await asked(client, "/ear/control/undo")
            assert (values["tone/tilt"], values["target/by"], node.control.kept) == (5.0, "name", ())
            assert notes.warnings == []
            client.close()

    asyncio.run(scenario())


def test_what_a_set_names_that_is_not_there_is_named_and_the_rest_loads(folders: Path) -> None:
    (folders / "sets").mkdir()
    text = "version: 9\nclip: gone\near: gone\nhologram: 3\ndream: {rate: -25}\ntarget: {layer: nolayer}\n"
    (folders / "sets" / "newer.yaml").write_text(text)

    async def scenario() -> None:
        async with playing() as (node, notes):
            client = await Client(node.osc.port).open()
            said = await asked(client, "/ear/set/load", "newer")
            assert said[2:] == ("newer", 5)
            values = node.control.tree.values
            assert (values["dream/rate"], values["source/clip"], values["target/layer"]) == (
                -25.0,
                "beat",
                "encoder_3_conv1",
            )
            for words in ("of a newer kind (9", "hologram", "clip 'gone'", "ear 'gone'", "nolayer"):
                assert any(words in line for line in notes.warnings), words
            client.close()

    asyncio.run(scenario())


def test_a_loop_of_the_memory_that_a_set_names_sounds_the_same_in_another_session(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = folders / "clips"
    monkeypatch.setattr(platform, "user_clip_dir", lambda: clips)

    async def scenario() -> None:
        start = options(clip_folders=(clips,))
        async with playing(start) as (node, notes):
            client = await Client(node.osc.port).open()
            await until(lambda: len(node.parts.memory.store.loops) > 1)
            number = max(loop.number for loop in node.parts.memory.store.loops if loop.kind == "dream")
            await asked(client, "/ear/memory/source", number)
            await asked(client, "/ear/memory/imprint", number)
            await until(lambda: node.control.snapshot().source_number == 2 and node.control.snapshot().clips)
            sound = np.array(node.parts.sources.current.audio)
            await asked(client, "/ear/preset/save", "like_that")
            assert "imprint: heard/" in (folders / "presets" / "like_that.yaml").read_text()
            await asked(client, "/ear/set/save", "night")
            assert (await asked(client, "/ear/set/load", "night"))[2:] == ("night", 0)
            assert str(node.control.tree.values["source/clip"]).startswith("heard/")
            await until(lambda: not node.parts.sources.busy)
            assert node.control.snapshot().source_number == 2, "it is the same sound, so nothing begins anew"
            assert notes.warnings == []
            client.close()
        async with playing(start) as (node, notes):
            client = await Client(node.osc.port).open()
            assert (await asked(client, "/ear/set/load", "night"))[2:] == ("night", 0)
            await until(lambda: node.control.snapshot().source_number == 2 and node.control.snapshot().clips)
            assert np.array_equal(node.parts.sources.current.audio, sound)
            values = node.control.tree.values
            assert values["target/by"] == "imprint" and values["target/imprint"] == values["source/clip"]
            assert notes.warnings == []
            client.close()

    asyncio.run(scenario())


def beside(state: Path) -> set[str]:
    """Loops that lie beside last sets."""
    return {name for folder in (state / "last").glob("*") for name in kept_loops(folder)}


def test_a_loop_that_the_last_set_names_is_kept_beside_it_and_goes_when_it_is_named_no_more(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, state = folders / "clips", folders / "state"
    monkeypatch.setattr(platform, "user_clip_dir", lambda: clips)

    async def scenario() -> None:
        async with playing(options(clip_folders=(clips,), autosave=True)) as (node, notes):
            client = await Client(node.osc.port).open()
            await until(lambda: len({one.kind for one in node.parts.memory.store.loops}) > 1)
            number = {one.kind: one.number for one in node.parts.memory.store.loops}
            await asked(client, "/ear/memory/source", number["dream"])
            await until(lambda: len(beside(state)) == 1)
            dreamed = beside(state)
            client.send("/ear/source/clip", "dub")
            await until(lambda: not beside(state))
            await asked(client, "/ear/control/undo")
            await until(lambda: beside(state) == dreamed)
            await asked(client, "/ear/memory/imprint", number["source"])
            await until(lambda: beside(state) > dreamed and node.control.snapshot().clips)
            assert not clips.exists(), "nothing of it is the user's"
            await asked(client, "/ear/set/save", "night")
            saved = set(kept_loops(clips))
            assert saved == beside(state)
            for address, value in (("source/clip", "dub"), ("target/imprint", "dub")):
                client.send(f"/ear/{address}", value)
            await until(lambda: not beside(state))
            assert set(kept_loops(clips)) == saved and notes.warnings == []
            client.close()

    asyncio.run(scenario())


def test_loops_beside_the_last_set_are_clips_of_whoever_resumes_it_and_the_users_if_saved(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, state, crashed = folders / "clips", folders / "state", last.LastFolder(9000)
    monkeypatch.setattr(platform, "user_clip_dir", lambda: clips)
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 88200)).astype(np.float32)
    source, liked = (
        keep_loop(Clip("memory:1", noise * np.float32(gain), 44100, 4, "given"), crashed.path) for gain in (1, 0.5)
    )
    text = f"clip: {source}\ntarget: {{by: imprint, imprint: {liked}}}\n"
    crashed.keep_set(WrittenSet(text, frozenset((source, liked))))
    typed, standin = node_options(parse(["serve", "--set", "last", "--midi", "off"])), options()
    chosen = replace(typed, ear=standin.ear, audio=standin.audio, osc_port=0)

    async def scenario() -> None:
        async with playing(chosen) as (node, notes):
            shutil.rmtree(crashed.path)  # enough others have left theirs
            client, values = await Client(node.osc.port).open(), node.control.tree.values
            assert np.array_equal(node.parts.sources.current.audio, noise)
            assert (values["source/clip"], values["target/imprint"], values["target/by"]) == (source, liked, "imprint")
            await until(lambda: beside(state) == {source, liked})
            client.send("/ear/source/clip", "dub")
            await until(lambda: node.control.snapshot().source_number == 2 and beside(state) == {liked})
            await asked(client, "/ear/control/undo")
            await until(lambda: node.control.snapshot().source_number == 3 and beside(state) == {source, liked})
            assert np.array_equal(node.parts.sources.current.audio, noise) and not clips.exists()
            await asked(client, "/ear/preset/save", "like_that")
            assert kept_loops(clips).keys() == {liked}
            await asked(client, "/ear/set/save", "night")
            assert kept_loops(clips).keys() == {source, liked}
            listed = [clip.name for clip in node.parts.sources.names.clips]
            assert listed.count(source) == listed.count(liked) == 1
            assert "clip_folders" not in (folders / "sets" / "night.yaml").read_text()
            assert notes.warnings == []
            client.close()

    asyncio.run(scenario())


def test_the_last_set_is_kept_with_the_loop_and_played_again_bit_for_bit(folders: Path) -> None:
    blank = LoopFile(0, np.zeros((1, 1), np.float32), 1, 1)

    async def scenario() -> None:
        async with playing(options(autosave=True)) as (node, _):
            node.control.apply({"source/clip": "dub", "tone/tilt": -9.5, "playback/wet": 1.0}, "hand")
            node.control.apply({"target/keep": True}, "hand")
            await until(lambda: node.control.snapshot().source_number == 2)
            await until(
                lambda: node.parts.heard.last is not None and (node.parts.heard.last.loop or blank).name == "dub"
            )
            await until(lambda: node.parts.heard.last is not None and node.parts.heard.last.entry.loop > 1)
            folder = folders / "state" / "last"
            text = lambda: next(iter(folder.glob("*/set.yaml"))).read_text()  # noqa: E731
            await until(lambda: [*folder.glob("*/loop.ear")] and "kept" in text())
            number = node.control.number
            await until(lambda: node.control.number == number)
        kept = find_last(0)
        start = read_contents(kept.path, ParameterTree(), lenient=True)
        assert (start.plain.clip, start.plain.values["tone/tilt"], len(start.held.kept)) == ("dub", -9.5, 1)
        assert kept.loop is not None
        loop = read_loop(kept.loop)
        assert loop.loop > 1 and loop.name == "dub"
        again = options(
            clip="dub",
            values=start.plain.values,
            start=start,
            instead="beat",
            forgiving=True,
            loop=kept.loop,
        )
        children = lambda session, chosen: (audio_child(session, chosen), dreamer(session, period=1e9))  # noqa: E731
        async with playing(again, children=children) as (node, notes):
            assert node.control.tree.values["tone/tilt"] == -9.5 and len(node.control.kept) == 1
            assert any("The loop that was heard last plays" in line for line in notes.lines)
            first = audio_state(node).schedule[0]
            assert (first.loop, first.origin) == (1, first.start)
            assert np.array_equal(read_loop(node.session / "loops" / first.file).audio, loop.audio)

    asyncio.run(scenario())


def test_a_set_whose_clip_is_gone_begins_with_the_loop_that_was_heard_or_the_usual_one(folders: Path) -> None:
    async def scenario() -> None:
        kept = last.LastFolder(9000)
        async with playing(options(clip=str(tone_file(folders / "tone_4beats_120bpm.wav")))) as (node, _):
            await until(lambda: node.parts.heard.last is not None)
            assert node.parts.heard.last is not None and node.parts.heard.last.loop is not None
            kept.keep_loop(node.parts.heard.last.loop)
            kept.keep_set(node.desk.sets.text()(kept.path))
        clip = read_contents(kept.path / last.SET, ParameterTree()).plain.clip
        assert clip == str(folders / "tone_4beats_120bpm.wav")
        (folders / "tone_4beats_120bpm.wav").unlink()
        start = options(clip=clip, instead="beat", start=Contents(), loop=kept.path / last.LOOP)
        async with playing(start) as (node, notes):
            assert node.control.tree.values["playback/beats"] == 4
            assert any("tone_4beats_120bpm" in line and "takes its place" in line for line in notes.warnings)
        async with playing(replace(start, loop=None)) as (node, notes):
            assert node.control.tree.values["source/clip"] == "beat"
            assert any("The loop 'beat' takes its place" in line for line in notes.warnings)

    asyncio.run(scenario())


def test_a_full_disk_is_said_once_and_the_sound_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def scenario() -> None:
        monkeypatch.setattr(last.LastFolder, "keep_loop", full)
        monkeypatch.setattr("ear_engine.node.autosave._AGAIN", 0.1)
        async with playing(options(autosave=True)) as (node, notes):
            await until(lambda: any("has no room" in line for line in notes.warnings))
            await asyncio.sleep(0.5)
            assert len([line for line in notes.warnings if "not kept" in line]) == 1
            assert node.board.sounding
            monkeypatch.undo()

    asyncio.run(scenario())


def test_hands_see_what_the_others_do() -> None:
    async def scenario() -> None:
        async with playing() as (node, _):
            one, two = await Client(node.osc.port).open(), await Client(node.osc.port).open()
            viewer = EngineClient(Place("127.0.0.1", node.osc.port))
            viewer.start()
            values = node.control.tree.values

            def news(client: Client) -> list[tuple[str, object]]:
                heard = [(address, said[0]) for address, said in client.heard if address.startswith("/ear/tone/")]
                client.heard.clear()
                return heard

            def shown(name: str) -> object:
                return viewer.snapshot().values[name]

            await until(lambda: viewer.snapshot().connected and viewer.snapshot().presets)
            for client in (one, two):
                await asked(client, "/ear/stream/subscribe", "/ear/tone/*", 60.0, "list", 0, 0.0)
            rows = {row.address for row in node.control.tree if row.group == "tone"}
            for client in (one, two):  # values that it begins with
                await until(lambda client=client: rows <= {address for address, _ in client.heard})
                news(client)

            one.send("/ear/tone/tilt", -3.0)
            await until(lambda: two.heard and shown("tone/tilt") == -3.0)
            await asyncio.sleep(0.05)
            assert news(two) == [("/ear/tone/tilt", -3.0)] and news(one) == []
            viewer.set("tone/mid", 5.0)
            await until(lambda: one.heard and two.heard)
            assert news(one) == news(two) == [("/ear/tone/mid", 5.0)]
            one.send("/ear/tone/low", -99.0)  # what is stored is not what was sent, so its sender hears of it, too
            await until(lambda: one.heard and two.heard and shown("tone/low") == -24.0)
            assert news(one) == news(two) == [("/ear/tone/low", -24.0)]
            await asked(two, "/ear/control/undo")
            await until(lambda: one.heard and two.heard and shown("tone/low") == 0.0)
            assert news(one) == news(two) == [("/ear/tone/low", 0.0)]
            with pytest.raises(AssertionError, match="nothing to take back"):
                await asked(two, "/ear/control/undo", "mine")
            await asked(two, "/ear/set/save", "before")
            viewer.recall("drone")
            await until(lambda: ("/ear/tone/scale", ("fifths",)) in one.heard and shown("tone/scale") == "fifths")
            await asked(one, "/ear/set/load", "before")
            await until(lambda: ("/ear/tone/scale", ("minor",)) in two.heard and shown("tone/scale") == "minor")
            assert ("/ear/tone/scale", ("minor",)) in one.heard
            assert (values["tone/mid"], shown("tone/mid")) == (5.0, 5.0)
            viewer.close()
            one.close()
            two.close()

    asyncio.run(scenario())
