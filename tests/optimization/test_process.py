"""The dreamer as the other processes see it: through its mailboxes, with small untrained ears."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.scalogram import ScalogramConfig
from ear_engine.ear.statistics_file import hash_weights
from ear_engine.layout.map_file import MAP, MapFile, write_map
from ear_engine.optimization import dreamer
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dreamer import Dreamer, DreamerOptions
from ear_engine.optimization.objectives.base import HeardTrace, Objective
from ear_engine.optimization.plugged import Parts, load_parts
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Copies, Shape, Transform
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.loops import LoopFile, read_loop, source_name, write_loop
from ear_engine.shared_memory.states import ControlState, DreamerState, StateReader, StateWriter
from ear_engine.targets.terms import Term

RATE = 44100
Audio = NDArray[np.float32]


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ears that work (wide, narrow), and ears that do not."""
    folder = tmp_path_factory.mktemp("ears")
    torch.manual_seed(5)
    save_ear(Ear(EarConfig(width=0.125)), folder / "narrow", "narrow", "")
    save_ear(Ear(EarConfig(width=0.25)), folder / "wide", "wide", "")
    save_ear(Ear(EarConfig(width=0.125, scalogram=ScalogramConfig(sample_rate=48000))), folder / "faster", "faster", "")
    save_ear(Ear(EarConfig(width=0.25)), folder / "damaged", "damaged", "")
    weights = (folder / "narrow" / "weights.safetensors").read_bytes()
    (folder / "damaged" / "weights.safetensors").write_bytes(weights)
    return folder


