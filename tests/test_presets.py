from __future__ import annotations

from pathlib import Path

import pytest

from ear_engine import platform, presets
from ear_engine.cli import main
from ear_engine.control import ControlLog
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree
from ear_engine.presets import find_preset, governs, list_presets, read_preset, recall
from ear_engine.targets.facts import load_facts
from ear_engine.targets.resolve import Resolver

HEAD = "title: Mine\ndescription: What it does.\n"


@pytest.fixture
def tree() -> ParameterTree:
    return ParameterTree()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(HEAD + text)
    return path


def test_six_ship_and_each_can_be_recalled(tree: ParameterTree) -> None:
    presets = list_presets(tree)
    assert [preset.problem for preset in presets if preset.problem] == []
    assert len(presets) >= 6 and len({preset.title for preset in presets}) == len(presets)
    for preset in presets:
        control = ControlLog(ParameterTree())
        recall(preset, control, "test")
        for name, value in preset.values.items():
            assert control.tree.values[name] == value


@pytest.mark.parametrize("ear", ["small", "paper"])
def test_the_ears_that_ship_have_what_the_presets_aim_at(ear: str, tree: ParameterTree) -> None:
    facts = load_facts(find_ear(ear).path)
    assert facts is not None
    resolver = Resolver(facts)
    for preset in list_presets(tree):
        control = ControlLog(ParameterTree())
        recall(preset, control, "test")
        assert resolver.resolve((control.target,), 8.0), preset.name


def test_a_recall_gives_the_same_whatever_was_before(tmp_path: Path, tree: ParameterTree) -> None:
    preset = read_preset(write(tmp_path, "mine", "target: {name: bright hats}\ntone/tilt: -9\n"), tree)
    fresh, used = ControlLog(ParameterTree()), ControlLog(ParameterTree())
    for row in used.tree:
        if row.numeric and not row.name.startswith("playback/"):
            used.apply({row.name: row.high}, "hand")
    used.apply({"target/layer": "encoder_4_conv1", "target/keep": 1, "optimizer/method": "adam"}, "hand")
    used.apply({"playback/wet": 0.25, "dream/run": False}, "hand")
    recall(preset, fresh, "test")
    change = recall(preset, used, "osc 1.2.3.4:5")
    assert used.history[-1] is change and change.origin == "osc 1.2.3.4:5"
    assert used.snapshot().kept == []
    target, other = fresh.target, used.target
    assert (target.by, target.name) == (other.by, other.name) == ("name", "bright hats")
    free = [row.name for row in tree if row.implies]  # of other ways to choose a target than by name
    for row in tree:
        if governs(row) and row.name not in free:
            assert used.tree.values[row.name] == fresh.tree.values[row.name], row.name
    assert used.tree.values["playback/wet"] == 0.25 and used.tree.values["dream/run"] is False


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("", "layer"),
        ("target: {x: 0.2}\n", "map"),
        ("target: {depth: 0.2}\n", "depth"),
        ("target: {objective: surprise()}\n", "objective"),
        ("target: {depth: 0.2, name: hats, by: depth}\n", "depth"),
    ],
)
def test_what_a_preset_mentions_last_decides_its_target(
    tmp_path: Path, tree: ParameterTree, text: str, by: str
) -> None:
    control = ControlLog(tree)
    control.apply({"target/neurons": "1-3"}, "hand")
    recall(read_preset(write(tmp_path, "mine", text), tree), control, "test")
    assert control.target.by == by


