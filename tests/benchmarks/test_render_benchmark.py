"""The benchmark of films makes the film both ways, and says how fast."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ear_engine.benchmarks import render
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.offline.request import Request


@pytest.mark.slow
def test_films_are_measured_against_one_thing_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    save_ear(Ear(EarConfig(width=0.03)), tmp_path / "tiny", name="tiny", description="untrained")
    monkeypatch.setattr(render, "SIZE", (96, 64))
    (row,) = render.run(1, Request(tmp_path / "tiny", steps=1, device="cpu", target="encoder_1_conv1"), 1.0)
    assert row.case.startswith("`tiny`, 96 x 64, 30 frames/s")
    assert (row.part, row.unit, row.target) == ("render", "s/s", None)
    assert row.reference is not None and row.value > 0.0 < row.reference
    assert row.ratio == pytest.approx(row.value / row.reference)
    json.dumps(vars(row), allow_nan=False)
