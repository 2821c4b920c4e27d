"""One tiny run on real audio, from music to a checkpoint: it learns, resumes to the same losses and survives a kill."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from ear_engine.ear.checkpoint import load_ear, save_ear
from ear_engine.ear.network import EarConfig
from ear_engine.errors import UserError
from ear_engine.training.corpus import Corpus
from ear_engine.training.trainer import Trainer, TrainingConfig, excerpt_samples, learning_rate

LAST = "last.safetensors"
TINY = TrainingConfig(
    EarConfig(width=0.03),
    steps=6,
    batch=3,
    frames=84,
    first_context=0,
    warmup=2,
    validate_every=4,
    save_every=2,
    validation_batches=1,
    precision="float32",
)


def losses(trainer: Trainer, steps: int | None = None) -> list[tuple[int, float, float]]:
    made = []
    for line in trainer.run():
        made.append((line.step, line.loss, line.accuracy))
        if len(made) == steps:
            break
    return made


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "curve.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_tiny_ear_learns_to_tell_the_future_of_music(corpus: Corpus, tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        TINY,
        ear=EarConfig(width=0.25),
        steps=36,
        batch=6,
        frames=144,
        first_context=3,
        learning_rate=2e-3,
        warmup=8,
        validate_every=18,
    )
    trainer = Trainer(recipe, corpus, tmp_path)
    made = list(trainer.run())
    assert [line.step for line in made] == list(range(1, 37))
    assert all(line.chance == 1 / 6 for line in made)
    assert sum(line.loss for line in made[-5:]) / 5 < math.log(6) - 0.2  # better than guessing, not only calmer
    assert sum(line.loss for line in made[:5]) / 5 > 2 * math.log(6)
    validated = [line.step for line in made if math.isfinite(line.validation_loss)]
    assert validated == [18, 36]
    assert [int(row["step"]) for row in rows(tmp_path)] == list(range(1, 37))
    assert [float(row["loss"]) for row in rows(tmp_path)] == [line.loss for line in made]
    save_ear(trainer.ear, tmp_path / "ear", "tiny", "")
    with torch.no_grad():
        assert torch.isfinite(load_ear(tmp_path / "ear")(torch.zeros(1, 16384)).c).all()


@pytest.mark.parametrize("loss", ["step", "across_steps"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_makes_the_losses_of_an_uninterrupted_one(
    corpus: Corpus, tmp_path: Path, loss: str, precision: str
) -> None:
    recipe = dataclasses.replace(TINY, loss=loss, precision=precision)
    whole = losses(Trainer(recipe, corpus, tmp_path / "whole"))
    assert len(whole) == 6
    first = losses(Trainer(recipe, corpus, tmp_path / "parts"), 3)  # the last save was after step 2
    second = Trainer(recipe, corpus, tmp_path / "parts")
    assert second.step == 2
    rest = losses(second)
    assert first + rest[1:] == whole  # bit for bit
    assert rest[0] == whole[2]
    assert [row["loss"] for row in rows(tmp_path / "parts")] == [row["loss"] for row in rows(tmp_path / "whole")]
    one, other = (Trainer(recipe, corpus, tmp_path / name) for name in ("whole", "parts"))
    for name, value in one.ear.state_dict().items():
        assert torch.equal(value, other.ear.state_dict()[name]), name
    assert losses(other) == []


def test_seeds_make_different_runs_and_validation_is_always_the_same(corpus: Corpus, tmp_path: Path) -> None:
    one = Trainer(TINY, corpus, tmp_path / "1")
    two = Trainer(dataclasses.replace(TINY, seed=2), corpus, tmp_path / "2")
    assert losses(one, 1) != losses(two, 1)
    assert one.validate() == one.validate()


def test_validation_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    plain = losses(Trainer(dataclasses.replace(TINY, validate_every=1000), corpus, tmp_path / "1"), 5)
    often = losses(Trainer(dataclasses.replace(TINY, validate_every=1), corpus, tmp_path / "2"), 5)
    assert plain == often


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"batch": 4}, "batch 3, not 4"),
        ({"learning_rate": 0.002}, "learning_rate 0.001, not 0.002"),
        ({"ear": EarConfig(width=0.04)}, "another shape of the ear"),
        ({"seed": 3, "steps": 7}, "seed 1, not 3, steps 6, not 7"),
    ],
)
def test_a_run_of_another_recipe_is_refused(
    corpus: Corpus, tmp_path: Path, change: dict[str, object], difference: str
) -> None:
    Trainer(TINY, corpus, tmp_path).save()
    before = (tmp_path / LAST).read_bytes()
    with pytest.raises(UserError, match=rf"holds a run of another recipe \({difference}\); choose another") as refused:
        Trainer(dataclasses.replace(TINY, **change), corpus, tmp_path)  # type: ignore[arg-type]
    assert refused.value.code == "other_run"
    assert (tmp_path / LAST).read_bytes() == before


def test_a_damaged_run_is_refused_not_begun_again(corpus: Corpus, tmp_path: Path) -> None:
    Trainer(TINY, corpus, tmp_path).save()
    (tmp_path / LAST).write_bytes((tmp_path / LAST).read_bytes()[:-9])
    with pytest.raises(UserError, match="is truncated"):
        Trainer(TINY, corpus, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch": 1}, "batch is 1; use 2 or more"),
        ({"steps": 0}, "steps is 0; use 1 or more"),
        ({"save_every": 0}, "save_every is 0; use 1 or more"),
        ({"frames": 80}, "frames is 80; use 81 or more"),
        ({"learning_rate": -1e-3}, "learning_rate is -0.001; use 0 or more"),
        ({"ear": EarConfig(width=-1.0)}, "width is -1.0; use 0.001 or more"),
    ],
)
def test_a_recipe_out_of_range_is_refused(corpus: Corpus, tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Trainer(dataclasses.replace(TINY, **change), corpus, tmp_path)  # type: ignore[arg-type]


def test_a_run_that_diverges_says_so_and_keeps_its_last_save(corpus: Corpus, tmp_path: Path) -> None:
    trainer = Trainer(TINY, corpus, tmp_path)
    losses(trainer, 2)
    with torch.no_grad():
        next(trainer.ear.parameters()).fill_(math.nan)
    with pytest.raises(UserError, match="diverged at step 3; lower learning_rate"):
        losses(trainer)
    assert Trainer(TINY, corpus, tmp_path).step == 2


def test_the_learning_rate_warms_up_and_ends_at_zero() -> None:
    recipe = dataclasses.replace(TINY, steps=1000, warmup=100, learning_rate=1e-3)
    rates = [learning_rate(recipe, step) for step in range(1001)]
    assert rates[0] == pytest.approx(1e-5)
    assert max(rates) == pytest.approx(1e-3, rel=0.05)
    assert rates.index(max(rates)) == 99
    assert rates[500] == pytest.approx(5e-4)
    assert rates[1000] == pytest.approx(0.0, abs=1e-12)
    assert all(b <= a for a, b in itertools.pairwise(rates[99:]))


RUN = textwrap.dedent("""
    import sys
    from pathlib import Path
    import torch
    from ear_engine.training.corpus import open_corpus
    from ear_engine.training.trainer import Trainer
    from tests.training.test_trainer import FOREVER, excerpt_samples
    torch.set_num_threads(1)
    music, cache, folder = map(Path, sys.argv[1:])
    for line in Trainer(FOREVER, open_corpus(music, cache, excerpt=44100), folder).run():
        print(line.step, flush=True)
