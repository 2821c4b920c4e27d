"""What the node refuses of targets, what it learns of an ear, and which clips it makes for targets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine.control import ControlLog
from ear_engine.ear.statistics_file import hash_weights, write_statistics
from ear_engine.errors import UserError
from ear_engine.layout.map_file import MAP, MapFile, write_map
from ear_engine.node.imprints import Imprints
from ear_engine.node.sources import Sources
from ear_engine.node.targets import Targets
from ear_engine.parameters import ParameterTree, Value
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, loop_name, read_loop, write_loop
from ear_engine.shared_memory.states import AudioState, Entry
from ear_engine.sources.library import ClipLibrary
from tests.ear.test_statistics import LAYERS, make
from tests.node.standin import RATE, playing, tone_file, until

NAMES = [layer.name for layer in LAYERS]
SHAPES = [[layer.channels, layer.bins] for layer in LAYERS]


def ear_in(folder: Path) -> Path:
    """An ear's folder with statistics of 25 neurons and no network."""
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(b"these are the weights")
    (folder / "config.yaml").write_text("name: ear\nkind: another\n")
    write_statistics(make(hash_weights(folder)), folder / "statistics.safetensors")
    return folder


class Place:
    """A control log, and who judges its targets."""

    def __init__(self, ear: Path, chosen: dict[str, Value] | None = None) -> None:
        self.control = ControlLog(ParameterTree())
        self.told: list[str] = []
        self.ends: list[UserError] = []
        self.control.apply({"target/layer": "first", **(chosen or {})}, "start")
        self.targets = Targets(self.control, ear, chosen or {}, self.ends.append, self.tell)

    def tell(self, level: str, code: str, message: str) -> None:
        self.told.append(message)

    def refused(self, **changes: object) -> str:
        with pytest.raises(UserError) as refusal:
            self.control.apply({f"target/{name}": value for name, value in changes.items()}, "test")
        return refusal.value.code


@asynccontextmanager
async def learning(place: Place) -> AsyncIterator[Targets]:
    running = asyncio.create_task(place.targets.run())
    try:
        await until(lambda: place.targets.resolver)
        yield place.targets
    finally:
        running.cancel()


def test_bad_targets_are_refused_and_the_previous_one_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(ear_in(tmp_path / "ear"))
        async with learning(place):
            place.control.apply({"target/name": "bright hats", "target/weight": 0.5, "target/keep": 1}, "test")
            before = place.control.snapshot()
            assert place.refused(objective="layer(first) + leyer(top)") == "bad_expression"
            assert place.refused(objective="layer(frist)") == "unknown_layer"
            assert place.refused(objective="channel(first, 3)") == "out_of_range"
            assert place.refused(objective="top(1)") == "bad_expression"
            assert place.refused(objective="1e6*(1e6*(layer(first) + layer(top)) + cpc())") == "bad_expression"
            assert place.refused(objective="1e-42*layer(first)") == "empty_target"
            assert place.refused(objective="cpc() + surprise()") == "contradictory"
            assert place.refused(neurons="3,25") == "out_of_range"
            assert place.refused(neurons="") == "empty_target"
            assert place.refused(neurons="4-7") == "empty_target"  # the phase of its scalogram
            assert place.refused(name="zzzzzz") == "unknown_region"
            assert place.refused(morph=0.5) == "not_stored"
            assert place.refused(weight=-0.5) == "contradictory"
            assert place.refused(by="objective") == "bad_expression"
            assert place.control.snapshot() == before
            place.control.apply({"target/weight": -0.25}, "test")
            place.control.apply({"target/a": 1}, "test")
            place.control.apply({"target/neurons": "3-5", "target/b": 1}, "test")
            place.control.apply({"target/morph": 0.25}, "test")
            assert place.control.target.by == "morph"
        assert place.told == [] and place.ends == []

    asyncio.run(scenario())


def test_when_another_ear_comes_what_it_does_not_have_is_given_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(ear_in(tmp_path / "ear"))
        async with learning(place) as targets:
            for changes in ({"target/neurons": "24"}, {"target/neurons": "3"}, {"target/objective": "layer(top)"}):
                place.control.apply({**changes, "target/keep": 1}, "test")
            place.control.apply({"target/neurons": "20-24"}, "test")
            targets.learn(NAMES, SHAPES)  # the same
            assert len(place.control.kept) == 3 and place.told == []
            place.control.set_ear(str(tmp_path / "another"), "test")
            targets.learn(["scalogram", "first"], [[2, 4], [3, 4]])
            await until(lambda: targets.resolver and len(targets.resolver.facts.index) == 20)
            assert [kept.neurons for kept in place.control.kept] == ["3"] or place.control.kept == ()
            assert place.control.target.by == "layer" and place.control.target.layer == "first"
            assert place.refused(layer="top") == "unknown_layer"
            assert place.refused(name="hats") == "no_statistics"
            assert any("beyond the ear's 20" in told for told in place.told)
            assert any("layer 'top'" in told and "dropped" in told for told in place.told)
        assert place.ends == []

    asyncio.run(scenario())


