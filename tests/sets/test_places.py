"""Where sets lie, and what an engine is started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ear_engine import platform
from ear_engine.cli import main, parse
from ear_engine.commands.serve import node_options
from ear_engine.errors import UserError
from ear_engine.sets import last
from ear_engine.sets.places import find_set, list_sets, named_or_path, save_set
from ear_engine.sets.text import WrittenSet


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platform, "user_set_dir", lambda: tmp_path / "sets")
    monkeypatch.setattr(platform, "user_state_dir", lambda: tmp_path / "state")
    return tmp_path / "sets"


def test_sets_are_found_by_name_the_users_own_first(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save_set("night", "dream: {rate: -30}\nkept: [{by: depth}]\n")
    assert [(place.name, place.own) for place in list_sets()] == [("night", True), ("first_light", False)]
    assert find_set("night") == named_or_path("night") == named_or_path(str(path)) == path
    assert named_or_path("elsewhere/night.yaml") == Path("elsewhere/night.yaml")
    with pytest.raises(UserError, match="did you mean night"):
        find_set("nigth")
    (mine / "outside.yaml").symlink_to("/etc/hostname")
    (mine / "Odd Name.yaml").write_text("")
    assert [place.name for place in list_sets()] == ["night", "first_light"]
    assert main(["sets"]) == 0
    assert "loop beat, ear small, 1 values, 1 kept target" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/x", "A", "last", "x" * 61, "a.yaml", "~", "a\n"])
def test_names_that_lead_elsewhere_are_refused(mine: Path, name: str) -> None:
    with pytest.raises(UserError) as refusal:
        save_set(name, "")
    assert refusal.value.code == "bad_name" and not mine.exists()


def test_nothing_is_replaced_unless_it_is_said_nor_by_half(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_set("night", "clip: dub\n")
    with pytest.raises(UserError, match="is there already"):
        save_set("night", "clip: acid\n")
    save_set("night", "clip: bass\n", replace=True)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(UserError, match="Read-only"):
        save_set("night", "clip: acid\n", replace=True)
    assert [path.read_text() for path in mine.iterdir()] == ["clip: bass\n"]


def test_an_engine_starts_from_a_set_and_forgives_what_is_missing(mine: Path) -> None:
    save_set("night", "version: 2\near: gone\nclip: gone\ndream: {rate: -30}\nkept: [{by: depth}]\nseed: 4\n")
    options = node_options(parse(["serve", "--set", "night", "--dream.rate", "-20"]))
    assert (options.ear.name, options.clip, options.instead, options.seed) == ("small", "gone", "beat", 4)
    assert options.values == {"dream/rate": -20.0} and options.forgiving and options.autosave
    assert [fault.code for fault in options.start.faults] == ["newer_set", "unknown_ear"]
    assert len(options.start.held.kept) == 1
    typed = node_options(parse(["serve", "--set", "night", "--clip", "dub", "--ear", "paper"]))
    assert (typed.ear.name, typed.clip, typed.instead, typed.forgiving) == ("paper", "dub", "", True)


def test_the_last_set_is_resumed_with_its_loop_and_anything_wrong_in_it_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none was kept yet"):
        node_options(parse(["serve", "--set", "last"]))
    folder = last.LastFolder(9000)
    folder.keep_set(WrittenSet("clip: dub\ndream: {rtae: -30, pull: 8}\n"))
    (folder.path / last.LOOP).write_bytes(b"EARLOOP1")
    folder.leave()
    options = node_options(parse(["serve", "--set", "last"]))
    assert options.values == {"dream/pull": 8.0} and options.forgiving
    assert (options.loop, options.left) == (folder.path / last.LOOP, folder.path)
    path = str(folder.path / last.SET)
    with pytest.raises(UserError, match="did you mean dream/rate"):
        node_options(parse(["serve", "--set", path]))
