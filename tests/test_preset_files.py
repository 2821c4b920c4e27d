from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine import platform
from ear_engine.between import blend
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree
from ear_engine.preset_files import delete_preset, save_preset, sound_of
from ear_engine.presets import find_preset, governs, list_presets, recall


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "presets"
    monkeypatch.setattr(platform, "user_preset_dir", lambda: folder)
    return folder


def saved_and_recalled(control: ControlLog, name: str) -> ControlLog:
    save_preset(name, sound_of(control.tree.values, control.tree), control.tree, title="A: #1")
    again = ControlLog(ParameterTree())
    again.apply({"tone/mid": 5.0, "target/y": 0.9, "target/objective": "surprise()"}, "before")
    recall(find_preset(name, again.tree), again, "me")
    return again


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target/layer": "encoder_5_conv1", "tone/tilt": -9.25, "rhythm/grid": "off", "dream/pull": 0},
        {"target/depth": 0.5},
        {"target/x": 0.1, "target/radius": 1e-2 / 3, "tone/scale_lock": 0.1 + 0.2},
        {"target/name": "what: a 'name' # and more", "transform/gradient_noise": 1e-5},
        {"target/neurons": "12-40,77", "optimizer/batch_size": 3},
        {"target/objective": "0.7*channel(encoder_4_conv2, 12)"},
        {"target/imprint": "now", "playback/gain": -6.0, "source/clip": "dub", "optimizer/steps_per_loop": 7},
    ],
)
def test_a_sound_that_is_saved_is_the_same_when_it_is_recalled(mine: Path, changes: dict[str, object]) -> None:
    control = ControlLog(ParameterTree())
    control.apply({"target/depth": 0.9, "target/x": 0.3}, "before")
    control.apply(changes, "me")
    again = saved_and_recalled(control, "mine_1")
    by = control.tree.values["target/by"]
    for row in filter(governs, control.tree):
        if row.implies is None or row.implies[1] == by:
            assert again.tree.values[row.name] == control.tree.values[row.name], row.name
    assert again.tree.values["playback/gain"] == 0.0
    (found,) = [preset for preset in list_presets(control.tree) if preset.name == "mine_1"]
    assert (found.title, found.problem) == ("A: #1", "")


def test_nothing_is_replaced_unless_it_is_said_and_never_what_ships(mine: Path) -> None:
    tree = ParameterTree()
    path = save_preset("mine", {"tone/tilt": -3.0}, tree)
    with pytest.raises(UserError, match="is there already"):
        save_preset("mine", {"tone/tilt": 3.0}, tree)
    assert find_preset("mine", tree).values == {"tone/tilt": -3.0}
    assert save_preset("mine", {"tone/tilt": 3.0}, tree, replace=True) == path
    assert find_preset("mine", tree).values == {"tone/tilt": 3.0}
    for act in (lambda: save_preset("drone", {}, tree, replace=True), lambda: delete_preset("drone")):
        with pytest.raises(UserError, match="comes with the engine"):
            act()
    delete_preset("mine")
    assert [*mine.iterdir()] == []
    with pytest.raises(UserError, match="does not exist"):
        delete_preset("mine")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "A", "a" * 61, "a.b", "con\n", "~", "a\0b", "é"])
def test_names_that_lead_elsewhere_are_refused(mine: Path, name: str) -> None:
    for act in (lambda: save_preset(name, {}, ParameterTree()), lambda: delete_preset(name)):
        with pytest.raises(UserError) as refusal:
            act()
        assert refusal.value.code == "bad_name"
    assert not mine.exists()


@pytest.mark.parametrize("title", ["x" * 61, "two\nlines", " "])
def test_titles_are_a_line(mine: Path, title: str) -> None:
    with pytest.raises(UserError, match="title"):
        save_preset("mine", {}, ParameterTree(), title=title)
    assert not mine.exists()


def test_what_cannot_be_written_says_so_and_leaves_what_was(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ParameterTree()
    save_preset("mine", {"tone/tilt": -3.0}, tree)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="has no room"):
        save_preset("mine", {"tone/tilt": 9.0}, tree, replace=True)
    assert find_preset("mine", tree).values == {"tone/tilt": -3.0}
    assert len([*mine.iterdir()]) == 1


def test_the_way_between_stored_targets_is_no_preset() -> None:
    control = ControlLog(ParameterTree())
    control.apply({"target/morph": 0.5}, "me")
    with pytest.raises(UserError, match="save a set"):
        sound_of(control.tree.values, control.tree)


@given(share=st.floats(0, 1))
def test_a_blend_is_each_sound_at_its_end_and_between_them_elsewhere(share: float) -> None:
    tree = ParameterTree()
    one, other = (find_preset(name, tree).changes(tree) for name in ("drone", "hats"))
    blended = blend(one, other, share, tree)
    assert blend(one, other, 0.0, tree) == one and blend(one, other, 1.0, tree) == other
    assert blended["target/by"] == (one if share < 0.5 else other)["target/by"]
    for name in one.keys() & other.keys():
        if tree[name].numeric and one[name] != other[name]:
            low, high = sorted((float(one[name]), float(other[name])))
            assert low - 1e-9 <= float(blended[name]) <= high + 1e-9, name
