"""Percentile ranks of activations, all neurons at once: a table of quantiles, and a fast way to look values up in it.

**Rank.** The share of time that a neuron spends below a value. A neuron at its minimum (a rectifier that is off) has
rank 0; the slightest activation above it has at least ``floor``, the share of time it spends at its minimum. Between
the quantiles, ranks are interpolated.

**Table.** ``quantiles[i, k]`` is the value below which the share ``LEVELS[k]`` of the time *above the minimum* is
spent: all levels describe the part that fires, also for a neuron that is off nearly always.

**Lookup.** A search in every neuron's own table is too slow for every frame. Values are warped by
``y / (|y| + scale)``, y the distance from the median and scale half the interquartile range, which spreads any bell or
tail about evenly; the warped range is cut into 64 equal cells, and inside a cell ranks are linear in the warped value.
Where that is off by more than 0.005 (a neuron that spends much time at nearly one value), a cell is marked, and the few
values that fall into it are searched for.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LOW = (0.0, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1)
_HIGH = (0.9, 0.93, 0.96, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 1.0)
LEVELS: tuple[float, ...] = (*_LOW, *(round(0.05 * i, 2) for i in range(3, 18)), *_HIGH)
"""33 shares of the time above the minimum, closer together near the top."""
_QUARTILES = tuple(LEVELS.index(level) for level in (0.25, 0.5, 0.75))
_CELLS = 64
_TOLERANCE = 0.005
_TINY = 1e-20
_BLOCK = 512  # neurons


def interpolated_ranks(values: NDArray[np.floating], quantiles: Floats, floor: Floats) -> NDArray[np.float64]:
    """Ranks by a search in the table: exact at the quantiles, linear between them.

    Args:
        values: (neurons,).
        quantiles: (neurons, levels), rising.
        floor: (neurons,), 0..1.

    Returns:
        (neurons,), 0..1.
    """
    levels = np.asarray(LEVELS)
    above = (quantiles < values[:, None]).sum(axis=1)
    right = np.clip(above, 1, len(levels) - 1)
    rows = np.arange(len(quantiles))
    low, high = quantiles[rows, right - 1].astype(np.float64), quantiles[rows, right].astype(np.float64)
    share = np.clip((values - low) / np.maximum(high - low, _TINY), 0.0, 1.0)
    level = levels[right - 1] + share * (levels[right] - levels[right - 1])
    level = np.where(above == len(levels), 1.0, level)
    ranks: NDArray[np.float64] = np.where(values > quantiles[:, 0], floor + (1.0 - floor) * level, 0.0)
    return ranks


class RankTable:
    """Looks up the ranks of all neurons, or of some that lie together, to 0.005 of :func:`interpolated_ranks`.

    Args:
        quantiles: (neurons, levels), rising; the first is the minimum, the last the maximum.
        floor: (neurons,), share of time at the minimum.

    The table is built on first use and takes 540 bytes a neuron.
    """

    def __init__(self, quantiles: Floats, floor: Floats) -> None:
        self._quantiles = quantiles
        self._floor = floor

    def __call__(self, values: Floats, neurons: slice = slice(None)) -> Floats:
        """Ranks of activations.

        Args:
            values: (..., neurons), float32; what is not a number has rank 0.
            neurons: which neurons those are; all by default.

        Returns:
            (..., neurons), 0..1; monotone in the value but for the 0.005.
        """
        if values.ndim > 1 and values.shape[-1] > _BLOCK:
            return self._by_blocks(values, neurons)
        low, high = self._warp[:2, neurons]
        values = np.ascontiguousarray(values)
        inside: Floats = np.fmin(np.fmax(values, low), high)
        cell, share = self._place(inside, neurons)
        pair = self._cells[neurons].reshape(-1).take(cell)
        share *= pair.imag
        share += pair.real
        rough = np.flatnonzero(pair.imag < 0)
        if rough.size:
            rows = np.arange(len(self._floor))[neurons][rough % low.size]
            found = interpolated_ranks(inside.reshape(-1)[rough], self._quantiles[rows], self._floor[rows])
            share.reshape(-1)[rough] = found
        share *= values > low
        np.copyto(share, 1.0, where=values > high)
        return share

    def _by_blocks(self, values: Floats, neurons: slice) -> Floats:
        """Many rows: some neurons at a time, whose part of the table stays in the cache."""
        ranks = np.empty(values.shape, np.float32)
        start, _, _ = neurons.indices(len(self._floor))
        for first in range(0, values.shape[-1], _BLOCK):
            some = values[..., first : first + _BLOCK]
            place = slice(start + first, start + first + some.shape[-1])
            ranks[..., first : first + _BLOCK] = self(some, place)
        return ranks

    def _place(self, values: Floats, neurons: slice) -> tuple[NDArray[np.int32], Floats]:
        """Number of the cell of each value, counted through the neurons, and how far inside it is, 0..1."""
        _, _, center, scale, slope, intercept = self._warp[:, neurons]
        place = values - center
        spread = np.abs(place)
        spread += scale
        place /= spread
        place *= slope
        place += intercept
        cell = place.astype(np.int32)
        np.clip(cell, 0, _CELLS - 1, out=cell)
        place -= cell
        cell += np.arange(center.size, dtype=np.int32) * _CELLS
        return cell, place

    @cached_property
    def _warp(self) -> Floats:
        q = self._quantiles.astype(np.float64)
        low, high = q[:, 0], q[:, -1]
        first, center, third = (q[:, k] for k in _QUARTILES)
        spread = np.maximum((third - first) / 2, 1e-3 * (high - low))
        scale = np.where(high > low, spread, 1.0)

        def warped(values: NDArray[np.float64]) -> NDArray[np.float64]:
            distance = values - center
            return np.asarray(distance / (np.abs(distance) + scale))

        bottom, top = warped(low), warped(high)
        slope = _CELLS / np.where(top > bottom, top - bottom, 1.0)
        warp: Floats = np.stack([low, high, center, scale, slope, -bottom * slope]).astype(np.float32)
        return warp

    def _value_at(self, place: float) -> NDArray[np.float64]:
        """Value of each neuron at a place of the warped range, 0.._CELLS; the inverse of :meth:`_place`."""
        low, high, center, scale, slope, intercept = self._warp.astype(np.float64)
        warped = (place - intercept) / slope
        value: NDArray[np.float64] = center + scale * warped / np.maximum(1.0 - np.abs(warped), 1e-9)
        return value.clip(low, high)

    @cached_property
    def _cells(self) -> NDArray[np.complex64]:
        """(neurons, cells): rank where a cell starts and its rise inside (-1 if marked), as one complex number."""
        ranks = [interpolated_ranks(self._value_at(k), self._quantiles, self._floor) for k in range(_CELLS + 1)]
        ranks[0] = self._floor.astype(np.float64)
        edges = np.maximum.accumulate(np.stack(ranks, axis=1), axis=1)
        cells = np.empty((len(edges), _CELLS), np.complex64)
        cells.real, cells.imag = edges[:, :-1], np.diff(edges, axis=1)
        rough = np.zeros(cells.size, bool)
        everything = slice(None)
        probes = [self._value_at(k + 0.5) for k in range(_CELLS)]
        for value in (*self._quantiles.T[1:], *(probe.astype(np.float32) for probe in probes)):
            cell, share = self._place(np.ascontiguousarray(value), everything)
            pair = cells.reshape(-1).take(cell)
            exact = interpolated_ranks(value, self._quantiles, self._floor)
            off = np.abs(pair.real + share * pair.imag - exact) > _TOLERANCE
            rough[cell[off & (value > self._quantiles[:, 0])]] = True
        cells.reshape(-1).imag[rough] = -1.0
        return cells
