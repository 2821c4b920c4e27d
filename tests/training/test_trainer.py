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
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ear_engine.corpora.corpus import Corpus
from ear_engine.ear.checkpoint import load_ear, save_ear
from ear_engine.ear.network import EarConfig
from ear_engine.errors import UserError
from ear_engine.training.augmentation import Augmentation
from ear_engine.training.batches import mix
from ear_engine.training.recipe import TrainingConfig, chance, excerpt_samples, learning_rate
from ear_engine.training.trainer import Trainer

ROOT = Path(__file__).parents[2]
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
EVERYTHING = dataclasses.replace(
    TINY,
    ear=EarConfig(width=0.03, score="cosine", normalization="frame", pooling="blur"),
    batch=4,
    average=0.9,
    directions=2,
    same_recording=2,
    augmentation=Augmentation("past", 6.0, 6.0, 20.0, 3, 20, 20),
)


def begin(recipe: TrainingConfig, corpus: Corpus, folder: Path) -> Trainer:
    return Trainer(recipe, mix([corpus], excerpt_samples(recipe)), folder)


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
    trainer = begin(recipe, corpus, tmp_path)
    made = list(trainer.run())
    assert [line.step for line in made] == list(range(1, 37))
    assert all(line.chance == 1 / 6 for line in made)
    assert sum(line.loss for line in made[-5:]) / 5 < math.log(6) - 0.2  # better than guessing, not only calmer
    assert sum(line.loss for line in made[:5]) / 5 > 1.5 * math.log(6)
    validated = [line.step for line in made if math.isfinite(line.validation_loss)]
    assert validated == [18, 36]
    assert [int(row["step"]) for row in rows(tmp_path)] == list(range(1, 37))
    assert [float(row["loss"]) for row in rows(tmp_path)] == [line.loss for line in made]
    save_ear(trainer.result, tmp_path / "ear", "tiny", "")
    with torch.no_grad():
        assert torch.isfinite(load_ear(tmp_path / "ear")(torch.zeros(1, 16384)).c).all()


@pytest.mark.parametrize(
    ("recipe", "change"),
    [
        (TINY, {}),
        (TINY, {"loss": "across_steps", "precision": "bfloat16"}),
        (EVERYTHING, {}),
        (
            EVERYTHING,
            {"precision": "bfloat16", "augmentation": dataclasses.replace(EVERYTHING.augmentation, chance=0.5)},
        ),
    ],
    ids=["plain", "across steps in bfloat16", "everything", "everything in bfloat16"],
)
def test_a_resumed_run_makes_the_losses_of_an_uninterrupted_one(
    corpus: Corpus, tmp_path: Path, recipe: TrainingConfig, change: dict[str, object]
) -> None:
    recipe = dataclasses.replace(recipe, **change)  # type: ignore[arg-type]
    whole = losses(begin(recipe, corpus, tmp_path / "whole"))
    assert len(whole) == 6
    first = losses(begin(recipe, corpus, tmp_path / "parts"), 3)  # the last save was after step 2
    second = begin(recipe, corpus, tmp_path / "parts")
    assert second.step == 2
    rest = losses(second)
    assert first + rest[1:] == whole  # bit for bit
    assert rest[0] == whole[2]
    for name in ("loss", "validation_loss", "validation_accuracy"):
        assert [row[name] for row in rows(tmp_path / "parts")] == [row[name] for row in rows(tmp_path / "whole")]
    one, other = (begin(recipe, corpus, tmp_path / name) for name in ("whole", "parts"))
    for mine, theirs in ((one.ear, other.ear), (one.result, other.result)):
        for name, value in mine.state_dict().items():
            assert torch.equal(value, theirs.state_dict()[name]), name
    assert losses(other) == []


def test_the_average_is_what_validates_and_differs_from_the_last_weights(corpus: Corpus, tmp_path: Path) -> None:
    recipe = dataclasses.replace(EVERYTHING, average=0.0)
    trainer = begin(dataclasses.replace(recipe, average=0.9), corpus, tmp_path)
    plain = begin(recipe, corpus, tmp_path / "plain")
    assert losses(trainer, 3) == losses(plain, 3)  # keeping an average changes nothing
    assert plain.result is plain.ear
    assert trainer.validate() != plain.validate()
    trainer.result.load_state_dict(trainer.ear.state_dict())
    assert trainer.validate() == plain.validate()


def test_seeds_make_different_runs_and_validation_is_always_the_same(corpus: Corpus, tmp_path: Path) -> None:
    one = begin(TINY, corpus, tmp_path / "1")
    two = begin(dataclasses.replace(TINY, seed=2), corpus, tmp_path / "2")
    assert losses(one, 1) != losses(two, 1)
    assert one.validate() == one.validate()


def test_validation_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    plain = losses(begin(dataclasses.replace(TINY, validate_every=1000), corpus, tmp_path / "1"), 5)
    often = losses(begin(dataclasses.replace(TINY, validate_every=1), corpus, tmp_path / "2"), 5)
    assert plain == often


