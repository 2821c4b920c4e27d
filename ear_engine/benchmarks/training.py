"""One step of training: precision and memory layout against plain float32, two processes against one."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import nn

from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.normalization import Normalization
from ear_engine.training.contrastive import Contrastive
from ear_engine.training.distributed import Ranks, distribute, joined, synchronize

_FIRST_CONTEXT = 3


@dataclass(frozen=True)
class Case:
    """The size of a step, and of the smaller ones whose layouts are compared and that processes share."""

    width: float = 0.5
    batch: int = 32
    frames: int = 272
    layout_batch: int = 8
    shared_batch: int = 4
    shared_kinds: tuple[Normalization, ...] = ("batch", "frame")


def run(repetitions: int | None = None, case: Case | None = None) -> list[Row]:
    """Clips a second, and steps a second."""
    rounds, size = 2 if repetitions is None else repetitions, case or Case()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return [*_precision(size, rounds, device), *_layout(size, rounds, device), *_scaling(size, rounds)]


def _precision(case: Case, rounds: int, device: str) -> list[Row]:
    steps = {name: Step(case, case.batch, device, bfloat16=name == "bfloat16") for name in ("bfloat16", "float32")}
    timings = take_turns(steps, rounds, device)
    return [
        judged(
            "training",
            f"{what} of width {case.width:g}, batch {case.batch}, {device}: bfloat16 against float32",
            count / timings.median("bfloat16"),
            unit,
            reference=count / timings.median("float32"),
            ratio=timings.ratio("bfloat16", "float32"),
        )
        for what, count, unit in (("clips", case.batch, "clips/s"), ("steps", 1, "steps/s"))
    ]


def _layout(case: Case, rounds: int, device: str) -> list[Row]:
    steps = {last: Step(case, case.layout_batch, device, channels_last=last == "last") for last in ("last", "first")}
    timings = take_turns(steps, rounds, device)
    return [
        judged(
            "training",
            f"clips of width {case.width:g}, batch {case.layout_batch}, {device}, float32: channels last against first",
            case.layout_batch / timings.median("last"),
            "clips/s",
            reference=case.layout_batch / timings.median("first"),
            ratio=timings.ratio("last", "first"),
        )
    ]


def _scaling(case: Case, rounds: int) -> list[Row]:
    kinds = case.shared_kinds
    with ExitStack() as stack:
        processes = {
            (kind, size): stack.enter_context(_processes(case, kind, size)) for kind in kinds for size in (1, 2)
        }
        timings = take_turns({f"{kind} {size}": step for (kind, size), step in processes.items()}, rounds)
    return [
        judged(
            "training",
            f"clips of width {case.width:g}, batch {case.shared_batch}, {kind} normalization: "
            "two processes (gloo) against one, a thread each",
            case.shared_batch / timings.median(f"{kind} 2"),
            "clips/s",
            reference=case.shared_batch / timings.median(f"{kind} 1"),
            ratio=timings.ratio(f"{kind} 2", f"{kind} 1"),
        )
        for kind in kinds
    ]


class Step:
    """A step from sound to changed weights, as the trainer makes it; the same noise every time.

    Args:
        case: width of the ear and frames of an excerpt.
        batch: excerpts, all ranks together.
        device: torch device.
        bfloat16, channels_last: how it is computed.
        normalization: of the ear.
        ranks: the processes that share the batch.
    """

    def __init__(
        self,
        case: Case,
        batch: int,
        device: str,
        *,
        bfloat16: bool = False,
        channels_last: bool = True,
        normalization: Normalization = "batch",
        ranks: Ranks | None = None,
    ) -> None:
        ranks = ranks or Ranks()
        torch.manual_seed(1)
        self._layout = torch.channels_last if channels_last else torch.contiguous_format
        self._ear = Ear(EarConfig(width=case.width, normalization=normalization)).to(device, memory_format=self._layout)  # type: ignore[call-overload]
        self._frames = case.frames
        self._bfloat16 = bfloat16
        noise = 0.1 * torch.randn(batch, case.frames * self._ear.config.scalogram.hop)
        self._audio = noise[ranks.own(batch)].to(device)
        self._optimizer = torch.optim.AdamW(self._ear.parameters())
        learn: nn.Module = Contrastive(self._ear, "step", 1, _FIRST_CONTEXT, ranks)
        if ranks.size > 1:
            learn = distribute(synchronize(learn, ranks), torch.device(device))
        self._learn = learn

    def __call__(self) -> None:
        """Make it."""
        with torch.no_grad():
            features = self._ear.scalogram(self._audio, circular=True, frames=self._frames)
            features = features.contiguous(memory_format=self._layout)
        with torch.autocast(self._audio.device.type, torch.bfloat16, enabled=self._bfloat16):
            result = self._learn(features)
        self._optimizer.zero_grad(set_to_none=True)
        result.loss.backward()
        torch.nn.utils.clip_grad_norm_(self._ear.parameters(), 1.0)
        self._optimizer.step()


@contextmanager
def _processes(case: Case, kind: Normalization, size: int) -> Iterator[Callable[[], object]]:
    """Processes that make a step together whenever the function yielded is called."""
    spawn: Any = multiprocessing.get_context("spawn")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ends, processes = [], []
    for rank in range(size):
        mine, theirs = spawn.Pipe()
        process = spawn.Process(target=_serve, args=(case, kind, rank, size, port, theirs), daemon=True)
        process.start()
        theirs.close()
        ends.append(mine)
        processes.append(process)

    def step() -> None:
        for end in ends:
            end.send(True)
        for end in ends:
            end.recv()

    try:
        yield step
        for end in ends:
            end.send(False)
        for process in processes:
            process.join(10)
    finally:
        for process in processes:
            process.kill()


def _serve(case: Case, kind: Normalization, rank: int, size: int, port: int, end: Connection[Any, Any]) -> None:
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in names.items()})
    torch.set_num_threads(1)
    with joined("cpu") as (ranks, device):
        step = Step(case, case.shared_batch, device, normalization=kind, ranks=ranks)
        while end.recv():
            step()
            end.send(True)
        del step
