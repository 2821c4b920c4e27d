"""The map process: its share of a core, what it hears at the playhead, and what it does when it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.control import ControlLog
from ear_engine.ear.checkpoint import load_ear, save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.statistics_file import hash_weights
from ear_engine.errors import UserError
from ear_engine.layout import live_process
from ear_engine.layout.hearing import Hearing
from ear_engine.layout.layouts import graph_of
from ear_engine.layout.live_process import Budget, Mover
from ear_engine.layout.map_file import MAP, MapFile, read_map, write_map
from ear_engine.layout.settings import LayoutSettings
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, write_loop
from ear_engine.shared_memory.map_state import MapReader, MapState
from ear_engine.shared_memory.states import AudioState, ControlState, Entry, StateWriter
from tests.layout.graphs import layers

RATE = 44_100
LAYERS = layers((2, 3), (4, 1))
FRAMES = {"layer_0": 8, "layer_1": 2}


@dataclass
class Usual:
    """All that is read of statistics here."""

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]


USUAL: Any = Usual(np.arange(10, dtype=np.float32), np.full(10, 4.0, np.float32))


class Clock:
    """A process that computes and waits as it is told."""

    def __init__(self) -> None:
        self.wall = self.used = 100.0

    def compute(self, seconds: float, share: float = 1.0) -> None:
        """Of a core, of which others leave it a share."""
        self.used += seconds
        self.wall += seconds / share


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    fake = SimpleNamespace(perf_counter=lambda: made.wall, process_time=lambda: made.used)
    monkeypatch.setattr(live_process, "time", fake)
    return made


def test_what_was_computed_is_rested_for_until_it_is_its_share(clock: Clock) -> None:
    budget = Budget(0.01)
    budget.begin()
    clock.compute(0.05)
    budget.end()
    assert budget.rest(0.25) == pytest.approx(0.15)
    assert budget.rest(1.0) == 0.0
    clock.wall += 0.1  # it has rested
    assert budget.rest(0.25) == pytest.approx(0.05)
    assert budget.rest(0.02) == pytest.approx(2.35)
    clock.wall += 0.05
    assert budget.rest(0.25) == pytest.approx(0.0, abs=1e-9)


def test_a_turn_is_no_shorter_than_a_frame_however_little_it_takes(clock: Clock) -> None:
    budget = Budget(0.02)
    budget.begin()
    assert budget.rest(1.0) == pytest.approx(0.02)
    clock.compute(0.001)
    budget.end()
    assert budget.rest(1.0) == pytest.approx(0.019)


def test_time_that_others_took_counts_as_rest(clock: Clock) -> None:
    budget = Budget(0.01)
    budget.begin()
    clock.compute(0.05, share=0.2)
    budget.end()
    assert budget.rest(0.25) == 0.0
    assert budget.rest(0.1) == pytest.approx(0.25)


def test_what_was_used_to_load_does_not_count(clock: Clock) -> None:
    budget = Budget(0.0)
    clock.compute(60.0)
    budget.forget()
    budget.begin()
    budget.end()
    assert budget.rest(0.02) == 0.0


def test_who_looks_around_in_a_rest_comes_to_its_end_and_keeps_to_the_share(clock: Clock) -> None:
    budget, turns, used, wall = Budget(0.01), 0, clock.used, clock.wall
    while turns < 50:
        budget.begin()
        clock.compute(0.02)
        budget.end()
        for _ in range(100):
            if (left := budget.rest(0.02)) <= 0.0:
                break
            clock.compute(0.0003)  # which is more than its share of a short sleep
            clock.wall += min(left, 0.05)
        else:
            pytest.fail("it rests for ever")
        turns += 1
    assert (clock.used - used) / (clock.wall - wall) == pytest.approx(0.02, rel=0.02)


def test_a_busy_loop_keeps_to_its_share() -> None:
    budget = Budget(1 / 60)
    began, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < 1.0:
        budget.begin()
        turn = time.process_time()
        while time.process_time() - turn < 0.01:
            pass
        budget.end()
        time.sleep(budget.rest(0.2))
    share = (time.process_time() - used) / (time.perf_counter() - began)
    assert 0.02 < share < 0.22  # less on a busy machine, more on none


def activations(number: int, frames: dict[str, int] | None = None) -> dict[str, NDArray[np.float32]]:
    """Row r of a layer of n neurons holds ``100 * number + 10 * r + neuron``."""
    return {
        layer.name: (
            100 * number + 10 * np.arange((frames or FRAMES)[layer.name])[:, None] + np.arange(layer.vertices)
        ).astype(np.float32)
        for layer in LAYERS
    }


class Sound:
    """The audio process, as far as its slot and the loops folder go."""

    def __init__(self, session: Path) -> None:
        self.session = session
        (session / "loops").mkdir()
        self._writer: StateWriter[AudioState] = StateWriter(session, "audio")

    def publish(self, name: str, values: dict[str, NDArray[np.float32]], samples: int = RATE) -> Path:
        path = self.session / "loops" / name
        write_loop(path, LoopFile(1, np.zeros((2, samples), np.float32), RATE, 4, activations=values))
        return path

    def play(self, *files: str, at: float = 0.0) -> None:
        """Play files of a second each, one after another, from clock time ``at`` on."""
        schedule = [Entry(number * RATE, 0, number, file, RATE, 4) for number, file in enumerate(files)]
        self._writer.write(AudioState(1, "null", "", RATE, RATE, 256, 0, at, 0.0, 0, schedule))

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[Sound]:
    made = Sound(tmp_path)
    yield made
    made.close()


def heard(number: int, row_0: int, row_1: int) -> list[float]:
    """What :func:`activations` has in these rows, in deviations of what is usual."""
    values = activations(number)
    raw = np.concatenate([values["layer_0"][row_0], values["layer_1"][row_1]])
    return [float(value) for value in (raw - USUAL.mean) / 2.0]


def deviations(hearing: Hearing, at: float) -> list[float] | None:
    found = hearing.deviations(at)
    return None if found is None else found.tolist()


def test_each_layer_is_heard_at_the_playhead_however_many_frames_it_has(sound: Sound) -> None:
    sound.publish("a", activations(1))
    sound.publish("b", activations(2))
    sound.play("a", "b", at=50.0)
    hearing = Hearing(sound.session, LAYERS, USUAL)
    assert deviations(hearing, 50.0) == heard(1, 0, 0)
    assert deviations(hearing, 50.49) == heard(1, 3, 0)
    assert deviations(hearing, 50.51) == heard(1, 4, 1)
    assert deviations(hearing, 50.99) == heard(1, 7, 1)
    assert deviations(hearing, 51.13) == heard(2, 1, 0)
    assert deviations(hearing, 50.2) == heard(1, 1, 0)  # a clock that goes back, or a schedule that changed


def test_nothing_is_heard_before_there_is_a_sound(sound: Sound, tmp_path: Path) -> None:
    hearing = Hearing(tmp_path, LAYERS, USUAL)
    assert hearing.deviations(50.0) is None
    sound.play(at=50.0)
    assert hearing.deviations(50.0) is None
    sound.publish("a", activations(1))
    sound.play("a", at=50.0)
    assert deviations(hearing, 50.0) == heard(1, 0, 0)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"layer_0": np.zeros((8, 6), np.float32)},
        {"layer_0": np.zeros((8, 6), np.float32), "layer_1": np.zeros((8, 5), np.float32)},
        {"layer_0": np.zeros((8, 6), np.float32), "layer_1": np.zeros((0, 4), np.float32)},
        {"encoder": np.zeros((8, 10), np.float32)},
    ],
    ids=["a source", "a layer less", "more neurons", "no frames", "another ear"],
)
@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_heard_of_a_loop_that_is_not_this_ear_s(
    sound: Sound, values: dict[str, NDArray[np.float32]], known: bool
) -> None:
    sound.publish("a", values)
    sound.publish("b", activations(2))
    sound.play("a", "b", at=50.0)
    hearing = Hearing(sound.session, LAYERS, USUAL if known else None)
    assert hearing.deviations(50.5) is None
    assert hearing.deviations(51.5) is not None
    assert hearing.deviations(50.5) is None


def test_layers_that_the_map_does_not_have_are_passed_over(sound: Sound) -> None:
    sound.publish("a", {"first": np.ones((3, 2), np.float32), **activations(1)})
    sound.play("a", at=50.0)
    assert deviations(Hearing(sound.session, LAYERS, USUAL), 50.0) == heard(1, 0, 0)


def test_a_loop_that_was_pruned_or_is_none_is_not_heard_and_one_that_is_being_heard_stays(sound: Sound) -> None:
    path = sound.publish("a", activations(1))
    (sound.session / "loops" / "bad").write_bytes(b"no loop at all, but bytes")
    sound.play("a", "gone", "bad", at=50.0)
    hearing = Hearing(sound.session, LAYERS, USUAL)
    assert hearing.deviations(50.5) is not None
    path.unlink()
    assert deviations(hearing, 50.99) == heard(1, 7, 1)
    assert hearing.deviations(51.5) is None and hearing.deviations(52.5) is None


def test_without_statistics_what_the_loop_does_is_usual(sound: Sound) -> None:
    random = np.random.default_rng(0)
    for name in "ab":
        sound.publish(name, {layer.name: random.normal(5, 3, (50, layer.vertices)).astype("f4") for layer in LAYERS})
    sound.play("a", "b", at=50.0)
    hearing = Hearing(sound.session, LAYERS, None)
    for start in (50.0, 51.0):
        found = np.stack([hearing.deviations(start + (frame + 0.5) / 50) for frame in range(50)])  # type: ignore[misc]
        np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-4)
        np.testing.assert_allclose(found.std(axis=0), 1.0, atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 1e-3, 33.3, -1e4])
@pytest.mark.parametrize("known", [True, False])
def test_a_neuron_that_never_changes_does_not_fire_by_rounding(sound: Sound, value: float, known: bool) -> None:
    constant = {layer.name: np.full((1000, layer.vertices), value, np.float32) for layer in LAYERS}
    rough = np.float32(value) * np.float32(1 + 1e-6)  # a mean that was summed up in float32
    usual: Any = Usual(np.full(10, rough, np.float32), np.zeros(10, np.float32)) if known else None
    sound.publish("a", constant)
    sound.play("a", at=50.0)
    found = Hearing(sound.session, LAYERS, usual).deviations(50.5)
    assert found is not None and np.abs(found).max() < 0.2


def test_a_neuron_that_never_fires_in_music_is_heard_when_it_does(sound: Sound) -> None:
    sound.publish("a", {layer.name: np.full((2, layer.vertices), 0.01, np.float32) for layer in LAYERS})
    sound.play("a", at=50.0)
    usual: Any = Usual(np.zeros(10, np.float32), np.zeros(10, np.float32))
    found = Hearing(sound.session, LAYERS, usual).deviations(50.5)
    assert found is not None and found.min() > 4.0


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ears ``a`` and ``b`` with maps drawn at random; ``bad`` has a damaged one, ``weighted`` one by weights."""
    folder = tmp_path_factory.mktemp("ears")
    torch.manual_seed(0)
    for name in ("a", "b", "bad", "weighted"):
        save_ear(Ear(EarConfig(width=0.03125)), folder / name, name, "")
        neurons = graph_of(load_ear(folder / name)).vertices
        positions = np.random.default_rng(ord(name[0])).random((neurons, 2)).astype(np.float32)
        settings = LayoutSettings(edges="weights" if name == "weighted" else "uniform")
        write_map(folder / name / MAP, MapFile.of(positions, hash_weights(folder / name), settings))
    (folder / "bad" / MAP).write_bytes(b"no map")
    return folder


