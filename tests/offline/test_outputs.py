"""Files: the same bytes every time, and refused before anything is dreamed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.cli import main
from ear_engine.errors import UserError
from ear_engine.offline import dreaming, picture
from ear_engine.offline.outputs import need_file, need_folder, need_other, write_loop


@pytest.fixture
def typed(tiny: Path, tick: Path) -> list[str]:
    return ["--ear", str(tiny), "--clip", str(tick), "--target", "encoder_0_conv1", "--beats", "1", "--steps", "2"]


@pytest.fixture
def no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which a dream begins."""

    def begins(*_arguments: object) -> None:
        raise AssertionError("it was dreamed")

    monkeypatch.setattr(dreaming, "_run", begins)


def test_a_file_has_no_date_and_every_sample(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).normal(0, 0.5, (2, 1001)).astype(np.float32)
    one, other = tmp_path / "new" / "one.wav", tmp_path / "other.wav"
    write_loop(one, audio, 44100)
    time.sleep(1.1)  # a date in it would differ
    write_loop(other, audio, 44100)
    assert one.read_bytes() == other.read_bytes()
    read, rate = soundfile.read(one, dtype="float32")
    assert rate == 44100
    assert soundfile.info(one).subtype == "FLOAT"
    assert np.array_equal(read.T, audio)


def test_two_dreams_of_a_seed_are_the_same_file(typed: list[str], tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        assert main(["dream", "-o", str(tmp_path / name), *typed, "--seed", "5"]) == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.usefixtures("no_steps")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "file.txt/loop.wav"], "cannot be made"),
        (["-o", "folder.wav"], "is a folder"),
        (["-o", f"{'x' * 253}.wav"], "does not take"),
        (["-o", "loop.mp3"], "end its name with .wav"),
        (["-o", "loop.wav", "--picture", "file.txt/loop.png"], "cannot be made"),
        (["-o", "loop.wav", "--picture", "loop.jpg"], "end its name with .png"),
        (["-o", "loop.wav", "--picture", "loop.wav"], "end its name with .png"),
        (["-o", "loop.wav", "--target", ""], "is empty"),
    ],
)
def test_what_cannot_be_written_is_said_before_it_is_dreamed(
    typed: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.txt").touch()
    Path("folder.wav").mkdir()
    assert main(["dream", *typed, *options]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder.wav"]


@pytest.mark.usefixtures("no_steps")
def test_a_loop_does_not_take_the_place_of_its_clip(
    typed: list[str], tick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tick.read_bytes()
    assert main(["dream", *typed, "-o", str(tick)]) == 2
    assert "is the clip itself" in capsys.readouterr().err
    assert tick.read_bytes() == before
    with pytest.raises(UserError, match="is the clip itself"):
        need_other(tick, tick.stem, [tick.parent])
    need_other(tick, "beat", [tick.parent])


@pytest.mark.usefixtures("no_steps")
def test_a_picture_without_matplotlib_is_refused_at_once(
    typed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(picture, "find_spec", lambda _name: None)
    assert main(["dream", *typed, "-o", str(tmp_path / "loop.wav"), "--picture"]) == 2
    assert main(["gallery", *typed, "-o", str(tmp_path / "page")]) == 2
    assert capsys.readouterr().err.count("is not installed") == 2


@pytest.mark.usefixtures("no_steps")
def test_a_gallery_needs_a_folder(typed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page").touch()
    assert main(["gallery", *typed, "-o", str(tmp_path / "page")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_a_folder_that_takes_nothing_is_known() -> None:
    with pytest.raises(UserError, match="takes no files"):
        need_folder(Path("/proc/new"))


def test_asking_makes_nothing(tmp_path: Path) -> None:
    need_file(tmp_path / "new" / "deep" / "loop.wav")
    need_folder(tmp_path / "page")
    assert not any(tmp_path.iterdir())
