"""The family tree of a night: who was dreamed on from whom, as far as one wants to see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ear_engine.memory.remembered import Remembered


@dataclass(frozen=True)
class Member:
    """One of a family.

    Args:
        loop: which.
        parent: number of the nearest ancestor that is shown; 0 if none is.
        later: how many loops after that one it was heard.
        depth: how many ancestors are shown.
    """

    loop: Remembered
    parent: int
    later: int
    depth: int


def family(loops: Iterable[Remembered], shown: Callable[[Remembered], bool] = lambda loop: True) -> tuple[Member, ...]:
    """Those that are ``shown``, and the sources that they descend from: parents before their children, each with its
    branch, the eldest first.
    """
    known = {loop.number: loop for loop in loops}
    chosen = {number for number, loop in known.items() if shown(loop)}
    chosen |= {_first(known[number], known).number for number in chosen}
    placed: dict[int, tuple[int, int]] = {}
    children: dict[int, list[int]] = {0: []}
    for number in sorted(chosen):
        parent, later = _nearest(known[number], known, chosen)
        placed[number] = parent, later
        children.setdefault(parent, []).append(number)
    found: list[Member] = []
    waiting = [(number, 0) for number in reversed(children[0])]
    while waiting:
        number, depth = waiting.pop()
        parent, later = placed[number]
        found.append(Member(known[number], parent, later, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(number, []))]
    return tuple(found)


def _first(loop: Remembered, known: dict[int, Remembered]) -> Remembered:
    """The eldest ancestor that is known."""
    while loop.parent in known:
        loop = known[loop.parent]
    return loop


def _nearest(loop: Remembered, known: dict[int, Remembered], chosen: set[int]) -> tuple[int, int]:
    later = loop.generations
    while loop.parent in known:
        loop = known[loop.parent]
        if loop.number in chosen:
            return loop.number, later
        later += loop.generations
    return 0, 0
