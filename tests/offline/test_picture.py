"""Pictures of dreams, and the unit that they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.cli import main
from ear_engine.ear.neurons import NeuronIndex
from ear_engine.errors import UserError
from ear_engine.offline import Dreamed, dream
from ear_engine.offline.picture import chosen_neurons
from ear_engine.offline.units import unit_of
from ear_engine.targets.terms import Term

ABOVE = "deviations above music's mean"


def short(tiny: Path, tick: Path, target: str) -> Dreamed:
    return dream(tiny, tick, target, beats=1, steps=2, device="cpu")


@pytest.mark.parametrize("target", ["surprise()", "cpc()"])
def test_what_the_whole_ear_makes_of_the_loop_is_drawn_too(tiny: Path, tick: Path, tmp_path: Path, target: str) -> None:
    dreamed = short(tiny, tick, target)
    assert dreamed.picture(tmp_path / "loop.png").read_bytes().startswith(b"\x89PNG")
    assert dreamed.unit == "nats"


def test_the_map_shows_what_is_silenced_beside_what_is_raised(tiny: Path, tick: Path) -> None:
    dreamed = short(tiny, tick, "0.7*channel(encoder_2_conv2, 3) - 0.3*layer(encoder_1_conv2)")
    index: NeuronIndex = dreamed.facts.index
    weights = chosen_neurons(dreamed.terms, dreamed.facts)
    assert np.allclose(weights[index["encoder_1_conv2"].span], -0.3 / 0.7)
    assert weights[index["encoder_2_conv2"].span].max() == 1.0
    assert not weights[index["encoder_3_conv2"].span].any()


def test_a_picture_is_a_png(tiny: Path, tick: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"end its name with .png"):
        short(tiny, tick, "encoder_0_conv1").picture(tmp_path / "loop.jpg")


def test_the_unit_is_that_of_what_was_dreamed_of() -> None:
    layer, clip, cpc = Term("linear", 1.0, "a"), Term("likeness", 1.0, "a", text="beat"), Term("cpc", 1.0)
    assert unit_of([layer, Term("direction", 1.0, "a", text="minor")]) == ABOVE
    assert unit_of([cpc, Term("surprise", -1.0)]) == "nats"
    assert unit_of([Term("difference", 1.0, "a")]) == "deviations"
    assert unit_of([clip]) == unit_of([layer, cpc]) == unit_of([layer, clip]) == unit_of([]) == ""


@pytest.mark.parametrize(
    ("target", "said"), [("cpc()", " nats"), ("encoder_0_conv1", ABOVE), ("cpc() + encoder_0", "")]
)
def test_the_commands_say_the_unit(
    tiny: Path, tick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str, said: str
) -> None:
    target = target.replace("+ encoder_0", "+ layer(encoder_0_conv1)")
    common = ["--ear", str(tiny), "--clip", str(tick), "--beats", "1", "--steps", "2", "--target", target]
    assert main(["dream", "-o", str(tmp_path / "loop.wav"), *common]) == 0
    assert main(["gallery", "-o", str(tmp_path / "page"), *common]) == 0
    dreamt, shown = (line for line in capsys.readouterr().out.splitlines() if "→ " in line and "loop.wav" not in line)
    for line in (dreamt.split(", 2 steps")[0], shown):
        assert line.endswith(said)
        assert said or line[-1].isdigit()
