"""``ear-engine clients``: what ships for other programs goes where they look, and never over what somebody changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ear_engine.cli import main
from ear_engine.clients.install import NOTE, engine_program, install, state
from ear_engine.clients.table import Client, clients, find_client
from ear_engine.errors import UserError


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client whose shipped folder can be changed."""
    folder = tmp_path / "shipped"
    (folder / "Classes").mkdir(parents=True)
    (folder / "Classes" / "a.sc").write_text("first")
    (folder / "b.txt").write_text("first")
    client = Client("test", "Test", (), lambda: tmp_path / "home", "Thing", "Start it again.", "")
    monkeypatch.setattr(Client, "source", lambda self: folder)
    return client


def test_what_is_installed_is_what_ships(shipped: Client, tmp_path: Path) -> None:
    assert state(shipped) == "not installed"
    done = install(shipped)
    assert done.folder == tmp_path / "home" / "Thing"
    assert (done.written, done.removed) == (2, 0)
    assert (done.folder / "Classes" / "a.sc").read_text() == "first"
    assert state(shipped) == "installed"
    assert install(shipped).written == 0


def test_a_later_version_replaces_its_own_files(shipped: Client) -> None:
    folder = install(shipped).folder
    source = shipped.source()
    (source / "Classes" / "a.sc").write_text("second")
    (source / "Classes" / "c.sc").write_text("new")
    (source / "b.txt").unlink()
    assert state(shipped) == "older"
    done = install(shipped)
    assert (done.written, done.removed) == (2, 1)
    assert (folder / "Classes" / "a.sc").read_text() == "second"
    assert not (folder / "b.txt").exists()


def test_changed_files_stay_unless_forced_and_nothing_else_is_written(shipped: Client) -> None:
    folder = install(shipped).folder
    (folder / "b.txt").write_text("mine")
    (folder / "other.txt").write_text("mine too")
    (shipped.source() / "Classes" / "a.sc").write_text("second")
    assert state(shipped) == "changed"
    with pytest.raises(UserError, match=r"files that were changed: b\.txt; keep a copy") as caught:
        install(shipped)
    assert caught.value.code == "changed_files"
    assert (folder / "b.txt").read_text() == "mine"
    assert (folder / "Classes" / "a.sc").read_text() == "first"
    install(shipped, force=True)
    assert (folder / "b.txt").read_text() == "first"
    assert (folder / "other.txt").read_text() == "mine too"


def test_a_folder_that_was_there_before_is_not_overwritten(shipped: Client, tmp_path: Path) -> None:
    there = tmp_path / "home" / "Thing"
    there.mkdir(parents=True)
    (there / "b.txt").write_text("somebody's")
    with pytest.raises(UserError, match="changed"):
        install(shipped)
    assert (there / "b.txt").read_text() == "somebody's"
    assert not (there / NOTE).exists()


def test_a_note_that_was_tampered_with_removes_nothing_outside(shipped: Client, tmp_path: Path) -> None:
    folder = install(shipped).folder
    outside = tmp_path / "home" / "precious.txt"
    outside.write_text("precious")
    (folder / NOTE).write_text('{"../precious.txt": "x"}')
    install(shipped)
    assert outside.read_text() == "precious"


def test_the_shipped_folder_is_no_place_to_install(shipped: Client, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is the shipped one"):
        install(shipped, tmp_path / "shipped" / "deeper")


def test_every_client_has_a_row_and_a_place() -> None:
    names = [client.name for client in clients()]
    assert {"supercollider", "puredata", "max", "touchdesigner", "touchosc", "openstagecontrol"} <= set(names)
    assert all(client.target.is_absolute() for client in clients())


def test_the_quark_goes_where_it_is_told_and_knows_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clients", "install", "supercollider", "--to", str(tmp_path)]) == 0
    folder = tmp_path / "EarEngine"
    said = capsys.readouterr().out
    assert str(folder) in said and "Recompile Class Library" in said
    shipped = find_client("supercollider").source()
    for path in shipped.rglob("*.sc*"):
        assert (folder / path.relative_to(shipped)).read_bytes() == path.read_bytes()
    assert Path((folder / "engine_path.txt").read_text().strip()) == engine_program()
    assert main(["clients", "install", "supercollider", "--to", str(tmp_path)]) == 0
    assert "is up to date" in capsys.readouterr().out
    assert state(find_client("supercollider"), tmp_path) == "installed"


def test_the_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clients", "list"]) == 0
    said = capsys.readouterr().out
    assert all(client.name in said and str(client.target) in said for client in clients())


def test_an_unknown_client_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clients", "install", "supercolider"]) == 2
    assert "did you mean supercollider" in capsys.readouterr().err


def test_no_name_of_a_folder_is_not_the_one_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["clients", "install", "touchosc", "--to", ""]) == 2
    assert "--to '' is no folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
