"""Steps of a dream a second, against the original's procedure with the same network, and where a step's time goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ear_engine.benchmarks.dream_profile import profile
from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.procedure import OriginalProcedure
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.benchmarks.work import count
from ear_engine.control import target_of
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.shape import bin_frequencies
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.settings import DreamSettings, settings_of
from ear_engine.parameters import ParameterTree
from ear_engine.targets.facts import make_facts
from ear_engine.targets.resolve import resolve

SAMPLES = 176_400  # the original's loop
PRIME = 176_401  # a loop whose length has no divisors
BEATS = 8
TOP = "autoregressive_8"
_BEATS_A_STEP = 0.02
_ROUNDS = 9
_FEWEST = 4  # rounds where a step of the original takes seconds
_HALF_PAYS = 1.3  # times that products must be faster in bfloat16 to say that a processor has it
_SIZE = 1024  # of the matrices multiplied


@dataclass(frozen=True)
class Case:
    """A network, a batch, and a target (the table's default layer if ``layer`` is empty).

    Args:
        target: steps a second that the project asks for.
        times: how many times as fast as the original's procedure the project asks for.
        floor: share of the time that the machine needs at least that the project asks for.
        profiled: whether it is said where the time goes.
    """

    ear: str
    width: float
    batch: int
    layer: str
    target: float | None = None
    times: float | None = None
    floor: float | None = None
    profiled: bool = False


CASES = (
    Case("small", 0.5, 1, "", target=40.0, profiled=True),
    Case("small", 0.5, 1, TOP, target=40.0, profiled=True),
    Case("small", 0.5, 4, TOP),
    Case("small", 0.5, 8, TOP),
    Case("paper", 1.0, 1, TOP, times=6.0, floor=0.8, profiled=True),
    Case("paper", 1.0, 4, TOP, times=6.0, floor=0.8),
    Case("paper", 1.0, 8, TOP, times=6.0, floor=0.8),
)


def run(repetitions: int | None = None, cases: tuple[Case, ...] = CASES) -> list[Row]:
    """Steps a second of every case, where the time of those that are profiled goes, and a loop of prime length."""
    rows = [row for case in cases for row in _measure(case, repetitions)]
    for case in cases:
        if case.profiled:
            dream, settings = make_dream(case)
            rows += profile(f"{case.ear}, batch {case.batch}, {_layer(case)}", dream, settings, repetitions or _ROUNDS)
    return [*rows, _prime(cases[0], repetitions or _ROUNDS)]


def make_dream(case: Case, dtype: torch.dtype | None = None, samples: int = SAMPLES) -> tuple[Dream, DreamSettings]:
    """A dream from noise with the table's settings, and those settings."""
    torch.manual_seed(1)
    ear = Ear(EarConfig(width=case.width))
    values = {**ParameterTree().values, "optimizer/batch_size": case.batch, "target/layer": _layer(case)}
    loop = np.asarray(0.1 * torch.randn(1, samples).numpy(), dtype=np.float32)
    dream = Dream(ear, loop, BEATS, dtype=dtype)
    dream.aim(resolve(target_of(values), make_facts(dream.index, bin_frequencies(ear.config)), BEATS))
    return dream, settings_of(values)


def _layer(case: Case) -> str:
    return case.layer or str(ParameterTree().values["target/layer"])


def _measure(case: Case, repetitions: int | None) -> list[Row]:
    dream, settings = make_dream(case)
    rough, _ = make_dream(case, torch.bfloat16)
    layer = _layer(case)
    original = OriginalProcedure(Ear(EarConfig(width=case.width)), 0.1 * torch.randn(SAMPLES), layer, case.batch)
    halves = [torch.randn(_SIZE, _SIZE, dtype=torch.bfloat16) for _ in range(2)]
    candidates: dict[str, Callable[[], object]] = {
        "dream": lambda: dream.step(settings, _BEATS_A_STEP),
        "original": original.step,
        "bfloat16": lambda: rough.step(settings, _BEATS_A_STEP),
        "bfloat16 product": lambda: torch.mm(*halves),
    }
    rounds = max(_FEWEST, round(_ROUNDS / case.batch)) if repetitions is None else repetitions
    timings = take_turns(candidates, rounds)
    work = count(dream.ear, layer, case.batch, SAMPLES)
    name = f"{case.ear}, batch {case.batch}, {layer}"
    share = timings.floor_share("dream", work.operations, work.bytes_moved(4))
    original_rate = 1.0 / timings.median("original")
    rows = [
        judged(
            "dream",
            f"{name}, against the original's procedure",
            1.0 / timings.median("dream"),
            "steps/s",
            reference=original_rate,
            ratio=timings.ratio("dream", "original"),
            floor_share=share,
            target=case.target,
        )
    ]
    if case.times is not None:
        rows.append(
            judged("dream", f"{name}: times as fast", timings.ratio("dream", "original"), "×", target=case.times)
        )
    if case.floor is not None:
        rows.append(judged("dream", f"{name}: share of the floor", share, "×", target=case.floor))
    rate = 2.0 * _SIZE**3 / timings.median("bfloat16 product")
    if rate > _HALF_PAYS * timings.matrix_rate:
        least = max(work.operations / rate, work.bytes_moved(2) / timings.bandwidth)
        rows.append(
            judged(
                "dream",
                f"{name}, in bfloat16, against float32",
                1.0 / timings.median("bfloat16"),
                "steps/s",
                reference=1.0 / timings.median("dream"),
                ratio=timings.ratio("bfloat16", "dream"),
                floor_share=least / timings.median("bfloat16"),
            )
        )
    return rows


def _prime(case: Case, rounds: int) -> Row:
    """Steps from a loop of prime length, against one of nearly the same."""
    steps: dict[str, Callable[[], object]] = {}
    for name, samples in (("even", SAMPLES), ("prime", PRIME)):
        dream, settings = make_dream(case, samples=samples)
        steps[name] = lambda dream=dream, settings=settings: dream.step(settings, _BEATS_A_STEP)  # type: ignore[misc]
    timings = take_turns(steps, rounds)
    return judged(
        "dream",
        f"{case.ear}, batch {case.batch}, {_layer(case)}, {PRIME} samples (a prime), against {SAMPLES}",
        1.0 / timings.median("prime"),
        "steps/s",
        reference=1.0 / timings.median("even"),
        ratio=timings.ratio("prime", "even"),
    )
