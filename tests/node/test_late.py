"""Refusals that come late: told once to whoever asked, and the parameter goes back unless it has changed since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ear_engine.control import ControlLog
from ear_engine.ear_files import EarFolder
from ear_engine.errors import UserError
from ear_engine.node.late import LateRefusals
from ear_engine.node.models import Models
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.states import DreamerState, Refusal

BATCH = "optimizer/batch_size"
STATE = DreamerState(7, "running", 0.0, "small", "cpu", [], 0, 0.0, 0.0, 0, "", 0, 0)


class Answers:
    """What clients are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str, str]] = []

    def __call__(self, origin: str, address: str, error: UserError) -> None:
        self.told.append((origin, address, error.code, str(error)))


@pytest.fixture
def control() -> ControlLog:
    return ControlLog(ParameterTree())


def refusals(*numbers: int, sequence: int, name: str = BATCH, instead: object = 1, pid: int = 7) -> DreamerState:
    made = [Refusal(number, sequence, name, "no_memory", "It does not fit.", instead) for number in numbers]  # type: ignore[arg-type]
    return replace(STATE, pid=pid, refusals=made)


def test_whoever_asked_is_told_once_and_the_value_goes_back(control: ControlLog) -> None:
    answers = Answers()
    late = LateRefusals(control, answers)
    control.apply({BATCH: 8}, "osc one")
    number = control.apply({"tone/tilt": 0.0}, "osc two").number
    late.look(STATE)
    for _ in range(3):
        late.look(refusals(1, sequence=number))
    assert answers.told == [("osc one", f"/ear/{BATCH}", "no_memory", "It does not fit.")]
    assert control.tree.values[BATCH] == 1


def test_a_newer_value_stays(control: ControlLog) -> None:
    answers = Answers()
    late = LateRefusals(control, answers)
    number = control.apply({BATCH: 8}, "osc one").number
    control.apply({BATCH: 3}, "osc two")
    late.look(refusals(1, sequence=number))
    assert control.tree.values[BATCH] == 3 and [told[0] for told in answers.told] == ["osc one"]


def test_a_restarted_dreamer_repeats_nothing_and_may_count_anew(control: ControlLog) -> None:
    answers = Answers()
    late = LateRefusals(control, answers)
    number = control.apply({BATCH: 8}, "osc one").number
    late.look(refusals(1, 2, sequence=number))
    late.look(refusals(1, 2, sequence=number, pid=8))
    assert len(answers.told) == 2
    late.look(replace(STATE, pid=9))
    late.look(refusals(1, sequence=number, pid=9))
    assert len(answers.told) == 3


def test_a_target_by_any_of_its_parameters(control: ControlLog) -> None:
    answers = Answers()
    late = LateRefusals(control, answers)
    control.apply({BATCH: 8}, "osc one")
    number = control.apply({"target/weight": 0.5}, "osc two").number
    late.look(refusals(1, sequence=number, name="target/by", instead=None))
    assert [told[:2] for told in answers.told] == [("osc two", "/ear/target/by")]


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """Ears as the node sees them: their weights are never loaded here."""
    for name in ("one", "two"):
        folder = tmp_path / "ears" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(f"name: {name}\ndescription: the {name}\n")
        (folder / "weights.safetensors").write_bytes((2).to_bytes(8, "little") + b"{} ")
    return tmp_path / "ears"


def test_an_ear_is_chosen_by_name_and_its_folder_follows(control: ControlLog, roots: Path, tmp_path: Path) -> None:
    elsewhere = EarFolder("own", tmp_path / "own", "from a path")
    models = Models(control, elsewhere, (roots,))
    models.open("cpu", {})
    assert control.tree.values["model/ear"] == "own" and control.tree.values["model/device"] == "cpu"
    assert control.snapshot().ear == str(tmp_path / "own")
    control.apply({"model/ear": "two"}, "osc")
    assert control.snapshot().ear == str(roots / "two")
    control.apply({"model/ear": "own"}, "osc")
    assert control.snapshot().ear == str(tmp_path / "own")
    assert [ear.name for ear in models.ears()] == ["own", "one", "two"]


def test_what_was_chosen_at_the_start_stays(control: ControlLog, roots: Path) -> None:
    models = Models(control, EarFolder("one", roots / "one"), (roots,))
    chosen = control.apply({"model/ear": "two", "model/device": "cpu"}, "set").values
    models.open("auto", chosen)
    assert control.tree.values["model/ear"] == "two" and control.tree.values["model/device"] == "cpu"
    assert control.snapshot().ear == str(roots / "two")


@pytest.mark.parametrize("name", ["", "..", "../ears/one", "/etc", "~", "one/", "three", "one\\two", "C:one"])
def test_paths_and_unknown_names_are_refused(control: ControlLog, roots: Path, name: str) -> None:
    Models(control, EarFolder("one", roots / "one"), (roots,)).open("cpu", {})
    with pytest.raises(UserError, match=r"ear|name"):
        control.apply({"model/ear": name}, "osc")
    assert control.tree.values["model/ear"] == "one" and control.snapshot().ear == str(roots / "one")


def test_a_folder_that_exists_outside_is_not_opened(
    control: ControlLog, roots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Models(control, EarFolder("one", roots / "one"), (roots / "nothing",)).open("cpu", {})
    monkeypatch.chdir(roots)
    with pytest.raises(UserError, match="does not exist"):
        control.apply({"model/ear": "two"}, "osc")
