"""Steps of a dream a second, against the original's procedure with the same network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.procedure import OriginalProcedure
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.control import target_of
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.shape import bin_frequencies
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.settings import settings_of
from ear_engine.parameters import ParameterTree
from ear_engine.targets.facts import make_facts
from ear_engine.targets.resolve import resolve

SAMPLES = 176_400  # the original's loop
BEATS = 8
TOP = "autoregressive_8"
_BEATS_A_STEP = 0.02


@dataclass(frozen=True)
class Case:
    """A network, a batch, and a target (the table's default layer if ``layer`` is empty)."""

    ear: str
    width: float
    batch: int
    layer: str
    target: float | None = None


CASES = (
    Case("small", 0.5, 1, "", target=30.0),
    Case("small", 0.5, 1, TOP, target=30.0),
    Case("small", 0.5, 4, TOP),
    Case("paper", 1.0, 1, TOP),
    Case("paper", 1.0, 4, TOP),
)


def run(repetitions: int | None = None, cases: tuple[Case, ...] = CASES) -> list[Row]:
    """Steps a second of every case."""
    return [_measure(case, 9 if repetitions is None else repetitions) for case in cases]


def _measure(case: Case, rounds: int) -> Row:
    torch.manual_seed(1)
    ear = Ear(EarConfig(width=case.width))
    loop = 0.1 * torch.randn(SAMPLES)
    values = {**ParameterTree().values, "optimizer/batch_size": case.batch}
    if case.layer:
        values["target/layer"] = case.layer
    settings = settings_of(values)
    layer = str(values["target/layer"])
    dream = Dream(ear, loop[None].numpy(), BEATS)
    dream.aim(resolve(target_of(values), make_facts(dream.index, bin_frequencies(ear.config)), BEATS))
    original = OriginalProcedure(ear, loop, layer, case.batch)
    with FlopCounterMode(display=False) as counter:
        dream.step(settings, _BEATS_A_STEP)
    timings = take_turns(
        {"dream": lambda: dream.step(settings, _BEATS_A_STEP), "original": lambda: original.step()}, rounds
    )
    return judged(
        "dream",
        f"{case.ear}, batch {case.batch}, {layer}, against the original's procedure",
        1.0 / timings.median("dream"),
        "steps/s",
        reference=1.0 / timings.median("original"),
        ratio=timings.ratio("dream", "original"),
        floor_share=timings.floor_share("dream", float(counter.get_total_flops())),
        target=case.target,
    )
