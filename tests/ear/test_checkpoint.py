"""Ears on disk: what is written is read again; everything else is refused in one sentence, and a pickle unopened."""

from __future__ import annotations

import dataclasses
import os
import pickle
import shutil
import struct
from pathlib import Path

import pytest
import torch

from ear_engine.ear.autoregressive import AutoregressiveBlockConfig
from ear_engine.ear.checkpoint import (
    load_config,
    load_ear,
    read_tensors,
    save_ear,
    write_tensors,
)
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.scalogram import ScalogramConfig
from ear_engine.ear_files import CARD, CONFIG, WEIGHTS
from ear_engine.errors import UserError
from tests.ear.networks import lived_in

SMALL = EarConfig(width=0.03)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ears") / "tiny"
    save_ear(lived_in().float(), folder, "tiny", "An ear for tests.")
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "ear"))


def refusal(folder: Path) -> UserError:
    with pytest.raises(UserError) as refused:
        load_ear(folder)
    return refused.value


@pytest.mark.parametrize("half", [False, True])
def test_an_ear_is_read_as_it_was_written(tmp_path: Path, half: bool) -> None:
    ear = lived_in().float()
    save_ear(ear, tmp_path / "new" / "ear", "mine", "Hears little.", half=half)
    file = load_config(tmp_path / "new" / "ear")
    assert (file.name, file.description, file.shape) == ("mine", "Hears little.", ear.config)
    again = load_ear(tmp_path / "new" / "ear")
    assert not again.training
    for name, value in ear.state_dict().items():
        found = again.state_dict()[name]
        assert found.dtype == value.dtype
        assert torch.equal(found, value.half().to(value.dtype) if half and value.is_floating_point() else value)


def test_half_precision_takes_half_the_space_and_hears_the_same(tmp_path: Path) -> None:
    ear = lived_in(0.1).float()
    for half in (False, True):
        save_ear(ear, tmp_path / str(half), "e", "", half=half)
    full, halved = ((tmp_path / str(half) / WEIGHTS).stat().st_size for half in (False, True))
    assert halved < 0.6 * full
    audio = 0.1 * torch.randn(1, 16384)
    with torch.no_grad():
        difference = ear(audio).c - load_ear(tmp_path / "True")(audio).c
    assert difference.abs().max() < 0.02 * ear(audio).c.abs().max()


def test_every_part_of_the_shape_is_kept(tmp_path: Path) -> None:
    shape = EarConfig(
        width=0.03,
        predictions=5,
        skip=2,
        scalogram=ScalogramConfig(q=10.0, hop=512),
        autoregressive=(AutoregressiveBlockConfig(64, 3), AutoregressiveBlockConfig(32, 1, pool=2)),
    )
    shape = dataclasses.replace(
        shape, encoder=(*shape.encoder[:-1], dataclasses.replace(shape.encoder[-1], channels=99))
    )
    save_ear(Ear(shape), tmp_path, "other", "")
    assert load_ear(tmp_path).config == shape


def test_saving_again_keeps_the_card_and_leaves_nothing_else(folder: Path) -> None:
    (folder / CARD).write_text("# About this ear\n")
    save_ear(Ear(SMALL), folder, "tiny", "")
    assert sorted(path.name for path in folder.iterdir()) == sorted([CARD, CONFIG, WEIGHTS])
    assert (folder / CARD).read_text() == "# About this ear\n"


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_and_never_opened(folder: Path, tmp_path: Path, protocol: int) -> None:
    (folder / WEIGHTS).write_bytes(pickle.dumps(Bomb(tmp_path / "exploded"), protocol=protocol))
    error = refusal(folder)
    assert "is a pickle, which could run code; save the weights as safetensors" in str(error)
    assert error.code == "bad_checkpoint"
    assert not (tmp_path / "exploded").exists()


def test_a_checkpoint_of_torch_save_is_refused_and_never_opened(folder: Path, tmp_path: Path) -> None:
    torch.save(Bomb(tmp_path / "exploded"), folder / WEIGHTS)
    assert "is a pickle" in str(refusal(folder))
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 100, 0.5, 0.99])
def test_a_truncated_file_is_refused(folder: Path, keep: float) -> None:
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
    error = refusal(folder)
    assert "is truncated" in str(error) or "a truncated one" in str(error) or "safetensors header" in str(error)
    assert "copy the file again or train it again" in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("data", [b"RIFF....WAVE", b"\x00" * 64, struct.pack("<Q", 2**63) + b"{}", b"\xff" * 64])
