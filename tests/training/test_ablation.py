"""Variants of a recipe: what is written wrong is refused, what is done stays, and a run that diverges is no ear."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from ear_engine.cli import main
from ear_engine.commands.ablate import table
from ear_engine.corpora.build import build_corpus
from ear_engine.corpora.corpus import Corpus
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.network import EarConfig
from ear_engine.errors import UserError
from ear_engine.evaluation.results import ProbeFacts, Results, Row
from ear_engine.evaluation.scores import Interval, Score
from ear_engine.resources import resource
from ear_engine.training.ablation import EAR, Ablation, Run, Trained, find_trained, read_ablation, train_run
from ear_engine.training.batches import mix
from ear_engine.training.recipe import TrainingConfig, excerpt_samples

BASE = {
    "ear": {"width": 0.03},
    "steps": 2,
    "batch": 2,
    "frames": 84,
    "first_context": 0,
    "warmup": 0,
    "precision": "float32",
    "validation_batches": 1,
}
TOO_FAST = {"learning_rate": 1e30, "steps": 3}


def write(folder: Path, **changes: object) -> Path:
    """An ablation of a base and two variants."""
    path = folder / "ablation.yaml"
    variants = {"as it is": None, "frame normalization": {"ear": {"normalization": "frame"}}}
    path.write_text(yaml.safe_dump({"base": BASE, "seeds": 2, "variants": variants, **changes}, sort_keys=False))
    return path


def test_a_variant_is_the_base_with_something_changed_and_every_seed_of_it(tmp_path: Path) -> None:
    ablation = read_ablation(write(tmp_path, probes=["tempo"]))
    assert ablation.variants == ("as it is", "frame normalization") and ablation.probes == ("tempo",)
    assert [one.name for one in ablation.runs] == [
        "as_it_is_1",
        "as_it_is_2",
        "frame_normalization_1",
        "frame_normalization_2",
    ]
    plain, framed = ablation.runs[1].config, ablation.runs[3].config
    assert plain.ear == EarConfig(width=0.03) and (plain.steps, plain.batch, plain.seed) == (2, 2, 2)
    other = dataclasses.replace(plain.ear, normalization="frame")  # the width stays
    assert framed == dataclasses.replace(plain, ear=other)


def test_the_ablation_that_ships_can_be_read() -> None:
    ablation = read_ablation(resource("configs", "training", "ablation.yaml"))
    assert len(ablation.runs) == 3 * len(ablation.variants) == len({one.name for one in ablation.runs})
    assert len({json.dumps(dataclasses.asdict(one.config)) for one in ablation.runs}) == len(ablation.runs)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base": None}, "has no base or no variants"),
        ({"variants": {}}, "has no base or no variants"),
        ({"variants": ["wide"]}, "has no base or no variants"),
        ({"variants": {"wide": 3}}, "variants: wide is 3, not a mapping"),
        ({"variants": {"off": False}}, "variants: off is False, not a mapping"),
        ({"variants": {"wide": {"widht": 1}}}, "variants: wide: key 'widht' is not known"),
        (
            {"variants": {"wide": {"ear": {"widht": 1}}}},
            "variants: wide: ear: key 'widht' is not known; did you mean w",
        ),
        ({"variants": {"wide": {"ear": "wide"}}}, "variants: wide: ear is 'wide', not a mapping"),
        ({"variants": {"tiny": {"batch": 1}}}, "variants: tiny: batch is 1; use 2 or more"),
        ({"variants": {"lucky": {"seed": 7}}}, "variants: lucky has a seed of its own"),
        ({"variants": {"a, b": {}, "a; b": {"batch": 4}}}, "variants: a; b cannot be told from 'a, b'"),
        ({"variants": {"A": {}, "a": {"batch": 4}}}, "variants: a cannot be told from 'A'"),
        ({"seeds": 0}, "seeds is 0; use 1 or more"),
        ({"probs": ["tempo"]}, "key 'probs' is not known; did you mean probes"),
    ],
)
def test_what_is_written_wrong_is_named_with_its_place(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(UserError) as refused:
        read_ablation(path)
    assert str(path) in str(refused.value) and said in str(refused.value)


def one_run(**changes: object) -> Run:
    config = TrainingConfig(
        EarConfig(width=0.03),
        steps=2,
        batch=2,
        frames=84,
        first_context=0,
        warmup=0,
        precision="float32",
        validation_batches=1,
    )
    return Run("as it is", dataclasses.replace(config, **changes))  # type: ignore[arg-type]


def test_a_run_that_is_done_is_found_unless_the_recipe_is_another_one(corpus: Corpus, tmp_path: Path) -> None:
    run = one_run()
    assert find_trained(run, tmp_path) is None
    trained = train_run(run, mix([corpus], excerpt_samples(run.config)), tmp_path, "cpu")
    assert not trained.diverged and 0.0 < trained.loss < 10.0 and 0.0 <= trained.accuracy <= 1.0
    assert find_trained(run, tmp_path) == trained
    assert load_ear(tmp_path / EAR).config == run.config.ear
    with pytest.raises(UserError, match="holds the run of 'as it is' by another recipe; remove it"):
        find_trained(one_run(steps=3), tmp_path)
    (tmp_path / EAR / "weights.safetensors").unlink()
    assert find_trained(run, tmp_path) is None
    assert train_run(run, mix([corpus], excerpt_samples(run.config)), tmp_path, "cpu") == trained
    assert find_trained(run, tmp_path) == trained


def test_a_run_that_diverges_is_done_without_an_ear(corpus: Corpus, tmp_path: Path) -> None:
    run = one_run(learning_rate=1e30, steps=3)
    trained = train_run(run, mix([corpus], excerpt_samples(run.config)), tmp_path, "cpu")
    assert trained.diverged and not (tmp_path / EAR).exists()
    found = find_trained(run, tmp_path)
    assert found is not None and found.diverged
    last = one_run(learning_rate=1e6, steps=1)  # nothing is wrong until after the last step
    assert train_run(last, mix([corpus], excerpt_samples(last.config)), tmp_path / "last", "cpu").diverged
    assert not (tmp_path / "last" / EAR).exists()


def row(listener: str, accuracy: float, kind: str = "ear", span: tuple[float, float] | None = None) -> Row:
    interval = Interval(accuracy, accuracy, accuracy)
    tested = 8 if math.isfinite(accuracy) else 0
    return Row("tempo", kind, listener, "c", 3, Score(interval, interval, tested), span=span)


def test_the_table_says_what_diverged() -> None:
    runs = [Run(name, TrainingConfig(EarConfig(), seed=seed)) for name in ("good", "bad", "worst") for seed in (1, 2)]
    facts = ProbeFacts("tempo", "how fast", ("slow", "fast"), 8, 8, 4, False)
    rows = (
        row("hand", 0.75, "hand"),
        row("hand, torn", math.nan, "hand"),
        row("untrained", 0.5, "untrained"),
        row("good_1", 0.875, span=(0.75, 1.0)),
        row("bad_2", math.nan),
    )
    fine, lost = Trained(1.0, 0.25), Trained(math.nan, math.nan)
    trained = dict(zip((run.name for run in runs), (fine, Trained(1.0, 0.5), lost, fine, lost, lost), strict=True))
    lines = table(Ablation(tuple(runs), ("tempo",)), Results(5.0, (facts,), rows), trained).splitlines()
    assert lines[2:] == [
        "| best hand-made feature | | 75.0% |",
        "| untrained c | | 50.0% |",
        "| good | 37.5% | 87.5% [75.0, 100.0] |",
        "| bad (1 of 2 diverged) | 25.0% | – |",
        "| worst (2 of 2 diverged) | – |  |",
    ]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store ``tracks``: two of noise that differ in level, long enough for the probe."""
    folder = tmp_path_factory.mktemp("stores")
    (folder / "music").mkdir()
    noise = np.random.default_rng(0).uniform(-1, 1, 105 * 44100).astype(np.float32)
    for level in (0.5, 0.05):
        soundfile.write(folder / "music" / f"{level}.wav", level * noise, 44100)
    build_corpus(folder / "music", folder / "tracks", name="tracks", workers=1)
    return folder


