"""One entry of the control log: what was changed, by whom, and what was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ear_engine.held_targets import Held
from ear_engine.parameters import Value


@dataclass(frozen=True)
class Change:
    """One entry of the log.

    Args:
        number: 1, 2, … within the session.
        time: when it was applied, seconds on :func:`ear_engine.shared_memory.clock.now`.
        origin: who asked (``osc 127.0.0.1:57120``, ``set techno.yaml``, ``node``).
        values: parameters stored by it, as stored.
        triggers: triggers fired by it, in order.
        engine: fields of ControlState outside the table that it set (``source``, ``source_number``, ``ear``, ``stop``,
            ``audition``, ``maps``, ``carried``, ``bar_at``, ``recall``, ``recalls``, ``still``,
            ``takes``, ``take_from``).
        dropped: which kept targets it dropped, by their places (from 0) before it.
        clips: ControlState.clips from now on, if it changed them.
        captures: ControlState.captures from now on, if it changed that.
        known: parameters of which ``origin`` knows already: it sent the very value that is stored.
        gesture: what it is a part of, ``NAME#NUMBER``: all changes with the same one are undone together. Empty if it
            is a value that was set by hand.
        was: values before it of the parameters that it stores.
        held: the targets that were held before it and those from now on, if it changed them.
    """

    number: int
    time: float
    origin: str
    values: Mapping[str, Value] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()
    engine: Mapping[str, str | float | int | bool] = field(default_factory=dict)
    dropped: tuple[int, ...] = ()
    clips: Mapping[str, str] | None = None
    captures: int | None = None
    known: frozenset[str] = frozenset()
    gesture: str = ""
    was: Mapping[str, Value] = field(default_factory=dict, compare=False, repr=False)
    held: tuple[Held, Held] | None = field(default=None, compare=False, repr=False)
