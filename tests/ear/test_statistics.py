"""The statistics of an ear: ranks, descriptions, regions by name, and the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.ranks import LEVELS, RankTable, interpolated_ranks
from ear_engine.ear.region_search import find_regions
from ear_engine.ear.statistics import Heard, Statistics
from ear_engine.ear.statistics_file import (
    STATISTICS,
    hash_weights,
    load_statistics,
    read_statistics,
    write_statistics,
)
from ear_engine.errors import UserError

LAYERS = [Layer("scalogram", 2, 4, 1, 0), Layer("first", 3, 4, 2, 8), Layer("top", 5, 1, 16, 20)]
NAMES = {
    "scalogram": ("loud sound", "wavering sound"),
    "first": ("bright hats", "low kicks", "steady bass"),
    "top": ("220 Hz tones", "440 Hz tones", "rising mid chords", "gaps", "idle"),
}


def make(weights: str = "0" * 64, seed: int = 0) -> Statistics:
    """Statistics of 25 neurons that were never measured."""
    rng = np.random.default_rng(seed)
    index = NeuronIndex(LAYERS)
    n = len(index)
    values = np.maximum(rng.normal(0.2, 1, (n, 4000)), 0).astype(np.float32)
    values[:4] -= 0.5  # below 0, too
    values[-1] = 0.0  # never fires
    low, high = values.min(axis=1), values.max(axis=1)
    quantiles = np.stack([np.quantile(v[v > v.min()], LEVELS) if np.ptp(v) else np.zeros(33) for v in values])
    quantiles = quantiles.astype(np.float32)
    quantiles[:, 0], quantiles[:, -1] = low, high
    pitch = np.array([100.0, 400.0, 1600.0, 6400.0] * 5 + [220.0, 440.0, 1000.0, 60.0, 900.0], np.float32)
    recording = np.tile(np.arange(5, dtype=np.int32), (n, 1))
    recording[-1] = -1
    recording[3, 3:] = -1
    activation = np.where(recording >= 0, high[:, None] * np.linspace(1, 0.5, 5, dtype=np.float32), low[:, None])
    half = {
        name: rng.uniform(-1, 1, n).astype(np.float16).astype(np.float32)
        for name in ("onset", "decay", "tonality", "noisiness", "loudness", "glide")
    }
    return Statistics(
        index,
        weights,
        Heard("loops", 1.5, 240, 7, ("naev/ambient1", "b", "c", "d", "Größe")),
        NAMES,
        mean=values.mean(axis=1),
        variance=values.var(axis=1),
        active=(values > 0).mean(axis=1).astype(np.float32),
        low=low,
        high=high,
        floor=(values <= low[:, None]).mean(axis=1).astype(np.float32),
        quantiles=quantiles,
        frequency=pitch,
        bandwidth=np.full(n, 0.5, np.float32),
        phase=np.full(n, 0.25, np.float32),
        excerpt_recording=recording,
        excerpt_seconds=rng.uniform(0, 300, (n, 5)).astype(np.float32),
        excerpt_activation=activation.astype(np.float32),
        region_bins=np.array([[0, 3], [0, 3], [3, 3], [0, 0], [0, 1], *[[0, 0]] * 5], np.int32),
        **half,
    )


@pytest.fixture
def ear(tmp_path: Path) -> Path:
    """An ear's folder, its weights untouched by these tests."""
    (tmp_path / "weights.safetensors").write_bytes(b"these are the weights")
    return tmp_path


# ---- ranks


def draws(kind: str, rng: np.random.Generator) -> NDArray[np.float32]:
    shape = (6, 20000)
    values = {
        "rectified": np.maximum(0, rng.normal(-0.7, 1, shape)),
        "rarely on": np.maximum(0, rng.normal(-2.5, 1, shape)),
        "long tail": rng.lognormal(0, 1.5, shape),
        "narrow and signed": np.clip(0.05 * rng.standard_t(1.5, shape), -1, 1),
        "two heaps": np.where(rng.random(shape) < 0.6, rng.normal(0.1, 0.001, shape), rng.normal(0.8, 0.05, shape)),
    }
    return values[kind].astype(np.float32)


