"""Films of dreams, made without a display."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from ear_engine.cli import main
from ear_engine.offline.elsewhere import dream_threads
from ear_engine.offline.performing import Performance
from ear_engine.offline.request import Request

SMALL = ["--size", "96x64", "--fps", "12", "--steps", "1", "--device", "cpu", "--target", "encoder_1_conv1"]


def words(tiny: Path, tick: Path, output: Path, seconds: str = "1.25") -> list[str]:
    return ["render", "--ear", str(tiny), "--clip", str(tick), "--seconds", seconds, "-o", str(output), *SMALL]


def request(tiny: Path, tick: Path) -> Request:
    return Request(tiny, tick, "encoder_1_conv1", steps=1, device="cpu")


@pytest.mark.slow
def test_a_film_has_its_pictures_and_its_sound(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "new" / "film.mp4"
    assert main(words(tiny, tick, film)) == 0
    assert "15 frames of 96 x 64, 1.25 s" in capsys.readouterr().out
    with av.open(film) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.audio[0].rate == 44100
    with av.open(film) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    played = np.concatenate([beat.audio for beat in Performance(request(tiny, tick), 1.25).play()], axis=1)
    both = min(heard.shape[1], round(1.25 * 44100))
    assert both > 1.2 * 44100
    assert np.corrcoef(heard[0, :both], played[0, :both])[0, 1] > 0.99  # not silence: the dream
    assert len(frames) == 15
    assert frames[0].shape == (64, 96, 3)
    assert max(frame.max() for frame in frames) > 60  # something shines
    assert any(np.abs(frame.astype(int) - frames[0]).max() > 20 for frame in frames)  # and moves


@pytest.mark.slow
def test_pictures_and_sound_are_the_same_every_time(tiny: Path, tick: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        assert main(words(tiny, tick, folder)) == 0
    names = sorted(file.name for file in one.iterdir())
    assert names == [*(f"frame_{number:06d}.png" for number in range(1, 16)), "sound.wav"]
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)
    heard, rate = soundfile.read(one / "sound.wav", dtype="float32")
    assert (len(heard), rate) == (round(1.25 * 44100), 44100)
    threads = torch.get_num_threads()
    torch.set_num_threads(dream_threads())
    try:
        played = np.concatenate([beat.audio for beat in Performance(request(tiny, tick), 1.25).play()], axis=1)
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(heard.T, played[:, : len(heard)])
    poster = tmp_path / "poster.png"
    assert main(words(tiny, tick, poster)) == 0
    assert poster.read_bytes() == (one / names[-2]).read_bytes()  # the last moment


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "film.avi"], "ends in nothing that can be rendered"),
        (["-o", "{folder}/full"], "is not empty"),
        (["--size", "97x64"], "is no size of a picture here"),
        (["--size", "big"], "is no size of a picture here"),
        (["--fps", "0"], "fps 0 is not in 1..120"),
        (["--fps", "nan"], "fps nan is not in"),
        (["--seconds", "0"], "seconds 0 is not in"),
        (["--palette", "papre"], "did you mean paper"),
        (["--clip", "baet"], "did you mean beat"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    asked = ["render", "--seconds", "1", "-o", "film.mp4", *(word.format(folder=tmp_path) for word in options)]
    assert main(asked) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.slow
def test_an_animation_is_the_last_loop_and_comes_round(tiny: Path, tick: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop.webp"
    assert main(words(tiny, tick, loop)) == 0
    with Image.open(loop) as file:
        assert (file.size, file.n_frames, file.info["loop"]) == ((96, 64), 12, 0)  # the clip lasts a second
        pictures, lasts = [], 0
        for number in range(file.n_frames):
            file.seek(number)
            pictures.append(np.array(file.convert("RGB")).astype(int))
            lasts += file.info["duration"]
    assert lasts == pytest.approx(1000, abs=2)
    steps = [np.abs(one - other).mean() for one, other in zip(pictures, [*pictures[1:], pictures[0]], strict=True)]
    assert min(steps) > 0.0  # it moves
    assert steps[-1] < 1.5 * max(steps[:-1])  # from the end to the start, a beat, as to the other beat


@pytest.mark.slow
@pytest.mark.parametrize("name", ["film.mp4", "frames", "loop.webp"])
def test_a_full_disk_leaves_nothing(tiny: Path, tick: Path, tmp_path: Path, name: str) -> None:
    output = tmp_path / name
    asked = words(tiny, tick, output, "4")
    asked[asked.index("96x64")] = "640x360"
    limited = f"ulimit -f 64; exec {shlex.join([sys.executable, '-m', 'ear_engine', *asked])}"  # files of 64 KB at most
    ended = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2, ended.stderr
    said = ended.stderr.splitlines()[-1]
    assert said == f"ear-engine: folder '{tmp_path}' has no room for {name}; make room there and try again."
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_an_interrupt_leaves_what_was_there(tiny: Path, tick: Path, tmp_path: Path) -> None:
    output = tmp_path / "film.mp4"
    output.write_bytes(b"before")
    asked = [sys.executable, "-m", "ear_engine", *words(tiny, tick, output, "3600")]
    with subprocess.Popen(asked, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any(line.startswith("drawing frames") for line in lines)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the process that dreams as well
        assert process.wait(20) == 130
        assert "Traceback" not in process.stderr.read()
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]
    assert output.read_bytes() == b"before"


@pytest.mark.slow
def test_without_gl_it_says_what_to_install(tiny: Path, tick: Path, tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "ear_engine", *words(tiny, tick, tmp_path / "film.mp4")]
    nowhere = {**os.environ, "__EGL_VENDOR_LIBRARY_DIRS": str(tmp_path)}
    ended = subprocess.run(asked, capture_output=True, text=True, timeout=120, env=nowhere)
    assert ended.returncode == 2
    assert "drawing without a display needs EGL" in ended.stderr and "libegl1" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_score_changes_the_picture_when_it_says(tiny: Path, tick: Path, tmp_path: Path) -> None:
    (tmp_path / "film.yaml").write_text("score:\n  - beat: 1\n    target/layer: encoder_4_conv1\n")
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(words(tiny, tick, one)) == 0
    assert main([*words(tiny, tick, two), "--set", str(tmp_path / "film.yaml")]) == 0
    same = [(one / name).read_bytes() == (two / name).read_bytes() for name in sorted(os.listdir(one))[:15]]
    assert same[:6] == [True] * 6  # twelve frames a second, half a second a beat
    assert not any(same[7:])
