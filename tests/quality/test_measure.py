"""The whole measurement, with an ear and music of next to nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine.ear.activations import Recorder
from ear_engine.ear.checkpoint import load_ear
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.quality.clips import Clips
from ear_engine.quality.dreaming import BEATS, SAMPLES, Course, dream_loop, pink_noise, source_audio, values_of
from ear_engine.quality.judge import Judge, layer_target
from ear_engine.quality.layers import depth_trends
from ear_engine.quality.measure import Plan, builtin_music, measure
from ear_engine.quality.report import markdown, write_results

LAYER = "encoder_2_conv1"


@pytest.fixture(scope="module")
def judge(tiny_ear: Path) -> Judge:
    return Judge(load_ear(tiny_ear), BEATS, pink_noise(SAMPLES))


def test_a_value_is_the_mean_of_the_chosen_channels_as_the_network_gives_it(tiny_ear: Path, judge: Judge) -> None:
    loop = source_audio("beat").mean(axis=0)
    ear = load_ear(tiny_ear)
    recorder = Recorder(ear)

    def heard(audio: np.ndarray) -> torch.Tensor:
        with torch.no_grad(), recorder.recording([LAYER], raw=True) as trace:
            ear(torch.from_numpy(audio)[None], circular=True)
        return trace[LAYER][0]

    probe = torch.relu(heard(pink_noise(SAMPLES)))
    raw = heard(loop)
    first = round(0.5 * len(raw) - 0.5)
    chosen = torch.nn.functional.leaky_relu(raw[first : first + 1], 0.25).mean()
    expected = float((chosen - probe.mean()) / probe.std())
    assert len(raw) < 15  # a tenth of its channels is one
    found = judge.values(np.stack([loop, 0 * loop]), [judge.terms(layer_target(LAYER))])
    assert found.shape == (2, 1)
    assert found[0, 0] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_weights_count_and_channels_are_means(judge: Judge) -> None:
    loop = source_audio("beat").mean(axis=0)[None]
    terms = judge.terms(layer_target(LAYER))
    once = judge.values(loop, [terms])[0, 0]
    assert judge.values(loop, [[replace(term, weight=-2.0) for term in terms]])[0, 0] == pytest.approx(-2 * once)
    found = judge.channels(loop, [LAYER, "autoregressive_6"])
    assert found[LAYER].shape == (1, judge.index[LAYER].channels)


def test_dreams_rise_and_come_out_alike(tiny_ear: Path, judge: Judge) -> None:
    source, terms = source_audio("beat"), judge.terms(layer_target(LAYER))
    course = Course(beats=2, steps=4)
    changes = {"dream/rate": -10, "dream/pull": 0}
    one, again = (dream_loop(load_ear(tiny_ear), source, terms, changes, course) for _ in range(2))
    assert np.array_equal(one, again)
    before, after = judge.values(np.stack([source.mean(axis=0), one.mean(axis=0)]), [terms])[:, 0]
    assert after > before + 0.03


def test_sources_are_loops_of_eight_beats() -> None:
    for name in ("beat", "noise", "silence", "hats"):
        assert source_audio(name).shape == (2, SAMPLES)
    with pytest.raises(UserError, match="138"):
        source_audio("break_138")
    with pytest.raises(UserError, match="dream/rat"):
        values_of({"dream/rat": 1})


@pytest.fixture(scope="module")
def clips() -> Clips:
    return Clips(builtin_music()[:3], 4)


def plan(ear: Path) -> Plan:
    return Plan(str(ear), "", (), ("beat",), ("encoder_0_conv1", "encoder_1_conv1"), ("encoder_0_conv1",), quick=True)


@pytest.mark.slow
def test_everything_is_measured_once_and_reported(tiny_ear: Path, clips: Clips, tmp_path: Path) -> None:
    cache, told = Cache(tmp_path / "cache"), []
    results = measure(plan(tiny_ear), clips, "loops", cache, lambda *step: told.append(step))
    assert [(row.source, row.layer) for row in results.layers] == [
        ("beat", layer) for layer in ("encoder_0_conv1", "encoder_1_conv1")
    ]
    assert ("tiny dreams", 2, 2) in told
    (rows,) = results.robustness.values()
    assert [row.name for row in rows] == ["none", "default"]
    assert all(row.kept["shift"] > 0 for row in rows)
    made = cache.made
    again = measure(plan(tiny_ear), clips, "loops", cache)
    assert cache.made == made and again.as_json() == results.as_json()

    json_file, page = write_results(results, tmp_path)
    assert json.loads(json_file.read_text())["layers"][0]["layer"] == "encoder_0_conv1"
    text = page.read_text()
    assert text == markdown(results) and text.count("| beat |") >= 2 and "| default |" in text


@pytest.mark.slow
def test_another_ear_reads_the_target(tiny_ear: Path, clips: Clips, tmp_path: Path) -> None:
    from ear_engine.quality.corpus_ranges import read_ranges
    from ear_engine.quality.robustness import explained_by, measure_robustness
    from ear_engine.quality.workshop import Workshop

    mine = Workshop(tiny_ear, clips, "loops", Cache(tmp_path), Course(2, 4))
    (row,) = measure_robustness(mine, mine, read_ranges(), ["beat"], ["encoder_0_conv1"], {"default": {}})
    assert explained_by(mine, mine, ["encoder_0_conv1"])["encoder_0_conv1"] <= 1.0
    assert np.isfinite(row.kept["another ear"])


def test_what_does_not_exist_is_named(tiny_ear: Path, clips: Clips, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(UserError, match="encoder_3_conv9"):
        measure(replace(plan(tiny_ear), layers=("encoder_3_conv9",)), clips, "loops", cache)
    with pytest.raises(UserError, match="did you mean layers"):
        measure(replace(plan(tiny_ear), parts=("layer",)), clips, "loops", cache)


def test_trends_need_four_layers() -> None:
    assert depth_trends([], []) == []