def test_a_preset_by_name_asks_for_no_layer_that_an_ear_may_lack(tmp_path: Path, tree: ParameterTree) -> None:
    def refuse(value: object) -> None:
        raise UserError("layer", "is not in this ear", "choose another")

    control = ControlLog(tree, validators={"target/layer": refuse})  # type: ignore[dict-item]
    recall(read_preset(write(tmp_path, "mine", "target: {name: hats}\n"), tree), control, "test")
    with pytest.raises(UserError):
        recall(read_preset(write(tmp_path, "mine", "target: {layer: nowhere}\n"), tree), control, "test")
    assert control.target.name == "hats"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("playback: {wet: 0.5}\n", ("playback/wet", "not for a preset")),
        ("clip: beat\n", ("clip", "not for a preset")),
        ("ear: small\n", ("ear", "not for a preset")),
        ("dream: {autopilot: on}\n", ("dream/autopilot", "not for a preset")),
        ("optimizer: {steps_per_loop: 4}\n", ("steps_per_loop", "not for a preset")),
        ("target: {keep: on}\n", ("target/keep", "not for a preset")),
        ("tone: {tilt: 99}\n", ("tone/tilt", "outside")),
        ("tone: {tlit: 1}\n", ("tone/tlit", "did you mean tone/tilt")),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, tree: ParameterTree, text: str, words: tuple[str]) -> None:
    path = write(tmp_path, "mine", text)
    with pytest.raises(UserError) as refusal:
        read_preset(path, tree)
    assert all(word in str(refusal.value) for word in (str(path), *words))
    (listed,) = list_presets(tree, [tmp_path])
    assert (listed.name, listed.problem) == ("mine", str(refusal.value))


@pytest.mark.parametrize("head", ["title: A\n", "description: B\n", "title: [A]\ndescription: B\n", "title: ' '\n"])
def test_title_and_description_are_needed(tmp_path: Path, tree: ParameterTree, head: str) -> None:
    (tmp_path / "mine.yaml").write_text(head)
    with pytest.raises(UserError, match=r"title|description"):
        find_preset("mine", tree, [tmp_path])


def test_names_are_looked_up_and_never_joined_to_a_path(tmp_path: Path, tree: ParameterTree) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    write(outside, "secret", "")
    write(inside, "glow", "tone/tilt: 3\n")
    write(inside, "Bad Name", "")
    (inside / "link.yaml").symlink_to(outside / "secret.yaml")
    (inside / "folder.yaml").mkdir()
    assert [preset.name for preset in list_presets(tree, [inside, tmp_path / "nowhere"])] == ["glow"]
    for name in ("../out/secret", str(outside / "secret"), "link", "folder", "Bad Name", "", "x" * 5000, "a\0b"):
        with pytest.raises(UserError) as refusal:
            find_preset(name, tree, [inside])
        assert refusal.value.code == "unknown_preset" and len(str(refusal.value)) < 300
    with pytest.raises(UserError, match="did you mean glow"):
        find_preset("Glwo", tree, [inside])


def test_a_file_is_read_again_only_when_it_is_another(
    tmp_path: Path, tree: ParameterTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []
    load = presets.load_yaml
    monkeypatch.setattr(presets, "load_yaml", lambda path: reads.append(path) or load(path))
    write(tmp_path, "glow", "tone/tilt: 3\n")
    for _ in range(3):
        assert find_preset("glow", tree, [tmp_path]).values == {"tone/tilt": 3.0}
    write(tmp_path, "glow", "tone/tilt: -3.5\n")
    assert find_preset("glow", tree, [tmp_path]).values == {"tone/tilt": -3.5}
    assert len(reads) == 2


def test_a_shipped_preset_keeps_its_name(tmp_path: Path, tree: ParameterTree) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    shipped.mkdir()
    own.mkdir()
    write(shipped, "glow", "tone/tilt: 3\n")
    write(own, "glow", "tone/tilt: -3\n")
    assert find_preset("glow", tree, [shipped, own]).values == {"tone/tilt": 3.0}


def test_the_command_lists_them_and_says_what_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "user_preset_dir", lambda: tmp_path)
    write(tmp_path, "broken", "tone/tilt: loud\n")
    write(tmp_path, "glow", "")
    assert main(["presets"]) == 0
    out = capsys.readouterr().out
    assert "What it does." in out and "tone/tilt" in out and str(tmp_path) in out
