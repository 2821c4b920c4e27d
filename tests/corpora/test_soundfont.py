"""MIDI files and soundfonts: what is written sounds when and as it should, and what is missing is named."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.corpora.midi import PAN, Control, Note, Part, Score, midi_bytes
from ear_engine.corpora.soundfont import SOUNDFONTS, Room, find_soundfont, known_soundfont, play
from ear_engine.errors import UserError
from tests.corpora.soundfonts import write_soundfont

needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_soundfont(tmp_path_factory.mktemp("soundfont") / "tone.sf2")


def read(data: bytes) -> list[tuple[int, int, bytes]]:
    """(track, tick, message) of a MIDI file without system exclusive messages."""
    assert data[:4] == b"MThd"
    found, place, track = [], 14, -1
    while place < len(data):
        title, size = struct.unpack(">4sI", data[place : place + 8])
        assert title == b"MTrk"
        place, end, tick, status, track = place + 8, place + 8 + size, 0, 0, track + 1
        while place < end:
            delta = 0
            while True:
                delta, byte, place = delta << 7 | data[place] & 0x7F, data[place], place + 1
                if byte < 0x80:
                    break
            tick += delta
            if data[place] >= 0x80:
                status, place = data[place], place + 1
            if status == 0xFF:
                length = 2 + data[place + 1]
            else:
                length = 1 if 0xC0 <= status < 0xE0 else 2
            found.append((track, tick, bytes((status,)) + data[place : place + length]))
            place += length
        assert place == end
    return found


def test_a_score_is_written_note_for_note() -> None:
    part = Part(40, [Note(0.5, 1.0, 60, 80)], [Control(0.0, PAN, 64)])
    drums = Part(8, [Note(0.0, 0.25, 36, 100)], drums=True)
    data = midi_bytes(Score((part, drums), ((0.0, 120.0), (4.0, 60.0)), (6, 8)))
    assert data[:14] == struct.pack(">4sIHHH", b"MThd", 6, 1, 3, 480)
    assert read(data) == [
        (0, 0, b"\xff\x58\x04\x06\x03\x18\x08"),
        (0, 0, b"\xff\x51\x03\x07\xa1\x20"),
        (0, 1920, b"\xff\x51\x03\x0f\x42\x40"),
        (0, 1920, b"\xff\x2f\x00"),
        (1, 0, b"\xc0\x28"),
        (1, 0, b"\xb0\x0a\x40"),
        (1, 240, b"\x90\x3c\x50"),
        (1, 720, b"\x90\x3c\x00"),
        (1, 720, b"\xff\x2f\x00"),
        (2, 0, b"\xc9\x08"),
        (2, 0, b"\x99\x24\x64"),
        (2, 120, b"\x99\x24\x00"),
        (2, 120, b"\xff\x2f\x00"),
    ]


@given(
    st.lists(
        st.builds(Note, st.floats(0, 300), st.floats(0, 50), st.integers(-5, 140), st.integers(-5, 200)),
        max_size=12,
    )
)
def test_every_note_that_starts_ends_before_its_pitch_starts_again(notes: list[Note]) -> None:
    sounding: set[int] = set()
    for _, _, message in read(midi_bytes(Score((Part(0, notes),)))):
        if message[0] == 0x90 and message[2]:
            assert message[1] not in sounding
            sounding.add(message[1])
        elif message[0] == 0x90:
            sounding.remove(message[1])
    assert not sounding


def test_more_parts_than_channels_are_refused_and_none_plays_on_the_drums() -> None:
    fifteen = Score(tuple(Part(0, [Note(0.0, 1.0, 60)]) for _ in range(15)))
    channels = {message[0] & 15 for _, _, message in read(midi_bytes(fifteen)) if message[0] >> 4 == 9}
    assert channels == set(range(16)) - {9}
    with pytest.raises(ValueError, match="15 parts"):
        midi_bytes(Score((*fifteen.parts, Part(0))))


def test_seconds_follow_the_tempi() -> None:
    score = Score((Part(0, [Note(0.0, 1.0, 60), Note(6.0, 2.0, 60)]),), ((0.0, 120.0), (4.0, 60.0)))
    assert [score.seconds(quarter) for quarter in (0.0, 2.0, 4.0, 6.0)] == [0.0, 1.0, 2.0, 4.0]
    assert score.quarters == 8.0
    assert score.before(4.0).parts[0].notes == [Note(0.0, 1.0, 60)]


@needs_fluidsynth
def test_notes_sound_when_and_at_the_pitch_they_are_written(tone: Path) -> None:
    midi = midi_bytes(Score((Part(12, [Note(1.0, 2.0, 57)]),), ((0.0, 60.0),)))
    audio = play(midi, tone, sample_rate=22050)
    assert audio.dtype == np.float32
    assert np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())[0] == pytest.approx(22050, abs=110)  # 5 ms
    held = audio[int(1.5 * 22050) : int(2.5 * 22050)]
    assert np.argmax(np.abs(np.fft.rfft(held * np.hanning(len(held))))) == pytest.approx(220, abs=1)
    assert len(audio) == pytest.approx(3 * 22050, abs=2205)
    assert np.array_equal(audio, play(midi, tone, sample_rate=22050))


@needs_fluidsynth
def test_a_room_is_heard_after_the_note(tone: Path) -> None:
    midi = midi_bytes(Score((Part(0, [Note(0.0, 0.5, 69)], [Control(0.0, 91, 127)]),)))
    dry, wet = play(midi, tone), play(midi, tone, room=Room(0.9, 0.1, 0.9))
    assert len(wet) > len(dry) + 4410


@needs_fluidsynth
def test_what_is_no_soundfont_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.sf2").write_bytes(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(UserError, match="no SF2 or SF3"):
        play(midi_bytes(Score((Part(0),))), tmp_path / "bad.sf2")
    with pytest.raises(UserError, match="cannot be read"):
        play(midi_bytes(Score((Part(0),))), tmp_path / "none.sf2")


def test_without_fluidsynth_the_mend_is_named(monkeypatch: pytest.MonkeyPatch, tone: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="apt-get install fluidsynth"):
        play(midi_bytes(Score((Part(0),))), tone)


def test_soundfonts_are_found_by_path_by_name_and_in_packages(tone: Path, tmp_path: Path) -> None:
    assert find_soundfont(tone) == tone
    with pytest.raises(UserError, match="not there"):
        find_soundfont(tmp_path / "none.sf3")
    with pytest.raises(UserError, match="use one of fluidr3mono"):
        find_soundfont("nonsense")

    def fetch(package: str) -> Path:
        known = next(soundfont for soundfont in SOUNDFONTS if soundfont.package == package)
        (tmp_path / package / "usr").mkdir(parents=True, exist_ok=True)
        (tmp_path / package / "usr" / known.file).touch()
        return tmp_path / package

    found = [find_soundfont(soundfont.name, fetch=fetch) for soundfont in SOUNDFONTS]
    assert [path.name for path in found] == [soundfont.file for soundfont in SOUNDFONTS]
    assert [known_soundfont(path) for path in found] == list(SOUNDFONTS)
    assert known_soundfont(tone).license == "unknown"
