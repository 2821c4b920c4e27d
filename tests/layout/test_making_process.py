"""The layout process: it makes the map of the engine's ear, says how far it is, and keeps it where it can."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine import platform
from ear_engine.control import ControlLog
from ear_engine.ear.checkpoint import load_ear, save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.statistics_file import hash_weights
from ear_engine.errors import UserError
from ear_engine.layout import making_process
from ear_engine.layout.making_process import MapMaker, layout_main
from ear_engine.layout.map_file import MAP, MapFile, read_map
from ear_engine.layout.map_places import find_map, keep_map
from ear_engine.layout.settings import LayoutSettings
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.layout_state import LayoutReader, LayoutState
from ear_engine.shared_memory.states import ControlState, StateWriter


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ear that was never trained."""
    folder = tmp_path_factory.mktemp("ears") / "tiny"
    torch.manual_seed(1)
    save_ear(Ear(EarConfig(width=0.03)), folder, "tiny", "a tiny ear")
    return folder


class Stage:
    """A session with an engine that says which ear it has."""

    def __init__(self, folder: Path, tiny: Path) -> None:
        self.session, self.ear, self.cache = folder / "session", folder / "tiny", folder / "cache"
        self.session.mkdir()
        shutil.copytree(tiny, self.ear)
        self.control = ControlLog(ParameterTree(), ear=str(self.ear))
        self._writer: StateWriter[ControlState] = StateWriter(self.session, "control")
        self._reader = LayoutReader(self.session)
        self.publish()

    def publish(self) -> None:
        self._writer.write(self.control.snapshot())

    @property
    def state(self) -> LayoutState:
        found = self._reader.read()
        assert found is not None
        return found

    def close(self) -> None:
        self._writer.close()
        self._reader.close()


@pytest.fixture
def stage(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(tmp_path, tiny)
    monkeypatch.setattr(platform, "user_cache_dir", lambda: made.cache)
    monkeypatch.setattr(making_process, "LayoutSettings", partial(LayoutSettings, steps=20, softening=0.1))
    yield made
    made.close()


def some_map(ear: Path) -> MapFile:
    """Whose places are of no use."""
    return MapFile(np.random.default_rng(0).random((5, 2), np.float32), hash_weights(ear), {})


def test_the_map_lies_in_the_ears_folder_and_says_what_is_joined(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(
        making_process.LayoutWriter, "write", lambda self, state, write=making_process.LayoutWriter.write: (
            told.append(state.percent), write(self, state)
        )
    )  # fmt: skip
    assert find_map(stage.ear) is None
    MapMaker(stage.session).run()
    assert (stage.state.phase, stage.state.percent, stage.state.ear) == ("done", 100, str(stage.ear))
    assert told == sorted(told) and len(set(told)) > 20
    made = read_map(Path(stage.state.path), weights=hash_weights(stage.ear))
    assert stage.state.path == str(stage.ear / MAP)
    assert len(made.layers) > 10 and len(made.links) > 10
    found = find_map(stage.ear, len(made.positions))
    assert found is not None and found.id == made.id
    assert not stage.cache.exists()


def test_a_file_that_is_there_is_left_alone_and_the_map_is_kept_elsewhere(stage: Stage) -> None:
    (stage.ear / MAP).write_bytes(b"of someone else")
    with pytest.raises(UserError, match="is no map, or a damaged one"):
        find_map(stage.ear)
    MapMaker(stage.session).run()
    assert (stage.ear / MAP).read_bytes() == b"of someone else"
    assert Path(stage.state.path).is_relative_to(stage.cache)
    found = find_map(stage.ear)
    assert found is not None and found.weights == hash_weights(stage.ear)


def test_a_folder_that_takes_nothing_is_none_to_keep_it_in(stage: Stage) -> None:
    made = some_map(stage.ear)
    (stage.ear / f"{MAP}.part").mkdir()  # so nothing can be written there
    assert keep_map(stage.ear, made).is_relative_to(stage.cache)
    found = find_map(stage.ear)
    assert found is not None and found.id == made.id


def test_a_map_of_other_weights_is_none(stage: Stage) -> None:
    assert keep_map(stage.ear, some_map(stage.ear)) == stage.ear / MAP
    torch.manual_seed(2)
    save_ear(Ear(EarConfig(width=0.03)), stage.ear, "tiny", "trained again")
    with pytest.raises(UserError, match="other weights"):
        find_map(stage.ear)


class Sorted(torch.nn.Module):
    """What no edge follows."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.sort(values, dim=1).values


def test_an_ear_that_cannot_be_laid_out_says_why(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def strange(folder: Path) -> Ear:
        ear = load_ear(folder)
        name, _ = next((n, m) for n, m in ear.named_modules() if isinstance(m, torch.nn.ReLU))
        parent, _, child = name.rpartition(".")
        setattr(ear.get_submodule(parent), child, Sorted())
        return ear

    monkeypatch.setattr(making_process, "load_ear_of_any_kind", strange)
    monkeypatch.setattr(platform, "lower_priority", lambda by=0: True)  # this process goes on,
    monkeypatch.setattr(platform, "ignore_interrupt", lambda: None)  # and so do those that it starts
    with pytest.raises(SystemExit) as left:
        layout_main(stage.session)
    assert left.value.code == 2
    assert stage.state.phase == "failed" and "sort" in stage.state.message.lower()
    assert not (stage.ear / MAP).exists()


@pytest.mark.parametrize("change", ["ear", "stop"])
def test_when_nobody_wants_it_any_more_it_ends_without_a_map(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    progress = MapMaker._progress

    def told(self: MapMaker, done: int, every: int) -> None:
        if done > every // 4:
            if change == "ear":
                stage.control.set_ear("/another", "test")
            else:
                stage.control.stop("test")
            stage.publish()
        progress(self, done, every)

    monkeypatch.setattr(MapMaker, "_progress", told)
    MapMaker(stage.session).run()
    assert stage.state.phase == "left" and stage.state.percent < 50
    assert not (stage.ear / MAP).exists()