""")
FOREVER = dataclasses.replace(TINY, steps=100000, batch=2, save_every=1, validate_every=100000)


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_a_checkpoint_that_goes_on(music: Path, corpus: Corpus, tmp_path: Path) -> None:
    dice = random.Random(1)
    folder, cache = tmp_path / "run", tmp_path / "cache"
    steps = [0]
    for _ in range(2):
        command = [sys.executable, "-c", RUN, str(music), str(cache), str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            told = int(process.stdout.readline())  # the first step after the last kill's
            time.sleep(dice.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            told = max([told, *map(int, process.stdout.read().split())])
        assert process.returncode == -signal.SIGKILL
        resumed = Trainer(FOREVER, corpus, shutil.copytree(folder, tmp_path / str(len(steps))))
        # a step is told after it is saved; at most the one in the making may be there besides
        assert told <= resumed.step <= told + 1
        assert resumed.step > steps[-1]
        steps.append(resumed.step)
        (line,) = losses(resumed, 1)
        assert line[0] == resumed.step == steps[-1] + 1
        assert [int(row["step"]) for row in rows(tmp_path / str(len(steps) - 1))] == list(range(1, resumed.step + 1))


@pytest.mark.parametrize("at", [0.0, 0.3, 0.999])
def test_a_kill_in_the_middle_of_a_save_leaves_the_save_before(corpus: Corpus, tmp_path: Path, at: float) -> None:
    trainer = Trainer(TINY, corpus, tmp_path)
    losses(trainer, 2)
    whole = (tmp_path / LAST).read_bytes()
    (tmp_path / f"{LAST}.part").write_bytes(whole[: int(at * len(whole))])
    again = Trainer(TINY, corpus, tmp_path)
    assert again.step == 2
    losses(again)
    assert sorted(os.listdir(tmp_path)) == ["curve.csv", LAST]


def test_an_excerpt_holds_its_frames_and_a_margin_at_both_ends() -> None:
    assert excerpt_samples(TINY) == (84 + 48) * 1024
