"""Takes of the live input as the node leads them: from a bar on, called off, failed; clips; the source as a file."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from ear_engine.clip import Clip
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node import takes
from ear_engine.node.takes import Takes
from ear_engine.osc.commands import Call
from ear_engine.osc.jobs import Jobs
from ear_engine.parameters import ParameterTree
from ear_engine.playback.capture import take_name
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, write_loop
from ear_engine.shared_memory.states import AudioState, Entry

RATE = 44100
LOOP = 4 * RATE  # 8 beats at 120 BPM
ORIGIN = 700


class Stage:
    """Takes, and an audio process that is only its state."""

    def __init__(self, folder: Path) -> None:
        self.loops, self.saved = folder / "loops", folder / "clips"
        self.loops.mkdir()
        self.control = ControlLog(ParameterTree())
        self.refused: list[tuple[str, str, str]] = []
        self.told: list[tuple[str, float, str]] = []
        entry = Entry(ORIGIN, ORIGIN, 1, "loop", LOOP, 8)
        self.audio: AudioState | None = AudioState(
            1, "null", "", RATE, RATE, 256, ORIGIN + RATE, now(), 0.0, 0, [entry], input=True
        )
        self.source = Clip("beat", np.zeros((2, LOOP), np.float32), RATE, 8, "given")
        self.takes = self.made()

    def made(self) -> Takes:
        return Takes(
            self.control,
            self.loops,
            self.saved,
            audio=lambda: self.audio,
            source=lambda: self.source,
            refuse=lambda origin, address, error: self.refused.append((origin, address, error.code)),
            tell=lambda *told: self.told.append(told),
        )

    def state(self, **fields: Any) -> None:
        assert self.audio is not None
        self.audio = replace(self.audio, **fields)

    def press(self) -> None:
        self.control.fire("source/record", "performer")

    def record(self, number: int) -> np.ndarray[Any, Any]:
        sound = np.random.default_rng(number).uniform(-0.5, 0.5, (2, LOOP)).astype(np.float32)
        write_loop(self.loops / take_name(number), LoopFile(0, sound, RATE, 8, name="input"))
        self.state(taken=number, taken_file=take_name(number))
        self.takes.look()
        return sound


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_it_begins_at_the_next_bar_and_becomes_the_source(stage: Stage) -> None:
    stage.press()
    state = stage.control.snapshot()
    assert (state.takes, state.take_from) == (1, ORIGIN + LOOP // 2)
    stage.takes.look()
    assert stage.told[-1] == ("waits", 0.0, "input 1")
    stage.state(position=ORIGIN + LOOP, time=now())
    stage.takes.look()
    assert stage.told[-1] == ("records", pytest.approx(0.5, abs=0.05), "input 1")
    sound = stage.record(1)
    assert stage.told[-1] == ("done", 1.0, "input 1") and not stage.refused
    assert stage.control.tree.values["source/clip"] == "input 1"
    assert stage.takes.named("input 1") == "input 1" and stage.takes.named("beat") is None
    assert [(clip.name, clip.beats) for clip in stage.takes.clips()] == [("input 1", 8)]
    clip = stage.takes.read("input 1")
    assert np.array_equal(clip.audio, sound) and clip.tempo == 120.0
    assert [again.name for again in stage.made().clips()] == ["input 1"]  # a node that rejoins knows it


def test_pressed_again_it_is_called_off(stage: Stage) -> None:
    stage.press()
    stage.press()
    assert stage.control.snapshot().take_from == -1 and stage.told[-1][0] == "called_off"
    stage.press()
    assert stage.control.snapshot().takes == 2
    stage.record(2)
    assert stage.control.tree.values["source/clip"] == "input 2"


def test_it_is_waited_for_as_long_as_the_loop_is_that_begins_with_it(stage: Stage, monkeypatch: Any) -> None:
    clock = now()
    monkeypatch.setattr(takes, "now", lambda: clock)
    stage.state(time=clock)
    stage.press()
    start, long = ORIGIN + LOOP // 2, 4 * LOOP
    assert stage.audio is not None
    stage.state(schedule=[*stage.audio.schedule, Entry(start, start, 0, "longer", long, 32)])
    stage.takes.look()
    clock += 15.0
    stage.takes.look()
    assert stage.told[-1] == ("records", pytest.approx((ORIGIN + 16 * RATE - start) / long), "input 1")
    clock += 10.0
    stage.takes.look()
    assert stage.told[-1][0] == "failed"


def test_without_an_input_or_a_loop_it_is_refused(stage: Stage) -> None:
    for fields in ({"input": False}, {"input": True, "schedule": []}):
        stage.state(**fields)
        stage.press()
    stage.audio = None
    stage.press()
    address = "/ear/source/record"
    codes = ("no_input", "not_playing", "no_input")
    assert stage.refused == [("performer", address, code) for code in codes]
    assert stage.control.snapshot().takes == 0


def test_one_that_fails_leaves_the_source(stage: Stage) -> None:
    before = stage.control.tree.values["source/clip"]
    stage.press()
    stage.state(taken=1, taken_file="")
    stage.takes.look()
    stage.press()
    stage.state(input=False)
    stage.takes.look()
    assert [code for _, _, code in stage.refused] == ["no_take", "no_take"]
    assert [phase for phase, _, _ in stage.told].count("failed") == 2
    assert stage.control.tree.values["source/clip"] == before and stage.control.snapshot().take_from == -1


def test_only_the_last_takes_and_the_source_are_kept(stage: Stage) -> None:
    for number in range(1, 19):
        stage.press()
        stage.record(number)
        if number == 1:
            stage.control.validators["source/clip"] = lambda value: "input 1"  # whoever plays stays with it
    assert [clip.name for clip in stage.takes.clips()] == ["input 1", *(f"input {n}" for n in range(3, 19))]
    assert not (stage.loops / take_name(2)).exists()
    with pytest.raises(UserError, match="cannot be read"):
        stage.takes.read("input 2")


def test_the_source_is_saved_and_nothing_overwritten(stage: Stage) -> None:
    (command,) = stage.takes.commands()
    sound = np.random.default_rng(0).uniform(-1, 1, (2, LOOP)).astype(np.float32)
    stage.source = Clip("input 1", sound, RATE, 8, "given")
    done: list[tuple[Any, ...]] = []

    class Saved(Call):
        def done(self, *values: object) -> None:
            done.append(values)

    def save(name: str) -> None:
        async def work() -> None:
            engine = SimpleNamespace(jobs=Jobs())
            command.run(Saved(engine, None, command.address, {"name": name}, 1, lambda packet: None))  # type: ignore[arg-type]
            while not done:
                await asyncio.sleep(0.01)

        asyncio.run(work())

    save("riff")
    path = stage.saved / "riff 8 beats.wav"
    assert done == [("riff 8 beats", str(path))]
    found, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE and np.array_equal(found.T, sound)
    for name in ("riff", "../riff", "a/b", "", ".riff"):
        with pytest.raises(UserError):
            save(name)
    assert list(stage.saved.iterdir()) == [path]
