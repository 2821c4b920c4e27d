"""A folder of anything becomes a store: what cannot be used is listed, the rest is decoded once and divided."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.corpora import build as building
from ear_engine.corpora.build import build_corpus
from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.corpora.decoder import Decoded
from ear_engine.corpora.store import open_corpus
from ear_engine.errors import UserError
from tests.corpora.audio import RATE, contents, sine, write, write_music


def made(music: Path, store: Path, **options: object) -> Corpus:
    return build_corpus(music, store, name="test", workers=1, **options)  # type: ignore[arg-type]


def by_name(corpus: Corpus) -> dict[str, Recording]:
    return {recording.name: recording for recording in corpus.recordings}


def reasons(corpus: Corpus) -> dict[str, str]:
    return {skipped.path.as_posix(): skipped.reason for skipped in corpus.skipped}


def test_every_format_rate_and_number_of_channels_becomes_mono_at_one_rate(tmp_path: Path) -> None:
    music = tmp_path / "music"
    write(music / "a.wav", sine(440, 1.2))
    write(music / "b.flac", sine(440, 1.2, 48000), 48000)
    write(music / "deep" / "er" / "c.ogg", sine(440, 1.2, 22050), 22050)
    write(music / "d.WAV", np.stack([sine(440, 1.3), np.zeros(int(1.3 * RATE))], axis=1))
    write(music / "e.wav", np.stack([sine(440, 1.2, 96000)] * 5, axis=1), 96000, "FLOAT")
    write(music / "f.aiff", sine(440, 1.2, 8000), 8000, "PCM_24")
    write(music / "g.mp3", sine(440, 1.2))
    soundfile.write(music / "h.opus", sine(440, 1.2, 48000), 48000, format="OGG", subtype="OPUS")
    (music / "notes.txt").write_text("not music, and not looked at")
    (music / ".hidden.wav").write_bytes(b"not looked at")
    corpus = made(music, tmp_path / "store")
    assert corpus.skipped == ()
    assert (corpus.name, corpus.sample_rate, corpus.shippable) == ("test", RATE, False)
    found = by_name(corpus)
    assert list(found) == ["a", "b", "d", "deep/er/c", "e", "f", "g", "h"]
    for name, recording in found.items():
        assert recording.samples.dtype == np.int16
        assert abs(recording.length - 1.2 * RATE) < 0.11 * RATE, name
        middle = recording.audio(8000, 24000)
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(24000)))
        assert abs(int(spectrum.argmax()) * RATE / 24000 - 440) < 2, name
        amplitude = 0.125 if name == "d" else 0.25  # one of two channels is silent
        assert middle.std() * 2**0.5 == pytest.approx(amplitude, rel=0.05), name
    assert corpus.hours == pytest.approx(sum(r.length for r in found.values()) / RATE / 3600)
    assert len(corpus.training) + len(corpus.validation) == 8 and corpus.training and corpus.validation


def test_resampling_in_blocks_is_resampling_at_once(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 700_000)  # more than two blocks
    write(tmp_path / "music" / "long.wav", noise, 48000, "FLOAT")
    write(tmp_path / "music" / "other.wav", sine(300, 1.2))
    corpus = made(tmp_path / "music", tmp_path / "store")
    import soxr

    expected = soxr.resample(noise.astype(np.float32), 48000, RATE, quality="HQ")
    got = by_name(corpus)["long"]
    assert abs(got.length - len(expected)) <= 1
    length = min(got.length, len(expected))
    assert np.abs(got.audio(0, length) - expected[:length]).max() < 1e-4


def test_what_cannot_be_used_is_listed_with_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    music = write_music(tmp_path / "music", 3)
    write(music / "silent.wav", np.zeros(RATE))
    write(music / "empty.wav", np.zeros(0))
    write(music / "short.wav", sine(200, 0.5))
    not_finite = sine(200, 1.5)
    not_finite[500] = np.nan
    write(music / "nan.wav", not_finite, subtype="FLOAT")
    (music / "zero.wav").write_bytes(b"")
    (music / "text.mp3").write_text("this is not an mp3 file " * 40)
    flac = write(tmp_path / "x.flac", np.random.default_rng(1).normal(0, 0.1, 6 * RATE)).read_bytes()
    (music / "cut.flac").write_bytes(flac[: len(flac) // 2])
    (music / "header.flac").write_bytes(flac[:50])
    (music / "dangling.wav").symlink_to(tmp_path / "nowhere.wav")
    (music / "folder.wav").mkdir()
    shutil.copy(music / "1.wav", music / "again.wav")
    write(music / "slow.wav", sine(20, 2.0, 500), 500)
    told: list[tuple[int, int]] = []
    corpus = made(music, tmp_path / "store", progress=lambda *step: told.append(step))
    assert list(by_name(corpus)) == ["0", "1", "2"]
    found = reasons(corpus)
    assert found["silent.wav"] == "is silent"
    assert found["empty.wav"] == "has no samples"
    assert found["short.wav"] == "is shorter than 1 s"
    assert found["nan.wav"] == "has samples that are not finite"
    assert found["again.wav"] == "has the same audio as 1"
    assert found["slow.wav"] == "has a sample rate of 500 Hz"
    assert found["dangling.wav"].startswith("cannot be opened")
    assert all("cannot be read" in found[name] for name in ("zero.wav", "text.mp3", "header.flac"))
    assert "cut.flac" in found
    assert len(found) == 11
    assert told[0] == (0, 13) and told[-1] == (13, 13)
    assert [step for step, _ in told] == sorted(step for step, _ in told)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "is not a folder"),
        ({}, "has no music"),
        ({"a.wav": 1.2}, "has 1 usable recording, and two are needed"),
        ({"a.wav": 0.1, "b.wav": 0.1}, r"has 0 usable recordings, and two are needed \(a.wav is shorter than"),
    ],
)
def test_a_folder_that_cannot_train_an_ear_is_refused(
    tmp_path: Path, files: dict[str, float] | None, said: str
) -> None:
    if files is not None:
        (tmp_path / "music").mkdir()
        for name, seconds in files.items():
            write(tmp_path / "music" / name, sine(300, seconds))
    with pytest.raises(UserError, match=said):
        made(tmp_path / "music", tmp_path / "store")
    assert not (tmp_path / "store" / "index.json").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"sample_rate": 10}, "sample rate 10"), ({"validation_share": 1.5}, "is no share"), ({"workers": 0}, "too few")],
)
def test_impossible_options_are_refused(tmp_path: Path, options: dict[str, float], said: str) -> None:
    music = write_music(tmp_path / "music", 2)
    with pytest.raises(UserError, match=said):
        build_corpus(music, tmp_path / "store", name="test", **options)  # type: ignore[arg-type]


def test_loud_files_are_turned_down_and_quiet_ones_are_not_turned_up(tmp_path: Path) -> None:
    write(tmp_path / "m" / "loud.wav", sine(300, 1.2, amplitude=4.0), subtype="FLOAT")
    write(tmp_path / "m" / "quiet.wav", sine(300, 1.2, amplitude=0.01))
    found = by_name(made(tmp_path / "m", tmp_path / "store"))
    assert np.abs(found["loud"].samples.astype(int)).max() == 32767
    assert np.abs(found["quiet"].samples).max() == pytest.approx(328, abs=3)
    shape = found["loud"].audio(0, RATE)
    assert shape == pytest.approx(4 * sine(300, 1.0, amplitude=0.25), abs=1e-3)


def test_a_long_clipping_file_that_is_not_kept_in_memory_comes_out_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "m" / "loud.wav", sine(300, 14.0, amplitude=1.5), subtype="FLOAT")
    write(tmp_path / "m" / "other.wav", sine(300, 1.2))
    whole = made(tmp_path / "m", tmp_path / "one")
    monkeypatch.setattr("ear_engine.corpora.decoder._KEPT", 1 << 18)
    again = made(tmp_path / "m", tmp_path / "two")
    assert contents(whole.folder) == contents(again.folder)


def test_names_are_paths_without_suffix_where_that_is_enough(tmp_path: Path) -> None:
    for number, name in enumerate(("a.wav", "b.wav", "b.flac", "sub/a.wav", "wie schön\t!.wav")):
        write(tmp_path / "m" / name, sine(300 + number, 1.2))
    assert list(by_name(made(tmp_path / "m", tmp_path / "s"))) == ["a", "b.flac", "b.wav", "sub/a", "wie schön !"]


def test_names_that_are_no_text_stay_apart_and_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    for number in range(2):
        path = write(tmp_path / "m" / "x.wav", sine(300 + number, 1.2))
        path.rename(tmp_path / "m" / f"{bytes([0xF0 + number]).decode(errors='surrogateescape')}.wav")
    corpus = made(tmp_path / "m", tmp_path / "s")
    names = list(by_name(corpus))
    assert len(set(names)) == 2
    assert all(name.encode("utf-8") for name in names)
    assert list(by_name(open_corpus(tmp_path / "s"))) == names


def test_a_second_build_decodes_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    music, store = write_music(tmp_path / "music", 4), tmp_path / "store"
    (music / "broken.wav").write_bytes(b"RIFF")
    decoded: list[str] = []
    real = building.decode

    def watched(path: Path, target: Path, sample_rate: int) -> Decoded:
        decoded.append(path.name)
        return real(path, target, sample_rate)

    monkeypatch.setattr(building, "decode", watched)
    first = made(music, store)
    assert sorted(decoded) == ["0.wav", "1.wav", "2.wav", "3.wav", "broken.wav"]
    before = {path.name: path.stat().st_mtime_ns for path in store.iterdir() if "lock" not in path.name}
    decoded.clear()
    made(music, store)
    assert decoded == []
    assert {path.name: path.stat().st_mtime_ns for path in store.iterdir() if "lock" not in path.name} == before
    write(music / "2.wav", sine(900, 1.5))
    (music / "0.wav").unlink()
    changed = made(music, store)
    assert decoded == ["2.wav"]
    assert by_name(changed)["2"].length == int(1.5 * RATE)
    assert list(by_name(changed)) == ["1", "2", "3"]
    shutil.copytree(music, tmp_path / "copy")
    assert contents(made(tmp_path / "copy", tmp_path / "anew").folder) == contents(store)
    assert by_name(first)["2"].audio(0, 10) is not None  # what was mapped before the change can still be read
    decoded.clear()
    made(music, store, sample_rate=22050)
    assert len(decoded) == 4


def test_shards_are_bounded_and_any_number_of_workers_makes_the_same_ones(tmp_path: Path) -> None:
    music = write_music(tmp_path / "music", 12)
    write(music / "sub" / "long.wav", sine(333, 4.0))
    one = build_corpus(music, tmp_path / "one", name="t", workers=1, shard_bytes=300_000)
    three = build_corpus(music, tmp_path / "three", name="t", workers=3, shard_bytes=300_000)
    assert contents(one.folder) == contents(three.folder)
    shards = [path.stat().st_size for path in one.folder.glob("shard*")]
    assert len(shards) > 4
    assert sorted(shards)[-1] == 4 * RATE * 2  # one recording alone may be longer
    assert sorted(shards)[-2] <= 300_000
    assert {path.name for path in one.folder.iterdir() if not path.name.startswith("shard")} == {
        *("index.json", "journal.jsonl", "build.lock")
    }
    for left, right in zip(one.recordings, three.recordings, strict=True):
        assert np.array_equal(left.samples, right.samples)


def test_labels_come_from_files_and_from_json_beside_or_above_them(tmp_path: Path) -> None:
    music = write_music(tmp_path / "music", 2)
    with soundfile.SoundFile(music / "tagged.flac", "w", RATE, 1) as file:
        file.title, file.artist, file.license = "A\nTitle", "An Artist", "CC0"
        file.write(sine(500, 1.2))
    shutil.copy(music / "tagged.flac", music / "plain.flac")
    write(music / "sub" / "x.wav", sine(700, 1.2))
    above = {"sub/x.wav": {"author": "above", "tempo": 120.5}, "tagged.flac": {"author": "Clara"}, "gone.wav": {}}
    (music / "labels.json").write_text(json.dumps(above))
    (music / "sub" / "labels.json").write_text(json.dumps({"x.wav": {"author": "beside"}}))
    (music / "plain.flac").unlink()
    corpus = made(music, tmp_path / "store")
    found = by_name(corpus)
    assert found["sub/x"].labels == {"author": "beside", "tempo": "120.5"}
    assert found["tagged"].labels == {"author": "Clara", "title": "A Title", "license": "CC0"}
    assert found["0"].labels == {}
    assert reasons(corpus) == {"gone.wav": "is named in a labels.json and is not there"}
    (music / "labels.json").write_text(json.dumps({"tagged.flac": {"author": "Fanny"}}))
    assert by_name(made(music, tmp_path / "store"))["tagged"].labels["author"] == "Fanny"


@pytest.mark.parametrize("text", ["{", "[]", '{"a.wav": "x"}', '{"a.wav": {"author": []}}', '{"a.wav": {"t": true}}'])
def test_labels_that_cannot_be_read_are_refused_before_any_work(tmp_path: Path, text: str) -> None:
    music = write_music(tmp_path / "music", 2)
    (music / "labels.json").write_text(text)
    with pytest.raises(UserError, match=r"labels .*labels.json' is not readable"):
        made(music, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_group_is_never_divided(tmp_path: Path) -> None:
    music = write_music(tmp_path / "music", 12)
    (music / "labels.json").write_text(json.dumps({f"{n}.wav": {"group": f"piece {n // 3}"} for n in range(12)}))
    corpus = made(music, tmp_path / "store", validation_share=0.5)
    sides: dict[str, set[bool]] = {}
    for recording in corpus.recordings:
        sides.setdefault(recording.labels["group"], set()).add(recording.validation)
    assert len(sides) == 4
    assert sorted(len(side) for side in sides.values()) == [1, 1, 1, 1]
    assert (len(corpus.training), len(corpus.validation)) == (6, 6)
    (music / "labels.json").write_text(json.dumps({f"{n}.wav": {"group": "one"} for n in range(12)}))
    with pytest.raises(UserError, match=r"has 12 recordings, all of one group \(one\)"):
        made(music, tmp_path / "store")


def test_one_piece_in_two_formats_is_on_one_side(tmp_path: Path) -> None:
    for number in range(16):
        write(tmp_path / "m" / f"{number}.wav", sine(300 + number, 1.2))
        write(tmp_path / "m" / f"{number}.ogg", sine(300 + number, 1.2))
    corpus = made(tmp_path / "m", tmp_path / "s", validation_share=0.5)
    trained, tested = ({Path(r.name).stem for r in side} for side in (corpus.training, corpus.validation))
    assert not trained & tested
    assert (len(corpus.training), len(corpus.validation)) == (16, 16)


def test_a_disk_that_cannot_hold_it_is_refused_before_long_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music = write_music(tmp_path / "music", 2, seconds=30.0)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 4 * 10**6, 4 * 10**6))
    with pytest.raises(UserError, match=r"needs 0.01 GB and 4.0 MB are free; make room"):
        made(music, tmp_path / "store")


@pytest.mark.parametrize("place", ["file", "file/deeper"])
def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be written .* are free\); make room or choose another folder"):
        made(write_music(tmp_path / "music", 2), tmp_path / place)


def test_samples_that_rotted_on_disk_are_noticed_and_decoded_again(tmp_path: Path) -> None:
    music, store = write_music(tmp_path / "music", 3), tmp_path / "store"
    sound = contents(made(music, store).folder)
    shard = next(store.glob("shard*"))
    raw = bytearray(shard.read_bytes())
    raw[1000] ^= 255
    shard.write_bytes(raw)
    write(music / "3.wav", sine(900, 1.2))  # so that the shard is written anew
    with pytest.raises(UserError, match="holds other samples than were written"):
        made(music, store)
    made(music, store)
    (music / "3.wav").unlink()
    assert contents(made(music, store).folder) == sound
