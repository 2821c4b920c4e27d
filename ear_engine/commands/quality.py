"""``ear-engine quality``: whether dreams fire as no music does, are still music, and survive."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.options import at_least
from ear_engine.commands.progress import Stages, open_music
from ear_engine.ear.devices import choose_device
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.evaluation.pictures import require_matplotlib
from ear_engine.quality.clips import Clips
from ear_engine.quality.corpus_ranges import measure_ranges, write_ranges
from ear_engine.quality.dreaming import Course
from ear_engine.quality.measure import PARTS, ROBUST_LAYERS, Plan, builtin_music, default_cache, measure
from ear_engine.quality.pictures import draw_pictures
from ear_engine.quality.report import markdown, write_results
from ear_engine.yaml_files import nearest

RANGES = "ranges"
QUICK_MUSIC = "built-in loops"
QUICK_CLIPS = 24


def run(typed: argparse.Namespace) -> int:
    """Measure; print Markdown or JSON; write tables and pictures."""
    for part in typed.parts:
        if part not in (*PARTS, RANGES):
            raise UserError(f"part {part!r}", "does not exist", nearest(part, [*PARTS, RANGES]), "unknown_part")
    if typed.out is not None and RANGES not in typed.parts:
        require_matplotlib()
    platform.reuse_memory()
    console = Console(file=sys.stderr, soft_wrap=True)
    count, seed = at_least("--clips", typed.clips, 1), at_least("--seed", typed.seed, 0)
    if typed.quick and typed.corpus is None:
        corpus, clips = QUICK_MUSIC, Clips(builtin_music(), min(count, QUICK_CLIPS), seed)
    else:
        music = open_music(typed.corpus or "open", console)
        corpus, clips = music.name, Clips(music.recordings, count, seed, music.sample_rate)
    if RANGES in typed.parts:
        return _ranges(typed, clips, corpus, console)
    course = Course(at_least("--beats", typed.beats, 1), at_least("--steps", typed.steps, 1), seed)
    plan = Plan(
        typed.ear,
        typed.other,
        tuple(typed.parts),
        tuple(typed.source),
        tuple(typed.layer),
        tuple(typed.robust_layer) or ROBUST_LAYERS,
        course=course,
        seed=seed,
        device=choose_device(typed.device),
        quick=typed.quick,
    )
    cache = Cache(Path(typed.cache).expanduser() if typed.cache else default_cache())
    with Stages(console) as stages:
        results = measure(plan, clips, corpus, cache, stages)
    if typed.out is not None:
        out = Path(typed.out).expanduser()
        written = [*write_results(results, out), *draw_pictures(results, out)]
        console.print(f"{len(written)} files in {out}.", markup=False, highlight=False)
    print(results.as_json() if typed.json else markdown(results), end="" if not typed.json else "\n")
    return 0


def _ranges(typed: argparse.Namespace, clips: Clips, corpus: str, console: Console) -> int:
    if typed.out is None:
        raise UserError("quality ranges", "has nowhere to write to", "add --out FILE.yaml", "missing_option")
    with Stages(console) as stages:
        ranges = measure_ranges(clips, corpus, typed.seed, lambda done, of: stages("describing", done, of))
    write_ranges(ranges, Path(typed.out).expanduser())
    print(f"ranges of {ranges.clips} clips in {typed.out}")
    return 0