def test_a_map_that_has_been_made_is_what_targets_mean(tmp_path: Path) -> None:
    async def scenario() -> None:
        ear = ear_in(tmp_path / "ear")
        place = Place(ear)
        async with learning(place) as targets:
            assert targets.learned == ear and targets.resolver is not None
            chart = targets.resolver.facts
            assert chart.stored is None
            places = np.random.default_rng(2).random((len(chart.index), 2), np.float32)
            write_map(ear / MAP, MapFile(places, hash_weights(ear), {}))
            place.control.set_map("test")
            await until(lambda: targets.resolver and targets.resolver.facts is not chart)
            assert np.array_equal(targets.resolver.facts.positions, places)
        assert place.told == [] and place.ends == []

    asyncio.run(scenario())


def test_values_that_come_before_the_ear_is_known_are_mended_together(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(ear_in(tmp_path / "ear"))
        place.control.apply({"target/layer": "nolayer"}, "test")
        place.control.apply({"target/objective": "layer(nolayer)"}, "test")
        async with learning(place) as targets:
            targets.learn(NAMES, SHAPES)
            assert place.control.target.by == "layer" and place.control.target.layer in NAMES
            place.control.apply({"target/weight": 0.5}, "test")
        assert place.told and not place.ends

    asyncio.run(scenario())


def test_a_shorter_loop_gives_up_targets_beyond_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(ear_in(tmp_path / "ear"))
        async with learning(place):
            place.control.apply({"target/objective": "difference(first, at=0, from=4)", "target/keep": 1}, "test")
            place.control.apply({"target/layer": "first"}, "test")
            place.control.apply({"playback/beats": 4}, "test")
            assert place.control.kept == ()
            place.control.apply({"playback/beats": 8}, "test")
            place.control.apply({"target/objective": "difference(first, at=0, from=4)"}, "test")
            place.control.apply({"playback/beats": 4}, "test")
            assert place.control.target.by == "layer"
            place.control.apply({"target/layer": "top"}, "test")
        assert len(place.told) == 2

    asyncio.run(scenario())


def test_a_bad_target_from_the_command_line_ends_the_engine(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(ear_in(tmp_path / "ear"), {"target/objective": "layer(frist)"})
        async with learning(place):
            await until(lambda: place.ends)
        assert place.ends[0].code == "unknown_layer"

    asyncio.run(scenario())


@pytest.mark.slow
def test_over_osc_with_the_ear_that_ships() -> None:
    from ear_engine.ear_files import find_ear
    from tests.node.standin import options
    from tests.node.test_conductor import Client

    async def scenario() -> None:
        async with playing(options(ear=find_ear("small"))) as (node, _):
            client = await Client(node.osc.port).open()
            while not any(address == "/ear/target/names" for address, _ in client.heard):
                client.send("/ear/target/names", "scalogram")
                await asyncio.sleep(0.05)
            client.heard.clear()
            client.send("/ear/target/objective", "layer(encoder_3_conv1) + layer(encoder_3_conv3)", 7)
            address, code, text, request = await client.answer("/ear/fail")
            assert (address, code, request) == ("/ear/target/objective", "unknown_layer", 7)
            assert "at character 32" in str(text) and "encoder_3_conv" in str(text)
            assert node.control.target.by == "layer"
            client.send("/ear/target/neurons", 500, 501, 502, 700)
            client.send("/ear/target/describe")
            assert await client.answer("/ear/target/describe") == ("neurons", 1, 4, "encoder_0_conv1")
            client.send("/ear/target/find", "bright hats")
            index, total, name, layer, *_ = await client.answer("/ear/target/find")
            assert (index, total, name) == (0, 8, "bright hats") and str(layer).startswith("encoder")
            client.send("/ear/target/x", 0.3)
            client.send("/ear/target/describe")
            by, terms, *_ = await client.answer("/ear/target/describe")
            assert by == "map" and int(str(terms)) >= 1
            client.close()

    asyncio.run(scenario())


# ---- clips


class Stage:
    """Sources and imprints without processes; the audio state is what a test says."""

    def __init__(self, folder: Path) -> None:
        self.loops = folder / "loops"
        self.loops.mkdir()
        (folder / "clips").mkdir()
        tone_file(folder / "clips" / "tone_4beats.wav")
        (folder / "clips" / "broken.wav").write_bytes(b"RIFF\0\0\0\0WAVEgarbage")
        self.control = ControlLog(ParameterTree())
        self.refused: list[tuple[str, str, str]] = []
        self.audio: AudioState | None = None
        library = ClipLibrary((folder / "clips",))
        self.sources = Sources(self.control, library, self.loops, self.refuse, lambda *_: None)
        self.imprints = Imprints(
            self.control, self.sources, self.loops, lambda: self.audio, self.refuse, lambda *_: None
        )

    def refuse(self, origin: str, address: str, error: UserError) -> None:
        self.refused.append((origin, address, error.code))

    def clip(self, name: str) -> LoopFile | None:
        file = self.control.snapshot().clips.get(name)
        return None if file is None else read_loop(self.loops / file)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.loops.iterdir() if not path.name.startswith("source"))


def on_stage(folder: Path, scenario: Callable[[Stage], object]) -> None:
    async def play() -> None:
        stage = Stage(folder)
        stage.sources.open("beat")
        stage.imprints.open()
        tasks = [asyncio.create_task(stage.sources.run()), asyncio.create_task(stage.imprints.run())]
        try:
            await scenario(stage)  # type: ignore[misc]
        finally:
            for task in tasks:
                task.cancel()

    asyncio.run(play())


def test_clips_that_targets_name_are_fitted_to_the_loop_and_again_when_it_changes(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        stage.control.apply({"target/imprint": "tone_4beats"}, "osc")
        await until(lambda: stage.clip("tone_4beats"))
        clip = stage.clip("tone_4beats")
        assert clip is not None and (clip.samples, clip.beats) == (4 * RATE, 8)
        stage.control.fire("target/keep", "osc")
        stage.control.apply({"target/objective": "likeness(bass, encoder_2_conv1) + cpc()"}, "osc")
        await until(lambda: stage.clip("bass"))
        stage.control.apply({"source/fit": "stretch", "playback/tempo": 100.0, "playback/beats": 4}, "osc")
        samples = round(4 * 60 / 100 * RATE)

        def fitted() -> bool:
            clips = [stage.clip(name) for name in ("bass", "tone_4beats")]
            return all(clip is not None and clip.samples == samples for clip in clips)

        await until(fitted)
        assert len(stage.files()) <= 4  # the last two, and the last two before
        stage.control.apply({"target/clear": 1, "target/layer": "encoder_3_conv1"}, "osc")
        assert stage.control.snapshot().clips == {} and stage.refused == []

    on_stage(tmp_path, scenario)


def test_unknown_and_broken_clips_are_refused_and_the_target_goes_back(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        stage.control.apply({"target/objective": "likeness(bass)"}, "osc")
        await until(lambda: stage.clip("bass"))
        before = stage.control.target
        for changes in ({"target/imprint": "base"}, {"target/objective": "cpc() + likeness('../bass')"}):
            with pytest.raises(UserError) as refusal:
                stage.control.apply(changes, "osc")
            assert refusal.value.code in ("unknown_clip", "bad_name")
        stage.control.apply({"target/imprint": "broken", "target/keep": 1}, "osc me")
        await until(lambda: stage.refused)
        origin, address, code = stage.refused[0]
        assert (origin, address) == ("osc me", "/ear/target/imprint") and code
        after = stage.control.target
        assert (after.by, after.objective) == (before.by, before.objective) and stage.control.kept == ()
        stage.control.apply({"target/weight": 0.5}, "osc")
        await asyncio.sleep(0.05)
        assert len(stage.refused) == 1

    on_stage(tmp_path, scenario)


def test_a_stored_target_whose_clip_cannot_be_read_is_not_played(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        stage.control.apply({"target/imprint": "broken", "target/a": 1}, "osc")
        await until(lambda: stage.refused)
        stage.control.apply({"target/layer": "encoder_1_conv1", "target/b": 1}, "osc")
        with pytest.raises(UserError, match="stored target a needs clip 'broken'") as refusal:
            stage.control.apply({"target/morph": 0.5}, "osc")
        assert refusal.value.code == "bad_clip" and stage.control.target.by == "layer"
        stage.control.fire("target/a", "osc")
        stage.control.apply({"target/morph": 0.5}, "osc")

    on_stage(tmp_path, scenario)


def test_a_morph_is_given_up_when_the_clip_of_its_stored_target_fails(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        stage.control.apply({"target/b": 1}, "osc")
        stage.control.apply({"target/imprint": "broken", "target/a": 1}, "osc")
        stage.control.apply({"target/morph": 0.5}, "osc")  # before it is known that the clip is broken
        await until(lambda: stage.refused)
        assert stage.control.target.by == "layer"

    on_stage(tmp_path, scenario)


def heard(stage: Stage, number: int) -> None:
    """Loop ``number``, full of it, is heard."""
    audio = np.full((2, 4 * RATE), number / 10, np.float32)
    write_loop(stage.loops / loop_name(number), LoopFile(number, audio, RATE, 8))
    entry = Entry(0, 0, number, loop_name(number), 4 * RATE, 8)
    stage.audio = AudioState(os.getpid(), "null", "", RATE, RATE, 256, 100, now(), 0.0, 0, [entry])


def test_now_is_the_loop_that_is_heard_when_it_is_named(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        heard(stage, 3)
        stage.control.apply({"target/imprint": "now"}, "osc")
        (stage.loops / loop_name(3)).unlink()  # pruned at that moment
        await until(lambda: stage.clip("now"))
        clip = stage.clip("now")
        assert clip is not None and clip.audio[0, 0] == np.float32(0.3)
        heard(stage, 5)
        stage.control.apply({"target/weight": 0.5}, "osc")
        await asyncio.sleep(0.05)
        clip = stage.clip("now")
        assert clip is not None and clip.audio[0, 0] == np.float32(0.3)
        stage.control.apply({"target/imprint": "now"}, "osc")

        def newer() -> bool:
            clip = stage.clip("now")
            return clip is not None and bool(clip.audio[0, 0] == np.float32(0.5))

        await until(newer)
        assert not [name for name in stage.files() if name.startswith("aside")] and stage.refused == []

    on_stage(tmp_path, scenario)


def test_source_is_whatever_the_source_is(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        stage.control.apply({"target/imprint": "source"}, "osc")
        state = stage.control.snapshot()
        assert state.clips == {"source": state.source}
        stage.control.apply({"source/clip": "bass"}, "osc")
        await until(lambda: stage.control.snapshot().source_number == 2)
        state = stage.control.snapshot()
        assert state.clips == {"source": state.source}

    on_stage(tmp_path, scenario)


def test_input_is_asked_for_and_taken_when_it_has_come_or_refused(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        heard(stage, 1)
        assert stage.audio is not None
        stage.control.apply({"target/imprint": "input"}, "osc me")
        assert stage.control.snapshot().captures == 1
        stage.imprints.look()
        write_loop(stage.loops / "input-1.ear", LoopFile(0, np.full((1, RATE), 0.25, np.float32), RATE, 2))
        stage.audio = replace(stage.audio, captured=1, captured_file="input-1.ear")
        stage.imprints.look()
        await until(lambda: stage.clip("input"))
        clip = stage.clip("input")
        assert clip is not None and clip.samples == 4 * RATE
        stage.control.apply({"target/imprint": "input"}, "osc me")
        assert stage.control.snapshot().captures == 2
        stage.audio = replace(stage.audio, captured=2, captured_file="")  # there is none
        stage.imprints.look()
        assert stage.refused == [("osc me", "/ear/target/imprint", "no_input")]
        assert stage.control.target.by == "imprint" and stage.clip("input") is not None  # the one before

    on_stage(tmp_path, scenario)


def test_without_an_input_the_target_goes_back(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        heard(stage, 1)
        assert stage.audio is not None
        stage.control.apply({"target/objective": "likeness(input) + cpc()"}, "osc me")
        stage.audio = replace(stage.audio, captured=1)
        stage.imprints.look()
        assert stage.refused == [("osc me", "/ear/target/objective", "no_input")]
        assert stage.control.target.by == "layer"
        stage.control.apply({"target/imprint": "input"}, "osc me")
        stage.control.apply({"target/layer": "encoder_3_conv1"}, "osc me")
        stage.audio = replace(stage.audio, captured=2)
        stage.imprints.look()  # nobody waits for it any more
        assert len(stage.refused) == 1

    on_stage(tmp_path, scenario)