class Engine:
    """A mover in a thread, and the control state that it follows."""

    def __init__(self, session: Path, ear: Path) -> None:
        self.control = ControlLog(ParameterTree(), ear=str(ear))
        self._writer: StateWriter[ControlState] = StateWriter(session, "control")
        self.ask(**{"map/motion": "live", "map/share": 1.0})
        self.reader = MapReader(session)
        self.mover = Mover(session, "cpu")
        self.error: UserError | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.mover.run()
        except UserError as error:
            self.error = error

    def ask(self, ear: Path | None = None, **values: object) -> None:
        if ear is not None:
            self.control.set_ear(str(ear), "test")
        self.control.apply(values, "test")
        self._writer.write(self.control.snapshot())

    def state(self) -> MapState:
        found = self.reader.read()
        assert found is not None
        return found

    def until(self, phase: str, ear: Path, seconds: float = 30.0) -> MapState:
        end = time.perf_counter() + seconds
        while (found := self.reader.read()) is None or found.phase != phase or Path(found.ear) != ear:
            assert time.perf_counter() < end and (self.thread.is_alive() or phase == "failed"), found
            time.sleep(0.005)
        return found

    def wait(self, condition: Callable[[MapState], bool], seconds: float = 10.0) -> None:
        end = time.perf_counter() + seconds
        while not condition(self.state()):
            assert time.perf_counter() < end, self.state()
            time.sleep(0.005)

    def close(self) -> None:
        self.control.stop("test")
        self.ask()
        self.thread.join(10.0)
        assert not self.thread.is_alive()
        self.reader.close()
        self._writer.close()


