"""The listening process's loop on a small ear: it follows input, delay and ear, and says when nothing comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine.ear.activations import Recorder
from ear_engine.ear.checkpoint import load_ear, save_ear
from ear_engine.errors import UserError
from ear_engine.listening import process
from ear_engine.listening.live_ear import LiveEar
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.input_ring import InputWriter
from ear_engine.shared_memory.listen_state import ListenReader, ListenState
from ear_engine.shared_memory.states import ControlState, StateWriter
from tests.ear.networks import lived_in

HOP = 1024


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ears")
    for number in (1, 2):
        save_ear(lived_in(0.02 * number, seed=number), folder / f"ear_{number}", f"ear_{number}", "", half=False)
    return folder


class Stage:
    """What the node and the audio process would write."""

    def __init__(self, session: Path, ear: Path) -> None:
        self._writer: StateWriter[ControlState] = StateWriter(session, "control")
        self.state = ControlState(1, dict(ParameterTree().values), {}, "", 0, [], str(ear), 0)
        self.change()
        self.input = InputWriter(session, 44100)
        self.heard = ListenReader(session)
        self.random = np.random.default_rng(0)

    def change(self, **fields: object) -> None:
        self.state = replace(self.state, sequence=self.state.sequence + 1, **fields)  # type: ignore[arg-type]
        self._writer.write(self.state)

    def sound(self, seconds: float, level: float = 0.1) -> None:
        for _ in range(round(seconds * 44100 / HOP)):
            self.input.write((level * self.random.standard_normal(HOP)).astype(np.float32), now())
            time.sleep(0.005)

    def wait(self, condition: Callable[[ListenState], bool], sounding: bool = False) -> ListenState:
        end = time.perf_counter() + 30
        while time.perf_counter() < end:
            if sounding:
                self.sound(0.05)
            state = self.heard.read()
            if state is not None and condition(state):
                return state
            time.sleep(0.005)
        raise AssertionError(f"the last state was {self.heard.read()}")


@pytest.fixture
def stage(tmp_path: Path, ears: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, ears / "ear_1")
    thread = threading.Thread(target=process.Listener(tmp_path).run)
    thread.start()
    yield made
    made.change(stop=True)
    thread.join(20)
    assert not thread.is_alive()


def test_it_listens_stalls_goes_on_and_takes_another_ear(stage: Stage, ears: Path) -> None:
    stage.wait(lambda state: state.phase == "waiting")
    first = stage.wait(lambda state: state.frame > 20, sounding=True)
    assert first.phase == "listening" and first.ear == str(ears / "ear_1")
    assert first.delay == pytest.approx(0.1, abs=1e-4) and first.late > 0.0
    assert 0.2 < first.level < 1.0 and first.clipped == 0.0
    assert len(first.activations) == sum(count for _, count in first.layers) and first.activations.any()
    stage.wait(lambda state: state.phase == "stalled")
    again = stage.wait(lambda state: state.phase == "listening", sounding=True)
    assert again.frame > first.frame
    stage.change(values={**stage.state.values, "listen/delay": 50.0})
    stage.wait(lambda state: state.delay == pytest.approx(0.05, abs=1e-4), sounding=True)
    stage.change(ear=str(ears / "ear_2"))
    other = stage.wait(lambda state: state.phase == "listening" and state.ear.endswith("ear_2"), sounding=True)
    assert len(other.activations) > len(first.activations)
    known = stage.wait(lambda state: state.surprise >= 0.0, sounding=True)
    assert 0.0 <= known.surprise_rank <= 1.0


def test_an_ear_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, tmp_path / "nothing")
    with pytest.raises(UserError):
        process.Listener(tmp_path).run()
    state = stage.heard.read()
    assert state is not None and state.phase == "failed" and "nothing" in state.message


def test_every_frame_has_what_the_whole_network_does(ears: Path) -> None:
    live = LiveEar(ears / "ear_2", 0.05)
    audio = (0.1 * np.random.default_rng(1).standard_normal(34 * HOP)).astype(np.float32)
    frames = [frame for part in np.split(audio, 17) for frame in live.hear(part)]
    assert [frame.number for frame in frames] == list(range(len(frames))) and len(frames) == 32
    assert [frame.center for frame in frames] == [HOP * frame.number for frame in frames]
    assert not frames[0].ranks.any()  # an ear without statistics
    ear = load_ear(ears / "ear_2")
    front = live.index["scalogram"]
    features = torch.from_numpy(np.stack([frame.activations[front.span] for frame in frames], axis=-1))
    recorder = Recorder(ear)
    with torch.no_grad(), recorder.recording() as trace:
        ear.hear(features.view(1, front.channels, front.bins, -1), circular=False)
    for name, values in trace.items():
        stride = len(frames) // values.shape[-1]
        for frame in (frames[0], frames[13], frames[31]):
            expected = values[0, ..., frame.number // stride].flatten()
            found = torch.from_numpy(frame.activations[live.index[name].span])
            assert torch.allclose(found, expected, atol=1e-4), (name, frame.number)