def test_any_other_file_is_refused(folder: Path, data: bytes) -> None:
    (folder / WEIGHTS).write_bytes(data)
    assert "safetensors" in str(refusal(folder)).split("is", 1)[1]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (EarConfig(width=0.031), "encoder.6.conv1.conv.weight is (16, 8, 3, 3), not (15, 8, 3, 3)"),
        (EarConfig(width=0.03, predictions=4), "predictor.weight is ("),
        (EarConfig(width=0.03, autoregressive=SMALL.autoregressive[:-1]), "has no autoregressive.8"),
        (
            EarConfig(width=0.03, autoregressive=(*SMALL.autoregressive, AutoregressiveBlockConfig(256, 1))),
            "has an unknown autoregressive.9",
        ),
    ],
)
def test_weights_of_another_network_are_refused_with_the_first_difference(
    folder: Path, shape: EarConfig, said: str
) -> None:
    write_tensors(folder / WEIGHTS, Ear(shape).state_dict())
    error = refusal(folder)
    assert "belongs to another network" in str(error)
    assert said in str(error)
    assert "use the config.yaml it was trained with" in str(error)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_refused(folder: Path, value: float) -> None:
    tensors, _ = read_tensors(folder / WEIGHTS)
    tensors["encoder.3.conv1.conv.weight"].view(-1)[5] = value
    write_tensors(folder / WEIGHTS, tensors)
    assert "has values that are not finite in encoder.3.conv1.conv.weight" in str(refusal(folder))


@pytest.mark.parametrize(
    ("missing", "said"),
    [(WEIGHTS, "weights.safetensors' does not exist"), (CONFIG, "config.yaml does not exist"), (".", "does not exist")],
)
def test_a_missing_file_is_named(folder: Path, missing: str, said: str) -> None:
    if missing == ".":
        shutil.rmtree(folder)
    else:
        (folder / missing).unlink()
    error = refusal(folder)
    assert said in str(error)
    assert error.code == "not_found"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: tiny\nshape: {widht: 0.03}\n", "key 'widht' is not known; did you mean width"),
        ("name: tiny\nshape: {width: wide}\n", "width is 'wide', not float"),
        ("name: tiny\nshape: {width: .nan}\n", "width is nan"),
        ("name: tiny\nshape: {scalogram: {bins: 2.5}}\n", "bins is 2.5, not int"),
        ("name: tiny\nshape: {encoder: [{channels: 8, conv1: [3], conv2: [3, 3]}]}\n", "conv1"),
        ("name: tiny\nshape: {encoder: [{channels: 8, conv1: [0, 3], conv2: [1, 3]}]}\n", "encoder has a block that"),
        ("name: tiny\nshape: {scalogram: {bins: 100}}\n", "leaves no bins"),
        ("name: tiny\nshape: {autoregressive: [{channels: 8, kernel: 0}]}\n", "size below 1; use 1 or more"),
        ("name: tiny\nshape: {width: 0}\n", "width is 0.0; use 0.001 or more"),
        ("name: tiny\nshape: {scalogram: {hop: 0}}\n", "hop is 0; use 1 or more"),
        ("name: tiny\nshape: {scalogram: {bins: 400}}\n", "above half the sample rate; use fewer bins"),
        ("description: no name\n", "key 'name' is missing"),
        ("name: [\n", "is not readable YAML"),
    ],
)
def test_a_config_that_says_something_else_is_refused_with_its_place(folder: Path, text: str, said: str) -> None:
    (folder / CONFIG).write_text(text)
    error = refusal(folder)
    assert said in str(error)
    assert CONFIG in str(error)


@pytest.mark.parametrize("length", [0x0280, 0x0480, 0x0580, 0x4B50])
def test_a_header_whose_length_spells_like_a_pickle_is_read(tmp_path: Path, length: int) -> None:
    path, filling = tmp_path / WEIGHTS, ""
    while (found := struct.unpack("<Q", path.read_bytes()[:8])[0] if path.exists() else 0) < length:
        filling += "x" * max(1, length - found - 200)
        write_tensors(path, {"a": torch.ones(1)}, {"filling": filling})
    assert found == length
    assert read_tensors(path)[1] == {"filling": filling}


def test_writing_replaces_at_once_and_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    write_tensors(path, {"a": torch.ones(3)}, {"step": "1"})
    before = path.read_bytes()
    with pytest.raises((ValueError, TypeError, AttributeError)):
        write_tensors(path, {"a": torch.zeros(3), "b": None}, {"step": "2"})  # type: ignore[dict-item]
    assert path.read_bytes() == before
    with path.open("rb") as reader:  # whoever has the old file open keeps all of it
        write_tensors(path, {"a": torch.arange(6).view(2, 3).T}, {"step": "2"})
        assert reader.read() == before
    tensors, metadata = read_tensors(path)
    assert metadata["step"] == "2"
    assert torch.equal(tensors["a"], torch.arange(6).view(2, 3).T)
