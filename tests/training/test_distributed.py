"""Two ranks with half of a batch each are one with the whole: losses, gradients and weights, with real processes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ear_engine.corpora.corpus import Corpus
from ear_engine.corpora.store import open_corpus
from ear_engine.ear.checkpoint import write_tensors
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.training.augmentation import Augmentation, augment
from ear_engine.training.batches import Batches, Excerpts, Music, mix
from ear_engine.training.contrastive import Contrastive
from ear_engine.training.distributed import Ranks, distribute, joined, synchronize
from ear_engine.training.recipe import TrainingConfig, excerpt_samples
from ear_engine.training.trainer import Trainer

ROOT = Path(__file__).parents[2]
STEPS = 3
PLAIN = TrainingConfig(
    EarConfig(width=0.08),
    batch=4,
    frames=100,
    first_context=1,
    warmup=0,
    clip=1e6,  # gradients as they are
    validation_batches=2,
    precision="float32",
)
RICH = dataclasses.replace(
    PLAIN,
    ear=EarConfig(width=0.08, score="cosine"),
    loss="across_steps",
    directions=2,
    average=0.9,
    same_recording=2,
    clip=1.0,
    augmentation=Augmentation("past", 6.0, 6.0, 20.0, 3, 20, 20),
)


def framed(recipe: TrainingConfig) -> TrainingConfig:
    return dataclasses.replace(recipe, ear=dataclasses.replace(recipe.ear, normalization="frame", pooling="blur"))


RECIPES = {"plain": PLAIN, "plain_frame": framed(PLAIN), "rich": RICH, "rich_frame": framed(RICH)}


def train(
    recipe: TrainingConfig, music: Music, folder: Path, ranks: Ranks | None = None, nudge: int = 0
) -> dict[str, Tensor]:
    """Losses, gradients of every step and everything kept at the end, by name; with a ``nudge`` the weights begin half
    a rounding of single precision elsewhere, each in a direction drawn from it."""
    trainer = Trainer(recipe, music, folder, ranks=ranks)
    if nudge:
        generator = torch.Generator().manual_seed(nudge)
        with torch.no_grad():
            for parameter in trainer.ear.parameters():
                signs = torch.randint(0, 2, parameter.shape, generator=generator) * 2 - 1
                parameter.mul_(1.0 + signs * 2.0**-24)
    found: dict[str, Tensor] = {}
    for step, line in zip(range(STEPS), trainer.run(), strict=False):
        found[f"line.{step}"] = torch.tensor([line.loss, line.accuracy])
        for name, parameter in trainer.ear.named_parameters():
            assert parameter.grad is not None, name
            found[f"gradient.{step}.{name}"] = parameter.grad.clone()
    found["validation"] = torch.tensor(trainer.validate())
    found |= {f"ear.{name}": value for name, value in trainer.ear.state_dict().items()}
    found |= {f"result.{name}": value.clone() for name, value in trainer.result.state_dict().items()}
    trainer.save()
    trainer.close()
    return found


def learn(recipe: TrainingConfig, music: Music, ranks: Ranks) -> dict[str, Tensor]:
    """The same in double precision, which the trainer has not: losses, gradients, weights, running moments."""
    torch.manual_seed(recipe.seed)
    scalogram, ear = Ear(recipe.ear).scalogram, Ear(recipe.ear).double()
    own = ranks.own(recipe.batch)
    excerpt = excerpt_samples(recipe)
    excerpts = Excerpts(music.training, excerpt, torch.device("cpu"))
    batches = Batches(excerpts, music.training_weights, 1, recipe.batch, own, recipe.same_recording, recipe.gain_db)
    step: nn.Module = Contrastive(ear, recipe.loss, recipe.directions, recipe.first_context, ranks)
    if ranks.size > 1:
        step = distribute(synchronize(step, ranks), torch.device("cpu"))
    optimizer = torch.optim.AdamW(ear.parameters(), lr=1e-3)
    found: dict[str, Tensor] = {}
    for number in range(STEPS):
        features, past = scalogram(batches.at(number), frames=recipe.frames), None
        if recipe.augmentation.on:
            rng = np.random.default_rng(number)
            past = augment(features, recipe.augmentation, rng, batch=recipe.batch, first=own.start).double()
        result = step(features.double(), past)
        optimizer.zero_grad()
        result.loss.backward()
        optimizer.step()
        found[f"loss.{number}"] = ranks.mean(result.loss.detach())
        found |= {f"gradient.{number}.{n}": parameter.grad.clone() for n, parameter in ear.named_parameters()}
    return found | {f"ear.{name}": value for name, value in ear.state_dict().items()}


def disagreements(corpus: Corpus, folder: Path, ranks: Ranks) -> dict[str, str]:
    """What each rank says when rank 1 differs."""
    other = ranks.rank == 1
    music = mix([corpus], excerpt_samples(PLAIN))
    fewer = mix([dataclasses.replace(corpus, recordings=corpus.recordings[1:])], excerpt_samples(PLAIN))
    shares = dataclasses.replace(music, training_weights=music.training_weights**2)
    (folder / "file").touch()

    def trainer(recipe: TrainingConfig, music: Music, name: str) -> Callable[[], object]:
        return lambda: Trainer(recipe, music, folder / name, ranks=ranks)

    def missing() -> None:
        with ranks.together():
            if other:
                raise UserError("corpus 'x'", "does not exist", "check the path", "not_found")

    cases: dict[str, Callable[[], object]] = {
        "seed": trainer(dataclasses.replace(PLAIN, seed=1 + other), music, "new"),
        "batch": trainer(dataclasses.replace(PLAIN, batch=5 if other else 4), music, "new"),
        "odd": trainer(dataclasses.replace(PLAIN, batch=5), music, "new"),
        "music": trainer(PLAIN, fewer if other else music, "new"),
        "shares": trainer(PLAIN, shares if other else music, "new"),
        "step": trainer(PLAIN, music, "new" if other else "plain"),
        "folder": trainer(PLAIN, music, "file" if other else "new"),
        "missing": missing,
    }
    said: dict[str, str] = {}
    for name, case in cases.items():
        try:
            case()
            said[name] = "nothing"
        except UserError as error:
            said[name] = str(error)
    return said


def work(store: str, out: str) -> None:
    """What a rank does; all cases in one process, for starting one takes longer than they do."""
    torch.set_num_threads(1)
    corpus, folder = open_corpus(Path(store)), Path(out)
    with joined("cpu") as (ranks, device):
        assert device == "cpu"
        for name, recipe in RECIPES.items():
            found = train(recipe, mix([corpus], excerpt_samples(recipe)), folder / name, ranks)
            write_tensors(folder / f"{name}.{ranks.rank}", found)
            found = learn(recipe, mix([corpus], excerpt_samples(recipe)), ranks)
            write_tensors(folder / f"exact_{name}.{ranks.rank}", found)
        said = disagreements(corpus, folder, ranks)
    said["threads left"] = ", ".join(name for name in threads() if "gloo" in name)
    (folder / f"said.{ranks.rank}").write_text(json.dumps(said))


def threads() -> list[str]:
    return [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def pair(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what two ranks found."""
    folder = tmp_path_factory.mktemp("ranks")
    code = f"from tests.training.test_distributed import work; work({str(corpus.folder)!r}, {str(folder)!r})"
    shared = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            cwd=ROOT,
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=150)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], "\n".join(errors)
    return folder