def table_of(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    low = values.min(axis=1)
    quantiles = np.stack([np.quantile(v[v > v.min()], LEVELS) for v in values]).astype(np.float32)
    quantiles[:, 0] = low
    return quantiles, (values <= low[:, None]).mean(axis=1).astype(np.float32)


@pytest.mark.parametrize("kind", ["rectified", "rarely on", "long tail", "narrow and signed", "two heaps"])
def test_ranks_are_shares_of_time_below(kind: str) -> None:
    values = draws(kind, np.random.default_rng(1))
    quantiles, floor = table_of(values)
    asked = np.ascontiguousarray(values[:, :500].T)
    found = RankTable(quantiles, floor)(asked)
    exact = np.stack([(v[None, :] < a[:, None]).mean(axis=1) for v, a in zip(values, asked.T, strict=True)], axis=1)
    # between two levels 0.05 apart the table itself can be wrong by as much; what is looked up is the table's to 0.005
    table = np.stack([interpolated_ranks(row, quantiles, floor) for row in asked])
    assert np.abs(found - table).max() <= 0.0051
    assert np.abs(found - exact).max() < 0.05
    assert np.abs(found - exact).mean() < 0.005
    at_levels = RankTable(quantiles, floor)(np.ascontiguousarray(quantiles.T))[1:]
    assert np.abs(at_levels - (floor + (1 - floor) * np.asarray(LEVELS)[1:, None])).max() <= 0.0051


def test_what_is_off_has_rank_0_and_what_fires_at_least_the_share_of_time_it_is_off() -> None:
    values = draws("rarely on", np.random.default_rng(2))
    quantiles, floor = table_of(values)
    table = RankTable(quantiles, floor)
    assert (table(np.zeros(6, np.float32)) == 0).all()
    assert (table(np.full(6, 1e-6, np.float32)) >= floor - 1e-6).all()
    assert (floor > 0.9).all()


def test_any_value_has_a_rank() -> None:
    quantiles, floor = table_of(draws("rectified", np.random.default_rng(3)))
    table = RankTable(quantiles, floor)
    strange = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0], np.float32)
    assert list(table(strange)) == [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]


@given(st.lists(st.floats(-3, 12, width=32), min_size=2, max_size=40), st.integers(0, 24))
def test_ranks_rise_with_the_activation(activations: list[float], neuron: int) -> None:
    statistics = STATISTICS_OF_NOTHING
    rising = np.zeros((len(activations), 25), np.float32)
    rising[:, neuron] = np.sort(np.asarray(activations, np.float32))
    ranks = statistics.rank(rising)[:, neuron]
    assert ((ranks >= 0) & (ranks <= 1)).all()
    assert (np.diff(ranks) > -0.0101).all()  # 0.005 off at either


STATISTICS_OF_NOTHING = make()


def test_ranks_of_one_layer_and_of_any_shape() -> None:
    statistics = STATISTICS_OF_NOTHING
    rng = np.random.default_rng(4)
    frames = rng.normal(0.5, 1, (3, 7, 25)).astype(np.float32)
    everything = statistics.rank(frames)
    assert everything.shape == (3, 7, 25)
    np.testing.assert_array_equal(statistics.rank(frames[..., 8:20], "first"), everything[..., 8:20])
    np.testing.assert_array_equal(statistics.rank(np.asfortranarray(frames)), everything)
    with pytest.raises(UserError, match="does not exist"):
        statistics.rank(frames, "frist")


def test_quantiles_and_ranks_are_inverse() -> None:
    statistics = STATISTICS_OF_NOTHING
    for level in (0.5, 0.9, 0.99, 0.9995):
        found = statistics.rank(statistics.quantile(level))
        above = (statistics.floor < level) & (statistics.high > statistics.low)
        assert np.abs(found - level)[above].max() < 0.0051
        assert (found[~above] == 0).all()


# ---- descriptions


def test_a_neuron_is_described() -> None:
    statistics = STATISTICS_OF_NOTHING
    found = statistics.describe(3)
    assert (found.neuron.layer, found.neuron.channel, found.neuron.bin) == ("scalogram", 0, 3)
    assert found.region == "loud sound"
    assert found.name.endswith("@ 6.4 kHz")
    assert [hit.recording for hit in found.excerpts] == ["naev/ambient1", "b", "c"]
    assert found.excerpts[0].activation == pytest.approx(float(statistics.high[3]))
    assert found.deviation**2 == pytest.approx(float(statistics.variance[3]), rel=1e-5)
    with pytest.raises(UserError, match="outside"):
        statistics.describe(25)


def test_regions_say_where_they_lie() -> None:
    hats, kicks, _ = STATISTICS_OF_NOTHING.regions("first")
    assert (hats.name, hats.channel, hats.first_bin, hats.last_bin, hats.low) == ("bright hats", 0, 3, 3, 6400.0)
    assert (kicks.low, kicks.high) == (100.0, 100.0)


@pytest.mark.parametrize(
    ("text", "layer", "channel", "bins"),
    [
        ("bright hats", "first", 0, (3, 3)),
        ("hat, bright!", "first", 0, (3, 3)),
        ("brihgt hats", "first", 0, (3, 3)),
        ("kicks", "first", 1, (0, 0)),
        ("steady bass", "first", 2, (0, 1)),
        ("tones at 440 Hz", "top", 1, (0, 0)),
        ("220Hz tones", "top", 0, (0, 0)),
        ("chords", "top", 2, (0, 0)),
        ("top gaps", "top", 3, (0, 0)),
    ],
)
def test_regions_are_found_by_words(text: str, layer: str, channel: int, bins: tuple[int, int]) -> None:
    found = find_regions(STATISTICS_OF_NOTHING, text)[0]
    assert (found.layer, found.channel) == (layer, channel)
    assert (found.first_bin, found.last_bin) == bins


def test_a_frequency_alone_chooses_bins() -> None:
    for region in find_regions(STATISTICS_OF_NOTHING, "1.6 kHz", limit=5):
        assert (region.first_bin, region.last_bin) == (2, 2)
        assert region.low == region.high == 1600.0