def test_augmenting_the_excerpt_changes_the_codes_and_augmenting_the_past_does_not(
    corpus: Corpus, tmp_path: Path
) -> None:
    """At the first step, with the same weights: three different losses."""
    changes = Augmentation(level_db=30.0, equalization_db=10.0)
    recipes = [
        TINY,
        dataclasses.replace(TINY, augmentation=changes),
        dataclasses.replace(TINY, augmentation=dataclasses.replace(changes, of="excerpt")),
        dataclasses.replace(TINY, augmentation=dataclasses.replace(changes, chance=0.0)),
    ]
    plain, past, excerpt, never = (
        losses(begin(recipe, corpus, tmp_path / str(n)), 1)[0] for n, recipe in enumerate(recipes)
    )
    assert len({plain, past, excerpt}) == 3
    assert never == plain


def test_a_run_that_is_told_to_stops_after_the_step_and_goes_on_later(corpus: Corpus, tmp_path: Path) -> None:
    trainer = begin(TINY, corpus, tmp_path)
    run = trainer.run()
    next(run)
    trainer.stop()
    assert [line.step for line in run] == [2]
    trainer.save()
    assert begin(TINY, corpus, tmp_path).step == 2


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"batch": 4}, "batch 3, not 4"),
        ({"learning_rate": 0.002}, "learning_rate 0.001, not 0.002"),
        ({"ear": EarConfig(width=0.04)}, "another shape of the ear"),
        ({"seed": 3, "steps": 7}, "seed 1, not 3, steps 6, not 7"),
        (
            {"augmentation": Augmentation("excerpt", level_db=3.0)},
            "augmentation: of past, not excerpt, augmentation: level_db 0.0, not 3.0",
        ),
    ],
)
def test_a_run_of_another_recipe_is_refused(
    corpus: Corpus, tmp_path: Path, change: dict[str, object], difference: str
) -> None:
    begin(TINY, corpus, tmp_path).save()
    before = (tmp_path / LAST).read_bytes()
    with pytest.raises(UserError) as refused:
        begin(dataclasses.replace(TINY, **change), corpus, tmp_path)  # type: ignore[arg-type]
    assert refused.value.reason.startswith("holds a run of another recipe (")
    named = refused.value.reason.partition("(")[2].removesuffix(")")
    assert sorted(named.split(", ")) == sorted(difference.split(", "))
    assert refused.value.code == "other_run"
    assert (tmp_path / LAST).read_bytes() == before