def far(one: dict[str, Tensor], other: dict[str, Tensor], part: str) -> float:
    """Distance of all tensors of a part, relative to their length."""
    names = [name for name in one if name.startswith(part) and one[name].is_floating_point()]
    a, b = (torch.cat([found[name].double().flatten() for name in names]) for found in (one, other))
    return float((a - b).norm() / b.norm())


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_two_ranks_learn_exactly_what_one_with_the_whole_batch_learns(corpus: Corpus, pair: Path, name: str) -> None:
    recipe = RECIPES[name]
    alone = learn(recipe, mix([corpus], excerpt_samples(recipe)), Ranks())
    for rank in range(2):
        together = load_file(pair / f"exact_{name}.{rank}")
        assert together.keys() == alone.keys()
        for key, value in alone.items():
            assert torch.allclose(together[key], value, rtol=1e-7, atol=1e-9), key


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_two_trainers_are_one_with_the_whole_batch(corpus: Corpus, pair: Path, tmp_path: Path, name: str) -> None:
    """In single precision, where 25 batch normalizations in a row make much of little: one process's own gradient is
    then a per cent away from that in double precision. How far apart rounding alone takes two runs differs from
    processor to processor, so it is measured: weights that differ in their last bit only."""
    recipe = RECIPES[name]
    music = mix([corpus], excerpt_samples(recipe))
    alone = train(recipe, music, tmp_path / "alone")
    first, second = (load_file(pair / f"{name}.{rank}") for rank in range(2))
    assert first.keys() == second.keys() == alone.keys()
    for key, value in first.items():
        assert torch.equal(value, second[key]), key  # they go the same way, to the last bit
    assert far(alone, untrained(recipe), "ear") > 1e-2  # whoever stood still would be noticed
    assert torch.allclose(first["line.0"], alone["line.0"], rtol=1e-4)
    if recipe.ear.normalization == "batch":
        assert far(first, alone, "gradient.0") < 0.05
        return
    nudged = [train(recipe, music, tmp_path / f"nudged_{nudge}", nudge=nudge) for nudge in (1, 2, 3)]
    for part in ("line", "gradient.0", "ear", "result", "validation"):
        rounding = max(far(one, alone, part) for one in nudged)
        assert rounding < 1e-2, part  # or nothing would be noticed
        assert far(first, alone, part) < 3.0 * rounding, part


