"""Keeps the child processes alive: whoever dies is started again, whoever hangs is killed first."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from ear_engine.node.adopted import Adopted
from ear_engine.node.spare import Spare, launch
from ear_engine.shared_memory.clock import now

_LONG = 5.0  # seconds after which a process that dies has not failed to start
_DELAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)  # before the next start, by starts that failed in a row
_ASKED = 0.1  # seconds before one that was asked to end is started again: the same signal may be on its way to us
_CHECK = 0.25  # between looks for hanging ones
_SETTLED = 3.0  # seconds a process must have run before a spare is started beside it
_CALM = 300.0  # seconds after which hanging again is a new story
_MOST_SLACK = 8.0
_PAUSED = 1.0  # seconds between two looks after which we ourselves must have been stopped


@dataclass(frozen=True)
class Pulse:
    """Latest sign of life of a process: when, on the shared clock, and whether it is ready (has loaded)."""

    at: float
    ready: bool = True


@dataclass(frozen=True)
class ChildSpec:
    """A child process.

    Args:
        name: ``audio``, ``dreamer``.
        target: module-level function that it runs.
        args: picklable.
        meanwhile: what is heard while it is away, for the report (``the last loop plays on``).
        pulse: its latest sign of life, given its process id; None before the first. Never killed as hanging if None.
        patience: seconds without a sign after which a ready process hangs.
        loading: seconds it may take to get ready.
        grace: seconds it gets to end when asked to.
        prepare: imports what ``target`` needs; a second process does so and waits, to take the place of one that dies.
    """

    name: str
    target: Callable[..., None]
    args: tuple[Any, ...] = ()
    meanwhile: str = ""
    pulse: Callable[[int], Pulse | None] | None = None
    patience: float = 8.0
    loading: float = 60.0
    grace: float = 1.2
    prepare: Callable[[], None] | None = None


@dataclass(frozen=True)
class Exit:
    """A child has ended.

    Args:
        name: of the child.
        code: exit code; negative: by that signal.
        was_ready: whether it ever was ready.
        message: how it ended and what follows, for people.
    """

    name: str
    code: int
    was_ready: bool
    message: str


@dataclass
class _Child:
    spec: ChildSpec
    process: BaseProcess | Adopted | None = None
    started: float = 0.0
    due: float = 0.0  # next start
    failures: int = 0  # in a row
    starts: int = 0
    ready: bool = False
    hung: bool = False
    slack: float = 1.0  # grows if it hangs soon again: a machine may just be too slow for it
    spare: Spare | None = None
    settled: float = 0.0  # when a spare has died
    asked: float | None = None  # when it was asked to end, as nobody wanted it


class Supervisor:
    """Starts, watches and ends children; everything happens in :meth:`poll`, nothing blocks.

    Args:
        specs: the children, started in this order.
        clock: seconds on the shared clock.
        wanted: of children that are not always wanted, whether they are; those that are not are ended.
    """

    def __init__(
        self,
        specs: Iterable[ChildSpec],
        clock: Callable[[], float] = now,
        wanted: Mapping[str, Callable[[], bool]] | None = None,
    ) -> None:
        self._children = {spec.name: _Child(spec) for spec in specs}
        self._clock = clock
        self._wanted = wanted or {}
        self._context = multiprocessing.get_context("spawn")
        self._polled = clock()
        self._checked = 0.0
        self._lenient = 0.0  # nobody hangs because of a time before this

    @property
    def pids(self) -> dict[str, int]:
        """Process id by name, of those that run."""
        found = {name: child.process.pid for name, child in self._children.items() if child.process is not None}
        return {name: pid for name, pid in found.items() if pid is not None}

    def starts(self, name: str) -> int:
        """How often ``name`` has been started."""
        return self._children[name].starts

    def adopt(self, name: str, pid: int) -> None:
        """Look after a process that runs already, for ``name``; before the first :meth:`poll`."""
        child = self._children[name]
        child.process, child.started, child.starts, child.ready = Adopted(pid), self._clock(), 1, True

    def poll(self) -> list[Exit]:
        """Start what is due, kill what hangs; return who has ended since the last call (to be started in the next)."""
        at = self._clock()
        if at - self._polled > _PAUSED:
            self._lenient = at
        self._polled = at
        for child in self._children.values():
            if child.asked is not None or not self._is_wanted(child):
                self._dismiss(child, at)
            elif child.process is None and at >= child.due:
                self._start(child, at)
        exits = [ended for child in self._children.values() if (ended := self._ended(child, at)) is not None]
        if at - self._checked >= _CHECK:
            self._checked = at
            for child in self._children.values():
                self._check(child, at)
                self._keep_spare(child, at)
        return exits

    async def stop(self, since: float) -> list[str]:
        """Wait for everyone, who has been asked to end at clock time ``since``; kill the late; return their names."""
        late = []
        for child in self._children.values():
            if child.spare is not None:
                child.spare.discard()
                child.spare = None
        while running := [child for child in self._children.values() if child.process is not None]:
            for child in running:
                assert child.process is not None
                if child.process.exitcode is not None:
                    self._forget(child)
                elif self._clock() - since > child.spec.grace:
                    late.append(child.spec.name)
                    child.process.kill()
                    child.process.join(0.3)
                    self._forget(child)
            await asyncio.sleep(0.005)
        return late

    def _start(self, child: _Child, at: float) -> None:
        spec = child.spec
        process: BaseProcess | Adopted | None = child.spare.go() if child.spare is not None else None
        child.spare = None
        if process is None:
            process = launch(self._context, spec.name, spec.target, spec.args)
        child.process, child.started, child.ready, child.hung, child.asked = process, at, False, False, None
        child.starts += 1

    def _is_wanted(self, child: _Child) -> bool:
        wanted = self._wanted.get(child.spec.name)
        return wanted is None or wanted()

    def _dismiss(self, child: _Child, at: float) -> None:
        """End a child that is not wanted, even if it is wanted again meanwhile: it may have heard already."""
        child.failures, child.due = 0, 0.0
        if child.spare is not None:
            child.spare.discard()
            child.spare = None
        if child.process is None:
            return
        if child.asked is None:
            child.asked = at
            child.process.terminate()
        elif at - child.asked > child.spec.grace:
            child.process.kill()

    def _ended(self, child: _Child, at: float) -> Exit | None:
        process, spec = child.process, child.spec
        if process is None or process.exitcode is None:
            return None
        if child.asked is not None:  # that is no failure, and nobody is told
            self._forget(child)
            child.asked, child.ready = None, False
            return None
        code = process.exitcode
        self._look(child)
        self._forget(child)
        child.failures = 0 if at - child.started > _LONG else child.failures + 1
        delay = _DELAYS[min(max(child.failures - 1, 0), len(_DELAYS) - 1)]
        if code in (0, -signal.SIGTERM):
            delay = max(delay, _ASKED)
        child.due = at + delay
        again = "is started again" if delay < 0.2 else f"is started again in {delay:g} s"
        if child.failures > 2:
            again = f"has failed {child.failures} times in a row, {again}"
        meanwhile = f"; {spec.meanwhile}" if spec.meanwhile else ""
        how = "hung" if child.hung else describe_exit(code)
        return Exit(spec.name, code, child.ready, f"The {spec.name} process {how} and {again}{meanwhile}.")

    def _look(self, child: _Child) -> float:
        """Note whether ``child`` is ready; return its latest sign of life."""
        assert child.process is not None
        pulse = None
        if child.spec.pulse is not None and child.process.pid is not None:
            pulse = child.spec.pulse(child.process.pid)
        child.ready = child.ready or (pulse is not None and pulse.ready)
        return child.started if pulse is None else max(child.started, pulse.at)

    def _check(self, child: _Child, at: float) -> None:
        if child.process is None or child.spec.pulse is None or child.hung:
            return
        sign = self._look(child)
        since, patience = (sign, child.spec.patience) if child.ready else (child.started, child.spec.loading)
        if at - max(since, self._lenient) > patience * child.slack:
            child.hung = True
            child.slack = 2.0 if at - child.started > _CALM else min(2.0 * child.slack, _MOST_SLACK)
            child.process.kill()

    def _keep_spare(self, child: _Child, at: float) -> None:
        """See that a spare waits for a child that has run for a while."""
        spec = child.spec
        if spec.prepare is None or not child.ready or at - max(child.started, child.settled) < _SETTLED:
            return
        if child.spare is not None and not child.spare.alive:
            child.spare.discard()
            child.spare = None
            child.settled = at  # another one only after a while
        elif child.spare is None:
            child.spare = Spare(self._context, f"{spec.name} spare", spec.prepare, spec.target, spec.args)

    @staticmethod
    def _forget(child: _Child) -> None:
        assert child.process is not None
        child.process.join()
        child.process.close()
        child.process = None


def describe_exit(code: int) -> str:
    """How a process with this exit code ended: ``was killed (SIGKILL)``."""
    if code >= 0:
        return f"ended (exit code {code})"
    try:
        return f"was killed ({signal.Signals(-code).name})"
    except ValueError:
        return f"was killed (signal {-code})"
