"""A process that has done its imports and waits, so that who dies is replaced at once, on a busy machine too."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from ear_engine import platform


class Spare:
    """One process in waiting.

    Args:
        context: how processes are started.
        name: of the process.
        prepare: module-level function that it calls first (heavy imports).
        target: module-level function that it runs when its time comes.
        args: picklable.
    """

    def __init__(
        self,
        context: SpawnContext,
        name: str,
        prepare: Callable[[], None],
        target: Callable[..., None],
        args: tuple[Any, ...],
    ) -> None:
        theirs, self._ours = context.Pipe(duplex=False)
        self._process = launch(context, name, _wait, (theirs, prepare, target, args))
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether it still waits."""
        return self._process.exitcode is None

    def go(self) -> BaseProcess | None:
        """Let it run its target; None if it has died."""
        try:
            self._ours.send(True)
        except OSError:
            self.discard()
            return None
        self._ours.close()
        return self._process

    def discard(self) -> None:
        """It is not needed."""
        self._ours.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def launch(context: SpawnContext, name: str, target: Callable[..., None], args: tuple[Any, ...]) -> BaseProcess:
    """Start a process that never sees Ctrl-C and whose output goes to stderr."""
    process = context.Process(target=_run, args=(target, args), name=name, daemon=True)
    with platform.shielding_children():
        process.start()
    return process


def _wait(theirs: Connection, prepare: Callable[[], None], target: Callable[..., None], args: tuple[Any, ...]) -> None:
    prepare()
    try:
        theirs.recv()
    except EOFError:  # whoever it waits for has gone
        return
    theirs.close()
    target(*args)


def _run(target: Callable[..., None], args: tuple[Any, ...]) -> None:
    """In the child: stdout belongs to programs that read the status, so whatever is printed goes to stderr."""
    os.dup2(2, 1)
    target(*args)
