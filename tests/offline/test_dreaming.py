"""Dreams without playing: the same from Python and from the command line, the same every time."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.cli import main
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from ear_engine.offline import Dreamed, dream
from ear_engine.offline.dreaming import dream_all
from ear_engine.offline.gallery import plan
from ear_engine.offline.request import Request
from ear_engine.optimization.dream import Dream
from ear_engine.resources import resource

LAYERS = ("scalogram", "encoder_0_conv1", "encoder_0_conv2", "encoder_1_conv1")


def short(tiny: Path, tick: Path, **options: object) -> Dreamed:
    return dream(tiny, tick, "encoder_1_conv1", beats=2, steps=4, device="cpu", **options)


def test_five_lines_make_a_loop_that_fires_more(tiny: Path, tick: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    dreamed = short(tiny, tick, progress=lambda done, every, _objective: seen.append((done, every)))
    assert seen == [(number, 8) for number in range(1, 9)]
    assert dreamed.audio.shape == dreamed.source.shape == (2, 44100)
    assert dreamed.objective[-1] > dreamed.objective[0]
    meter = LoudnessMeter(44100, 44100)
    assert meter.measure(dreamed.audio) == pytest.approx(meter.measure(dreamed.source), abs=1.0)
    written, rate = soundfile.read(dreamed.save(tmp_path / "new" / "loop.wav"), dtype="float32")
    assert rate == 44100
    assert np.array_equal(written.T, dreamed.audio)


def test_the_same_seed_makes_the_same_samples_and_another_does_not(tiny: Path, tick: Path) -> None:
    one, again, other = (short(tiny, tick, seed=seed).audio for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_variants_differ(tiny: Path, tick: Path) -> None:
    made = dream_all(Request(tiny, tick, "encoder_1_conv1", beats=1, steps=4, variants=2))
    assert len(made) == 2
    assert not np.array_equal(made[0].audio, made[1].audio)


def test_parameters_count(tiny: Path, tick: Path) -> None:
    quiet, wild = (short(tiny, tick, values={"dream/rate": rate}) for rate in (-60, -6))
    change = [float(np.abs(one.audio - one.source).max()) for one in (quiet, wild)]
    assert change[0] < 0.1 * change[1]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"target": "encoder_1_conv"}, "did you mean encoder_1_conv[12] or encoder_1_conv[12]"),
        ({"target": "0.5*chanel(encoder_1_conv1, 2)"}, "at character 5|channel"),
        ({"clip": "no_such_clip"}, "is not in the library"),
        ({"ear": "no_such_ear"}, "does not exist"),
        ({"preset": "no_such_preset"}, "does not exist"),
        ({"target": ""}, "is empty"),
        ({"beats": 0}, "too few for a step"),
        ({"beats": 0.001}, "too few for a step at 8 steps a beat"),
        ({"beats": -1}, "outside"),
        ({"beats": float("nan")}, "outside"),
        ({"variants": 0}, "outside"),
        ({"values": {"tone/tilt": "dark"}}, "takes a number"),
        ({"values": {"tone/tlit": 1}}, "did you mean tone/tilt"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    tiny: Path, tick: Path, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        dream_all(Request(**{"ear": tiny, "clip": tick, "beats": 1, **options}))  # type: ignore[arg-type]


def test_the_command_writes_a_loop_and_a_picture(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--ear", str(tiny), "--clip", str(tick), "--beats", "1", "--steps", "2", "--device", "cpu"]
    output = str(tmp_path / "loop.wav")
    assert main(["dream", "-o", output, *common, "--target", "layer(encoder_1_conv1, freq=200..2k)", "--picture"]) == 0
    printed = capsys.readouterr()
    assert "2 steps" in printed.out
    assert "dreaming: 2 of 2 steps" in printed.err
    assert (tmp_path / "loop.png").read_bytes().startswith(b"\x89PNG")
    assert main(["dream", "-o", str(tmp_path / "loop.mp3"), *common]) == 2
    assert "end its name with .wav" in capsys.readouterr().err
    assert main(["dream", "-o", output, *common, "--tone.tilt", "99"]) == 2
    assert "outside -12 to 12" in capsys.readouterr().err


def test_the_gallery_is_a_page_with_sound(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["gallery", "-o", str(tmp_path / "page"), "--ear", str(tiny), "--clip", str(tick), "--beats", "0.5"]
    assert main([*typed, "--steps", "2", "--target", "encoder_0_conv1", "--target", "deep_dream(encoder_1_conv1)"]) == 0
    assert "02_tick_120bpm_deep_dream_encoder_1_conv1: " in capsys.readouterr().out
    page = (tmp_path / "page" / "index.html").read_text()
    for kind in ("wav", "png"):
        files = sorted((tmp_path / "page").glob(f"*.{kind}"))
        assert len(files) == 2
        assert all(file.name in page for file in files)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(["--clip", "no_such_clip"], "is not in the library"), (["--target", "layer(encoder_9)"], "encoder_9")],
)
def test_a_gallery_is_checked_before_anything_is_dreamed(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    page = tmp_path / "page"
    right = ["--ear", str(tiny), "--clip", str(tick), "--target", "encoder_0_conv1", "--beats", "0.5", "--steps", "2"]
    assert main(["gallery", "-o", str(page), *right, *wrong]) == 2
    assert said in capsys.readouterr().err
    assert not page.exists()


def test_a_gallery_climbs_through_the_layers_and_shows_every_preset() -> None:
    pieces = plan(Request(), (), (), LAYERS)
    assert [piece.request.target for piece in pieces[:4]] == list(LAYERS)
    presets = [piece.request.preset for piece in pieces if piece.request.clip == "beat" and piece.request.preset]
    assert len(presets) >= 6
    assert len({piece.name for piece in pieces}) == len(pieces)


def test_a_short_dream_tells_its_start_from_its_end(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--ear", str(tiny), "--clip", str(tick), "--beats", "2", "--steps", "4", "--target", "encoder_1_conv1"]
    assert main(["dream", "-o", str(tmp_path / "loop.wav"), *common]) == 0
    start, end = capsys.readouterr().out.split("objective ")[1].split(" deviations")[0].split(" → ")
    assert float(end) > float(start)


def test_too_little_memory_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(Dream, "step", full)
    with pytest.raises(UserError, match="does not fit into memory; choose fewer variants") as refusal:
        dream(clip="beat", beats=1, steps=1)
    assert refusal.value.code == "no_memory"


def test_a_map_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "ear"
    shutil.copytree(resource("configs", "ears", "small"), folder)
    (folder / "map.npz").write_bytes(b"no map")
    with pytest.warns(UserWarning, match="map.npz. is no map"):
        dream(folder, "beat", beats=1, steps=1, values={"target/x": 0.3})
