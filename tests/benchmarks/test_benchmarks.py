"""Benchmarks work, their references are what they say, and the page names what the figures depend on."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine import benchmarks
from ear_engine.benchmarks import dream, osc, scalogram, training
from ear_engine.benchmarks.convolution import TimeDomainTransform
from ear_engine.benchmarks.dream_profile import profile
from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.procedure import OriginalProcedure
from ear_engine.benchmarks.report import describe_machine, markdown, write_markdown
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.benchmarks.work import count
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.scalogram import ScalogramConfig
from ear_engine.errors import UserError
from tests.ear.networks import lived_in

COLUMNS = ("part", "case", "value", "unit", "reference", "ratio", "floor_share", "target", "met")


def check(rows: list[Row], part: str) -> None:
    assert rows
    assert len({row.case for row in rows}) == len(rows)
    for row in rows:
        assert tuple(dataclasses.asdict(row)) == COLUMNS
        assert row.part == part
        assert row.value > 0
        assert row.reference is not None
        assert row.reference > 0
        assert row.ratio is not None
        assert row.ratio > 0
        assert row.floor_share is None or row.floor_share > 0
        assert (row.met is None) == (row.target is None)
        json.dumps(dataclasses.asdict(row), allow_nan=False)


@pytest.mark.slow
def test_scalogram_is_measured_against_both_references() -> None:
    rows = scalogram.run(1, (1,))
    check([row for row in rows if row.unit == "ms"], "scalogram")
    assert [(row.unit, row.target) for row in rows] == [
        ("ms", None),
        ("×", 15.0),
        ("ms", None),
        ("×", 4.0),
        ("dB", -60.0),
    ]
    assert all(row.floor_share is not None for row in rows if row.unit == "ms")
    assert [row.value for row in rows[1:4:2]] == [row.ratio for row in rows[0:4:2]]
    assert rows[-1].value < -100.0
    assert rows[-1].met


def test_every_part_runs_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in benchmarks.PARTS:
        asked: list[int | None] = []
        monkeypatch.setattr(f"ear_engine.benchmarks.{part}.run", lambda rounds, asked=asked: asked.append(rounds) or [])
        assert benchmarks.run(part, 3) == []
        assert asked == [3]


@pytest.mark.slow
def test_dream_is_measured_against_the_original_procedure() -> None:
    case = dream.Case("tiny", 0.03, 1, "encoder_1_conv1", target=1e9, times=1.0, floor=1.0)
    rows = dream.run(1, (case,))
    check([row for row in rows if row.unit == "steps/s"], "dream")
    assert (rows[0].unit, rows[0].met) == ("steps/s", False)
    assert all("tiny, batch 1, encoder_1_conv1" in row.case for row in rows)
    assert [row.value for row in rows if row.unit == "×"] == [rows[0].ratio, rows[0].floor_share]
    assert "a prime" in rows[-1].case


@pytest.mark.slow
def test_the_parts_of_a_step_are_measured_beside_the_whole() -> None:
    case = dream.Case("tiny", 0.03, 2, "encoder_1_conv1")
    rows = profile("tiny", *dream.make_dream(case, samples=44100), 2)
    assert [row.case for row in rows][-1] == "tiny: everything else, of a whole step"
    assert len({row.reference for row in rows}) == 1
    assert all(row.unit == "ms" and row.value >= 0 for row in rows)


def test_the_work_of_a_step_is_that_of_its_convolutions_there_and_back() -> None:
    ear = Ear(EarConfig(width=0.125)).fused()
    least = count(ear, "encoder_0_conv2", 2, 16 * 1024)
    first, second, mix = (2 * 16 * 216 * (2 * 9), 2 * 8 * 84 * 25, 2 * 8 * 84 * 2)  # outputs times weights a channel
    assert least.weights == 2 * 9 + 25 + 2 + 2  # and two offsets
    assert least.activations == 2 * 16 * 216 + 2 * 8 * 84 + 2 * 8 * 84
    there = 2 * (first + second + mix)
    assert there * 1.5 < least.operations <= there * 2  # the phase is not followed back
    assert least.bytes_moved(2) == 4 * (least.weights + least.activations)


@pytest.mark.slow
def test_training_is_measured_in_every_precision_layout_and_number_of_processes() -> None:
    rows = training.run(
        1, training.Case(width=0.03, batch=2, frames=144, layout_batch=2, shared_batch=2, shared_kinds=("batch",))
    )
    check(rows, "training")
    assert [row.unit for row in rows] == ["clips/s", "steps/s", "clips/s", "clips/s"]
    assert rows[0].value == pytest.approx(2 * rows[1].value)
    assert {row.case.partition(": ")[2] for row in rows} == {
        "bfloat16 against float32",
        "channels last against first",
        "two processes (gloo) against one, a thread each",
    }


@pytest.mark.slow
def test_osc_is_measured_on_a_real_engine(tmp_path: Path) -> None:
    save_ear(Ear(EarConfig(width=0.03)), tmp_path / "tiny", "tiny", "")
    rows = osc.run(5, ears=[str(tmp_path / "tiny")])
    check([row for row in rows if "neurons at 43 Hz" not in row.case], "osc")
    answers = [row for row in rows if row.unit == "ms"]
    assert [row.target for row in answers if row.target] == [5.0]
    assert sum("while dreaming" in row.case for row in answers) == 2
    assert all(row.value < 2000 and row.reference < 2000 for row in answers)  # ms; no answer was lost
    streams = [row for row in rows if "neurons at 43 Hz" in row.case]
    assert [row.unit for row in streams if row.unit != "% of a core"] == ["frames/s", "%"] * 3
    assert all(row.target == 15.0 for row in streams if row.unit == "% of a core")
    assert any(row.value > 0 for row in streams if row.unit == "frames/s")


def test_an_engine_that_cannot_start_is_a_sentence() -> None:
    with pytest.raises(UserError, match="engine ended with code 2") as refused:
        osc.run(1, ears=["no such ear"])
    assert "no such ear" in str(refused.value)


@pytest.mark.parametrize("method", ["conv1d", "unfold"])
def test_the_references_hear_a_sine_of_amplitude_a_as_a(method: str) -> None:
    config = ScalogramConfig(f_min=160.0, bins=120)
    transform = TimeDomainTransform(config, 1024, method)
    n = torch.arange(40 * 1024, dtype=torch.float64)
    cycles = round(config.frequencies()[48] * len(n) / 44100)
    loop = (0.3 * torch.sin(2 * math.pi * cycles * n / len(n))).float()[None]
    coefficients = transform(loop, circular=True)
    assert coefficients.shape == (1, 120, 40)
    assert coefficients[0, 48].abs().numpy() == pytest.approx(0.3, rel=0.01)
    assert coefficients[0].abs().amax(dim=1).argmax() == 48
    music = transform(loop, circular=False)
    assert music.shape[2] == (loop.shape[1] - transform.longest) // 1024 + 1


@pytest.mark.slow
def test_the_original_procedure_computes_521_frames_and_raises_its_target() -> None:
    ear = lived_in().float()
    frames: list[int] = []
    ear.encoder.register_forward_pre_hook(lambda _, inputs: frames.append(inputs[0].shape[-1]))
    procedure = OriginalProcedure(ear, 0.1 * torch.randn(50000), "encoder_5_conv1", 1)
    values = [procedure.step() for _ in range(3)]
    assert frames == [521] * 3
    assert values[2] > values[0]


def test_candidates_take_turns_and_yardsticks_are_measured() -> None:
    order: list[str] = []

    def candidate(name: str) -> None:
        order.append(name)
        time.sleep(0.02)

    timings = take_turns({name: partial(candidate, name) for name in "ab"}, 3)
    turns = [(name, len(list(calls))) for name, calls in groupby(order)]
    assert [name for name, _ in turns] == list("ababab")
    # once to warm up, once to see how often it fits into a turn; then there, back and there again
    first, second = turns[2][1], turns[5][1]
    assert [calls for _, calls in turns] == [2, 2, first, 2 * second, 2 * first, second]
    assert 1 <= first <= 5
    assert {len(values) for values in timings.seconds.values()} == {3}
    assert 1e8 < timings.matrix_rate < 1e15
    assert 1e7 < timings.bandwidth < 1e14


def test_ratio_and_floor_are_those_of_the_times_measured() -> None:
    timings = take_turns({"fast": lambda: time.sleep(0.001), "slow": lambda: time.sleep(0.05)}, 5)
    pairs = timings.seconds["slow"] / timings.seconds["fast"]
    assert timings.ratio("fast", "slow") == np.median(pairs) > 1.0
    operations = timings.matrix_rate * 0.001
    assert timings.floor_share("slow", operations) == pytest.approx(0.001 / timings.median("slow"))
    assert timings.floor_share("slow", operations, timings.bandwidth) == pytest.approx(1.0 / timings.median("slow"))


@pytest.mark.parametrize(
    ("value", "unit", "target", "met"),
    [
        (31.0, "steps/s", 30.0, True),
        (29.0, "steps/s", 30.0, False),
        (16.0, "×", 15.0, True),
        (14.0, "×", 15.0, False),
        (9.0, "ms", 10.0, True),
        (11.0, "ms", 10.0, False),
        (-61.0, "dB", -60.0, True),
        (-59.0, "dB", -60.0, False),
    ],
)
def test_rates_shall_be_high_and_costs_low(value: float, unit: str, target: float, met: bool) -> None:
    assert judged("p", "c", value, unit, target=target).met is met
    assert judged("p", "c", value, unit).met is None


def test_the_page_names_machine_versions_and_command(tmp_path: Path) -> None:
    rows = [
        judged("scalogram", "one", 12.345, "ms", reference=60.0, ratio=4.9, floor_share=0.13),
        judged("osc", "two", 1234.4, "ms", target=10.0),
    ]
    machine = describe_machine()
    write_markdown(rows, machine, "python -m ear_engine.benchmarks", tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert page == markdown(rows, machine, "python -m ear_engine.benchmarks")
    assert f"torch {torch.__version__}" in page
    assert f"numpy {np.__version__}" in page
    assert "cores" in page
    assert "Written by `python -m ear_engine.benchmarks`." in page
    assert "| one | 12.3 ms | 60 ms | 4.9× | 13 % |  |  |" in page
    assert "| two | 1,234 ms |  |  |  | 10 ms | no |" in page
    assert page.index("## Scalogram") < page.index("## OSC")
