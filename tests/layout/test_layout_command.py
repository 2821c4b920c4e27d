"""``ear-engine layout``, and the files that it writes."""

from __future__ import annotations

import csv
import re
import shutil
import struct
import xml.etree.ElementTree
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from scipy.io import wavfile

from ear_engine.cli import main
from ear_engine.ear.checkpoint import load_ear, save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.layout.charges import LEAST_VARIANCE, STRONGEST, WEAKEST, balanced, charges_of, check_charges
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.map_file import MAP, MapFile, read_map
from ear_engine.layout.orientation import aligned, into_square, turned
from ear_engine.layout.outputs import Laid, files_of, write_layout
from ear_engine.layout.settings import LayoutSettings, more_softening
from tests.layout.graphs import convolutions, layers, pair


@pytest.fixture(scope="module")
def ear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ear that was never trained."""
    folder = tmp_path_factory.mktemp("ears") / "tiny"
    torch.manual_seed(1)
    save_ear(Ear(EarConfig(width=0.03)), folder, "tiny", "a tiny ear")
    return folder


@pytest.fixture(scope="module")
def graph(ear: Path) -> NeuronGraph:
    return graph_of(load_ear(ear))


QUICK = LayoutSettings(steps=25, softening=0.05)


@pytest.mark.slow
def test_one_command_writes_every_kind(
    ear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ear_engine.commands.layout.LayoutSettings", partial(LayoutSettings, steps=20, softening=0.1))
    files = [tmp_path / "new" / f"map{suffix}" for suffix in (".npz", ".svg", ".png", ".csv", ".exr")]
    options = [word for file in files for word in ("-o", str(file))]
    assert main(["layout", "--ear", str(ear), "--k", "1.5", "--seed", "3", *options]) == 0
    said, progress = capsys.readouterr()
    stored = read_map(files[0], weights=hash_weights(ear))
    count = len(stored.positions)
    assert f"{count} neurons, " in said
    assert f"id {stored.id}" in said
    groups = sum(layer.bins for layer in stored.layers)
    assert f" edges as {len(stored.links)} links between {groups} groups" in said  # those of the file
    assert all(str(file) in said for file in files)
    assert "laying out" in progress
    assert "It did not come to rest" in said  # in so few steps
    assert "no statistics" in progress
    assert (stored.settings["exponent"], stored.settings["seed"]) == (1.5, 3)
    assert xml.etree.ElementTree.parse(files[1]).getroot().tag.endswith("svg")
    assert files[2].read_bytes().startswith(b"\x89PNG")
    assert len(files[3].read_text().splitlines()) == count + 1
    assert files[4].stat().st_size > 16 * count

    # in space, with the same seed twice
    again = [tmp_path / "one.npz", tmp_path / "two.npz"]
    for file in again:
        assert main(["layout", "--ear", str(ear), "--dimensions", "3", "-o", str(file)]) == 0
    assert again[0].read_bytes() == again[1].read_bytes()
    assert read_map(again[0]).positions.shape == (count, 3)


@pytest.mark.slow
def test_one_command_writes_a_map_in_time(
    ear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ear_engine.commands.layout.LayoutSettings", partial(LayoutSettings, steps=20, softening=0.1))
    noise = np.random.default_rng(0).standard_normal((2, 12000)) * 0.1
    wavfile.write(tmp_path / "loop.wav", 44100, noise.T.astype(np.float32))
    files = [tmp_path / "new" / f"map{suffix}" for suffix in (".npz", ".svg", ".png", ".csv", ".exr", ".mp4")]
    options = [word for file in files for word in ("-o", str(file))]
    clip = ["--clip", str(tmp_path / "loop.wav")]
    assert main(["layout", "--ear", str(ear), "--time-points", "3", *clip, *options]) == 0
    said, progress = capsys.readouterr()
    names = ["map.csv", *(f"map_{k}.exr" for k in (1, 2, 3)), "map.mp4", "map.npz", "map.png"]
    names += [f"map_{k}.svg" for k in (1, 2, 3)]
    assert sorted(one.name for one in files[0].parent.iterdir()) == sorted(names)
    assert all(str(files[0].parent / name) in said for name in names)
    assert "points in time" in progress and "drawing frames" in progress
    assert "⠀" not in said  # no terminal, no preview
    still, most = (float(number) for number in re.findall(r"residual (\d\S+?)[ ,]", said))
    assert "3 points in time, residual" in said
    assert most > 0.0 and most != still
    stored = read_map(files[0], weights=hash_weights(ear))
    count = len(stored.positions)
    assert stored.snapshots is not None and stored.snapshots.shape == (3, count, 2)
    with files[3].open() as file:
        rows = list(csv.DictReader(file))
    assert [float(rows[count * k]["time"]) for k in range(3)] == pytest.approx(
        [0.0, 4000 / 44100, 8000 / 44100], abs=1e-4
    )
    assert len(rows) == 3 * count
    moved = np.array([[float(row["x"]), float(row["y"])] for row in rows]).reshape(3, count, 2)
    assert np.allclose(moved, stored.snapshots, atol=1e-6)
    assert 1e-3 < np.median(np.linalg.norm(moved[1] - moved[0], axis=1)) < 0.2
    header, pixels = read_exr((files[4].parent / "map_2.exr").read_bytes())
    assert np.allclose(pixels.reshape(-1, 4)[:count, :2], moved[1], atol=1e-6)
    assert header["mapId"] == stored.id.encode()
    assert header["moment"].startswith(b"point 2 of 3, 0.")
    with av.open(files[5]) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (1080, 1080)
        assert float(film.duration or 0) / av.time_base >= 8.0
        assert film.streams.audio[0].rate == 44100
    # the still map is the one that is made without
    assert main(["layout", "--ear", str(ear), "-o", str(tmp_path / "still.npz")]) == 0
    assert read_map(tmp_path / "still.npz").id == stored.id


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [2.2, 2.5])
def test_steep_exponents_come_to_rest_with_more_softening(exponent: float) -> None:
    folder = find_ear("small").path
    graph = graph_of(load_ear(folder))
    settings = LayoutSettings(exponent=exponent, softening=LayoutSettings().softening + more_softening(exponent))
    found = lay_out(graph, charges_of(graph, load_statistics(folder)), settings)
    assert found.residual < settings.rest
    assert found.softening == pytest.approx(settings.softening, rel=0.02)
    assert found.error < 1e-3


@pytest.mark.slow
def test_without_a_file_the_map_goes_to_its_ear(
    ear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ear_engine.commands.layout.LayoutSettings", partial(LayoutSettings, steps=20, softening=0.1))
    mine = tmp_path / "mine"
    shutil.copytree(ear, mine)
    assert main(["layout", "--ear", str(mine), "--edges", "weights", "--k", "2.5"]) == 0
    stored = read_map(mine / MAP, weights=hash_weights(mine))
    assert stored.settings["edges"] == "weights"
    assert stored.settings["softening"] == pytest.approx(0.112)  # more for a steep exponent
    weighted = capsys.readouterr().out
    assert "links between layers" in weighted
    assert main(["layout", "--ear", str(mine), "-o", str(tmp_path / "other.npz")]) == 0
    assert read_map(tmp_path / "other.npz").id != stored.id
    assert weighted.split(" edges")[0].split()[-1] == capsys.readouterr().out.split(" edges")[0].split()[-1]


@pytest.mark.slow
def test_a_layer_of_unknown_connections_is_named_and_dense_on_request(
    ear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Sorting(Ear):
        def hear(self, features: torch.Tensor, **options: Any) -> Any:
            return super().hear(torch.sort(features, dim=2).values, **options)

    def load(folder: Path) -> Ear:
        network = Sorting(load_ear(folder).config)
        return network.eval()

    monkeypatch.setattr("ear_engine.commands.layout.load_ear_of_any_kind", load)
    monkeypatch.setattr("ear_engine.commands.layout.LayoutSettings", partial(LayoutSettings, steps=20, softening=0.1))
    words = ["layout", "--ear", str(ear), "-o", str(tmp_path / "map.npz")]
    assert main(words) == 2
    refused = capsys.readouterr().err
    assert "has connections that are not known (sort)" in refused and "--dense" in refused
    assert main([*words, "--dense"]) == 0
    assert (tmp_path / "map.npz").exists()


def test_files_are_numbered_so_that_they_sort() -> None:
    assert files_of(Path("a/map.exr"), None) == [Path("a/map.exr")]
    assert files_of(Path("a/map.EXR"), 12)[::11] == [Path("a/map_01.EXR"), Path("a/map_12.EXR")]
    assert files_of(Path("map.png"), 12) == [Path("map.png")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "map.gif"], "ends in nothing that a map can be"),
        (["-o", "map"], "ends in nothing that a map can be"),
        (["-o", "{folder}"], "is a folder"),
        (["-o", "{file}/map.npz"], "is no folder"),
        (["-o", "a.npz", "-o", "a.npz"], "is named twice"),
        (["-o", "a.npz", "--k", "9"], "k 9 is not in 0.25..4"),
        (["-o", "a.npz", "--k", "nan"], "k nan is not in"),
        (["-o", "a.npz", "--centering", "0"], "centering 0 is not in"),
        (["-o", "a.npz", "--softening", "0"], "softening 0 is not in"),
        (["-o", "a.npz", "--seed", "-1"], "seed -1 is not in"),
        (["-o", "a.npz", "--ear", "nobody"], "does not exist"),
        (["-o", "a.mp4"], "is a film, and a map without points in time is still; add --time-points 8"),
        (["-o", "a.mp4", "--time-points", "1"], "time-points 1 is not in 2..64"),
        (["-o", "a.npz", "--time-points", "65"], "time-points 65 is not in 2..64"),
        (["-o", "a.npz", "--clip", "beat"], "--clip does nothing without points in time"),
        (["-o", "a.mp4", "--time-points", "4", "--clip", "baet"], "did you mean beat"),
        (["-o", "{file}/map.mp4", "--time-points", "4"], "is no folder"),
        (["-o", "a.exr", "-o", "a_2.exr", "-o", "a.exr", "--time-points", "4"], "is named twice"),
    ],
)
def test_refused_before_it_begins(
    options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(*_given: Any, **_named: Any) -> None:
        raise AssertionError("it began")

    monkeypatch.setattr("ear_engine.commands.layout.graph_of", never)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").write_text("")
    places = {"folder": str(tmp_path / "folder.npz"), "file": str(tmp_path / "file")}
    assert main(["layout", *(word.format(**places) for word in options)]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.npz"]


def test_the_graph_numbers_neurons_as_the_ear_does(graph: NeuronGraph) -> None:
    assert graph.layers[0].name == "scalogram"
    assert graph.layers[1].name == "encoder_0_conv1"
    assert not graph.parts().any()  # one part


def test_the_same_seed_lays_out_alike_and_another_does_not(graph: NeuronGraph) -> None:
    charges = charges_of(graph, None)
    told: list[tuple[int, int]] = []
    first = lay_out(graph, charges, QUICK, progress=lambda done, every: told.append((done, every)))
    assert first.positions.shape == (graph.vertices, 2)
    assert first.positions.dtype == np.float32
    assert np.array_equal(first.positions, lay_out(graph, charges, QUICK).positions)
    other = lay_out(graph, charges, replace(QUICK, seed=1)).positions
    assert not np.allclose(first.positions, other, atol=0.01)
    assert (first.positions.min(axis=0) >= 0).all()
    assert np.isclose(np.ptp(first.positions, axis=0).max(), 1.0)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_one_vertex_two_vertices_and_isolated_ones() -> None:
    one = lay_out(NeuronGraph(layers((1, 1)), ()), np.ones(1), QUICK)
    assert np.array_equal(one.positions, [[0.5, 0.5]])
    two = lay_out(pair(), np.ones(2), LayoutSettings(dimensions=3, steps=25))
    assert np.allclose(two.positions.mean(axis=0), 0.5, atol=1e-3)
    alone = NeuronGraph(layers((4, 7), (6, 5), (5, 1), (3, 2)), convolutions().links)
    found = lay_out(alone, np.ones(alone.vertices), QUICK)
    assert np.isfinite(found.positions).all()
    none = NeuronGraph(layers((4, 3)), ())
    assert np.isfinite(lay_out(none, np.ones(12), QUICK).positions).all()


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_charges_that_push_nothing_are_refused(bad: float) -> None:
    graph = convolutions()
    charges = np.ones(graph.vertices)
    charges[30] = bad
    with pytest.raises(UserError, match=r"are not above 0 for 1 neurons, as .* for neuron 30 \(layer_1\)"):
        lay_out(graph, charges)
    with pytest.raises(UserError, match="have the shape"):
        check_charges(np.ones(3), graph)


class _Statistics:
    """As much of an ear's statistics as charges need."""

    def __init__(self, graph: NeuronGraph, variance: np.ndarray) -> None:
        self.variance = variance

        class _Layer:
            def __init__(self, name: str, channels: int, bins: int) -> None:
                self.name, self.channels, self.bins = name, channels, bins

        class _Index:
            layers = tuple(_Layer(one.name, one.channels, one.places) for one in graph.layers)

        self.index = _Index()


