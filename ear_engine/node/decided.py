"""What was decided as of any change that a loop may have known which was not heard yet.

A loop says which change it knew last, and is heard up to 64 s later. However many changes have come meanwhile, what was
decided then can be told: a state in full as of the oldest change that a loop to come can have known, and after it only
what each change has changed. Whoever has heard a loop says so, and all before it goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from ear_engine.change import Change
from ear_engine.held_targets import target_of
from ear_engine.parameters import Value
from ear_engine.shared_memory.states import Target

MOST = 1 << 17
"""Changes between two loops: 2,000 a second for a minute. Beyond that the oldest are taken for one."""


@dataclass(frozen=True)
class State:
    """What was decided as of change ``number``: all values, the target, and those held besides."""

    number: int
    values: dict[str, Value]
    held: tuple[Target, ...]

    @property
    def target(self) -> Target:
        """What was aimed at."""
        return target_of(self.values)


@dataclass(frozen=True, slots=True)
class _Step:
    """What change ``number`` has changed."""

    number: int
    values: Mapping[str, Value]
    held: tuple[Target, ...] | None


class Decided:
    """Follows the control log.

    Args:
        number: of the last change.
        values: of all parameters as of it.
        held: targets that are held besides the current one.
        most: changes that are told apart.
    """

    def __init__(
        self, number: int, values: Mapping[str, Value], held: tuple[Target, ...] = (), most: int = MOST
    ) -> None:
        self._base = State(number, dict(values), held)
        self._steps: deque[_Step] = deque()
        self._most = most

    def __len__(self) -> int:
        """Changes that are told apart."""
        return len(self._steps)

    def changed(self, change: Change) -> None:
        """A change was made."""
        if change.values or change.held:
            self._steps.append(
                _Step(change.number, change.values, None if change.held is None else change.held[1].kept)
            )
        if len(self._steps) > self._most:
            self.forget(self._steps[self._most // 8].number)

    def at(self, sequence: int) -> State:
        """What was decided as of change ``sequence``; of one that was forgotten, as of the oldest that is known."""
        values, held, number = dict(self._base.values), self._base.held, self._base.number
        for step in self._steps:
            if step.number > sequence:
                break
            values.update(step.values)
            held, number = held if step.held is None else step.held, step.number
        return State(number, values, held)

    def forget(self, sequence: int) -> None:
        """No loop will be heard that does not know change ``sequence``."""
        self._base = self.at(sequence)
        while self._steps and self._steps[0].number <= sequence:
            self._steps.popleft()
