"""What `ear-engine train` refuses before hours are spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from ear_engine.commands.train import describe_length, export_folder
from ear_engine.errors import UserError
from ear_engine.training.trainer import make_folder


def test_an_ear_is_not_exported_under_a_name_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.commands.train.ear_roots", lambda: (tmp_path, tmp_path / "own"))
    (tmp_path / "given").mkdir()
    with pytest.raises(UserError, match="--export given is the name of an ear that ships; choose another"):
        export_folder("given")
    assert export_folder("mine").name == "mine"
    assert export_folder(str(tmp_path / "given")) == tmp_path / "given"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "run")
    make_folder(tmp_path / "new" / "run")
    assert (tmp_path / "new" / "run").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file' is a file; name another one"):
        make_folder(tmp_path / "file")
    with pytest.raises(UserError, match="cannot be made"):
        make_folder(tmp_path / "file" / "run")


@pytest.mark.parametrize(("hours", "said"), [(6.03, "6.0 h"), (0.5, "30 min"), (0.001, "1 min")])
def test_lengths_are_readable(hours: float, said: str) -> None:
    assert describe_length(hours) == said
