"""The whole measurement: which ears, layers, sources and sets, in one plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ear_engine.corpora.corpus import FULL_SCALE, Recording
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.quality.clips import Clips
from ear_engine.quality.corpus_ranges import read_ranges
from ear_engine.quality.dreaming import SOURCES, Course
from ear_engine.quality.layers import depth_trends, measure_layers
from ear_engine.quality.report import Results
from ear_engine.quality.robustness import REGULARIZERS, explained_by, measure_robustness
from ear_engine.quality.workshop import Report, Workshop
from ear_engine.sources.loops import builtin_names, render_builtin
from ear_engine.yaml_files import nearest

PARTS = ("layers", "robustness")
ROBUST_LAYERS = ("encoder_1_conv2", "encoder_3_conv1", "encoder_5_conv1", "autoregressive_2", "autoregressive_6")
_QUICK_LAYERS = ("encoder_0_conv1", "encoder_1_conv1", "encoder_2_conv1", "encoder_3_conv1")
_QUICK_SETS = ("none", "default")
_QUICK = Course(beats=2, steps=4)


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Args:
        ear: name or folder.
        other: an ear that hears the dreams of the first; nothing if empty.
        parts: of :data:`PARTS`; all if empty.
        sources, layers: dreamed from and of; all if empty.
        robust_layers, robust_sources: of the robustness, which takes a dream for each set of regularizers too.
        course: how long is dreamed.
        seed: of dreams and clips.
        device: torch device.
        quick: four layers, two beats, two sets, held against the built-in loops: seconds, for a test.
    """

    ear: str = "small"
    other: str = "paper"
    parts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    robust_layers: tuple[str, ...] = ROBUST_LAYERS
    robust_sources: tuple[str, ...] = ("beat",)
    course: Course = field(default_factory=Course)
    seed: int = 0
    device: str = "cpu"
    quick: bool = False


def builtin_music() -> list[Recording]:
    """The built-in loops, each played until it lasts nine seconds, as a small corpus."""
    recordings = []
    for name in builtin_names():
        clip = render_builtin(name)
        wave = np.tile(clip.mid, -(-9 * clip.sample_rate // clip.samples))
        recordings.append(Recording(name, np.round(wave * FULL_SCALE).astype(np.int16)))
    return recordings


def measure(
    plan: Plan, clips: Clips, corpus: str, cache: Cache, report: Report = lambda what, done, of: None
) -> Results:
    """Measure what the plan says.

    Args:
        plan: what.
        clips: music that dreams are held against.
        corpus: its name.
        cache: what was measured before is not measured again.
        report: of progress.

    Raises:
        UserError: an ear, a layer, a source or a part does not exist.
    """
    for part in plan.parts:
        if part not in PARTS:
            raise UserError(f"part {part!r}", "does not exist", nearest(part, list(PARTS)), "unknown_part")
    course = _QUICK if plan.quick else plan.course
    music = f"{corpus}|{len(clips)}|{plan.seed}"

    def workshop(name: str) -> Workshop:
        return Workshop(find_ear(name).path, clips, music, cache, course, plan.device, report)

    mine = workshop(plan.ear)
    ranges = read_ranges()
    sources = plan.sources or (("beat",) if plan.quick else SOURCES)
    layers = _chosen(plan.layers or (_QUICK_LAYERS if plan.quick else mine.judge.layers), mine.judge.layers)
    settings = {"ear": mine.name, "corpus": corpus, "clips": len(clips), **asdict(course)}
    results = Results(settings, ranges)
    parts = plan.parts or PARTS
    if "layers" in parts:
        rows = measure_layers(mine, ranges, sources, layers)
        results = Results(settings, ranges, rows, depth_trends(rows, mine.judge.layers))
    if "robustness" in parts:
        sets = {name: REGULARIZERS[name] for name in (_QUICK_SETS if plan.quick else REGULARIZERS)}
        robust = _chosen(_QUICK_LAYERS[-1:] if plan.quick else plan.robust_layers, mine.judge.layers)
        other = workshop(plan.other) if plan.other and not plan.quick else None
        found = measure_robustness(mine, other, ranges, plan.robust_sources, robust, sets)
        explained = {} if other is None else {mine.name: explained_by(mine, other, robust)}
        results = Results(settings, ranges, results.layers, results.trends, {mine.name: found}, explained)
    return results


def _chosen(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            raise UserError(
                f"layer {name!r}", "does not exist in this ear", nearest(name, list(known)), "unknown_layer"
            )
    return tuple(names)


def default_cache() -> Path:
    """Folder of the user's cache."""
    from ear_engine import platform

    return platform.user_cache_dir() / "quality"
