"""Which loop each loop was dreamed on from, and the way back along what was heard.

A loop file says which control change it knew last. So whatever lets the dream begin anew (another source, a reset, a
recall) is a cut at the number of its change: the first loop that knew it descends from the loop of the cut, any other
from the one before it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_CUTS = 256
_WAY = 4096


@dataclass(frozen=True)
class Cut:
    """Where the dream began anew.

    Args:
        sequence: number of the change.
        number: the loop that it went on from; 0 for the source.
        morph: whether it rests on steps of a morph.
    """

    sequence: int
    number: int = 0
    morph: bool = False


class Lineage:
    """Cuts, and which loop was heard last after each."""

    def __init__(self) -> None:
        self._cuts: deque[Cut] = deque([Cut(0)], maxlen=_CUTS)
        self._last: tuple[Cut, int] | None = None

    def cut(self, sequence: int, number: int = 0, morph: bool = False) -> None:
        """The dream begins anew with change ``sequence``; see :class:`Cut`."""
        self._cuts.append(Cut(sequence, number, morph))

    def at(self, sequence: int) -> Cut:
        """The cut that a loop descends from which knew change ``sequence``."""
        return next((cut for cut in reversed(self._cuts) if cut.sequence <= sequence), self._cuts[0])

    def parent(self, sequence: int, source: int) -> int:
        """Parent of a loop that knew change ``sequence``, of the remembered ``source``."""
        cut = self.at(sequence)
        if self._last is not None and (self._last[0] == cut or cut.morph):
            return self._last[1]
        return cut.number or source

    def heard(self, sequence: int, number: int) -> None:
        """Loop ``number``, which knew change ``sequence``, was heard."""
        self._last = self.at(sequence), number


class WayBack:
    """What was heard, as steps that can be taken back one after the other.

    Going back takes the last step away; what is dreamed from there is a step on.
    """

    def __init__(self) -> None:
        self._way: deque[int] = deque(maxlen=_WAY)
        self._from = 0  # number of the change that went back last: loops that did not know it are no steps

    def heard(self, sequence: int, number: int) -> None:
        """Loop ``number``, which knew change ``sequence``, was heard."""
        if sequence >= self._from and (not self._way or self._way[-1] != number):
            self._way.append(number)

    def before(self, there: frozenset[int]) -> int | None:
        """The loop before this one, of those that are ``there``; None if there is none."""
        return next((number for number in list(self._way)[-2::-1] if number in there), None)

    def went_back(self, number: int, sequence: int) -> None:
        """It is recalled, with change ``sequence``."""
        while self._way and self._way[-1] != number:
            self._way.pop()
        self._from = sequence
