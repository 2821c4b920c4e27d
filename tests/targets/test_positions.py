"""Where neurons lie on the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.ear.statistics_file import hash_weights
from ear_engine.ear_files import WEIGHTS, find_ear
from ear_engine.errors import UserError
from ear_engine.layout.map_file import MAP, MapFile, read_map, write_map
from ear_engine.targets.facts import load_facts
from ear_engine.targets.positions import chart, read_layout, read_positions
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


@pytest.fixture
def ear(tmp_path: Path) -> Path:
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    return tmp_path


def lay_out(ear: Path, positions: np.ndarray) -> None:
    write_map(ear / MAP, MapFile(positions.astype(np.float32), hash_weights(ear), {}))


def test_a_map_in_the_ears_folder_is_read(ear: Path) -> None:
    assert read_positions(ear, 5) is None
    positions = np.linspace(0, 1, 10).reshape(5, 2)
    lay_out(ear, positions)
    found = read_positions(ear, 5)
    assert found is not None and np.allclose(found, positions)


def test_a_map_in_space_is_seen_from_the_front(ear: Path) -> None:
    positions = np.linspace(0, 1, 15).reshape(5, 3)
    lay_out(ear, positions)
    found = read_positions(ear, 5)
    assert found is not None and np.allclose(found, positions[:, :2])
    stored = read_layout(ear, 5)
    assert stored is not None and np.allclose(stored.positions, positions)


def test_a_map_of_other_weights_or_neurons_is_refused(ear: Path) -> None:
    lay_out(ear, np.zeros((5, 2)))
    with pytest.raises(UserError, match="is of 5 neurons, but the ear has 6"):
        read_positions(ear, 6)
    (ear / WEIGHTS).write_bytes(b"others")
    with pytest.raises(UserError, match="other weights") as refusal:
        read_positions(ear, 5)
    assert refusal.value.code == "other_ear"


def test_facts_of_an_ear_with_a_bad_map_are_those_without(ear: Path) -> None:
    (ear / MAP).write_bytes(b"PK\3\4 no map")
    faults: list[UserError] = []
    facts = load_facts(ear, INDEX, faults.append)
    assert facts is not None and np.array_equal(facts.positions, chart(INDEX, {}, None))
    assert "bad_map" in [fault.code for fault in faults]


@pytest.mark.parametrize("name", ["small", "paper"])
def test_the_ears_that_ship_have_their_maps(name: str) -> None:
    folder = find_ear(name).path
    facts = load_facts(folder, faults=pytest.fail)
    assert facts is not None
    assert np.array_equal(facts.positions, read_map(folder / MAP).positions)
    x, y = facts.positions.T
    scalogram = facts.index.layers[0]
    bins = np.arange(scalogram.neurons) % scalogram.bins
    assert np.corrcoef(x[scalogram.span], bins)[0, 1] > 0.7  # low to high
    middles = [y[layer.span].mean() for layer in facts.index.layers]
    assert np.corrcoef(middles, np.arange(len(middles)))[0, 1] > 0.7  # shallow to deep
