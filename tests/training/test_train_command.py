"""`ear-engine train` as it is typed: alone, under torchrun, interrupted, killed; and what it refuses early."""

from __future__ import annotations

import csv
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from ear_engine.cli import main
from ear_engine.commands.train import describe_length, describe_rest, export_folder
from ear_engine.corpora.catalog import find_corpus
from ear_engine.corpora.corpus import Corpus
from ear_engine.ear.checkpoint import load_ear
from ear_engine.errors import UserError
from ear_engine.training.batches import mix
from ear_engine.training.recipe import TrainingConfig, excerpt_samples
from ear_engine.training.trainer import Trainer, make_folder
from ear_engine.yaml_files import build, load_yaml

ROOT = Path(__file__).parents[2]
RECIPE = {
    "ear": {"width": 0.06, "normalization": "frame"},
    "steps": 4,
    "batch": 4,
    "frames": 84,
    "first_context": 0,
    "warmup": 0,
    "average": 0.9,
    "precision": "float32",
    "validate_every": 2,
    "save_every": 1,
    "validation_batches": 1,
}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's cache and ears are empty folders."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module", autouse=True)
def reset_signals() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def recipe(folder: Path, **changes: object) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**RECIPE, **changes}))
    return path


def losses(folder: Path) -> list[float]:
    with (folder / "curve.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def torchrun(*typed: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.Popen(
        [*command, "-m", "ear_engine", "train", *map(str, typed)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )


def wait_for(true: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 100.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.05)


def workers(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


@pytest.mark.slow
def test_two_processes_make_one_run_like_that_of_one(
    music: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = recipe(tmp_path)
    typed = (path, "--corpus", music, "--device", "cpu", "--export", tmp_path / "ear")
    process = torchrun(*typed, "--run-folder", tmp_path / "two")
    said = process.communicate(timeout=150)[1]
    assert process.returncode == 0, said
    for once in ("recordings to learn from", "cpu and 1 more; from the start", "Validation: loss", "Saved in"):
        assert said.count(once) == 1, said
    assert re.findall(r"step (\d) of 4", said) == ["2", "4"]
    assert sorted(name for name in os.listdir(tmp_path / "two") if name != "curve.png") == [
        "curve.csv",
        "last.safetensors",
    ]
    assert load_ear(tmp_path / "ear").config.width == 0.06
    assert main(["train", *map(str, typed), "--run", str(tmp_path / "one")]) == 0
    alone = capfd.readouterr().err
    assert "; cpu; from the start" in alone
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    ends = [re.findall(r"Validation: loss [\d.]+ nats", text) for text in (said, alone)]
    assert ends[0] == ends[1]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes in /proc")
def test_ctrl_c_saves_and_a_killed_rank_takes_the_others_with_it(music: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path, steps=100000, warmup=20, validate_every=100000)
    run = tmp_path / "run"
    typed = (path, "--corpus", music, "--device", "cpu", "--run-folder", run)

    first = torchrun(*typed)
    wait_for(lambda: (run / "curve.csv").exists() and len(losses(run)) >= 2, first)
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=60)[1]
    saved = int(re.findall(r"Saved at step (\d+) of 100000; go on with the same command", said)[0])
    assert losses(run)[saved - 1 :] != []
    assert len(losses(run)) == saved

    second = torchrun(*typed)
    wait_for(lambda: len(losses(run)) >= saved + 2, second)
    pids = workers(second)
    assert len(pids) == 2
    os.kill(pids[1], signal.SIGKILL)
    assert second.wait(timeout=60) != 0
    assert second.stderr is not None
    assert f"goes on from step {saved}" in second.stderr.read()
    second.stderr.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)

    config = build(TrainingConfig, load_yaml(path), str(path))
    same = mix([find_corpus(str(music))], excerpt_samples(config))
    resumed = Trainer(config, same, run)
    assert resumed.step >= saved + 1
    whole = Trainer(config, same, tmp_path / "whole")
    before = [line.loss for _, line in zip(range(resumed.step), whole.run(), strict=False)]
    assert next(resumed.run()).loss == pytest.approx(next(whole.run()).loss, abs=1e-4)
    assert losses(run)[: len(before)] == pytest.approx(before, abs=1e-4)


def test_an_ear_is_not_exported_under_a_name_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.commands.train.ear_roots", lambda: (tmp_path, tmp_path / "own"))
    (tmp_path / "given").mkdir()
    with pytest.raises(UserError, match="--export given is the name of an ear that ships; choose another"):
        export_folder("given")
    assert export_folder("mine").name == "mine"
    assert export_folder(str(tmp_path / "given")) == tmp_path / "given"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "run")
    make_folder(tmp_path / "new" / "run")
    assert (tmp_path / "new" / "run").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file' is a file; name another one"):
        make_folder(tmp_path / "file")
    with pytest.raises(UserError, match="cannot be made"):
        make_folder(tmp_path / "file" / "run")


