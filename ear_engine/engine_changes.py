"""What is decided outside the parameter table, and the changes by which it is: source, ear, recalled loops, the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ear_engine.change import Change
from ear_engine.parameters import Value
from ear_engine.shared_memory.states import ControlState, Target


@dataclass(frozen=True)
class Decided:
    """The fields of :class:`~ear_engine.shared_memory.states.ControlState` that are no parameters; see there."""

    source: str = ""
    source_number: int = 0
    ear: str = ""
    stop: bool = False
    clips: Mapping[str, str] = field(default_factory=dict)
    captures: int = 0
    maps: int = 0
    audition: str = ""
    recording: str = ""
    carried: str = ""
    bar_at: float = 0.0
    recall: str = ""
    recalls: int = 0
    still: bool = False
    takes: int = 0
    take_from: int = -1

    @classmethod
    def of(cls, state: ControlState) -> Decided:
        """What a session had decided that goes on: not that it ends, nor that it rests in a morph, which is over."""
        return cls(**{one.name: getattr(state, one.name) for one in fields(cls) if one.name not in ("stop", "still")})

    def after(self, engine: Mapping[str, Any], clips: Mapping[str, str] | None, captures: int | None) -> Decided:
        """With other values of these fields; None stands for those there are."""
        changed = dict(engine)
        changed |= {} if clips is None else {"clips": dict(clips)}
        changed |= {} if captures is None else {"captures": captures}
        return replace(self, **changed)

    def as_fields(self) -> dict[str, Any]:
        """By the names of ControlState."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"clips": dict(self.clips)}


class EngineChanges:
    """The changes of a control log that set what is :class:`Decided`."""

    _decided: Decided

    @property
    def kept(self) -> tuple[Target, ...]:
        """Targets held besides the current one."""
        raise NotImplementedError

    def check(self, changes: Mapping[str, object]) -> dict[str, Value]:
        """Check values of parameters."""
        raise NotImplementedError

    def _log(
        self,
        values: dict[str, Value],
        fired: list[str],
        engine: Mapping[str, str | float | int | bool],
        origin: str,
        dropped: tuple[int, ...] = (),
        clips: Mapping[str, str] | None = None,
        captures: int | None = None,
    ) -> Change:
        raise NotImplementedError

    def set_source(
        self, file: str, origin: str, values: Mapping[str, object] | None = None, carried: str = ""
    ) -> Change:
        """Make ``file`` of the session's loops folder the source, with the ``values`` that follow from it (tempo).

        Args:
            file: of the source.
            origin: who asked.
            values: by name.
            carried: file of the dream so far as it fits this source, which sounds until there is one of this source.

        Raises:
            UserError: a value is refused; nothing has changed then.
        """
        number = self._decided.source_number + 1
        engine: dict[str, str | int] = {"source": file, "source_number": number, "carried": carried}
        return self._log(self.check(values or {}), [], engine, origin)

    def align(self, bar_at: float, origin: str, values: Mapping[str, object] | None = None) -> Change:
        """Let a bar begin to be heard at clock time ``bar_at``, and set ``values`` with it.

        Raises:
            UserError: a value is refused; nothing has changed then.
        """
        return self._log(self.check(values or {}), [], {"bar_at": bar_at}, origin)

    def set_ear(self, directory: str, origin: str) -> Change:
        """Choose the ear in ``directory``."""
        return self._log({}, [], {"ear": directory}, origin)

    def set_map(self, origin: str) -> Change:
        """Say that the ear has got a map, so that everyone reads it."""
        return self._log({}, [], {"maps": self._decided.maps + 1}, origin)

    def set_clips(self, clips: Mapping[str, str], origin: str) -> Change:
        """Say which file of the session's loops folder holds each clip that a target names."""
        return self._log({}, [], {}, origin, clips=dict(clips))

    def set_audition(self, file: str, origin: str) -> Change:
        """Let the excerpt in ``file`` of the session's loops folder sound over the loop; an empty name ends it."""
        return self._log({}, [], {"audition": file}, origin)

    def set_recall(self, file: str, origin: str, still: bool = False) -> Change:
        """Let the loop in ``file`` of the session's loops folder be heard as it is, and the dream go on from it.

        Args:
            file: a loop of the source's length.
            origin: who asked.
            still: rest there until the next one, or :meth:`move_on`.
        """
        number = self._decided.recalls + 1
        engine: dict[str, str | int] = {"recall": file, "recalls": number, "still": still, "carried": file}
        return self._log({}, [], engine, origin)

    def move_on(self, origin: str) -> Change:
        """Let a dream that rests on a recalled loop go on; nothing if it does not rest."""
        return self._log({}, [], {"still": False} if self._decided.still else {}, origin)

    def set_recording(self, folder: str, origin: str) -> Change:
        """Let everyone keep what is played in ``folder``; an empty name ends it."""
        return self._log({}, [], {"recording": folder}, origin)

    def capture(self, origin: str) -> Change:
        """Ask for one loop of the live input."""
        return self._log({}, [], {}, origin, captures=self._decided.captures + 1)

    def take(self, start: int, origin: str) -> Change:
        """Ask for one loop of the live input from engine sample ``start`` on; below 0, the last one is not wanted."""
        number = self._decided.takes + (start >= 0)
        return self._log({}, [], {"takes": number, "take_from": max(start, -1)}, origin)

    def drop_kept(self, bad: Callable[[Target], bool], origin: str) -> list[Target]:
        """Forget the kept targets that are ``bad``, the others stay; return those forgotten."""
        dropped = tuple(place for place, region in enumerate(self.kept) if bad(region))
        forgotten = [self.kept[place] for place in dropped]
        self._log({}, [], {}, origin, dropped)
        return forgotten

    def stop(self, origin: str) -> Change:
        """Tell every process to end."""
        return self._log({}, [], {"stop": True}, origin)
