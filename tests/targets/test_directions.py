"""Named directions in an ear's folder: written, read, refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save_file

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.ear_files import WEIGHTS
from ear_engine.errors import UserError
from ear_engine.resources import resource
from ear_engine.targets.directions import (
    DIRECTIONS,
    Direction,
    fitting,
    load_directions,
    read_directions,
    write_directions,
)

INDEX = NeuronIndex([Layer("scalogram", 2, 4, 1, 0), Layer("top", 3, 2, 2, 8)])


def some(layer: str = "top", size: int = 3) -> Direction:
    return Direction(layer, np.arange(1.0, size + 1, dtype=np.float32), "minor thirds", 0.71239, 0.5)


@given(arrays.arrays(np.float32, st.integers(1, 40), elements=st.floats(-100, 100, width=32)))
def test_what_is_written_is_read_at_length_1(tmp_path_factory: pytest.TempPathFactory, vector: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("ear") / DIRECTIONS
    vector[0] = 50.0
    write_directions({"dark ünd low": Direction("top", vector, "said", 0.61, 0.5)}, "abc", path)
    found, weights = read_directions(path)
    assert weights == "abc"
    one = found["dark ünd low"]
    assert (one.layer, one.description, one.accuracy, one.chance) == ("top", "said", 0.61, 0.5)
    assert np.allclose(one.vector, vector / np.linalg.norm(vector), atol=2e-3)
    assert np.linalg.norm(one.vector) == pytest.approx(1.0, abs=1e-5)


def test_an_ear_without_the_file_has_none(tmp_path: Path) -> None:
    assert load_directions(tmp_path) == {}


def test_directions_of_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    write_directions({"up": some()}, hash_weights(tmp_path), tmp_path / DIRECTIONS)
    assert list(load_directions(tmp_path)) == ["up"]
    (tmp_path / WEIGHTS).write_bytes(b"others")
    with pytest.raises(UserError, match=r"belongs to other weights.*ear-engine directions"):
        load_directions(tmp_path)


@pytest.mark.parametrize("broken", ["cut", "rubbish", "no metadata", "not finite", "nothing", "two axes"])
def test_a_broken_file_is_refused_in_a_sentence(tmp_path: Path, broken: str) -> None:
    path = tmp_path / DIRECTIONS
    vectors = {"not finite": [1.0, np.inf], "nothing": [0.0, 0.0], "two axes": [[1.0, 2.0]]}
    vector = np.array(vectors.get(broken, [1.0, 2.0]), np.float32)
    write_directions({"up": Direction("top", vector)}, "abc", path)
    if broken == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif broken == "rubbish":
        path.write_bytes(b"not a file of tensors")
    elif broken == "no metadata":
        save_file({"up": vector}, path)
    with pytest.raises(UserError, match=r"directions\.safetensors"):
        read_directions(path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere.*cannot be written.*--output"):
        write_directions({"up": some()}, "abc", tmp_path / "nowhere" / DIRECTIONS)


def test_vectors_must_be_as_long_as_their_layer() -> None:
    assert set(fitting({"a": some(size=3), "b": some(size=6)}, INDEX)) == {"a", "b"}
    with pytest.raises(UserError, match="direction 'c' has 4 numbers, top 3 channels of 2 bins"):
        fitting({"c": some(size=4)}, INDEX)
    with pytest.raises(UserError, match="layer 'tip' does not exist"):
        fitting({"d": some("tip")}, INDEX)


def test_reading_needs_no_torch() -> None:
    code = "import sys, ear_engine.targets.directions; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize("name", ["small", "paper"])
def test_ears_that_ship_have_directions_that_fit_and_beat_guessing(name: str) -> None:
    folder = resource("configs", "ears", name)
    statistics = load_statistics(folder)
    assert statistics is not None
    found = fitting(load_directions(folder), statistics.index)
    assert {"fast", "slow", "ambient", "played", "electronic"} <= set(found)
    assert all(one.accuracy - one.chance > 0.05 and one.description for one in found.values())
    assert (folder / DIRECTIONS).stat().st_size < 1_000_000
