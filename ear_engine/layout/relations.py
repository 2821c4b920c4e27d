"""Which places of one axis reach which places of another: sparse matrices of shape (places after, places before).

Entries are weights; where only the pattern counts they are 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Relation: TypeAlias = Any
"""A ``scipy.sparse.csr_array`` of float32, which has no types of its own."""


def taps(before: int, after: int, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> list[Relation]:
    """Of a sliding window, one relation for each of its ``kernel`` places: ``before = after * stride + tap - pad``.

    What lies in the padding is left out.
    """
    rows = np.arange(after)
    found = []
    for tap in range(kernel):
        columns = rows * stride + tap * dilation - pad
        inside = (columns >= 0) & (columns < before)
        found.append(_relation(rows[inside], columns[inside], after, before))
    return found


def window(before: int, after: int, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> Relation:
    """All taps of a sliding window at once."""
    return pattern(sum(taps(before, after, kernel, stride, pad, dilation), sparse.csr_array((after, before))))


def pick(places: NDArray[np.int64] | Sequence[int], before: int) -> Relation:
    """Place i after is place ``places[i]`` before; nothing where that is negative."""
    columns = np.asarray(places, np.int64)
    rows = np.arange(len(columns))
    inside = columns >= 0
    return _relation(rows[inside], columns[inside], len(columns), before)


def whole(after: int, before: int) -> Relation:
    """Everything reaches everything."""
    return sparse.csr_array(np.ones((after, before), np.float32))


def identity(places: int) -> Relation:
    """Each place reaches itself."""
    return pick(np.arange(places), places)


def blocks(weight: NDArray[np.float32], groups: int) -> Relation:
    """Of a convolution's channels: ``weight`` (out, in / groups), in ``groups`` blocks along the diagonal."""
    if groups == 1:
        return sparse.csr_array(weight)
    parts = np.split(weight, groups)
    return sparse.csr_array(sparse.block_diag(parts, format="csr"))


def pattern(relation: Relation) -> Relation:
    """The same with 1 for every entry that is not 0."""
    found = sparse.csr_array(relation, copy=True).astype(np.float32)
    found.sum_duplicates()
    found.eliminate_zeros()
    found.data[:] = 1.0
    return found


def same(first: Relation, second: Relation) -> bool:
    """Whether both say the same."""
    if first is second:
        return True
    return bool(first.shape == second.shape and first.nnz == second.nnz and (first != second).nnz == 0)


def product(relations: Sequence[Relation]) -> Relation:
    """Of several axes laid out one after the other, the last one fastest."""
    found = identity(1)
    for relation in relations:
        found = sparse.csr_array(sparse.kron(found, relation))
        found.eliminate_zeros()  # that of dense matrices is made in blocks
    return found


def _relation(rows: NDArray[np.int64], columns: NDArray[np.int64], after: int, before: int) -> Relation:
    return sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=(after, before))
