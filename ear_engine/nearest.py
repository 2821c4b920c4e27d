"""The names most like one that means nothing, quickly enough for a loop that must keep time."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable

_LONGEST = 60  # letters of a name that are compared
_COMPARED = 32  # names


def nearest(name: str, names: Iterable[str], count: int, cutoff: float) -> list[str]:
    """Names like ``name``, the most alike first.

    Comparing in full (:func:`difflib.get_close_matches`) takes some 12 µs a name (measured); so only the 32
    that share most pairs of letters are.

    Args:
        name: its last 60 letters are looked at.
        names: those that there are.
        count: how many at most.
        cutoff: least likeness, 0 to 1.
    """
    name = name[-_LONGEST:]
    pairs = {name[i : i + 2] for i in range(len(name) - 1)}
    likely = heapq.nlargest(_COMPARED, dict.fromkeys(names), key=lambda other: sum(pair in other for pair in pairs))
    return difflib.get_close_matches(name, likely, n=count, cutoff=cutoff)