def test_a_damaged_run_is_refused_not_begun_again(corpus: Corpus, tmp_path: Path) -> None:
    begin(TINY, corpus, tmp_path).save()
    (tmp_path / LAST).write_bytes((tmp_path / LAST).read_bytes()[:-9])
    with pytest.raises(UserError, match="is truncated"):
        begin(TINY, corpus, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch": 1}, "batch is 1; use 2 or more"),
        ({"steps": 0}, "steps is 0; use 1 or more"),
        ({"save_every": 0}, "save_every is 0; use 1 or more"),
        ({"frames": 80}, "frames is 80; use 81 or more"),
        ({"learning_rate": -1e-3}, "learning_rate is -0.001; use 0 or more"),
        ({"clip": 0.0}, "clip is 0.0; use 1e-06 or more"),
        ({"average": 1.0}, "average is 1.0; use 0.99999 or less"),
        ({"directions": 3}, "directions is 3; use 2 or less"),
        ({"same_recording": 2}, "same_recording is 2, which does not divide the batch of 3; use a divisor"),
        ({"augmentation": Augmentation(noise_db=-1.0)}, "augmentation: noise_db is -1.0; use 0 or more"),
        ({"augmentation": Augmentation(chance=1.1)}, "augmentation: chance is 1.1; use 0 to 1"),
        ({"ear": EarConfig(width=-1.0)}, "width is -1.0; use 0.001 or more"),
        ({"ear": EarConfig(encoder=())}, "ear: encoder pools time by 1; make it 4"),
    ],
)
def test_a_recipe_out_of_range_is_refused(corpus: Corpus, tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        begin(dataclasses.replace(TINY, **change), corpus, tmp_path)  # type: ignore[arg-type]


def test_a_run_that_diverges_says_so_and_keeps_its_last_save(corpus: Corpus, tmp_path: Path) -> None:
    trainer = begin(TINY, corpus, tmp_path)
    losses(trainer, 2)
    with torch.no_grad():
        next(trainer.ear.parameters()).fill_(math.nan)
    with pytest.raises(UserError, match="diverged at step 3; lower learning_rate"):
        losses(trainer)
    assert begin(TINY, corpus, tmp_path).step == 2


def test_the_learning_rate_warms_up_and_ends_at_zero() -> None:
    recipe = dataclasses.replace(TINY, steps=1000, warmup=100, learning_rate=1e-3)
    rates = [learning_rate(recipe, step) for step in range(1001)]
    assert rates[0] == pytest.approx(1e-5)
    assert max(rates) == pytest.approx(1e-3, rel=0.05)
    assert rates.index(max(rates)) == 99
    assert rates[500] == pytest.approx(5e-4)
    assert rates[1000] == pytest.approx(0.0, abs=1e-12)
    assert all(b <= a for a, b in itertools.pairwise(rates[99:]))


@pytest.mark.parametrize("loss", ["step", "across_steps"])
def test_the_chance_of_a_recipe_is_that_of_its_loss(corpus: Corpus, tmp_path: Path, loss: str) -> None:
    recipe = dataclasses.replace(TINY, loss=loss)  # type: ignore[arg-type]
    (line,) = itertools.islice(begin(recipe, corpus, tmp_path).run(), 1)
    assert line.chance == pytest.approx(chance(recipe))


RUN = textwrap.dedent("""
    import sys
    from pathlib import Path
    import torch
    from ear_engine.corpora.store import open_corpus
    from tests.training.test_trainer import FOREVER, begin
    torch.set_num_threads(1)
    store, folder = map(Path, sys.argv[1:])
    for line in begin(FOREVER, open_corpus(store), folder).run():
        print(line.step, flush=True)
""")
FOREVER = dataclasses.replace(TINY, steps=100000, batch=2, save_every=1, validate_every=100000)


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_a_checkpoint_that_goes_on(corpus: Corpus, tmp_path: Path) -> None:
    dice = random.Random(1)
    folder = tmp_path / "run"
    steps = [0]
    for _ in range(2):
        command = [sys.executable, "-c", RUN, str(corpus.folder), str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            told = int(process.stdout.readline())  # the first step after the last kill's
            time.sleep(dice.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            told = max([told, *map(int, process.stdout.read().split())])
        assert process.returncode == -signal.SIGKILL
        resumed = begin(FOREVER, corpus, shutil.copytree(folder, tmp_path / str(len(steps))))
        # a step is told after it is saved; at most the one in the making may be there besides
        assert told <= resumed.step <= told + 1
        assert resumed.step > steps[-1]
        steps.append(resumed.step)
        (line,) = losses(resumed, 1)
        assert line[0] == resumed.step == steps[-1] + 1
        assert [int(row["step"]) for row in rows(tmp_path / str(len(steps) - 1))] == list(range(1, resumed.step + 1))


@pytest.mark.parametrize("at", [0.0, 0.3, 0.999])
def test_a_kill_in_the_middle_of_a_save_leaves_the_save_before(corpus: Corpus, tmp_path: Path, at: float) -> None:
    trainer = begin(TINY, corpus, tmp_path)
    losses(trainer, 2)
    whole = (tmp_path / LAST).read_bytes()
    (tmp_path / f"{LAST}.part").write_bytes(whole[: int(at * len(whole))])
    again = begin(TINY, corpus, tmp_path)
    assert again.step == 2
    losses(again)
    assert sorted(name for name in os.listdir(tmp_path) if name != "curve.png") == ["curve.csv", LAST]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize(
    ("name", "fill"),
    [(LAST, lambda path: path.with_name(path.name + ".part")), ("curve.csv", lambda path: path)],
    ids=["checkpoint", "curve"],
)
def test_a_full_disk_ends_the_run_in_a_sentence_and_costs_nothing_that_was_saved(
    corpus: Corpus, tmp_path: Path, name: str, fill: Callable[[Path], Path]
) -> None:
    folder = tmp_path / "run"
    trainer = begin(TINY, corpus, folder)
    whole = losses(begin(TINY, corpus, tmp_path / "whole"))
    losses(trainer, 2)
    saved = (folder / LAST).read_bytes()
    if name == "curve.csv":
        shutil.move(folder / name, tmp_path / name)
    fill(folder / name).symlink_to("/dev/full")
    with pytest.raises(UserError) as refused:
        losses(trainer)
    assert str(refused.value) == f"folder {str(folder)!r} has no room for {name}; make room there and try again."
    assert refused.value.code == "disk_full"
    assert (folder / LAST).read_bytes() == saved
    assert not (folder / f"{LAST}.part").is_symlink()
    if name == "curve.csv":
        (folder / name).unlink()
        shutil.move(tmp_path / name, folder / name)
    again = begin(TINY, corpus, folder)
    assert losses(again) == whole[2:]
    assert [int(row["step"]) for row in rows(folder)] == list(range(1, 7))


def test_a_run_is_not_begun_where_there_is_no_room_for_it(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9 - 10**5, 10**5))
    with pytest.raises(UserError, match=r"has room for 0\.1 MB, and 0\.\d MB are needed; make room"):
        begin(TINY, corpus, tmp_path)


def test_an_excerpt_holds_its_frames_and_a_margin_at_both_ends() -> None:
    assert excerpt_samples(TINY) == (84 + 48) * 1024


def test_a_run_on_other_music_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    music = mix([corpus], excerpt_samples(TINY))
    Trainer(TINY, music, tmp_path).save()
    before = (tmp_path / LAST).read_bytes()
    other = dataclasses.replace(music, training=music.training[:-1], training_weights=music.training_weights[:-1])
    with pytest.raises(UserError, match="holds a run on other music") as refused:
        Trainer(TINY, other, tmp_path)
    assert refused.value.code == "other_run"
    assert (tmp_path / LAST).read_bytes() == before
