"""All sources that are registered, as one: whatever a plug-in does, the others stay."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from ear_engine.beats import MOST_BEATS
from ear_engine.clip import LONGEST_SECONDS, SHORTEST_SECONDS, Clip
from ear_engine.errors import UserError
from ear_engine.plugins import Registry
from ear_engine.sources.loops import BuiltinLoops
from ear_engine.sources.source import ClipRow, Source, name_problem

_BUILTIN = "builtin_loops"

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")


class RegisteredSources:
    """The clips of all plug-ins of kind ``sources``: the built-in loops, then the others in alphabetical order.

    The first with a name has it. Plug-ins are loaded when clips are first asked for. One that cannot be loaded, or
    cannot say what it has, is skipped, and named in :attr:`faults`. The built-in loops are there even where nothing is
    registered, as in a source tree that was never installed.

    Args:
        registry: to find them in.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._opened: dict[str, Source] | None = None
        self._lock = threading.Lock()
        self.faults: dict[str, UserError] = {}
        """By plug-in, what kept it from saying which clips it has, the last time it was asked."""

    def owners(self) -> dict[str, str]:
        """The plug-in that has it, for the name of every clip, in their order."""
        owners: dict[str, str] = {}
        for plugin, source in self._sources().items():
            try:
                names = _ask(plugin, partial(_checked_names, source))
            except UserError as error:
                self._skip(plugin, error)
                continue
            self.faults.pop(plugin, None)
            for name in names:
                owners.setdefault(name, plugin)
        return owners

    def describe(self, plugin: str, name: str) -> ClipRow:
        """A row for a plug-in's clip; one that cannot be described says why and lasts 0 s."""
        source = self._sources()[plugin]
        try:
            return _ask(plugin, lambda: _checked_row(source.describe(name), name))
        except UserError as error:
            return ClipRow(name, 0.0, None, None, str(error))

    def render(self, plugin: str, name: str, sample_rate: int) -> Clip:
        """A plug-in's clip.

        Raises:
            UserError: the plug-in raised something, or what it made is no clip as it should be.
        """
        source = self._sources()[plugin]
        return _ask(plugin, lambda: _checked_clip(source.render(name, sample_rate), name, sample_rate))

    def _sources(self) -> dict[str, Source]:
        with self._lock:
            if self._opened is None:
                opened: dict[str, Source] = {}
                for plugin in self._registry.names("sources"):
                    try:
                        opened[plugin] = _ask(plugin, self._registry.load("sources", plugin))
                    except UserError as error:
                        self._skip(plugin, error)
                self._opened = {_BUILTIN: opened.pop(_BUILTIN, None) or BuiltinLoops(), **opened}
            return self._opened

    def _skip(self, plugin: str, error: UserError) -> None:
        if str(error) != str(self.faults.get(plugin)):
            _log.info("%s", error)
        self.faults[plugin] = error


def _ask(plugin: str, ask: Callable[[], _Answer]) -> _Answer:
    try:
        return ask()
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # whatever someone else's code does
        reason = " ".join(f"failed ({type(error).__name__}: {error})".split())[:300]
        mend = "choose another clip, and mend or uninstall the plug-in"
        raise UserError(f"sources plug-in {plugin!r}", reason, mend, "broken_plugin") from error


def _checked_names(source: Source) -> tuple[str, ...]:
    names = source.names()
    for name in names:
        problem = "is no text" if not isinstance(name, str) else name_problem(name)
        if problem is not None:
            raise ValueError(f"its clip {name!r} {problem}")
    return names


def _checked_row(row: ClipRow, name: str) -> ClipRow:
    beats = None if row.beats is None else int(row.beats)
    tempo = None if row.tempo is None else float(row.tempo)
    return ClipRow(name, float(row.seconds), beats, tempo, " ".join(str(row.description).split()))


def _checked_clip(clip: Clip, name: str, sample_rate: int) -> Clip:
    if not isinstance(clip, Clip):
        raise TypeError(f"its clip {name!r} is a {type(clip).__name__}, not a Clip")
    if clip.sample_rate != sample_rate:
        raise ValueError(f"its clip {name!r} has {clip.sample_rate} Hz, not {sample_rate}")
    if not SHORTEST_SECONDS <= clip.seconds <= LONGEST_SECONDS or clip.beats > MOST_BEATS:
        raise ValueError(f"its clip {name!r} has {clip.seconds:g} s and {clip.beats} beats")
    if not np.isfinite(clip.audio).all():
        raise ValueError(f"its clip {name!r} has samples that are not numbers")
    return replace(clip, name=name, audio=np.ascontiguousarray(clip.audio))
