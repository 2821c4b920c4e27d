"""The probe: its splits are honest, c ends with the excerpt and hears no padding, and it finds what is there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ear_engine.cli import main
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.training.corpus import Recording
from ear_engine.training.linear import classify, guess
from ear_engine.training.probe import (
    EXCERPT,
    HEARD,
    LEAST,
    count_excerpts,
    listen,
    probe,
    random_split,
    samples_needed,
    summarize,
    time_split,
    untrained,
)
from ear_engine.training.trainer import MARGIN

TINY = EarConfig(width=0.03)
HOP = TINY.scalogram.hop
NEEDED = samples_needed(TINY)


def noise_at(level: float, samples: int = NEEDED) -> Recording:
    """White noise as a recording; every bin of the scalogram tells its level."""
    wave = 10 ** (level / 20) * np.random.default_rng(int(-level)).uniform(-1, 1, samples)
    return Recording(Path(f"{level:.0f} dB.wav"), (wave * 32767).astype(np.int16))


@pytest.fixture(scope="module")
def ear() -> Ear:
    return untrained(TINY, 3)


@pytest.fixture(scope="module")
def noise() -> torch.Tensor:
    """Windows of noise with another half second at the start."""
    return 0.1 * torch.randn(2, 32 * HOP + samples_needed(TINY, 1), generator=torch.Generator().manual_seed(1))


def test_a_recording_has_as_many_excerpts_as_fit() -> None:
    assert count_excerpts(TINY, samples_needed(TINY, 1) - 1) == 0
    assert count_excerpts(TINY, samples_needed(TINY, 1)) == 1
    assert count_excerpts(TINY, NEEDED) == LEAST
    assert count_excerpts(TINY, NEEDED - 1) == LEAST - 1


def test_the_last_30_percent_test_after_a_gap_that_no_window_crosses() -> None:
    training, test = time_split([20, 6])
    assert training.tolist() == [True] * 13 + [False] * 7 + [True] * 3 + [False] * 3
    assert test.tolist() == [False] * 14 + [True] * 6 + [False] * 4 + [True] * 2
    window = HEARD + 2 * MARGIN
    last_heard_in_training = 12 * EXCERPT + window
    assert last_heard_in_training <= 14 * EXCERPT


def test_the_random_split_takes_a_fifth_of_every_recording() -> None:
    labels = np.repeat([0, 1], [20, 10])
    training, test = random_split(labels, 5)
    assert np.array_equal(training, ~test)
    assert np.bincount(labels[test]).tolist() == [4, 2]
    assert np.array_equal(random_split(labels, 5)[1], test)
    assert not np.array_equal(random_split(labels, 6)[1], test)


def test_c_knows_its_whole_span_without_padding(ear: Ear, noise: torch.Tensor) -> None:
    """More past than the probe gives changes nothing."""
    context = listen(ear, noise[:, 32 * HOP :]).c[..., -1]
    features = ear.scalogram(noise, circular=True, frames=noise.shape[1] // HOP)[..., MARGIN:-MARGIN]
    with torch.no_grad():
        longer = ear.hear(features, circular=False).c[..., -1]
    assert context.std() > 0
    assert torch.allclose(context, longer, rtol=1e-3, atol=1e-3 * float(context.std()))


def test_c_hears_the_excerpt_to_its_last_frame_and_nothing_later(ear: Ear, noise: torch.Tensor) -> None:
    features = ear.scalogram(noise[:, 32 * HOP :], circular=True, frames=HEARD + 2 * MARGIN)[..., MARGIN:-MARGIN]
    changed = features.clone()
    changed[..., -1] += 0.5
    with torch.no_grad():
        before, after = (ear.hear(x, circular=False).c[..., -1] for x in (features, changed))
    assert (before - after).abs().max() > 1e-6
    assert features.shape[-1] == HEARD and (HEARD - 1) % 16 == 0


def test_summaries_are_of_the_excerpt_alone(ear: Ear, noise: torch.Tensor) -> None:
    heard = listen(ear, noise[:, 32 * HOP :])
    c, z, amplitude = summarize(heard)
    assert c.shape == (2, heard.c.shape[1])
    within = heard.features[:, 0, :, -EXCERPT:].double()
    wanted = torch.cat([within.mean(-1), within.std(-1, correction=0)], -1)
    assert torch.allclose(amplitude.double(), wanted, atol=1e-5)
    codes = heard.z[..., -43:].double()
    assert torch.allclose(z[:, : codes.shape[1]].double(), codes.mean(-1), atol=1e-5)


def test_the_classifier_finds_what_is_there_and_no_more() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 40)
    training = np.tile(np.arange(40) < 25, 3)
    telling = (np.eye(3)[labels] + 0.2 * rng.standard_normal((120, 3))).astype(np.float32)
    found = classify(np.hstack([1e-6 * telling, np.ones((120, 1), np.float32)]), labels, training, ~training)
    assert found.accuracy > 0.95 and found.loss < 0.3
    nothing = classify(rng.standard_normal((120, 8)).astype(np.float32), labels, training, ~training)
    assert nothing.accuracy < 0.6 and 0.9 < nothing.loss < 1.5


def test_guessing_takes_the_most_frequent_class_of_the_training_part() -> None:
    labels = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    training = np.arange(8) < 4
    scores = guess(labels, training, ~training)
    assert scores.accuracy == 0.25
    assert scores.loss == pytest.approx(-(np.log(0.75) + 3 * np.log(0.25)) / 4)


def test_the_untrained_ear_comes_from_its_seed_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = untrained(TINY, 1), untrained(TINY, 1), untrained(TINY, 2)
    assert torch.equal(state, torch.get_rng_state())
    weights = [e.predictor.weight for e in (first, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_levels_are_told_apart_and_the_table_says_so(ear: Ear) -> None:
    noises = [noise_at(0), noise_at(-15), noise_at(-30)]
    said: list[tuple[str, int, int]] = []
    result = probe(ear, noises, batch=4, progress=lambda *line: said.append(line))
    assert (result.recordings, result.excerpts, result.training, result.test) == (3, 18, 9, 6)
    assert [row.features for row in result.rows] == [
        "always the most frequent",
        "scalogram, mean and deviation",
        "untrained c",
        "untrained z, mean and deviation",
        "c",
        "z, mean and deviation",
    ]
    by_name = {row.features: row for row in result.rows}
    assert by_name["always the most frequent"].accuracy == pytest.approx(1 / 3)
    scalogram = by_name["scalogram, mean and deviation"]
    assert scalogram.dimension == 432
    assert scalogram.accuracy == scalogram.random_accuracy == 1.0
    assert scalogram.loss < 0.5
    assert by_name["z, mean and deviation"].random_accuracy == 1.0
    assert by_name["z, mean and deviation"].accuracy > 0.5
    assert ("listening", 18, 18) in said and said[-1] == ("classifying", 5, 5)
    assert "| scalogram, mean and deviation | 432 | 100.0% |" in result.markdown()
    at_once = probe(ear, noises, batch=18)
    assert [row.accuracy for row in at_once.rows] == [row.accuracy for row in result.rows]
    assert [row.loss for row in at_once.rows] == pytest.approx([row.loss for row in result.rows], rel=0.05)


def test_too_little_music_is_refused(ear: Ear) -> None:
    with pytest.raises(UserError, match="1 recordings"):
        probe(ear, [noise_at(0)])
    with pytest.raises(UserError, match=r"'-10 dB.wav' is shorter than 26 s"):
        probe(ear, [noise_at(0), noise_at(-10, NEEDED - 1)])


def test_without_scikit_learn_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ear_engine.training.linear.find_spec", lambda name: None)
    assert main(["probe", "--corpus", "/nowhere"]) == 2
    assert "scikit-learn, which probes need, is not installed; run `pip install" in capsys.readouterr().err


def test_the_command(
    ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    save_ear(ear, tmp_path / "ear", "ear", "for a test")
    (tmp_path / "music").mkdir()
    for level in (0, -20):
        soundfile.write(tmp_path / "music" / f"{-level}.wav", noise_at(level).samples, 44100)
    (tmp_path / "music" / "broken.wav").write_text("no music")
    typed = ["probe", "--ear", str(tmp_path / "ear"), "--corpus", str(tmp_path / "music")]
    assert main([*typed, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "left out: broken.wav" in err
    found = json.loads(out)
    assert (found["recordings"], found["excerpts"], len(found["rows"])) == (2, 12, 6)
    assert main(typed) == 0
    assert "| c | 8 |" in capsys.readouterr().out
    assert main([*typed[:-1], str(tmp_path / "nowhere")]) == 2
    assert "is not a folder" in capsys.readouterr().err
