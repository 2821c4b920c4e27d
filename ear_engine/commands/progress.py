"""What commands that take their time show: a bar on a terminal, and a folder of music being decoded."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ear_engine import platform
from ear_engine.training.corpus import Corpus, open_corpus

_NAMED = 5  # files left out that are named


def progress_bar(console: Console) -> Progress:
    """A bar for a terminal, hidden elsewhere; its tasks take the field ``figures``."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def open_music(folder: str, excerpt: int, sample_rate: int, console: Console) -> Corpus:
    """Open a corpus, decoded into the user's cache; say what is left out and why.

    Args:
        folder: as typed.
        excerpt: shortest usable recording, samples.
        sample_rate: Hz.
        console: where to say it.

    Raises:
        UserError: the folder is missing, or has no music that can be used.
    """
    with progress_bar(console) as bar:
        task = bar.add_task("decoding", total=None, figures="")
        corpus = open_corpus(
            Path(folder).expanduser(),
            platform.user_cache_dir() / "corpus",
            excerpt=excerpt,
            sample_rate=sample_rate,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
    for skipped in corpus.skipped[:_NAMED]:
        console.print(f"left out: {skipped.path.name} ({skipped.reason})", markup=False, highlight=False)
    if len(corpus.skipped) > _NAMED:
        console.print(f"left out: {len(corpus.skipped) - _NAMED} more", highlight=False)
    return corpus
