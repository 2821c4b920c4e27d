"""The Pd library: its files, and a real Pd that uses it with a real engine."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine import __version__
from ear_engine.clients import deken, pd_panel
from ear_engine.clients.install import install
from ear_engine.clients.table import find_client
from ear_engine.osc.command_table import builtin_commands
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.stream_table import find_row, stream_rows
from ear_engine.parameters import ParameterTree
from ear_engine.resources import resource
from tests.clients import pd_files
from tests.clients.conftest import ENGINES, HERE, RunningEngine, run_engine

FOLDER = resource("patches", "puredata", "ear-engine")
PATCHES = sorted(FOLDER.glob("*.pd"), key=lambda path: path.name)
OBJECTS = [path for path in PATCHES if path.with_name(f"{path.stem}-help.pd").is_file()]
OPENED = [
    path for path in PATCHES if path.stem.endswith("-help") or path.stem in ("start-here", "example-sound", "ear-panel")
]
named = pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    """A real engine for all tests here."""
    yield from run_engine(ENGINES["real"])


@named
def test_boxes_can_be_read_for_none_lies_over_another(path: Path) -> None:
    for canvas in pd_files.read(path):
        for number, box in enumerate(canvas.boxes):
            for other in canvas.boxes[:number]:
                assert not box.covers(other), f"{box.text!r} lies over {other.text!r}"


@named
def test_lines_join_boxes_that_are_there(path: Path) -> None:
    for canvas in pd_files.read(path):
        for source, _, target, _ in canvas.lines:
            for end in (source, target):
                assert canvas.boxes[end].kind != "text", canvas.boxes[end].text
        alone = {"text", "obj"}
        joined = {end for line in canvas.lines for end in (line[0], line[2])}
        assert all(n in joined or box.kind in alone for n, box in enumerate(canvas.boxes))


@named
def test_names_are_those_of_the_engine(path: Path) -> None:
    tree, rows = ParameterTree(), stream_rows()
    commands = {command.name for command in builtin_commands()}
    for box in pd_files.words(path):
        kind, name = box[0], box[1] if len(box) > 1 else ""
        if "$" in name:
            continue
        if kind in ("ear-slider", "ear-text", "ear-bang", "ear-param"):
            known = name.removeprefix("norm/")
            assert known in tree or (kind == "ear-param" and name in commands), name
        if kind in ("ear-stream", "ear-layer"):
            assert find_row(f"/ear/{name}", rows) is not None, name
        if kind == "oscformat" and "$1" not in box[-1]:
            assert "/".join(box[2:]) in commands, box


def test_three_subscriptions_follow_all_parameters_and_no_stream() -> None:
    asked = [words[1] for words in pd_files.words(FOLDER / "ear-engine.pd", "msg") if words[0] == "list"]
    patterns = [Pattern(text) for text in asked]
    assert len(patterns) == 3
    rows = list(ParameterTree())
    for address in [row.address for row in rows] + [row.norm_address for row in rows]:
        assert sum(pattern.matches(address) for pattern in patterns) == 1, address
    for row in stream_rows():
        address = f"{row.address}scalogram" if row.address.endswith("/") else row.address
        assert not any(pattern.matches(address) for pattern in patterns), address


def test_the_panel_is_that_of_the_table() -> None:
    assert (FOLDER / pd_panel.NAME).read_text() == pd_panel.panel()
    shown = {words[1] for words in pd_files.words(FOLDER / pd_panel.NAME) if len(words) > 1 and "/" in words[1]}
    assert shown == {row.name for row in ParameterTree() if row.page == "play"}


def test_every_object_has_a_help_patch_that_shows_it() -> None:
    assert {path.stem for path in OBJECTS} == {path.stem for path in PATCHES} - {path.stem for path in OPENED} - {
        "ear-engine-meta"
    }
    for path in OBJECTS:
        used = {words[0] for words in pd_files.words(path.with_name(f"{path.stem}-help.pd"))}
        assert path.stem in used


def test_the_package_holds_the_folder_and_is_the_same_twice(tmp_path: Path) -> None:
    first = deken.package(tmp_path / "a")
    second = deken.package(tmp_path / "b")
    assert re.fullmatch(r"ear-engine\[v\d+\.\d+\.\d+\]\.dek", first.name)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
    assert names == {
        f"ear-engine/{path.relative_to(FOLDER).as_posix()}" for path in FOLDER.rglob("*") if path.is_file()
    }
    assert {"ear-engine/LICENSE", "ear-engine/README.md", "ear-engine/ear-engine-meta.pd"} <= names
    assert f"VERSION {__version__};" in (FOLDER / "ear-engine-meta.pd").read_text()


def test_it_is_installed_whole(tmp_path: Path) -> None:
    done = install(find_client("puredata"), tmp_path)
    assert done.folder == tmp_path / "ear-engine"
    assert (done.folder / "ear-engine.pd").read_bytes() == (FOLDER / "ear-engine.pd").read_bytes()


@pytest.mark.clients
@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.stem)
def test_it_opens_without_an_error(path: Path, engine: RunningEngine, pd: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "ear-engine"
    shutil.copytree(FOLDER, folder)
    for patch in folder.glob("*.pd"):  # not the engine that somebody plays meanwhile
        text = patch.read_text().replace("ear-engine 127.0.0.1 9000", f"ear-engine 127.0.0.1 {engine.port}")
        patch.write_text(re.sub(r"(obj \d+ \d+ ear-engine);", rf"\1 127.0.0.1 {engine.port};", text))
    quitting = tmp_path / "quit.pd"
    quitting.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 20 20 loadbang;\n#X obj 20 50 delay 900;\n#X msg 20 80 \\; pd quit;\n"
        "#X obj 120 20 ear-engine localhost " + str(engine.port) + ";\n"
        "#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n"
    )
    opened = [*pd, "-path", str(folder), str(folder / path.name), str(quitting)]
    ran = subprocess.run(opened, capture_output=True, text=True, errors="replace", timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert _complaints(ran.stderr) == []


@pytest.mark.clients
def test_pd_plays_the_engine(engine: RunningEngine, pd: list[str], tmp_path: Path) -> None:
    written = tmp_path / "loop.wav"
    patch = tmp_path / "library.pd"
    text = (HERE / "library.pd").read_text()
    patch.write_text(text.replace("localhost PORT", f"localhost {engine.port}").replace("WAV left", f"{written} left"))
    ran = subprocess.run(
        [*pd, "-path", str(FOLDER), str(patch)], capture_output=True, text=True, errors="replace", timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert _complaints(ran.stderr) == []
    lines = [line.split(": ", 1) for line in ran.stderr.splitlines() if ": " in line]

    def heard(name: str) -> list[list[str]]:
        return [line[1].split() for line in lines if line[0] == name]

    assert heard("ALIVE")[0] == ["1"]
    assert heard("RATE")[0] == ["-18"]  # as it is, then nothing of what this Pd sets itself
    assert heard("FIT")[0] == ["symbol", "clip_tempo"]
    assert float(heard("NORM")[0][0]) == pytest.approx((60 - 18) / 54, abs=1e-4)
    assert "/ear/dream/rate bad_type" in " ".join(heard("REFUSED")[0])
    means = heard("MEAN")
    assert len(means) >= 20  # 4.5 s at 20 Hz, on a machine that may be busy
    assert len({len(values) for values in means}) == 1
    heads = heard("HEAD")
    assert all(0.0 <= float(values[1]) < 1.0 for values in heads)
    assert {values[0] for values in heard("LAYER")} == {"432"}  # 2 channels of 216 bins
    late = [((float(values[0]) + 0.5) % 1.0) - 0.5 for values in heard("LATE")[len(heads) // 2 :]]
    assert abs(float(np.median(late))) < 0.02  # of the loop: 80 ms of the built-in beat
    assert max(float(values[0]) for values in heard("HEARD")) > 40.0  # dB, as Pd counts: 100 is 0 dB
    number, path = heard("LOOP")[-1][:2]
    audio, rate = soundfile.read(written, dtype="float32")
    assert int(heard("READ")[-1][0]) == len(audio)
    assert path.endswith(f"{int(number):08d}.wav")
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.http_port}/loops/{number}.wav", timeout=10) as answer:
        expected, expected_rate = soundfile.read(io.BytesIO(answer.read()), dtype="float32")
    assert rate == 44100 or rate == expected_rate
    np.testing.assert_array_equal(audio, expected)


def _complaints(log: str) -> list[str]:
    """Lines of the console that say that something is wrong."""
    words = ("error", "couldn't", "can't", "no such", "no method", "bad ", "warning", "... ", "deleted")
    prints = re.compile(r"^[A-Za-z]+: ")
    return [line for line in log.splitlines() if not prints.match(line) and any(word in line.lower() for word in words)]
