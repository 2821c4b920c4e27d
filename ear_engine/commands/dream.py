"""``ear-engine dream``: one loop from start to end, written as a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.dream_options import dream_request
from ear_engine.commands.progress import progress_bar
from ear_engine.offline.dreaming import Progress, dream_all
from ear_engine.offline.outputs import need_file, need_other, need_suffix
from ear_engine.offline.picture import need_matplotlib
from ear_engine.offline.request import MOST_VARIANTS
from ear_engine.offline.units import with_unit

_LINES = 10  # said where there is no terminal


def run(typed: argparse.Namespace) -> int:
    """Dream, write, and say what came of it."""
    request = dream_request(typed)
    files = _files(typed)
    for audio, picture in files:
        _need(audio, picture, str(request.clip))
    with shown_progress("dreaming") as progress:
        dreamed = dream_all(request, progress)
    for one, (audio, picture) in zip(dreamed, files, strict=True):
        print(f"{one.save(audio)}: {one.title}, {one.audio.shape[1] / one.sample_rate:.2f} s")
        if picture is not None:
            print(one.picture(picture))
    objective = dreamed[0].objective
    few = max(1, min(8, len(objective) // 2))
    rise = with_unit(f"objective {objective[:few].mean():.2f} → {objective[-few:].mean():.2f}", dreamed[0].unit)
    print(f"{rise}, {len(objective)} steps")
    return 0


def _files(typed: argparse.Namespace) -> list[tuple[Path, Path | None]]:
    """Loops and their pictures, one a variant."""
    audio = Path(typed.output).expanduser()
    need_suffix(audio, ".wav", f"--output {typed.output}")
    picture = None
    if typed.picture is not None:
        picture = Path(typed.picture).expanduser() if typed.picture else audio.with_suffix(".png")
        need_suffix(picture, ".png", f"--picture {typed.picture}")
    if typed.variants == 1:
        return [(audio, picture)]
    numbers = range(1, min(typed.variants, MOST_VARIANTS) + 1)
    return [(_numbered(audio, number), picture and _numbered(picture, number)) for number in numbers]


def _numbered(path: Path, number: int) -> Path:
    return path.with_stem(f"{path.stem}_{number}")


def _need(audio: Path, picture: Path | None, clip: str) -> None:
    """Say before anything takes time what cannot be written."""
    need_file(audio)
    need_other(audio, clip, (platform.user_clip_dir(),))
    if picture is not None:
        need_matplotlib()
        need_file(picture)


@contextmanager
def shown_progress(what: str) -> Iterator[Progress]:
    """A bar on a terminal, ten lines elsewhere; both on stderr."""
    console = Console(stderr=True)
    bar = progress_bar(console)
    task = bar.add_task(what, total=None, figures="")
    said = 0

    def progress(done: int, every: int, objective: float) -> None:
        nonlocal said
        bar.update(task, completed=done, total=every, figures=f"objective {objective:.2f}")
        if not console.is_terminal and done * _LINES // every > said:
            said = done * _LINES // every
            print(f"{what}: {done} of {every} steps, objective {objective:.2f}", file=sys.stderr, flush=True)

    with bar:
        yield progress
