"""The autopilot without an engine: a control log, and a playhead that is moved by hand."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from ear_engine.control import REGION_FIELDS, ControlLog
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.node.autopilot import ORIGIN, Autopilot, BarClock
from ear_engine.node.itinerary import SCENE_BARS, plan
from ear_engine.parameters import ParameterTree
from ear_engine.presets import find_preset, recall
from ear_engine.shared_memory.clock import Playhead
from ear_engine.shared_memory.states import Entry, Target
from ear_engine.sources.loops import builtin_names
from ear_engine.targets.choices import named_regions
from ear_engine.targets.facts import load_facts
from tests.node.standin import options, playing, until

RATE = 44100
LAYERS = [f"encoder_{number}_conv1" for number in range(11)]


def head(seconds: float, beats: int = 8, tempo: float = 120.0, origin: int = 0) -> Playhead:
    """The moment ``seconds`` into a session that plays one loop."""
    samples = round(beats * 60 / tempo * RATE)
    position = seconds * RATE
    phase = ((position - origin) % samples) / samples
    return Playhead(Entry(0, origin, 1, "", samples, beats), position, phase, phase * beats)


class Stage:
    """An autopilot and everything it is told and tells."""

    def __init__(self, seed: int = 3) -> None:
        self.control = ControlLog(ParameterTree())
        self.told: list[tuple[str, str, str]] = []
        self.pilot = Autopilot(self.control, seed, lambda: LAYERS, ("node",), lambda *event: self.told.append(event))

    def play(self, start: float, end: float) -> None:
        """Look ten times a second, at 120 BPM: a bar lasts two seconds."""
        for tenth in range(round(start * 10), round(end * 10)):
            self.pilot.look(head(tenth / 10))


def test_a_longer_plan_begins_with_the_shorter_and_seeds_differ() -> None:
    assert plan(5, 400)[: len(plan(5, 100))] == plan(5, 100)
    assert plan(5, 400) == plan(5, 400) != plan(6, 400)
    assert plan(5, 0) == () and len(plan(5, 1)) == 1


@pytest.mark.parametrize("seed", range(8))
def test_every_four_bars_something_changes_and_the_depth_rises(seed: int) -> None:
    scenes = plan(seed, 320)
    assert [scene.bar for scene in scenes] == list(range(0, 320, SCENE_BARS))
    assert SCENE_BARS == 4 and scenes[0].preset and not scenes[0].clip
    for before, scene in itertools.pairwise(scenes):
        assert scene.words != before.words or (scene.preset and not scene.words)
        assert scene.preset or scene.clip
        assert scene.depth > before.depth or scene.bar % 32 == 0
        assert not (scene.preset and scene.clip)
        assert 0 <= scene.glide < SCENE_BARS
    for kind in ("preset", "clip"):
        chosen = [getattr(scene, kind) for scene in scenes if getattr(scene, kind)]
        assert kind == "preset" or chosen[0] != "beat"  # which plays
        assert all(one != other for one, other in itertools.pairwise(chosen))
    assert {scene.clip for scene in scenes} - {""} <= set(builtin_names())
    for name in {scene.preset for scene in scenes} - {""}:
        assert not find_preset(name, ParameterTree()).problem


def test_it_is_off_until_it_is_turned_on() -> None:
    stage = Stage()
    stage.play(0, 4)
    assert stage.control.number == 0
    stage.control.apply({"dream/autopilot": True}, "osc")
    stage.play(4, 5)
    assert {change.origin for change in stage.control.history} == {"osc", ORIGIN}
    assert [code for _, code, _ in stage.told] == ["autopilot_on", "autopilot_scene"]


def deciding(target: Target) -> list[object]:
    """The fields of a target that count."""
    return [getattr(target, name) for name in ("by", target.by, *REGION_FIELDS[1:])]


def own_target(preset: str) -> list[object]:
    control = ControlLog(ParameterTree())
    recall(find_preset(preset, control.tree), control, "test")
    return deciding(control.target)


def test_scenes_begin_on_bar_lines_and_morph_without_a_jump() -> None:
    stage = Stage()
    stage.control.apply({"dream/autopilot": True}, "osc")
    scenes = plan(3, 64)
    shown: dict[float, float] = {}  # how much of each stored target, by seconds
    previous = None
    for tenth in range(12, 12 + 640):
        stage.pilot.look(head(tenth / 10))
        stored, target = stage.control.stored, stage.control.target
        bar = (tenth / 10) / 2
        scene = [scene for scene in scenes if scene.bar <= bar][-1]
        goal = "b" if scenes.index(scene) % 2 else "a"
        if scene.words:
            assert stored[goal].name == f"{LAYERS[round(scene.depth * 10)]} {scene.words}"
        else:
            assert deciding(stored[goal]) == own_target(scene.preset)
        assert target.by == "morph"
        shown[tenth / 10] = target.morph
        if bar - scene.bar > scene.glide + 0.1:
            assert target.morph == (1.0 if goal == "b" else 0.0)
        elif scene.glide:  # what sounds is still there, and comes nearer
            assert previous is not None and abs(target.morph - previous) <= 1 / 16
        previous = target.morph
    assert len({round(value, 3) for value in shown.values()}) == 17


def test_the_same_seed_plays_the_same() -> None:
    logs = []
    for _ in range(2):
        stage = Stage(seed=9)
        stage.control.apply({"dream/autopilot": True}, "osc")
        stage.play(0, 70)
        logs.append([(change.values, change.triggers, change.origin) for change in stage.control.history])
    assert logs[0] == logs[1] and len(logs[0]) > 40


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({"target/x": 0.5}, True),
        ({"target/keep": 1}, True),
        ({"source/clip": "dub"}, True),
        ({"source/reset": 1}, True),
        ({"tone/tilt": -3.0}, False),
        ({"playback/wet": 0.5}, False),
    ],
)
def test_whoever_sets_a_target_or_a_source_takes_over(changes: dict[str, object], ends: bool) -> None:
    stage = Stage()
    stage.control.apply({"dream/autopilot": True}, "osc")
    stage.play(0, 3)
    stage.control.apply(changes, "osc 127.0.0.1:9")
    assert stage.pilot.on is not ends
    if ends:
        level, code, message = stage.told[-1]
        assert (level, code) == ("info", "autopilot_off")
        assert message.startswith(f"The {next(iter(changes)).split('/')[0]} was set by hand")
        number = stage.control.number
        stage.play(3, 12)
        assert stage.control.number == number


def test_what_the_engine_does_by_itself_is_no_hand() -> None:
    stage = Stage()
    stage.control.apply({"dream/autopilot": True, "target/layer": "encoder_3_conv1"}, "command line")
    stage.play(0, 3)
    stage.control.apply({"target/layer": "encoder_4_conv1"}, "node")
    assert stage.pilot.on


def test_turned_off_and_on_it_begins_again() -> None:
    stage = Stage()
    for _ in range(2):
        stage.control.apply({"dream/autopilot": True}, "osc")
        stage.play(0, 11)
        assert stage.control.stored["b"].name.endswith(plan(3, 8)[1].words)
        stage.control.apply({"dream/autopilot": False}, "osc")
        number = stage.control.number
        stage.play(11, 20)
        assert stage.control.number == number


def test_words_that_an_ear_does_not_know_become_a_depth() -> None:
    stage = Stage()

    def refuse(value: object) -> float:
        raise UserError("name", "is not known", "choose another")

    stage.control.validators["target/name"] = refuse
    stage.control.apply({"dream/autopilot": True}, "osc")
    stage.play(0, 11)
    assert [stage.control.stored[end].by for end in "ab"] == ["depth", "depth"]
    assert stage.control.stored["b"].depth == plan(3, 8)[1].depth


@pytest.mark.parametrize("ear", ["small", "paper"])
def test_the_ears_that_ship_know_what_it_asks_for(ear: str) -> None:
    facts = load_facts(find_ear(ear).path)
    assert facts is not None
    layers = [layer.name for layer in facts.index.layers]
    for scene in plan(0, 64):
        if scene.words:
            assert named_regions(f"{layers[round(scene.depth * (len(layers) - 1))]} {scene.words}", facts)


def test_the_clock_keeps_to_the_bars_of_the_loop() -> None:
    clock = BarClock(head(1.0))
    assert clock.beats == 2.0
    for tenth in range(10, 200):
        clock.look(head(tenth / 10 + 0.01 * (tenth % 3)))  # as it is guessed: never exactly
    assert clock.beats % 4 == pytest.approx(head(19.91).beat % 4, abs=0.05)
    assert clock.beats == pytest.approx(19.91 * 2, abs=0.05)


def test_the_clock_goes_on_through_another_loop_and_never_back() -> None:
    clock = BarClock(head(0.0))
    before = 0.0
    for tenth in range(400):
        seconds = tenth / 10
        tempo, beats, origin = (120.0, 8, 0) if tenth < 200 else (90.0, 6, 20 * RATE)
        jitter = -0.02 if tenth % 7 == 0 else 0.0
        after = clock.look(head(seconds + jitter, beats, tempo, origin))
        assert after >= before
        before = after
    assert before == pytest.approx(40 + 19.9 * 1.5, abs=0.2)


@pytest.mark.slow
def test_it_plays_an_engine_and_lets_go() -> None:
    async def scenario() -> None:
        chosen = options(values={"dream/autopilot": True}, seed=3)
        async with playing(chosen) as (node, notes):
            await until(lambda: node.control.tree.values["target/by"] == "morph")
            assert any("The autopilot plays" in line for line in notes.lines)
            node.control.apply({"source/clip": "dub"}, "osc")
            await until(lambda: any("has let go" in line for line in notes.lines))
            assert node.control.tree.values["dream/autopilot"] is False

    asyncio.run(scenario())
