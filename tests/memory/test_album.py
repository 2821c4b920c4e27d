from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from ear_engine.errors import UserError
from ear_engine.memory import album
from ear_engine.memory.album import check_album, stem_of, write_album
from ear_engine.memory.picture import levels, picture, pitches
from ear_engine.memory.store import MemoryStore
from ear_engine.shared_memory.loops import LoopFile
from tests.memory.nights import RATE, hear, sound


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """A source, a line of three, and a branch from its first; 2 and 5 are kept."""
    store, before = MemoryStore(tmp_path / "memory"), 0
    for _ in range(4):
        before = hear(store, before)
    hear(store, 2)
    store.change(2, name="wide/open: night", kept=True)
    store.change(5, kept=True)
    return store


def write(store: MemoryStore, folder: Path, **more: Any) -> Path:
    chosen = [loop for loop in store.loops if loop.kept]
    return write_album(folder, store.loops, chosen, store.read, **more)


def test_an_album_has_the_sounds_as_they_were_their_pictures_and_the_family(store: MemoryStore, tmp_path: Path) -> None:
    told: list[float] = []
    folder = write(store, tmp_path / "albums" / "friday", tell=lambda share, phase: told.append(share))
    names = ("01_wide-open-_night", "02_5_a_loop")
    files = {f"{name}.{end}" for name in names for end in ("wav", "png")}
    assert {path.name for path in folder.iterdir()} == {*files, "album.json", "family.png"}
    for name, number in zip(names, (2, 5), strict=True):
        audio, rate = soundfile.read(folder / f"{name}.wav", dtype="float32")
        assert rate == RATE and np.array_equal(audio.T, sound(number).audio)
        assert np.asarray(Image.open(folder / f"{name}.png")).std() > 10
    facts = json.loads((folder / "album.json").read_text())
    first, second = facts["loops"]
    assert (first["parent"], first["name"], second["parent"], second["later"]) == (1, "wide/open: night", 2, 1)
    assert first["target"]["layer"] == first["values"]["target/layer"] == "encoder_3_conv1"
    assert facts["ancestors"] == [{"number": 1, "name": "1 a loop", "clip": "beat"}]
    family = np.asarray(Image.open(folder / "family.png"))
    assert family.shape[1] > 3 * 240 and told == sorted(told) and 0 <= told[0] < told[-1] <= 1


@pytest.mark.parametrize("name", ["", "../up", "a/b", "C:x", ".hidden", "a\x00b", "what?", "x" * 200, "ends."])
def test_no_album_has_a_name_that_leads_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        check_album(name, tmp_path)
    assert refused.value.code == "bad_name"


def test_none_is_overwritten(store: MemoryStore, tmp_path: Path) -> None:
    folder = write(store, tmp_path / "albums" / "friday", pictures=False)
    before = (folder / "album.json").read_bytes()
    with pytest.raises(UserError, match="is there already"):
        check_album("friday", tmp_path / "albums")
    with pytest.raises(UserError, match="is there already"):
        write(store, folder, pictures=False)
    assert (folder / "album.json").read_bytes() == before


@pytest.mark.parametrize("what", ["full", "cancelled", "forgotten"])
def test_of_one_that_cannot_be_nothing_is_left(
    what: str, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more: dict[str, Any] = {}
    if what == "full":

        def full(path: Path, *_: object, **__: object) -> None:
            path.write_bytes(b"RIFF")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(album.soundfile, "write", full)
    elif what == "cancelled":
        answers = iter([True, False])
        more["wanted"] = lambda: next(answers)
    else:
        chosen = [loop for loop in store.loops if loop.kept]
        store.path(5).unlink()
        with pytest.raises(UserError, match="forgotten"):
            write_album(tmp_path / "albums" / "x", store.loops, chosen, store.read)
    if what != "forgotten":
        with pytest.raises(UserError) as refused:
            write(store, tmp_path / "albums" / "x", **more)
        assert refused.value.code == {"full": "disk_full", "cancelled": "cancelled"}[what]
    assert list((tmp_path / "albums").iterdir()) == []


def test_files_have_names_that_every_system_takes() -> None:
    assert stem_of(3, "wide/open: <night>?") == "03_wide-open-_-night--"
    assert stem_of(12, " ... ") == "12_loop" and len(stem_of(1, "x" * 300)) < 70


def test_a_picture_shows_a_tone_where_its_pitch_is_and_a_hit_when_it_comes() -> None:
    samples = np.arange(2 * RATE)
    tone = 0.3 * np.sin(2 * np.pi * 440 * samples / RATE)
    hit = np.zeros(2 * RATE)
    hit[RATE : RATE + 40] = 0.9
    shown = levels(np.stack([tone + hit] * 2).astype(np.float32), RATE, 200)
    rows = pitches(RATE)
    assert abs(rows[shown[:, 20].argmax()] / 440 - 1) < 0.02
    high = shown[int(np.searchsorted(rows, 1500))]
    assert abs(int(high.argmax()) - 100) <= 1 and high.max() > np.median(high) + 30
    assert picture(np.zeros((2, RATE), np.float32), RATE, 60, 30).max() < 20
    assert picture(LoopFile(1, sound(1).audio, RATE, 4).audio, RATE, 60, 30).shape == (30, 60, 3)