@pytest.mark.slow
def test_the_command_trains_judges_and_goes_on(
    music: Path, stores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for variable, value in (("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(variable, str(tmp_path / value))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    variants = {"as it is": None, "too fast": TOO_FAST}
    path, out = write(tmp_path, variants=variants, probes=["tracks"]), tmp_path / "out"
    typed = ["ablate", str(path), "--corpus", str(music), "--corpora", str(stores), "--out", str(out)]
    typed += ["--device", "cpu", "--workers", "1"]
    assert main(typed) == 0
    printed, said = capfd.readouterr()
    assert re.findall(r"^(\d of \d) runs: (\w+)(.*)$", said, re.MULTILINE) == [
        ("1 of 4", "as_it_is_1", ""),
        ("2 of 4", "as_it_is_2", ""),
        ("3 of 4", "too_fast_1", " (diverged)"),
        ("4 of 4", "too_fast_2", " (diverged)"),
    ]
    lines = printed.splitlines()
    assert lines[0] == "| variant | validation | tracks |" and (out / "ablation.md").read_text() == printed
    assert re.fullmatch(r"\| as it is \| [\d.]+% \| [\d.]+% \[[\d.]+, [\d.]+\] \|", lines[-2])
    assert lines[-1] == "| too fast (2 of 2 diverged) | – |  |"
    rows = json.loads((out / "ablation.json").read_text())["rows"]
    assert [found["listener"] for found in rows if found["kind"] == "ear"] == ["as_it_is_1", "as_it_is_1"]  # c and z

    weights = {number: out / f"as_it_is_{number}" / EAR / "weights.safetensors" for number in (1, 2)}
    before, content = weights[1].stat().st_mtime_ns, weights[2].read_bytes()
    for file in (out / "as_it_is_2").rglob("*.*"):
        file.unlink()
    assert main(typed) == 0
    again, said = capfd.readouterr()
    assert "1 of 1 runs: as_it_is_2" in said and "as_it_is_1" not in said
    assert again == printed
    assert weights[1].stat().st_mtime_ns == before and weights[2].read_bytes() == content


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--jobs", "0"], "--jobs 0 is below 1"),
        (["--workers", "0"], "--workers 0 is below 1"),
        (["--corpus", "nowhere"], "corpus 'nowhere' is neither a corpus nor a folder"),
        (["--corpora", "nowhere"], "--corpora nowhere is not a folder"),
        (["--device", "mps"], "device 'mps' is not available here"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_trained(
    music: Path, stores: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    path, out = write(tmp_path, probes=["tracks"]), tmp_path / "out"
    typed = ["ablate", str(path), "--corpus", str(music), "--corpora", str(stores), "--out", str(out), *options]
    assert main(typed) == 2
    assert said in capfd.readouterr().err
    assert not list(out.glob("as_it_is*"))


@pytest.mark.parametrize(
    ("probe", "said"),
    [("trakcs", "probe 'trakcs' does not exist; did you mean tracks"), ("tempo", "corpus 'procedural_test'")],
)
def test_a_probe_that_cannot_be_made_is_named_before_anything_is_trained(
    music: Path,
    stores: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    probe: str,
    said: str,
) -> None:
    def nowhere(name: str) -> Corpus:
        raise UserError(f"corpus {name!r}", "is not there", "build it", "not_found")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("ear_engine.corpora.catalog.find_corpus", nowhere)
    path, out = write(tmp_path, probes=[probe]), tmp_path / "out"
    typed = ["ablate", str(path), "--corpus", str(music), "--corpora", str(stores), "--out", str(out)]
    assert main(typed) == 2
    assert said in capfd.readouterr().err
    assert not list(out.glob("as_it_is*"))