def untrained(recipe: TrainingConfig) -> dict[str, Tensor]:
    torch.manual_seed(recipe.seed)
    return {f"ear.{name}": value for name, value in Ear(recipe.ear).state_dict().items()}


def differs(what: str) -> str:
    return f"{what} differs between rank 0 and rank 1; start all ranks with the same files and options."


@pytest.mark.slow
def test_ranks_that_disagree_all_say_so(pair: Path) -> None:
    common = {
        "seed": differs("the recipe"),
        "batch": differs("the recipe"),
        "odd": "recipe: batch is 5, which 2 processes cannot share evenly; use a multiple of 2.",
        "music": differs("the music"),
        "shares": differs("the music"),
    }
    first, second = (json.loads((pair / f"said.{rank}").read_text()) for rank in range(2))
    assert {name: first[name] for name in common} == {name: second[name] for name in common} == common
    assert first["step"] == differs(f"the run in {str(pair / 'plain')!r}")
    assert second["step"] == differs(f"the run in {str(pair / 'new')!r}")
    for name, said in {
        "folder": f"folder {str(pair / 'file')!r} is a file; name another one.",
        "missing": "corpus 'x' does not exist; check the path.",
    }.items():
        assert second[name] == said
        assert first[name] == f"rank 1: {said}"


@pytest.mark.slow
def test_nothing_of_a_group_is_left_that_could_stop_a_process_from_ending_well(pair: Path) -> None:
    for rank in range(2):
        assert json.loads((pair / f"said.{rank}").read_text())["threads left"] == ""


@pytest.mark.slow
def test_only_the_first_rank_writes_and_one_process_goes_on_where_two_were(
    corpus: Corpus, pair: Path, tmp_path: Path
) -> None:
    recipe = RECIPES["rich_frame"]
    music = mix([corpus], excerpt_samples(recipe))
    folder = shutil.copytree(pair / "rich_frame", tmp_path / "two")
    assert sorted(os.listdir(folder)) == ["curve.csv", "last.safetensors"]
    assert len((folder / "curve.csv").read_text().splitlines()) == 1 + STEPS
    train(recipe, music, tmp_path / "one")
    ends = []
    for name in ("one", "two"):
        trainer = Trainer(recipe, music, tmp_path / name)
        assert trainer.step == STEPS
        ends.append([next(trainer.run()).loss for _ in range(2)])
    assert ends[1] == pytest.approx(ends[0], abs=1e-4)


def test_a_block_fails_with_its_own_error_where_there_is_one_process() -> None:
    with pytest.raises(UserError, match=r"^a b; c\.$"), Ranks().together():
        raise UserError("a", "b", "c")
    with Ranks().together():
        Ranks().agree("anything", 1)


def test_a_network_keeps_its_state_when_it_is_synchronized() -> None:
    ear = Ear(EarConfig(width=0.03))
    before = {name: value.clone() for name, value in ear.state_dict().items()}
    parameters = set(map(id, ear.parameters()))
    assert synchronize(ear, Ranks(0, 1)) is ear
    synchronize(ear, Ranks(0, 2))
    after = ear.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert set(map(id, ear.parameters())) == parameters  # the optimizer's own
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in ear.modules())


def test_a_rank_takes_its_rows_and_all_rows_are_taken() -> None:
    rows = [list(range(12))[Ranks(rank, 4).own(12)] for rank in range(4)]
    assert rows == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    with pytest.raises(UserError, match="batch is 12, which 5 processes cannot share evenly; use a multiple of 5"):
        Ranks(0, 5).own(12)
