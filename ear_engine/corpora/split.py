"""Which recordings validate: decided by a hash of what belongs together, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def position(text: str) -> float:
    """Where a text stands between 0 and 1, by its SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:8], "big") / 2**64


def validating(groups: Iterable[str], share: float) -> frozenset[str]:
    """The groups that validate: the first ``share`` of them by :func:`position`, at least one, never all.

    Adding n groups changes the side of at most n of the others.

    Args:
        groups: two or more different ones; repeated ones count once.
        share: 0..1.
    """
    ranked = sorted(set(groups), key=lambda group: (position(group), group))
    count = min(max(1, round(share * len(ranked))), len(ranked) - 1)
    return frozenset(ranked[:count])