def test_charges_are_deviations_over_the_layers_own() -> None:
    graph = convolutions()
    variance = np.random.default_rng(0).lognormal(0.0, 3.0, graph.vertices).astype(np.float32)
    variance[graph.layers[1].span] = 0.0
    statistics: Any = _Statistics(graph, variance)
    charges = charges_of(graph, statistics)
    first = graph.layers[0].span
    expected = np.sqrt(variance[first] / variance[first].mean())
    assert np.allclose(charges[first], np.clip(expected, WEAKEST, STRONGEST))
    assert (charges[graph.layers[1].span] == 1.0).all()
    other: Any = _Statistics(pair(), np.ones(2, np.float32))
    with pytest.raises(UserError, match="are of other layers"):
        charges_of(graph, other)
    statistics.variance[3] = np.nan
    with pytest.raises(UserError, match="neuron 0"):
        charges_of(graph, statistics)


def test_balance_gives_more_to_those_with_more_edges() -> None:
    degree = np.array([1.0, 4.0, 16.0])
    found = balanced(np.ones(3), degree, 1.0)
    assert np.allclose(found / found[0], [1.0, 2.0, 4.0])
    assert found.mean() == pytest.approx(1.0)
    assert np.allclose(balanced(np.array([1.0, 2.0, 3.0]), degree, 0.0), [0.5, 1.0, 1.5])


