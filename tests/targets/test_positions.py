"""Where neurons lie on the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.targets.positions import chart, read_positions
from tests.targets.ears import FREQUENCIES, INDEX


def test_right_is_high_and_up_is_deep() -> None:
    places = chart(INDEX, FREQUENCIES, None)
    assert places.shape == (len(INDEX), 2) and places.dtype == np.float32
    assert places.min() >= 0.0 and places.max() <= 1.0
    for depth, layer in enumerate(INDEX.layers):
        x, y = places[layer.span].T
        assert (depth / 4 < y).all() and (y < (depth + 1) / 4).all()
        if layer.bins > 1:
            assert np.corrcoef(x, np.tile(np.log2(FREQUENCIES[layer.name]), layer.channels))[0, 1] > 0.999
        else:
            assert (np.diff(x) > 0).all()


def test_no_two_neurons_share_a_spot_and_all_stay_where_they_are() -> None:
    places = chart(INDEX, FREQUENCIES, None)
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + np.eye(len(places))
    assert apart.min() > 1e-3
    assert (places == chart(INDEX, FREQUENCIES, None)).all()


def test_a_map_in_the_ears_folder_is_read(tmp_path: Path) -> None:
    assert read_positions(tmp_path, 5) is None
    positions = np.linspace(0, 1, 10).reshape(5, 2)
    np.savez(tmp_path / "map.npz", positions=positions)
    found = read_positions(tmp_path, 5)
    assert found is not None and np.allclose(found, positions)


@pytest.mark.parametrize("bad", ["size", "range", "key", "garbage", "pickle"])
def test_a_bad_map_is_refused(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "map.npz"
    if bad == "garbage":
        path.write_bytes(b"PK\3\4 no map")
    else:
        content = {"size": np.zeros((4, 2)), "range": np.full((5, 2), 1.5), "key": np.zeros((5, 2))}.get(bad)
        content = np.array([{}], object) if content is None else content
        np.savez(path, **{"places" if bad == "key" else "positions": content})
    with pytest.raises(UserError) as refusal:
        read_positions(tmp_path, 5)
    assert refusal.value.code == "bad_map"


def test_damage_anywhere_in_a_map_is_said_in_a_sentence(tmp_path: Path) -> None:
    path, random = tmp_path / "map.npz", np.random.default_rng(1)
    np.savez(path, positions=random.random((50, 2), np.float32))
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    refused = 0
    for number in range(200):
        broken = whole.copy()
        broken[random.integers(0, len(whole) if number % 2 else 200, 20)] = random.integers(0, 256, 20)
        path.write_bytes(broken.tobytes() if number else b"")
        try:
            read_positions(tmp_path, 50)
        except UserError as error:
            assert error.code == "bad_map"
            refused += 1
    assert refused > 150