class Stage:
    """A session folder with a dreamer that runs in a thread."""

    def __init__(self, folder: Path, ear: Path, loop: Audio, **values: Any) -> None:
        self.loops = folder / "loops"
        self.loops.mkdir(parents=True)
        self._writer: StateWriter[ControlState] = StateWriter(folder, "control")
        self._reader = StateReader(folder, "dreamer", DreamerState)
        chosen = {**ParameterTree().values, "target/layer": "encoder_1_conv1", "model/device": "cpu", **values}
        self.control = ControlState(1, chosen, {}, "", 0, [], str(ear), 0)
        self.source(loop)
        self._dreamer = Dreamer(folder, DreamerOptions(ear, "cpu"))
        self._thread = threading.Thread(target=self._dreamer.run, daemon=True)
        self._thread.start()

    def source(self, audio: Audio, name: str = "test") -> None:
        number = self.control.source_number + 1
        write_loop(self.loops / source_name(number), LoopFile(0, audio, RATE, 4, source_number=number, name=name))
        self.change(source=source_name(number), source_number=number)

    def change(self, values: dict[str, Any] | None = None, **changes: Any) -> int:
        """Change the control state; return the number of the change."""
        merged = {**self.control.values, **(values or {})}
        self.control = replace(self.control, sequence=self.control.sequence + 1, values=merged, **changes)
        self._writer.write(self.control)
        return self.control.sequence

    def wait(self, condition: Callable[[DreamerState], object], seconds: float = 30.0) -> DreamerState:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            state = self._reader.read()
            if state is not None and condition(state):
                return state
            assert self._thread.is_alive()
            time.sleep(0.005)
        raise AssertionError(f"not within {seconds} s: {self._reader.read()}")

    def loop(self, state: DreamerState) -> LoopFile:
        return read_loop(self.loops / state.file)

    def goes_on(self) -> DreamerState:
        """Wait until two more loops are there."""
        before = self.wait(lambda state: state.loop)
        return self.wait(lambda state: state.loop > before.loop + 1)

    def close(self) -> None:
        self.change(stop=True)
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def stage(tmp_path: Path, ears: Path, loop: Audio) -> Iterator[Callable[..., Stage]]:
    """Makes a running dreamer."""
    made: list[Stage] = []

    def make(**values: Any) -> Stage:
        made.append(Stage(tmp_path / "session", ears / "narrow", loop, **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_another_ear_takes_over_what_was_dreamed(stage: Callable[..., Stage], ears: Path) -> None:
    running = stage()
    first = running.wait(lambda state: state.step > 8)
    running.change({"dream/run": False})
    resting = running.wait(lambda state: state.phase == "paused" and state.loop > first.loop)
    running.change(ear=str(ears / "wide"))
    taken = running.wait(lambda state: state.ear == "wide")
    assert taken.phase == "paused" and taken.step == resting.step
    assert taken.layers == first.layers and taken.shapes != first.shapes
    published = running.wait(lambda state: state.loop > taken.loop - 1 and state.ear == "wide")
    before, after = running.loop(resting), running.loop(published)
    assert np.abs(before.audio - after.audio).max() < 1e-3
    assert (
        after.activations["encoder_1_conv1"].shape[1]
        == taken.shapes[taken.layers.index("encoder_1_conv1")][0]
        * (taken.shapes[taken.layers.index("encoder_1_conv1")][1])
    )
    running.change({"dream/run": True}, ear=str(ears / "narrow"))
    back = running.wait(lambda state: state.ear == "narrow" and state.step > taken.step)
    assert back.shapes == first.shapes and back.refusals == []


def test_a_target_on_the_map_means_the_map_that_has_been_made(
    tmp_path: Path, ears: Path, loop: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    aimed: list[set[str]] = []
    aim = Dream.aim

    def told(self: Dream, terms: Any) -> None:
        found = tuple(terms)
        aimed.append({term.layer for term in found})
        aim(self, found)

    monkeypatch.setattr(Dream, "aim", told)
    ear = tmp_path / "ear"
    shutil.copytree(ears / "narrow", ear)
    values = {"target/by": "map", "target/x": 0.5, "target/y": 0.05, "target/radius": 0.02}
    running = Stage(tmp_path / "session", ear, loop, **values)
    try:
        state = running.wait(lambda state: state.step > 1)
        before = aimed[-1]
        assert "autoregressive_8" not in before
        shapes = dict(zip(state.layers, state.shapes, strict=True))
        places = np.full((sum(c * b for c, b in shapes.values()), 2), 0.9, np.float32)
        last = int(np.prod(shapes["autoregressive_8"]))
        places[-last:] = 0.5, 0.05
        write_map(ear / MAP, MapFile(places, hash_weights(ear), {}))
        assert state.layers[-1] == "autoregressive_8" and aimed[-1] == before
        running.change(maps=1)
        running.wait(lambda state: aimed[-1] == {"autoregressive_8"})
        assert running.goes_on().refusals == []
    finally:
        running.close()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("damaged", "belongs to another network"), ("faster", "48000 Hz"), ("absent", "config.yaml")],
)
def test_an_ear_that_cannot_be_used_is_declined_and_the_old_one_goes_on(
    stage: Callable[..., Stage], ears: Path, name: str, reason: str
) -> None:
    running = stage()
    running.goes_on()
    number = running.change(ear=str(ears / name))
    state = running.wait(lambda state: state.refusals)
    (refusal,) = state.refusals
    assert (refusal.sequence, refusal.name, refusal.instead) == (number, "model/ear", "narrow")
    assert reason in refusal.message and state.ear == "narrow"
    running.change(ear=str(ears / "narrow"))  # as the node does
    later = running.goes_on()
    assert later.ear == "narrow" and len(later.refusals) == 1


def test_a_device_that_is_not_there_is_declined(stage: Callable[..., Stage]) -> None:
    running = stage()
    running.goes_on()
    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    number = running.change({"model/device": absent})
    (refusal,) = running.wait(lambda state: state.refusals).refusals
    assert (refusal.sequence, refusal.name, refusal.instead) == (number, "model/device", "cpu")
    assert running.goes_on().device == "cpu"


def test_another_source_while_an_ear_is_loading_is_not_lost(
    stage: Callable[..., Stage], ears: Path, loop: Audio
) -> None:
    running = stage()
    running.goes_on()
    running.change(ear=str(ears / "wide"))
    running.source(np.ascontiguousarray(loop[:, : RATE // 2]), "half")
    state = running.wait(lambda state: state.ear == "wide" and state.source_number == running.control.source_number)
    state = running.wait(lambda now: now.loop > state.loop)
    assert running.loop(state).samples == RATE // 2


class Planted(Transform):
    """A transform of tests that takes part in every step."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor:
        return torch.zeros(1)


class Greedy(Planted):
    """Needs more memory than there is for more than two copies.

    Args:
        error: how it is said; torch on a CPU says it with a ``RuntimeError``.
    """

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error or torch.OutOfMemoryError("CUDA out of memory")

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        if len(copies.audio) > 2:
            raise self.error
        return copies


class Poisoned(Planted):
    """Turns the gradient into what is no number."""

    def on_gradient(self, gradient: Tensor, numbers: Tensor) -> Tensor:
        return gradient * torch.nan


class Failing(Objective):
    """Cannot be computed."""

    def __call__(self, heard: HeardTrace) -> Tensor:
        raise ZeroDivisionError("nothing to divide by")


def plant(monkeypatch: pytest.MonkeyPatch, *transforms: Transform) -> None:
    def planted(*arguments: Any) -> Parts:
        parts = load_parts(*arguments)
        return replace(parts, transforms=(*parts.transforms, *transforms))

    monkeypatch.setattr(dreamer, "load_parts", planted)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_a_batch_too_large_goes_back_to_the_last_that_worked(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    plant(monkeypatch, Greedy(error))
    running = stage(**{"optimizer/batch_size": 2})
    running.wait(lambda state: state.step > 2)
    number = running.change({"optimizer/batch_size": 8})
    state = running.wait(lambda state: state.refusals)
    (refusal,) = state.refusals
    assert (refusal.sequence, refusal.name, refusal.instead) == (number, "optimizer/batch_size", 2)
    assert refusal.code == "no_memory" and "memory" in refusal.message
    later = running.goes_on()
    assert later.step > state.step + 1 and len(later.refusals) == 1


def test_a_first_batch_too_large_is_halved(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Greedy())
    running = stage(**{"optimizer/batch_size": 8})
    state = running.wait(lambda state: state.step > 2)
    assert [refusal.instead for refusal in state.refusals] == [4, 2]


def test_what_is_no_number_is_told_once_and_never_heard(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, Poisoned())
    running = stage()
    state = running.goes_on()
    state = running.wait(lambda later: later.step > state.step + 10)
    assert [event.code for event in state.events] == ["not_finite"]
    for path in running.loops.glob("loop-*.ear"):
        assert np.isfinite(read_loop(path).audio).all()


def test_an_objective_that_fails_ends_nothing(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    own = Parts.objective

    def objective(parts: Parts, term: Term, context: Any) -> Objective:
        return Failing(term, context) if term.layer == "encoder_2_conv1" else own(parts, term, context)

    monkeypatch.setattr(Parts, "objective", objective)
    running = stage()
    running.wait(lambda state: state.step > 2)
    number = running.change({"target/layer": "encoder_2_conv1"})
    state = running.wait(lambda state: state.refusals)
    assert state.refusals[-1].sequence == number and "nothing to divide by" in state.refusals[-1].message
    before = running.goes_on()
    running.change({"target/layer": "encoder_1_conv1"})
    running.wait(lambda state: state.step > before.step + 2)


def test_a_method_that_is_not_installed_is_declined(stage: Callable[..., Stage]) -> None:
    running = stage()
    running.wait(lambda state: state.step > 2)
    running.change({"optimizer/method": "magic"})
    state = running.wait(lambda state: state.refusals)
    assert (state.refusals[0].name, state.refusals[0].instead) == ("optimizer/method", "normalized")
    running.wait(lambda later: later.step > state.step + 2)


def test_with_nothing_to_dream_of_no_steps_are_counted(stage: Callable[..., Stage]) -> None:
    running = stage()
    running.wait(lambda state: state.step > 2)
    running.change({"target/weight": 0.0})
    state = running.wait(lambda state: state.objective == 0.0 and state.steps_per_second == 0.0)
    assert state.phase == "running"
    running.change({"target/weight": 1.0})
    running.wait(lambda later: later.step > state.step + 2)


def test_dreams_that_are_over_are_let_go_of(stage: Callable[..., Stage], loop: Audio, ears: Path) -> None:
    def alive() -> int:
        return sum(type(one) is Dream for one in gc.get_objects())

    gc.collect()
    others = alive()
    running = stage()
    running.wait(lambda state: state.step > 2)
    for number in range(3):
        running.source(loop * (0.5 + 0.1 * number), f"other {number}")
        running.wait(lambda state: state.source_number == running.control.source_number and state.step > 2)
    running.change(ear=str(ears / "wide"))
    running.wait(lambda state: state.ear == "wide")
    running.goes_on()
    assert alive() <= others + 1


def test_a_dream_that_rests_publishes_nothing_until_something_is_new(stage: Callable[..., Stage], loop: Audio) -> None:
    running = stage()
    first = running.wait(lambda state: state.step > 4 and state.loop)
    running.change({"dream/run": False})
    beat = running.loop(first).seconds / 4
    running.wait(lambda state: state.phase == "paused")
    time.sleep(1.5 * beat)  # in which the last steps are published
    resting = running.wait(lambda state: True)
    time.sleep(3.5 * beat)
    still = running.wait(lambda state: state.phase == "paused")
    assert (still.loop, still.step) == (resting.loop, resting.step)
    running.source(0.5 * loop, "softer")
    softer = running.wait(
        lambda state: state.source_number == running.control.source_number and state.loop > still.loop
    )
    assert (softer.loop, softer.phase) == (still.loop + 1, "paused")
    assert running.loop(softer).name == "softer"


def test_a_recalled_loop_is_published_bit_for_bit_and_dreamed_on_from(stage: Callable[..., Stage]) -> None:
    running = stage()
    early = running.wait(lambda state: state.loop >= 2)
    heard = running.loop(early)
    write_loop(running.loops / "recall-1.ear", replace(heard, activations={}, gradient=None))
    running.wait(lambda state: state.step > early.step + 8)
    number = running.change(recall="recall-1.ear", recalls=1, still=True)
    back = running.wait(lambda state: state.recalls == 1)
    again = running.loop(back)
    assert np.array_equal(again.audio, heard.audio) and again.sequence == number
    assert again.gradient is not None and again.activations.keys() == heard.activations.keys()
    time.sleep(0.3)
    resting = running.wait(lambda state: state.phase == "paused")
    assert (resting.step, resting.loop) == (back.step, back.loop)
    running.change(still=False)
    later = running.wait(lambda state: state.loop > back.loop)
    assert not np.array_equal(running.loop(later).audio, heard.audio)


def test_a_loop_comes_back_with_its_source_at_once(stage: Callable[..., Stage], loop: Audio) -> None:
    running = stage(**{"dream/run": False})
    first = running.wait(lambda state: state.loop > 0)
    longer = np.concatenate([loop, loop[:, : RATE // 2]], axis=1)
    heard = np.ascontiguousarray(longer[::-1] * np.float32(0.7))
    for name, audio in ((source_name(2), longer), ("recall-1.ear", heard)):
        write_loop(running.loops / name, LoopFile(0, audio, RATE, 6, source_number=2, name="longer"))
    running.change(source=source_name(2), source_number=2, recall="recall-1.ear", recalls=1)
    back = running.wait(lambda state: state.recalls == 1)
    assert back.loop == first.loop + 1, "the new source is not heard before"
    assert back.source_number == 2 and np.array_equal(running.loop(back).audio, heard)


@pytest.mark.parametrize("file", ["recall-9.ear", source_name(1)])
def test_a_recalled_loop_that_is_gone_or_too_short_is_told_and_the_dream_goes_on(
    stage: Callable[..., Stage], file: str
) -> None:
    running = stage()
    running.wait(lambda state: state.loop > 0)
    write_loop(running.loops / source_name(1), LoopFile(0, np.zeros((2, RATE), np.float32), RATE, 2))
    longer = np.tile(running.loop(running.wait(lambda state: state.loop > 0)).audio, 2)
    running.source(np.ascontiguousarray(longer), "other")
    running.wait(lambda state: state.source_number == 2)
    running.change(recall=file, recalls=1)
    state = running.wait(lambda state: state.events)
    assert state.events[-1].code in ("bad_clip", "other_length")
    running.goes_on()
