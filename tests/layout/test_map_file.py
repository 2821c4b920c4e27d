"""The map comes back as it was stored, or with a sentence that says why not."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ear_engine.ear.neurons import Layer
from ear_engine.errors import UserError
from ear_engine.layout.map_file import MAP, MapFile, read_map, write_map
from ear_engine.layout.settings import LayoutSettings


@pytest.fixture
def stored() -> MapFile:
    positions = np.random.default_rng(0).random((7, 2), np.float32)
    return MapFile.of(positions, "ab" * 32, LayoutSettings(exponent=1.5))


def test_it_comes_back(tmp_path: Path, stored: MapFile) -> None:
    write_map(tmp_path / MAP, stored)
    back = read_map(tmp_path / MAP, neurons=7, weights="ab" * 32)
    assert np.array_equal(back.positions, stored.positions)
    assert back.id == stored.id
    assert back.settings == json.loads(json.dumps(stored.settings))
    assert LayoutSettings(**back.settings) == LayoutSettings(exponent=1.5)  # type: ignore[arg-type]


def test_snapshots_come_back_if_they_fit(tmp_path: Path, stored: MapFile) -> None:
    path, times = tmp_path / MAP, np.random.default_rng(1).random((3, 7, 2), np.float32)
    write_map(path, MapFile(stored.positions, stored.weights, stored.settings, times))
    back = read_map(path)
    assert back.snapshots is not None and np.array_equal(back.snapshots, times)
    assert back.id == stored.id
    for wrong in (times[:, :5], times[0], np.full_like(times, np.nan)):
        write_map(path, MapFile(stored.positions, stored.weights, stored.settings, wrong))
        with pytest.raises(UserError, match="has snapshots of the shape"):
            read_map(path)


LAYERS = (Layer("first", 2, 2, 1, 0), Layer("second", 3, 1, 1, 4))  # groups 0, 1 and 2
LINKS = np.array([[0, 2], [1, 2]], np.int32)


def test_layers_and_links_come_back(tmp_path: Path, stored: MapFile) -> None:
    path = tmp_path / MAP
    write_map(path, MapFile.of(stored.positions, "ab" * 32, LayoutSettings(), None, LAYERS, LINKS))
    back = read_map(path)
    assert back.layers == LAYERS and np.array_equal(back.links, LINKS) and back.links.dtype == np.int32
    assert back.id == stored.id
    write_map(path, stored)  # as maps were before
    assert read_map(path).layers == () and read_map(path).links.shape == (0, 2)


@pytest.mark.parametrize(
    ("layers", "links", "said"),
    [
        (LAYERS, LINKS + 1, "groups that are not among its 3"),
        (LAYERS, LINKS - 1, "groups that are not among its 3"),
        (LAYERS, LINKS[::-1], "links that fall, or are there twice"),
        (LAYERS, LINKS[[0, 0]], "links that fall, or are there twice"),
        (LAYERS, LINKS[:, [1, 1]], "links of a group with itself"),
        (LAYERS, LINKS[:, :1], r"links of the shape \(2, 1\)"),
        (LAYERS[:1], LINKS[:0], "layers of 4 neurons, and 7 positions"),
        ((*LAYERS[:1], Layer("first", 3, 1, 1, 4)), LINKS, "no map, or a damaged one"),
        ((*LAYERS, Layer("none", 0, 5, 1, 7)), LINKS, "no map, or a damaged one"),
    ],
)
def test_layers_and_links_that_do_not_fit(
    tmp_path: Path, stored: MapFile, layers: tuple[Layer, ...], links: np.ndarray, said: str
) -> None:
    write_map(tmp_path / MAP, MapFile(stored.positions, "", {}, None, layers, links))
    with pytest.raises(UserError, match=said) as error:
        read_map(tmp_path / MAP)
    assert error.value.code == "bad_map"


def test_links_of_another_type_or_in_fantasy_layers(tmp_path: Path, stored: MapFile) -> None:
    parts = {"positions": stored.positions, "id": stored.id, "weights": "", "settings": "{}", "format": 1}
    for layers, links in (
        (json.dumps([["a", 7, 1]]), np.zeros((1, 2))),
        (json.dumps([["a", 7.0, 1]]), LINKS),
        (json.dumps([["a", True, 7]]), LINKS),
        (json.dumps([[7, 7, 1]]), LINKS),
        (json.dumps({"a": 7}), LINKS),
        ("[" * 100_000, LINKS),
    ):
        np.savez(tmp_path / MAP, layers=layers, links=links, **parts)  # type: ignore[arg-type]
        with pytest.raises(UserError) as error:
            read_map(tmp_path / MAP)
        assert error.value.code == "bad_map"


def test_the_same_map_makes_the_same_bytes(tmp_path: Path, stored: MapFile) -> None:
    write_map(tmp_path / "one.npz", stored)
    write_map(tmp_path / "two.npz", stored)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_the_id_is_of_the_positions(stored: MapFile) -> None:
    moved = stored.positions.copy()
    moved[3, 1] = 1.0 - moved[3, 1]
    assert MapFile(moved, stored.weights, stored.settings).id != stored.id
    assert MapFile(stored.positions.copy(), "cd" * 32, {}).id == stored.id


@pytest.mark.parametrize(
    ("neurons", "weights", "said"),
    [(8, None, "is of 7 neurons, but the ear has 8"), (7, "cd" * 32, "is of an ear with other weights")],
)
def test_of_another_ear(tmp_path: Path, stored: MapFile, neurons: int, weights: str | None, said: str) -> None:
    write_map(tmp_path / MAP, stored)
    with pytest.raises(UserError, match=said) as error:
        read_map(tmp_path / MAP, neurons, weights)
    assert error.value.code == "other_ear"


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_map(tmp_path / MAP)


def test_damaged(tmp_path: Path, stored: MapFile) -> None:
    path = tmp_path / MAP
    write_map(path, stored)
    whole = path.read_bytes()
    for broken in (b"", b"text", whole[:100], whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(broken)
        with pytest.raises(UserError, match="is no map, or a damaged one") as error:
            read_map(path)
        assert error.value.code == "bad_map"
    random, refused = np.random.default_rng(1), 0
    for number in range(200):
        flipped = np.frombuffer(whole, np.uint8).copy()
        flipped[random.integers(0, len(whole) if number % 2 else 200, 20)] = random.integers(0, 256, 20)
        path.write_bytes(flipped.tobytes())
        try:
            read_map(path)
        except UserError as fault:
            assert fault.code == "bad_map"
            refused += 1
    assert refused > 180
    np.save(path.with_suffix(".npy"), stored.positions)
    with pytest.raises(UserError, match="is no map"):
        read_map(path.with_suffix(".npy"))


def test_what_is_of_another_type_than_it_can_be(tmp_path: Path, stored: MapFile) -> None:
    path, complex_ones = tmp_path / MAP, stored.positions.astype(np.complex64)
    parts = {"positions": stored.positions, "id": stored.id, "weights": "", "settings": "{}", "format": 1}
    np.savez(path, **parts)  # type: ignore[arg-type]
    assert read_map(path).weights == ""
    for name, wrong in (
        ("positions", complex_ones),
        ("snapshots", complex_ones[None]),
        ("weights", np.array(["a", "b"])),
        ("weights", 5),
        ("id", np.array([stored.id])),
        ("settings", "[1, 2]"),
        ("settings", "null"),
    ):
        np.savez(path, **{**parts, name: wrong})  # type: ignore[arg-type]
        with pytest.raises(UserError, match="no map, or a damaged one"):
            read_map(path)


@pytest.mark.parametrize(("shape", "zeros"), [((10**12, 2), 1000), ((10**9, 2), 1000), ((4 * 10**6, 2), 32 * 10**6)])
def test_what_would_fill_memory_is_not_read(
    tmp_path: Path, stored: MapFile, shape: tuple[int, int], zeros: int
) -> None:
    """A header that says more than there is, and zeros that are packed as tightly as they can be."""
    path = tmp_path / MAP
    write_map(path, stored)
    with np.load(path) as file:
        arrays = dict(file)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            part = io.BytesIO()
            if name == "positions":
                said = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(part, said)
                part.write(bytes(zeros))
            else:
                np.save(part, array)
            archive.writestr(f"{name}.npy", part.getvalue())
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="is no map, or a damaged one") as error:
            read_map(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert error.value.code == "bad_map"


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        (np.full((3, 2), 1.5), "outside 0..1"),
        (np.full((3, 2), np.nan), "outside 0..1"),
        (np.zeros((3, 4)), "of the shape"),
        (np.zeros((0, 2)), "of the shape"),
        (np.zeros(3), "of the shape"),
    ],
)
def test_positions_that_are_none(tmp_path: Path, stored: MapFile, positions: np.ndarray, said: str) -> None:
    write_map(tmp_path / MAP, MapFile(positions.astype(np.float32), stored.weights, stored.settings))
    with pytest.raises(UserError, match=said):
        read_map(tmp_path / MAP)


def test_another_format_and_another_id(tmp_path: Path, stored: MapFile) -> None:
    path = tmp_path / MAP
    parts = {"positions": stored.positions, "id": "0" * 16, "weights": "", "settings": "{}"}
    np.savez(path, format=1, **parts)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="other positions than its id says"):
        read_map(path)
    np.savez(path, format=2, **parts)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="is of format 2"):
        read_map(path)
    np.savez(path, positions=stored.positions)
    with pytest.raises(UserError, match="is no map"):
        read_map(path)
