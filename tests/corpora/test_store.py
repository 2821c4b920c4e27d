"""A store is read without trust: what is damaged is said to be, and nothing is written by reading."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ear_engine.corpora.build import build_corpus
from ear_engine.corpora.store import is_store, open_corpus, write_whole
from ear_engine.errors import UserError
from tests.corpora.audio import write_music


@pytest.fixture
def store(tmp_path: Path) -> Path:
    build_corpus(write_music(tmp_path / "music", 3), tmp_path / "store", name="three", workers=1)
    return tmp_path / "store"


def changed(store: Path, **values: Any) -> None:
    data = json.loads((store / "index.json").read_text())
    (store / "index.json").write_text(json.dumps(data | values))


def first(store: Path, **values: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((store / "index.json").read_text())["recordings"]
    return [rows[0] | values, *rows[1:]]


def test_a_store_alone_is_enough(store: Path, tmp_path: Path) -> None:
    carried = tmp_path / "carried"
    carried.mkdir()
    for path in store.iterdir():
        if path.name.startswith(("index", "shard")):
            path.rename(carried / path.name)
    before = sorted(os.listdir(carried))
    corpus = open_corpus(carried)
    assert [recording.name for recording in corpus.recordings] == ["0", "1", "2"]
    assert sum(float(abs(recording.audio(0, 1000)).max()) > 0.2 for recording in corpus.recordings) == 3
    assert sorted(os.listdir(carried)) == before
    with pytest.raises(ValueError, match="read-only"):
        corpus.recordings[0].samples[0] = 1


def test_music_beside_a_foreign_index_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"songs": []}')
    assert not is_store(tmp_path)
    assert not is_store(tmp_path / "nowhere")


def test_no_store_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpus store .* does not exist; build it"):
        open_corpus(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"version": 99}, "was made by a later version"),
        ({"version": "1"}, "is damaged"),
        ({"format": "else"}, "it is not an index"),
        ({"sample_rate": -1}, "its sample rate is not positive"),
        ({"sample_rate": "44100"}, "its sample_rate is missing"),
        ({"recordings": None}, "its recordings are missing"),
        ({"recordings": [1]}, "an entry has no name"),
    ],
)
def test_a_damaged_index_is_named(store: Path, values: dict[str, Any], said: str) -> None:
    changed(store, **values)
    with pytest.raises(UserError, match=said):
        open_corpus(store)


@pytest.mark.parametrize(
    "values",
    [
        {"shard": "../../etc/passwd"},
        {"shard": "shard_0123456789abcdef.i16"},
        {"start": -1},
        {"length": 10**9},
        {"length": 0},
        {"start": True},
        {"validation": "no"},
        {"labels": {"author": 1}},
        {"name": "1"},
    ],
)
def test_a_recording_that_cannot_lie_there_is_refused(store: Path, values: dict[str, Any]) -> None:
    changed(store, recordings=first(store, **values))
    with pytest.raises(UserError, match="is damaged"):
        open_corpus(store)


def test_a_torn_index_and_a_cut_shard_are_refused(store: Path) -> None:
    shard = next(store.glob("shard*"))
    shard.write_bytes(shard.read_bytes()[:-2])
    with pytest.raises(UserError, match=r"is damaged \(shard_\w+.i16 is too short\); delete it and build it again"):
        open_corpus(store)
    text = (store / "index.json").read_text()
    (store / "index.json").write_text(text[: len(text) // 2])
    with pytest.raises(UserError, match="is damaged"):
        open_corpus(store)


def test_a_file_is_replaced_whole_or_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_whole(path, "one")
    before = path.stat().st_mtime_ns
    write_whole(path, "one")
    assert path.stat().st_mtime_ns == before
    write_whole(path, "zwei ♪")
    assert path.read_text(encoding="utf-8") == "zwei ♪"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