@contextmanager
def moving(session: Path, ear: Path) -> Iterator[Engine]:
    (session / "loops").mkdir(exist_ok=True)
    engine = Engine(session, ear)
    try:
        yield engine
    finally:
        engine.close()


def test_it_moves_freezes_goes_on_and_ends(ears: Path, tmp_path: Path, sound: Sound) -> None:
    random = np.random.default_rng(3)
    layers_of_it = graph_of(load_ear(ears / "a")).layers
    sound.publish("loud", {one.name: random.exponential(1.0, (9, one.vertices)).astype("f4") for one in layers_of_it})
    with moving(tmp_path, ears / "a") as engine:
        first = engine.until("moving", ears / "a")
        engine.wait(lambda state: state.step >= first.step + 10 and state.steps_per_second > 2.0)
        silent = engine.state()
        np.testing.assert_allclose(silent.positions, first.positions, atol=1e-5)  # nothing is heard
        sound.play(*["loud"] * 60, at=now())
        engine.wait(lambda state: state.step >= silent.step + 10)
        assert np.abs(engine.state().positions - first.positions).max() > 1e-3
        engine.ask(**{"map/motion": "frozen"})
        frozen = engine.until("frozen", ears / "a")
        engine.wait(lambda state: state.heartbeat > frozen.heartbeat)  # it still says that it lives
        assert (engine.state().step, engine.state().steps_per_second) == (frozen.step, 0.0)
        np.testing.assert_array_equal(engine.state().positions, frozen.positions)
        engine.ask(**{"map/motion": "live"})
        assert engine.until("moving", ears / "a").step == frozen.step + 1
    assert engine.error is None


