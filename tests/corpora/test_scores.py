"""Scores by composer: which pieces are taken, how they are read, and how they sound on one piano."""

from __future__ import annotations

import base64
import json
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.corpora import scores
from ear_engine.corpora.encodings import COMPOSERS, MARKER, Piece, find_pieces, read_piece
from ear_engine.corpora.midi import Note, Part, Score, midi_bytes
from ear_engine.corpora.scores import write_midi, write_scores
from ear_engine.errors import UserError
from tests.corpora.soundfonts import write_soundfont

AIR = """<score-partwise version="3.1"><movement-title>Air</movement-title>
<part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list><part id="P1">
<measure number="1">
<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>90</per-minute></metronome>
</direction-type></direction>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>4</duration><tie type="start"/></note></measure>
<measure number="2"><note><pitch><step>G</step><octave>4</octave></pitch><duration>1</duration><tie type="stop"/></note>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>3</duration></note>
<barline location="right"><repeat direction="backward"/></barline></measure></part></score-partwise>"""

needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in (
        *(f"bach/bwv{number}.mxl" for number in range(1, 41)),
        "bach/bwv1.rntxt",
        "beethoven/op18/movement1.mxl",
        "beethoven/op18/movement1.krn",
        "beethoven/op18/movement2.mxl",
        "trecento/Gloria.xml",
        "trecento/Gloria_bak.xml",
    ):
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path / "library"