@pytest.mark.parametrize(("hours", "said"), [(6.03, "6.0 h"), (0.5, "30 min"), (0.001, "1 min")])
def test_lengths_are_readable(hours: float, said: str) -> None:
    assert describe_length(hours) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, ""),
        (0.2, "; about 1 s left"),
        (100.0, "; about 100 s left"),
        (740.0, "; about 12 min left"),
        (7100.0, "; about 2.0 h left"),
        (40 * 3600.0, "; about 40.0 h left"),
        (5 * 86400.0, "; about 5.0 d left"),
    ],
)
def test_the_time_left_is_readable(seconds: float, said: str) -> None:
    assert describe_rest(seconds) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frame": 84}, "key 'frame' is not known; did you mean frames"),
        ({"steps": "many"}, "steps is 'many', not int"),
        ({"batch": 1}, "batch is 1; use 2 or more"),
        ({"augmentation": {"noise": 3}}, "augmentation: key 'noise' is not known; did you mean noise_db"),
        ({"ear": {"pooling": "mean"}}, "pooling is 'mean'"),
    ],
)
def test_a_recipe_with_a_mistake_is_refused_before_any_music_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    path = recipe(tmp_path, **change)
    assert main(["train", str(path), "--corpus", str(tmp_path / "no music"), "--run", str(tmp_path / "run")]) == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "run").exists()


def test_lines_without_a_terminal_say_how_long_it_takes(
    corpus: Corpus, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ear_engine.commands.train.open_music", lambda name, console: corpus)
    assert (
        main(["train", str(recipe(tmp_path)), "--corpus", "x", "--device", "cpu", "--run", str(tmp_path / "run")]) == 0
    )
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("step ")]
    assert len(lines) == 2
    assert re.fullmatch(r"step 2 of 4: loss .* / [\d.]+%; about \d+ s left", lines[0])
    assert "left" not in lines[1]


def test_a_corpus_of_another_rate_is_refused(
    corpus: Corpus, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(corpus, sample_rate=22050)
    monkeypatch.setattr("ear_engine.commands.train.open_music", lambda name, console: other)
    assert main(["train", str(recipe(tmp_path)), "--corpus", "x", "--run", str(tmp_path / "run")]) == 2
    assert "corpus 'tiny' has 22050 Hz, and the ear hears 44100 Hz; build it again." in capfd.readouterr().err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x=loud", "--corpus x=loud has the share 'loud'; use a number above 0"),
        ("x=0", "--corpus x=0 has the share '0'"),
        ("x=-1", "--corpus x=-1 has the share '-1'"),
        ("x=nan", "--corpus x=nan has the share 'nan'"),
        ("x=inf", "--corpus x=inf has the share 'inf'"),
        ("=2", "--corpus '=2' names no music"),
        ("", "--corpus '' names no music"),
    ],
)
def test_a_share_that_is_none_is_refused(
    corpus: Corpus,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    said: str,
) -> None:
    monkeypatch.setattr("ear_engine.commands.train.open_music", lambda name, console: corpus)
    assert main(["train", str(recipe(tmp_path)), "--corpus", typed, "--run", str(tmp_path / "run")]) == 2
    assert said in capfd.readouterr().err