def test_another_ear_is_loaded_while_it_moves(ears: Path, tmp_path: Path) -> None:
    with moving(tmp_path, ears / "a") as engine:
        engine.until("moving", ears / "a")
        engine.ask(ears / "b")
        state = engine.until("moving", ears / "b")
    stored = read_map(ears / "b" / MAP).positions
    assert (
        np.median(np.abs(state.positions - stored))
        < 0.1
        < np.median(np.abs(read_map(ears / "a" / MAP).positions - stored))
    )


def test_an_ear_that_cannot_be_laid_out_is_told_in_a_sentence(ears: Path, tmp_path: Path) -> None:
    with moving(tmp_path, ears / "bad") as engine:
        state = engine.until("failed", ears / "bad")
        engine.thread.join(1.0)
        assert engine.error is not None and state.message == str(engine.error)
        assert "damaged" in state.message and len(state.positions) == 0


def test_an_ear_that_is_taken_back_soon_ends_nothing(ears: Path, tmp_path: Path) -> None:
    with moving(tmp_path, ears / "a") as engine:
        engine.until("moving", ears / "a")
        engine.ask(ears / "bad")
        engine.until("failed", ears / "bad")
        time.sleep(0.2)
        engine.ask(ears / "a")  # as the dreamer refuses what it cannot load
        engine.until("moving", ears / "a")
    assert engine.error is None


def test_an_ear_that_is_not_taken_back_ends_it(ears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_process, "_SECOND_THOUGHTS", 0.3)
    with moving(tmp_path, ears / "a") as engine:
        engine.until("moving", ears / "a")
        engine.ask(ears / "bad")
        engine.until("failed", ears / "bad")
        engine.thread.join(5.0)
        assert engine.error is not None


def test_too_many_neurons_are_refused_in_a_sentence(
    ears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_process, "MOST_NUMBERS", 300)
    with moving(tmp_path, ears / "a") as engine:
        message = engine.until("failed", ears / "a").message
    assert "neurons, and a moving map 100 at most; set map/motion to still" in message


def test_a_map_moves_by_the_edges_that_it_was_laid_out_by(
    ears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weighted: list[bool] = []

    def noted(ear: Ear, **options: bool) -> Any:
        weighted.append(options["weighted"])
        return graph_of(ear, **options)

    monkeypatch.setattr(live_process, "graph_of", noted)
    with moving(tmp_path, ears / "a") as engine:
        engine.until("moving", ears / "a")
        engine.ask(ears / "weighted")
        engine.until("moving", ears / "weighted")
    assert weighted == [False, True]


def test_it_listens_while_it_rests_for_long(ears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = Budget.rest
    monkeypatch.setattr(Budget, "rest", lambda self, share: 600.0 if share == 0.5 else rest(self, share))
    with moving(tmp_path, ears / "a") as engine:
        engine.until("moving", ears / "a")
        engine.ask(**{"map/share": 0.5})
        time.sleep(0.2)
        resting = engine.state()
        engine.wait(lambda state: state.heartbeat > resting.heartbeat)  # nobody takes it for one that hangs
        assert engine.state().step == resting.step
        engine.ask(**{"map/share": 1.0})
        engine.wait(lambda state: state.step > resting.step)
        engine.ask(**{"map/share": 0.5})
        time.sleep(0.2)
        engine.ask(**{"map/motion": "frozen"})
        engine.until("frozen", ears / "a", 5.0)
        engine.ask(**{"map/motion": "live"})
        time.sleep(0.2)
        begun = time.perf_counter()
    assert time.perf_counter() - begun < 5.0