def test_a_layer_s_name_chooses_among_its_regions() -> None:
    assert {region.layer for region in find_regions(STATISTICS_OF_NOTHING, "top", limit=9)} == {"top"}
    assert len(find_regions(STATISTICS_OF_NOTHING, "top", limit=2)) == 2


@pytest.mark.parametrize("text", ["", "   ", "xylophone", "x" * 10000])
def test_what_is_not_there_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(UserError) as refused:
        find_regions(STATISTICS_OF_NOTHING, text)
    assert refused.value.code == "unknown_region"
    assert len(str(refused.value)) < 500


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UserError, match="bright hats"):
        find_regions(STATISTICS_OF_NOTHING, "bryghtt_hatz")


# ---- the file


def test_the_file_keeps_what_matters(ear: Path) -> None:
    written = make(hash_weights(ear))
    write_statistics(written, ear / STATISTICS)
    read = load_statistics(ear)
    assert read is not None
    assert read.index.layers == written.index.layers
    assert read.heard == written.heard
    assert read.region_names == written.region_names
    for name in ("mean", "variance", "low", "high", "floor", "frequency", "onset", "excerpt_recording", "region_bins"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name), err_msg=name)
    distance = written.quantiles - written.low[:, None]
    error = np.abs(read.quantiles - written.quantiles)
    assert (error <= distance / 2048 + 1e-6).all()
    assert np.abs(read.excerpt_activation - written.excerpt_activation).max() < 1e-3 * written.high.max()
    assert list(ear.glob("*.part")) == []
    rng = np.random.default_rng(0)
    frames = rng.normal(0.5, 1, (50, 25)).astype(np.float32)
    assert np.abs(read.rank(frames) - written.rank(frames)).max() < 0.011


def test_an_ear_without_statistics_has_none(ear: Path) -> None:
    assert load_statistics(ear) is None


def test_statistics_of_other_weights_are_refused(ear: Path) -> None:
    write_statistics(make("1" * 64), ear / STATISTICS)
    with pytest.raises(UserError, match="other weights") as refused:
        load_statistics(ear)
    assert refused.value.code == "other_weights"
    assert read_statistics(ear / STATISTICS).weights == "1" * 64


def damage(path: Path, what: str) -> None:
    data = path.read_bytes()
    tensors = load_file(path)
    length = int.from_bytes(data[:8], "little")
    about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["statistics"])
    if what == "truncated":
        path.write_bytes(data[:-100])
        return
    if what == "empty":
        path.write_bytes(b"")
        return
    if what == "pickle":
        path.write_bytes(b"\x80\x04\x95 not for us")
        return
    if what == "no metadata":
        save_file(tensors, path)
        return
    changes = {
        "another version": lambda: about.update(format=2),
        "other levels": lambda: about.update(levels=[0.0, 1.0]),
        "fewer layers": lambda: about["layers"].pop(),
        "no names": lambda: about.pop("names"),
        "a name too few": lambda: about["names"]["top"].pop(),
        "a tensor too few": lambda: tensors.pop("mean"),
        "another shape": lambda: tensors.update(mean=tensors["mean"][:-1]),
        "not finite": lambda: tensors["variance"].fill(np.nan),
        "falling quantiles": lambda: tensors["quantiles"].__setitem__(0, tensors["quantiles"][0][::-1].copy()),
        "unknown recording": lambda: tensors["excerpt_recording"].fill(99),
        "a region outside": lambda: tensors["region_bins"].fill(99),
        "nonsense": lambda: about.update(layers="all of them"),
    }
    changes[what]()
    save_file(tensors, path, {"statistics": json.dumps(about)})


@pytest.mark.parametrize(
    "what",
    [
        "truncated",
        "empty",
        "pickle",
        "no metadata",
        "another version",
        "other levels",
        "fewer layers",
        "no names",
        "a name too few",
        "a tensor too few",
        "another shape",
        "not finite",
        "falling quantiles",
        "unknown recording",
        "a region outside",
        "nonsense",
    ],
)
def test_a_broken_file_is_one_sentence(ear: Path, what: str) -> None:
    write_statistics(make(hash_weights(ear)), ear / STATISTICS)
    damage(ear / STATISTICS, what)
    with pytest.raises(UserError) as refused:
        load_statistics(ear)
    assert STATISTICS in refused.value.subject


def test_a_file_that_cannot_be_written_leaves_the_old_one(ear: Path) -> None:
    target = ear / STATISTICS
    write_statistics(make(seed=1), target)
    before = target.read_bytes()
    (ear / (STATISTICS + ".part")).mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_statistics(make(seed=2), target)
    assert target.read_bytes() == before


def test_statistics_are_read_without_torch(ear: Path) -> None:
    write_statistics(make(hash_weights(ear)), ear / STATISTICS)
    program = (
        "import sys, numpy; from pathlib import Path\n"
        "from ear_engine.ear.statistics_file import load_statistics\n"
        "from ear_engine.ear.region_search import find_regions\n"
        f"s = load_statistics(Path({str(ear)!r})); s.rank(numpy.zeros(25, numpy.float32))\n"
        "find_regions(s, 'bright hats'); s.describe(0)\n"
        "print('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
