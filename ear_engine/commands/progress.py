"""What commands that take their time show: a bar on a terminal, lines elsewhere, and corpora being made ready."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ear_engine.corpora.audio_files import one_line
from ear_engine.corpora.catalog import find_corpus, is_outdated
from ear_engine.corpora.corpus import Corpus

_NAMED = 5  # files left out that are named
_EVERY = 10.0  # seconds between lines where there is no terminal
_BYTES = "fetching"  # what starts so counts bytes


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


class Stages:
    """Shows one thing after another: a bar with the time left on a terminal; elsewhere a line at the start of each, at
    its end, and every ten seconds.

    Call it with (what is being done, done, all); 0 of 0 where nobody knows.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = progress_bar(console)
        self._what = ""
        self._task: TaskID | None = None
        self._said = self._began = 0.0
        self._done = False

    def __enter__(self) -> Stages:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, what: str, done: int, every: int) -> None:
        """Go on; another ``what`` is the next thing."""
        unit = 10**6 if what.startswith(_BYTES) else 1
        done, every = done // unit, every // unit
        now = time.monotonic()
        if what != self._what:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(what, total=None, figures="MB" if unit > 1 else "")
            self._what, self._said, self._began, self._done = what, -_EVERY, now, False
        assert self._task is not None
        self._bar.update(self._task, completed=done, total=every or None)
        last = done == every > 0
        if self._bar.disable and not self._done and (now - self._said >= _EVERY or last):
            self._say(what, done, every, "MB" if unit > 1 else "", now - self._began)
            self._said, self._done = now, last

    def _say(self, what: str, done: int, every: int, unit: str, seconds: float) -> None:
        figures = f": {done} of {every} {unit}".rstrip() if every else ""
        left = f", {seconds * (every - done) / done:.0f} s to go" if seconds > 1.0 and 0 < done < every else ""
        self._console.print(f"{what}{figures}{left}", markup=False, highlight=False)


def open_music(name: str, console: Console) -> Corpus:
    """Open a corpus, made ready first if need be; say what is left out and why.

    Args:
        name: of a corpus, or a folder, as typed.
        console: where to say it.

    Raises:
        UserError: there is none, or it has no music that can be used.
    """
    with Stages(console) as stages:
        corpus = find_corpus(name, progress=stages)
    if is_outdated(name):
        console.print(f"{name} is of another version: ear-engine corpus build {name}", markup=False, highlight=False)
    say_skipped(corpus, console)
    return corpus


def say_skipped(corpus: Corpus, console: Console) -> None:
    """Name the first few files that are left out, and how many more there are."""
    for skipped in corpus.skipped[:_NAMED]:
        path = one_line(skipped.path.as_posix())
        console.print(f"left out: {path} ({skipped.reason})", markup=False, highlight=False)
    if len(corpus.skipped) > _NAMED:
        console.print(f"left out: {len(corpus.skipped) - _NAMED} more", highlight=False)
