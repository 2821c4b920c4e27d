"""Parameters without playing: those that do something do it, all others are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.cli import main
from ear_engine.errors import UserError
from ear_engine.offline import Dreamed, dream
from ear_engine.parameters import ParameterTree
from ear_engine.playback.mix import correlation, mix_gains


def short(tiny: Path, tick: Path, **values: object) -> Dreamed:
    named = {name.replace("__", "/"): value for name, value in values.items()}
    return dream(tiny, tick, "encoder_0_conv1", beats=1, steps=2, device="cpu", values=named)


def test_wet_and_gain_are_those_of_playing(tiny: Path, tick: Path) -> None:
    wet, half, dry = (short(tiny, tick, playback__wet=value) for value in (1.0, 0.5, 0.0))
    loop, source = mix_gains(0.5, correlation(wet.audio, wet.source))
    assert np.allclose(half.audio, loop * wet.audio + source * wet.source, atol=1e-6)
    assert half.audio.dtype == np.float32
    assert np.array_equal(dry.audio, dry.source)
    assert np.array_equal(dry.scalograms[0], dry.scalograms[1])
    soft = short(tiny, tick, playback__gain=-20.0)
    assert np.allclose(soft.audio, 0.1 * wet.audio, atol=1e-6)


IDLE = [row.name for row in ParameterTree() if row.kind == "trigger"] + [
    "dream/run",
    "dream/autopilot",
    "target/morph",
    "optimizer/steps_per_loop",
    "playback/mute",
    "playback/quantize",
    "playback/crossfade",
    "playback/tempo",
    "playback/beats",
]


@pytest.mark.parametrize("name", IDLE)
def test_what_does_nothing_is_refused(tiny: Path, tick: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"{name} does nothing (w|in a loop alone)"):
        short(tiny, tick, **{name: ParameterTree()[name].default})


@pytest.mark.parametrize(("name", "word"), [("source/clip", "clip"), ("model/ear", "ear"), ("model/device", "device")])
def test_what_has_an_argument_is_given_there(tiny: Path, tick: Path, name: str, word: str) -> None:
    with pytest.raises(UserError, match=f"give {word}="):
        short(tiny, tick, **{name: "cpu"})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"tone/tilt": 99}, "is 99, outside -12 to 12"),
        ({"dream/rate": 0}, "is 0, outside -60 to -6"),
        ({"optimizer/batch_size": 1.5}, "not a whole number"),
        ({"target/by": "morph"}, "does nothing without playing"),
    ],
)
def test_values_are_checked_as_on_the_command_line(
    tiny: Path, tick: Path, values: dict[str, object], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        short(tiny, tick, **values)


def test_a_fitted_clip_has_a_tempo(tiny: Path, tick: Path) -> None:
    dreamed = short(tiny, tick, source__fit="stretch", playback__tempo=60, playback__beats=2)
    assert dreamed.audio.shape == (2, 2 * 44100)


def test_a_set_file_made_for_playing_works(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{name}: {value}" for name, value in ParameterTree().values.items() if name in IDLE]
    (tmp_path / "played.yaml").write_text("\n".join([*lines, "target/by: morph", "dream/rate: -30", ""]))
    common = ["--ear", str(tiny), "--clip", str(tick), "--beats", "1", "--steps", "2", "--target", "encoder_0_conv1"]
    common += ["-o", str(tmp_path / "loop.wav"), "--set", str(tmp_path / "played.yaml")]
    assert main(["dream", *common]) == 0
    assert main(["dream", *common, "--playback.mute", "on"]) == 2
    assert "playback/mute does nothing without playing" in capsys.readouterr().err


def test_a_long_clip_can_be_cropped(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 8000 * 33).astype(np.float32)
    soundfile.write(tmp_path / "long_120bpm.wav", noise, 8000)
    common = ["--ear", str(tiny), "--clip", str(tmp_path / "long_120bpm.wav"), "--target", "encoder_0_conv1"]
    common += ["--beats", "1", "--steps", "1", "-o", str(tmp_path / "loop.wav")]
    assert main(["dream", *common]) == 2
    assert "--source.fit crop" in capsys.readouterr().err
    assert main(["dream", *common, "--source.fit", "crop"]) == 0
