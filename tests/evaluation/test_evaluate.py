"""A whole evaluation: it finds what is there, keeps what it heard, and says what it found."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ear_engine.cli import main
from ear_engine.corpora.build import build_corpus
from ear_engine.ear.checkpoint import save_ear
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.evaluation.evaluate import Plan, evaluate
from ear_engine.evaluation.listeners import EarListener, untrained
from ear_engine.evaluation.pictures import draw_pictures
from ear_engine.evaluation.probes import choose
from ear_engine.evaluation.report import probes, table2, write_report
from ear_engine.evaluation.results import Results
from ear_engine.evaluation.splits import Fold
from ear_engine.evaluation.study import Settings
from ear_engine.evaluation.supervised import Lessons, SupervisedTeacher
from tests.evaluation.music import TINY, corpus, library, noise, tiny_window

LEVELS = (0.0, -25.0)
PLAN = Plan(("tracks", "tracks_changed", "tracks_random"), untrained=2, batch=8)


@pytest.fixture(scope="module")
def find():  # type: ignore[no-untyped-def]
    """Two tracks of noise that differ in level alone."""
    return library(corpus("tracks", [noise(f"{-level:02.0f} dB", 15.1, level) for level in LEVELS]))


@pytest.fixture(scope="module")
def listener() -> EarListener:
    return EarListener("mine", untrained(TINY, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def results(find, listener: EarListener, folder: Path) -> Results:  # type: ignore[no-untyped-def]
    return evaluate([listener], find, Cache(folder), PLAN)


def test_levels_are_told_apart_unless_they_are_changed(results: Results) -> None:
    accuracy = {(row.probe, row.label): row.score.accuracy.value for row in results.rows}
    assert accuracy["tracks", "most frequent class"] == pytest.approx(1 / 2)
    for features in ("by hand: scalogram", "mine: c", "mine: z", "mine: all layers"):
        assert accuracy["tracks", features] == accuracy["tracks_random", features] == 1.0
    assert accuracy["tracks_changed", "by hand: scalogram"] < 0.95
    assert [facts.name for facts in results.probes] == list(PLAN.probes)
    tested = {facts.name: facts.tested for facts in results.probes}
    assert tested == {"tracks": 30, "tracks_changed": 30, "tracks_random": 6}


def test_rows_say_where_they_come_from(results: Results) -> None:
    rows = results.of("tracks")
    assert [row.label for row in rows] == [
        "most frequent class",
        "by hand: scalogram",
        "by hand: cepstra",
        "by hand: rhythm and chroma",
        "untrained ear: c",
        "untrained ear: z",
        "mine: c",
        "mine: z",
        "mine: c and z",
        "mine: last layers",
        "mine: all layers",
    ]
    by_label = {row.label: row for row in rows}
    assert by_label["mine: c"].dimension == 8 and by_label["mine: c and z"].dimension == 8 + 2 * 15
    both = by_label["untrained ear: c"]
    assert both.span is not None and both.span[0] <= both.score.accuracy.value <= both.span[1]
    assert by_label["by hand: scalogram"].against_hand is not None
    assert all(row.against_supervised is None for row in rows)


def test_what_was_heard_is_not_heard_again_and_what_is_broken_is(
    results: Results,
    find,  # type: ignore[no-untyped-def]
    listener: EarListener,
    folder: Path,
) -> None:
    said: list[str] = []
    expected = results.as_json()
    again = Cache(folder)
    assert evaluate([listener], find, again, PLAN, lambda what, done, of: said.append(what)).as_json() == expected
    assert not said and again.made == 0 and again.reused > 0
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    broken = Cache(folder)
    assert evaluate([listener], find, broken, PLAN, lambda what, done, of: said.append(what)).as_json() == expected
    assert broken.reused == 0 and broken.made == again.reused > 0 and "listening" in said


def test_another_ear_is_another_row(
    find,  # type: ignore[no-untyped-def]
    listener: EarListener,
    folder: Path,
) -> None:
    plan = Plan(("tracks",), untrained=0, batch=8)
    found = evaluate([listener, EarListener("other", untrained(TINY, 9))], find, Cache(folder), plan)
    rows = {row.label: row for row in found.rows}
    assert rows["mine: c"].score != rows["other: c"].score


def test_a_supervised_network_is_compared_with(
    find,  # type: ignore[no-untyped-def]
    listener: EarListener,
    folder: Path,
) -> None:
    lessons = Lessons(epochs=2, steps=0)
    plan = Plan(("tracks", "tracks_changed"), untrained=0, supervised_folds=1, lessons=lessons, batch=8)
    found = evaluate([listener], find, Cache(folder), plan)
    for probe in plan.probes:
        (row,) = [row for row in found.of(probe) if row.kind == "supervised"]
        assert row.score.tested == 6
        assert all(one.against_supervised is not None for one in found.of(probe))
    assert evaluate([listener], find, Cache(folder), plan).as_json() == found.as_json()


def test_a_supervised_network_learns_what_trains_it(find) -> None:  # type: ignore[no-untyped-def]
    study = choose(["tracks"], find, Settings(tiny_window())).studies[0]
    rows = study.folds[0].training
    test = dataclasses.replace(study.tests[0], folds=(rows,))
    learned = dataclasses.replace(study, folds=(Fold(rows, rows, rows, rows),), tests=(test,))
    lessons = Lessons(epochs=25, steps=0, learning_rate=3e-3, warmup=1)
    (chances,) = SupervisedTeacher(TINY, lessons).run(learned)
    assert (chances[rows].argmax(1) == study.labels[rows]).mean() > 0.9
    assert np.isnan(np.delete(chances, rows, axis=0)).all()


def test_an_ear_judges_pairs_by_its_own_predictions(listener: EarListener, folder: Path) -> None:
    levels = [noise(f"{number}", 8.3, -4.0 * number) for number in range(10)]
    plan = Plan(("follows_easy", "follows_hard"), untrained=0, batch=8)
    found = evaluate([listener], library(corpus("tracks", levels)), Cache(folder), plan)
    for probe in plan.probes:
        rows = {row.label: row for row in found.of(probe)}
        own = rows["mine: its own predictions"]
        assert own.score.tested == 40 and 0.0 <= own.score.accuracy.value <= 1.0
        assert rows["most frequent class"].score.accuracy.value == pytest.approx(0.5, abs=0.05)
    easy = {row.label: row.score.accuracy.value for row in found.of("follows_easy")}
    assert easy["by hand: scalogram"] > 0.8


def test_tables_name_the_random_split_and_give_intervals(results: Results) -> None:
    table = table2(results)
    assert "| features | tracks: loss | tracks: accuracy | tracks, random split: loss |" in table
    assert "\n| mine: c |" in table and "mine: z" not in table
    everything = probes(results)
    assert "## tracks_changed" in everything and "(the paper's random split: neighbors train)" in everything
    (line,) = [
        line
        for line in everything.split("## tracks\n")[1].split("\n## ")[0].splitlines()
        if line.startswith("| by hand: scalogram |")
    ]
    assert line.startswith("| by hand: scalogram | 432 | 100.0% | 100.0% to 100.0% |")


def test_everything_is_written(results: Results, tmp_path: Path) -> None:
    written = [*write_report(results, tmp_path / "out"), *draw_pictures(results, tmp_path / "out")]
    names = {path.name for path in written}
    assert {"table2.md", "probes.md", "results.json", "bars.png", "confusion_tracks_mine.png"} <= names
    assert names == {path.name for path in (tmp_path / "out").iterdir()}
    stored = json.loads((tmp_path / "out" / "results.json").read_text())
    assert len(stored["rows"]) == len(results.rows)
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in written if path.suffix == ".png")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_report(results, tmp_path / "file")
    with pytest.raises(UserError, match="is a file"):
        Cache(tmp_path / "file")


def test_an_ear_whose_features_are_no_numbers_answers_nothing(find, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    torn = untrained(TINY, 3)
    with torch.no_grad():
        torn.encoder[3].conv1.conv.weight.mul_(1e30)  # finite, but what it makes is not
        torn.encoder[4].conv1.conv.weight.mul_(1e30)
    listeners = [EarListener(name, ear, group=group) for name, ear, group in (("torn", torn, ""), ("one", torn, "two"))]
    listeners.append(EarListener("two", untrained(TINY, 4), group="two"))
    results = evaluate(listeners, find, Cache(folder), PLAN)
    rows = [row for row in results.of("tracks") if row.listener in ("torn", "one") and row.features == "c"]
    assert [(row.score.tested, row.span) for row in rows] == [(0, None), (0, None)]
    assert np.isnan([row.score.accuracy.value for row in rows]).all()
    whole = [row for row in results.of("tracks") if row.kind in ("guess", "hand", "untrained")]
    assert all(row.score.tested == 30 for row in whole)
    for page in (table2(results), probes(results)):
        assert "nan" not in page.lower()
        (line,) = [line for line in page.splitlines() if line.startswith("| torn: c |")][:1]
        assert "–" in line
    assert draw_pictures(results, tmp_path)
    rows = json.loads(json.dumps(results.as_json(), allow_nan=False))["rows"]
    assert next(row["score"]["accuracy"]["value"] for row in rows if row["label"] == "torn: c") is None


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], listener: EarListener
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for number in (1, 2):
        save_ear(untrained(TINY, number), tmp_path / str(number) / "ear", "ear", "for a test")
    (tmp_path / "music").mkdir()
    for level in (0.0, -20.0):
        soundfile.write(tmp_path / "music" / f"{-level:.0f}.wav", noise("x", 15.1, level).samples, 44100)
    build_corpus(tmp_path / "music", tmp_path / "stores" / "tracks", name="tracks", workers=1)
    ears = ["--ear", str(tmp_path / "1" / "ear"), "--ear", str(tmp_path / "2" / "ear")]
    typed = ["evaluate", *ears, "--corpora", str(tmp_path / "stores"), "--quick", "--workers", "1", "--device", "cpu"]
    assert main([*typed, "--probe", "tracks", "--json", "--out", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert {row["listener"] for row in found["rows"] if row["kind"] == "ear"} == {"1/ear", "2/ear"}
    assert found["ears"]["1/ear"] == "for a test"
    assert "files in" in err and (tmp_path / "out" / "bars.png").exists()
    assert main([*typed, "--probe", "tracks"]) == 0
    assert "| 1/ear: c |" in capsys.readouterr().out
    assert main([*typed, "--probe", "trakcs"]) == 2
    assert "did you mean tracks" in capsys.readouterr().err
    assert main([*typed[:-4], "--workers", "0"]) == 2
    assert "is below 1" in capsys.readouterr().err
    assert main(["evaluate", "--corpora", str(tmp_path / "nowhere")]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_processes_give_what_one_gives(
    results: Results,
    find,  # type: ignore[no-untyped-def]
    listener: EarListener,
    folder: Path,
) -> None:
    for path in folder.glob("classified-*"):
        path.unlink()
    plan = Plan(PLAN.probes, workers=2, untrained=2, batch=8)
    assert evaluate([listener], find, Cache(folder), plan).rows == results.rows
    assert np.isfinite([row.score.loss.value for row in results.rows]).all()