def interpreter(folder: Path, body: str) -> str:
    """An executable that stands in for Python with music21."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(path)


def test_each_piece_is_taken_once_and_the_first_few_spread_over_all(library: Path) -> None:
    found = find_pieces(library)
    assert set(found) == set(COMPOSERS)
    assert [path.name for path in found["trecento"]] == ["Gloria.xml"]
    assert sorted(path.name for path in found["beethoven"]) == ["movement1.krn", "movement2.mxl"]
    bach = found["bach"]
    assert len(bach) == len(set(bach)) == 40
    places = sorted(sorted(bach).index(path) for path in bach[:8])
    assert max(np.diff(places)) <= 10


def test_a_piece_is_read_in_another_process(tmp_path: Path) -> None:
    data = {"midi": base64.b64encode(b"MThd").decode(), "seconds": 12.5, "tempo": 96.0, "title": "Air"}
    python = interpreter(tmp_path, f"echo chatter; echo '{MARKER}{json.dumps(data)}'")
    assert read_piece(tmp_path / "air.mxl", longest=60.0, python=python) == Piece(b"MThd", 12.5, 96.0, "Air")


@pytest.mark.parametrize(
    ("body", "said", "timeout"),
    [
        ("echo badly formed repeats >&2; exit 1", "badly formed repeats", 30.0),
        ("exit 0", "no message", 30.0),
        ("exec sleep 9", "more than 0.5 s", 0.5),
    ],
)
def test_a_piece_that_cannot_be_read_says_why(tmp_path: Path, body: str, said: str, timeout: float) -> None:
    with pytest.raises(UserError, match=said):
        read_piece(tmp_path / "air.mxl", longest=60.0, timeout=timeout, python=interpreter(tmp_path, body))


def test_music21_reads_notes_ties_and_tempo_and_leaves_repeats_out(tmp_path: Path) -> None:
    (tmp_path / "air.xml").write_text(AIR)
    piece = read_piece(tmp_path / "air.xml", longest=60.0)
    notes = Score((Part(0, [Note(0.0, 5.0, 67, 80), Note(5.0, 3.0, 60, 80)]),), ((0.0, 90.0),), (4, 4))
    assert piece == Piece(midi_bytes(notes), pytest.approx(8 * 60 / 90), 90.0, "Air")
    short = read_piece(tmp_path / "air.xml", longest=4.0)
    assert short.seconds == pytest.approx(5 * 60 / 90)


def test_composers_get_their_minutes_evenly(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, *, longest: float) -> Piece:
        if path.name == "bwv7.mxl":
            raise UserError("score", "is broken", "leave it out")
        return Piece(b"MThd", min(longest, 30.0 if "bach" in path.parts else 9.0), None, "")

    monkeypatch.setattr(scores, "read_piece", read)
    paths = write_midi(tmp_path / "midi", minutes=5.0, library=library)
    labels = json.loads((tmp_path / "midi" / "labels.json").read_text())
    assert sorted(labels) == sorted(path.relative_to(tmp_path / "midi").as_posix() for path in paths)
    assert {row["composer"] for row in labels.values()} == {"bach"}, "pieces of 9 s are too short"
    assert 4.0 * 60 <= 30.0 * len(labels) <= 5.5 * 60
    assert all(row["license"] == "music21" for row in labels.values())
    assert all((tmp_path / "midi" / name).read_bytes() == b"MThd" for name in labels)


def test_without_music21_the_mend_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install music21"):
        write_midi(tmp_path / "midi")


@pytest.fixture
def midi(tmp_path: Path) -> Path:
    """Two pieces as :func:`write_midi` leaves them."""
    rows = {}
    for composer, pitch in (("bach", 57), ("josquin", 69)):
        name = f"{composer}/piece.mid"
        (tmp_path / "midi" / composer).mkdir(parents=True)
        score = Score((Part(0, [Note(0.0, 4.0, pitch)]),))
        (tmp_path / "midi" / name).write_bytes(midi_bytes(score))
        rows[name] = {"composer": composer, "group": f"{composer}/piece", "license": "music21", "source": "scores"}
    (tmp_path / "midi" / "labels.json").write_text(json.dumps(rows))
    return tmp_path / "midi"


@needs_fluidsynth
def test_pieces_are_recorded_and_labeled_alike_for_every_soundfont(midi: Path, tmp_path: Path) -> None:
    one, two = write_soundfont(tmp_path / "one.sf2"), write_soundfont(tmp_path / "two.sf2")
    paths = write_scores(tmp_path / "a", one, midi=midi, sample_rate=22050, workers=1)
    assert [path.relative_to(tmp_path / "a").as_posix() for path in paths] == ["bach/piece.flac", "josquin/piece.flac"]
    for path, hertz in zip(paths, (220.0, 440.0), strict=True):
        audio, rate = soundfile.read(path)
        assert rate == 22050
        held = audio[4410:17640]
        peak = np.argmax(np.abs(np.fft.rfft(held * np.hanning(len(held))))) * rate / len(held)
        assert peak == pytest.approx(hertz, abs=4.0)
    write_scores(tmp_path / "b", two, midi=midi, sample_rate=22050, workers=1)
    first, second = (json.loads((tmp_path / folder / "labels.json").read_text()) for folder in "ab")
    assert {name: row["group"] for name, row in first.items()} == {name: row["group"] for name, row in second.items()}
    assert {row["soundfont"] for row in first.values()} == {"one"}
    before = paths[0].stat().st_mtime_ns, paths[1].stat().st_mtime_ns
    changed = midi_bytes(Score((Part(0, [Note(0.0, 2.0, 60)]),)))
    (midi / "bach" / "piece.mid").write_bytes(changed)
    write_scores(tmp_path / "a", one, midi=midi, sample_rate=22050, workers=1)
    assert paths[0].stat().st_mtime_ns != before[0]
    assert paths[1].stat().st_mtime_ns == before[1]


@needs_fluidsynth
def test_folders_without_scores_are_refused(midi: Path, tmp_path: Path) -> None:
    tone = write_soundfont(tmp_path / "tone.sf2")
    with pytest.raises(UserError, match="write_midi"):
        write_scores(tmp_path / "out", tone, midi=tmp_path)
    (midi / "bach" / "piece.mid").unlink()
    with pytest.raises(UserError, match=r"piece\.mid"):
        write_scores(tmp_path / "out", tone, midi=midi)
