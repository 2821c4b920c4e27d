"""Lists of neurons as text: ``12-40, 77``. Numbers count through the ear, see :mod:`ear_engine.ear.neurons`."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError

MOST = 4096  # numbers in one message
_PART = re.compile(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?(,|\s|$)\s*")


def read_neurons(text: str, count: int) -> NDArray[np.int64]:
    """The numbers that ``text`` lists, each once, rising.

    Args:
        text: numbers and ranges (both ends in them), between them commas or spaces.
        count: neurons that there are.

    Raises:
        UserError: it lists nothing, something else than numbers, a range that falls, or a number outside the ear.
    """
    firsts, lasts = [], []
    at, end = 0, len(text.rstrip(" ,"))
    while at < end:
        found = _PART.match(text, at)
        if found is None:
            reason = f"has {text[at : at + 20]!r} at character {at + 1}"
            raise UserError("target/neurons", reason, "write numbers and ranges: 12-40, 77", "bad_neurons")
        firsts.append(int(found[1]))
        lasts.append(int(found[2] or found[1]))
        at = found.end()
    if not firsts:
        raise UserError("target/neurons", "lists no neuron", "write numbers and ranges: 12-40, 77", "empty_target")
    low, high = np.array(firsts), np.array(lasts)
    if (low > high).any():
        place = int((low > high).argmax())
        reason = f"has the range {low[place]}-{high[place]}, which is empty"
        raise UserError("target/neurons", reason, "write the smaller number first", "empty_target")
    if high.max() >= count:
        reason = f"names neuron {high.max()}, beyond the ear's {count}"
        raise UserError("target/neurons", reason, f"use 0 to {count - 1}", "out_of_range")
    edges = np.zeros(count + 1, np.int64)
    np.add.at(edges, low, 1)
    np.add.at(edges, high + 1, -1)
    return np.flatnonzero(np.cumsum(edges[:-1]) > 0)


def write_neurons(numbers: Iterable[int]) -> str:
    """The shortest text that lists ``numbers``.

    Raises:
        UserError: more than :data:`MOST`, or one below 0.
    """
    chosen = np.unique(np.fromiter(numbers, np.int64))
    if len(chosen) > MOST:
        raise UserError(
            "target/neurons", f"lists more than {MOST} neurons", "send fewer, or ranges as text", "too_many"
        )
    if len(chosen) and (chosen[0] < 0 or chosen[-1] >= 1_000_000_000):
        bad = chosen[0] if chosen[0] < 0 else chosen[-1]
        raise UserError("target/neurons", f"names neuron {bad}", "count from 0", "out_of_range")
    breaks = np.flatnonzero(np.diff(chosen) != 1)
    firsts = chosen[np.concatenate([[0], breaks + 1])] if len(chosen) else chosen
    lasts = chosen[np.concatenate([breaks, [len(chosen) - 1]])] if len(chosen) else chosen
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(firsts.tolist(), lasts.tolist(), strict=True))
