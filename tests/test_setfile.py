from __future__ import annotations

from pathlib import Path

import pytest

from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree
from ear_engine.resources import resource
from ear_engine.setfile import SetFile, read_set


def read(folder: Path, text: str) -> SetFile:
    path = folder / "set.yaml"
    path.write_text(text)
    return read_set(path, ParameterTree())


def test_nested_and_flat_names_mean_the_same(tmp_path: Path) -> None:
    nested = read(tmp_path, "ear: small\nclip: dub\nseed: 7\ndream:\n  rate: -20\n  run: off\ntarget: {keep: on}\n")
    flat = read(tmp_path, "ear: small\nsource/clip: dub\nseed: 7\ndream/rate: -20\ndream/run: no\ntarget/keep: 1\n")
    assert nested == flat
    assert nested == SetFile({"dream/rate": -20.0, "dream/run": False, "target/keep": True}, "small", "dub", 7)


def test_paths_are_taken_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "kick.wav").touch()
    (tmp_path / "mine").mkdir()
    found = read(tmp_path, "clip: kick.wav\near: mine\n")
    assert (found.clip, found.ear) == (str(tmp_path / "kick.wav"), str(tmp_path / "mine"))


@pytest.mark.parametrize("name", ["a" * 300, "~nobody-of-that-name/ear", "b/" * 4000])
def test_a_name_that_no_file_can_have_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, f"ear: {name}\n").ear == name


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == SetFile()


def test_off_is_allowed_where_zero_means_off(tmp_path: Path) -> None:
    assert read(tmp_path, "dream/pull: 0").values == {"dream/pull": 0.0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dream/rat: -20", ("dream/rat", "did you mean dream/rate")),
        ("dream: {rat: -20}", ("dream/rat", "did you mean dream/rate")),
        ("sead: 3", ("sead", "did you mean seed")),
        ("3: 4", ("3", "is not a parameter")),
        ("dream: -20", ("dream", "is not a parameter")),
        ("dream/rate: loud", ("dream/rate", "number")),
        ("dream/rate: true", ("dream/rate", "number")),
        ("dream/rate: [1]", ("dream/rate", "number")),
        ("dream/rate:", ("dream/rate", "number")),
        ("dream/rate: .nan", ("dream/rate", "finite")),
        ("dream/rate: 3", ("dream/rate", "outside -60 to -6 dB")),
        ("dream/pull: 0.1", ("dream/pull", "outside 0.25 to 256 beats", "0 for off")),
        ("dream/run: 2", ("dream/run", "on or off")),
        ("playback/beats: 4.5", ("playback/beats", "whole number")),
        ("playback/quantize: bat", ("playback/quantize", "bar")),
        ("target/layer: 3", ("target/layer", "quotes")),
        ("seed: 1.5", ("seed", "whole number")),
        ("seed: -1", ("seed", "whole number")),
        ("clip: 808", ("clip", "not text")),
        ("- a\n- b", ("set.yaml", "not a mapping")),
        ("a: [1", ("set.yaml", "not readable YAML")),
        ("a: &a\n  b: *a\n", ("set.yaml", "alias *a")),
        ("seed: 1\nseed: 2\n", ("'seed'", "line 1", "line 2")),
        ("dream: {rate: -20}\ndream/rate: -30\n", ("dream/rate", "twice")),
        ("clip: beat\nsource: {clip: dub}\n", ("source/clip", "twice")),
    ],
)
def test_mistakes_are_named_with_their_file_and_key(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as refusal:
        read(tmp_path, text)
    message = str(refusal.value)
    assert "set.yaml" in message and "\n" not in message
    for word in words:
        assert word in message


def test_what_ships_can_be_read() -> None:
    sets = sorted(resource("configs", "sets").glob("*.yaml"))
    assert sets
    for path in sets:
        assert read_set(path, ParameterTree()).values