@pytest.mark.parametrize("dimensions", [2, 3])
def test_low_is_left_and_deep_is_up(dimensions: int) -> None:
    graph = NeuronGraph(layers((2, 20), (3, 10), (4, 1)), ())
    random = np.random.default_rng(0)
    lying = 0.1 * random.standard_normal((graph.vertices, dimensions))
    for depth, layer in enumerate(graph.layers):
        lying[layer.span, 1] += depth
        lying[layer.span, 0] += np.arange(layer.vertices) % layer.places / 20
    turn, _ = np.linalg.qr(random.standard_normal((dimensions, dimensions)))
    found = turned(lying @ turn, graph)
    assert np.allclose(found, turned(lying, graph), atol=1e-9) or dimensions == 3  # the third axis may be mirrored
    place = np.arange(40) % 20
    assert np.corrcoef(found[:40, 0], place)[0, 1] > 0.9
    assert found[-4:, 1].mean() > found[:40, 1].mean() + 1
    assert np.allclose(aligned(lying @ turn + 3.0, lying), lying, atol=1e-9)


def test_into_a_square() -> None:
    found = into_square(np.array([[-3.0, 1.0], [5.0, 3.0]]))
    assert np.allclose(found, [[0.0, 0.375], [1.0, 0.625]])


def test_a_row_for_each_neuron(tmp_path: Path) -> None:
    graph = convolutions()
    positions = np.random.default_rng(0).random((graph.vertices, 3), np.float32)
    hertz = np.full(graph.vertices, np.nan)
    hertz[:28] = 440.0
    write_layout(tmp_path / "map.csv", Laid(graph.layers, MapFile(positions, "", {}), hertz))
    with (tmp_path / "map.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["index", "layer", "channel", "place", "hertz", "x", "y", "z"]
    row = rows[28 + 7]  # of the second layer, five places a channel
    assert (row["index"], row["layer"], row["channel"], row["place"], row["hertz"]) == ("35", "layer_1", "1", "2", "")
    assert rows[0]["hertz"] == "440.0"
    assert np.allclose([[float(row[axis]) for axis in "xyz"] for row in rows], positions, atol=1e-6)


def test_a_texture_has_neurons_in_rows_from_the_top(tmp_path: Path) -> None:
    graph = convolutions()
    positions = np.random.default_rng(0).random((graph.vertices, 2), np.float32)
    laid = Laid(graph.layers, MapFile(positions, "", {}), np.full(graph.vertices, np.nan))
    write_layout(tmp_path / "map.exr", laid)
    header, pixels = read_exr((tmp_path / "map.exr").read_bytes())
    assert graph.vertices == 63
    assert pixels.shape == (8, 8, 4)
    flat = pixels.reshape(-1, 4)
    assert np.array_equal(flat[:63, :2], positions)
    assert (flat[:, 2] == 0.0).all()
    assert (flat[:63, 3] == 1.0).all()
    assert (flat[63:] == 0.0).all()
    assert header["neurons"] == struct.pack("<i", 63)
    assert b"8 a row, 8 rows" in header["comments"]
    assert header["mapId"] == laid.stored.id.encode()


def read_exr(data: bytes) -> tuple[dict[str, bytes], np.ndarray]:
    """Attributes, and (height, width, RGBA), of an uncompressed file of 32-bit floats."""
    assert struct.unpack("<ii", data[:8]) == (20000630, 2)
    place, header = 8, {}
    while data[place]:
        name, _, rest = data[place:].partition(b"\0")
        kind, _, rest = rest.partition(b"\0")
        (size,) = struct.unpack("<i", rest[:4])
        place += len(name) + len(kind) + 2 + 4 + size
        header[name.decode()] = rest[4 : 4 + size]
    left, top, right, bottom = struct.unpack("<4i", header["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    places = struct.unpack(f"<{height}Q", data[place + 1 : place + 1 + 8 * height])
    rows = []
    for row, at in enumerate(places):
        assert struct.unpack("<ii", data[at : at + 8]) == (row, 16 * width)
        rows.append(np.frombuffer(data[at + 8 : at + 8 + 16 * width], "<f4").reshape(4, width).T[:, [3, 2, 1, 0]])
    assert places[-1] + 8 + 16 * width == len(data)
    return header, np.stack(rows)


def test_charges_as_the_paper_has_them(graph: NeuronGraph) -> None:
    variance = np.random.default_rng(4).random(graph.vertices).astype(np.float32) ** 8
    statistics: Any = _Statistics(graph, variance)
    charges = charges_of(graph, statistics, "variance")
    expected = np.maximum(variance / variance.astype(np.float64).mean(), LEAST_VARIANCE)
    assert (expected == LEAST_VARIANCE).any()
    np.testing.assert_allclose(charges, expected, rtol=1e-6)


def test_a_softening_that_no_grid_can_have_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.layout.far_fields._MOST", 1 << 12)
    graph = convolutions(((40, 30), (30, 20), (50, 1)))
    found = lay_out(graph, np.ones(graph.vertices), replace(QUICK, softening=0.004))
    assert found.softening > 0.01
    few = lay_out(pair(), np.ones(2), QUICK)
    assert few.softening == pytest.approx(QUICK.softening, rel=0.02)
