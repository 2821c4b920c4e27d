from __future__ import annotations

import json
import struct
import typing
import zipfile
from pathlib import Path

import pytest

from ear_engine.ear_files import EarFolder, EarOutline, ScalogramOutline, ShapeOutline, find_ear, list_ears
from ear_engine.errors import UserError


def safetensors(size: int = 16) -> bytes:
    header = json.dumps({"weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


def make_ear(folder: Path, config: str = "name: x\ndescription: hears\n", weights: bytes | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(config)
    (folder / "weights.safetensors").write_bytes(safetensors() if weights is None else weights)
    return folder


def test_an_ear_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = make_ear(tmp_path / "ears" / "mine")
    roots = (tmp_path / "missing", tmp_path / "ears")
    by_name = find_ear("mine", roots)
    assert by_name == find_ear(str(path), ())
    assert by_name == EarFolder("mine", path, "hears", megabytes=by_name.megabytes)


def test_the_first_with_a_name_has_it_and_broken_ones_say_why(tmp_path: Path) -> None:
    first = make_ear(tmp_path / "a" / "mine")
    make_ear(tmp_path / "b" / "mine")
    make_ear(tmp_path / "b" / "torn", weights=safetensors(3))
    (tmp_path / "b" / "no ear").mkdir()
    mine, torn = list_ears((tmp_path / "a", tmp_path / "b"))
    assert mine.path == first and mine.problem == ""
    assert "truncated" in torn.problem


def a_zip(folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "x.zip", "w") as file:
        file.writestr("data.pkl", "x")
    return (folder / "x.zip").read_bytes()


@pytest.mark.parametrize(
    ("weights", "word"),
    [
        (b"", "truncated"),
        (b"\x80\x04\x95abcdefgh", "pickle"),
        (safetensors(3), "truncated (13 bytes"),
        (safetensors()[:12], "truncated"),
        (struct.pack("<Q", 4) + b"nope" + bytes(20), "no safetensors header"),
        (struct.pack("<Q", 8) + b'{"a": 3}' + bytes(20), "no safetensors header"),
        (b"hello, I am a text file", "no safetensors file"),
    ],
)
def test_weights_that_cannot_be_weights(tmp_path: Path, weights: bytes, word: str) -> None:
    with pytest.raises(UserError, match="checkpoint") as refusal:
        find_ear(str(make_ear(tmp_path / "ear", weights=weights)), ())
    assert word in str(refusal.value)


def test_a_torch_checkpoint_is_a_pickle_in_a_zip(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a pickle"):
        find_ear(str(make_ear(tmp_path / "ear", weights=a_zip(tmp_path))), ())


def test_what_is_no_ear(tmp_path: Path) -> None:
    make_ear(tmp_path / "ears" / "small")
    roots = (tmp_path / "ears",)
    with pytest.raises(UserError, match="did you mean small"):
        find_ear("smal", roots)
    with pytest.raises(UserError, match=r"config\.yaml.* does not exist"):
        find_ear(str(tmp_path), roots)
    with pytest.raises(UserError, match="is a file"):
        find_ear(str(tmp_path / "ears" / "small" / "config.yaml"), roots)
    with pytest.raises(UserError, match="train one"):
        find_ear("small", ())
    with pytest.raises(UserError, match="does not exist"):
        (tmp_path / "ears" / "small" / "weights.safetensors").unlink()
        find_ear("small", roots)


@pytest.mark.parametrize("name", ["a" * 300, "~nobody-of-that-name/ear", "a\0b", "b/" * 4000])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    make_ear(tmp_path / "small")
    with pytest.raises(UserError, match="does not exist") as refusal:
        find_ear(name, (tmp_path,))
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("name: x\ndescripton: y\n", "'descripton' is not known; did you mean description"),
        ("name: x\nshape: {widht: 0.5}\n", "'widht' is not known; did you mean width"),
        ("name: x\nshape: {width: wide}\n", "width is 'wide', not float"),
        ("name: x\nshape:\n  scalogram: {bin: 216}\n", "'bin' is not known; did you mean bins"),
        ("name: x\nshape: 3\n", "not a mapping"),
        ("description: y\n", "'name' is missing"),
    ],
)
def test_a_mistake_in_the_config_is_found_without_torch(tmp_path: Path, config: str, words: str) -> None:
    with pytest.raises(UserError) as refusal:
        find_ear(str(make_ear(tmp_path / "ear", config)), ())
    assert words in str(refusal.value) and "config.yaml" in str(refusal.value)


def test_the_keys_of_another_kind_of_ear_are_its_own(tmp_path: Path) -> None:
    path = make_ear(tmp_path / "ear", "kind: cochlea\nhairs: 3500\ndescription: hears\n")
    assert find_ear(str(path), ()).description == "hears"


def keys(kind: type) -> dict[str, type]:
    hints = {n: str if typing.get_origin(h) is typing.Literal else h for n, h in typing.get_type_hints(kind).items()}
    return {name: hint for name, hint in hints.items() if hint in (int, float, str)} | dict.fromkeys(
        [name for name, hint in hints.items() if hint not in (int, float, str)], object
    )


def test_the_outline_has_the_keys_of_the_real_config() -> None:
    network = pytest.importorskip("ear_engine.ear.network")
    checkpoint = pytest.importorskip("ear_engine.ear.checkpoint")
    assert keys(EarOutline) == keys(checkpoint.EarFile)
    assert keys(ShapeOutline) == keys(network.EarConfig)
    assert keys(ScalogramOutline) == keys(network.ScalogramConfig)
