"""``ear-engine statistics`` and what ``ear-engine ears`` says afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine.cli import main
from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.statistics_file import STATISTICS, load_statistics

RATE = 44100


@pytest.fixture
def ear(tmp_path: Path) -> Path:
    """A tiny ear that was never trained."""
    torch.manual_seed(1)
    folder = tmp_path / "tiny"
    save_ear(Ear(EarConfig(width=0.03)).eval(), folder, "tiny", "a tiny ear")
    return folder


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """Two recordings of noise, which every name finds."""
    rng = np.random.default_rng(0)
    noise = (3000 * rng.standard_normal((2, 22 * RATE))).astype(np.int16)
    recordings = (Recording("one", noise[0]), Recording("two", noise[1], validation=True))
    made = Corpus("noises", tmp_path, recordings, (), RATE)
    monkeypatch.setattr("ear_engine.commands.statistics.open_music", lambda name, console: made)
    return made


@pytest.mark.slow
def test_one_command_measures_names_and_says_so(ear: Path, corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["statistics", "--ear", str(ear), "--corpus", "noises", "--excerpts", "2", "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    statistics = load_statistics(ear)
    assert statistics is not None
    assert f"{len(statistics.index)} neurons" in said
    assert STATISTICS in said
    assert statistics.heard.corpus == "noises"
    assert set(statistics.heard.recordings) == {"one", "two"}  # training and validation music alike

    assert main(["ears", str(ear)]) == 0
    said = capsys.readouterr().out
    assert "encoder_3_conv1" in said
    assert statistics.region_names["encoder_3_conv1"][0] in said

    name = statistics.region_names["scalogram"][0]
    assert main(["ears", str(ear), "--find", name]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("--excerpts 0", ("--excerpts 0", "below 1")),
        ("--seed -1", ("--seed -1", "below 0")),
        ("--output {}/no/such/folder.safetensors", ("folder.safetensors", "--output")),
        ("--output {}", ("is a folder", "--output")),
        ("--ear {}/nobody", ("nobody", "does not exist")),
        ("--exerpts 3", ("--exerpts", "did you mean --excerpts")),
    ],
)
def test_bad_input_is_refused_before_any_long_work(
    ear: Path, corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: str, words: tuple[str, ...]
) -> None:
    typed = ["statistics", "--corpus", "noises", "--device", "cpu"]
    if "--ear" not in extra:
        typed += ["--ear", str(ear)]
    assert main([*typed, *extra.replace("{}", str(tmp_path)).split()]) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words), said
    assert not (ear / STATISTICS).exists()


def test_a_corpus_at_another_rate_is_refused(
    ear: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = Corpus("slow", corpus.folder, corpus.recordings, (), 22050)
    monkeypatch.setattr("ear_engine.commands.statistics.open_music", lambda name, console: slow)
    assert main(["statistics", "--ear", str(ear), "--corpus", "slow"]) == 2
    assert "22050 Hz" in capsys.readouterr().err


def test_an_ear_without_statistics_says_how_to_make_them(ear: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ears", str(ear)]) == 2
    assert "ear-engine statistics --ear" in capsys.readouterr().err
