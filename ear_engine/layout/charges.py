"""What each vertex pushes with: the more a neuron does in music, the more room it takes.

The paper's charges are variances of activations. Layers differ in theirs by what their weights happen to be, so a
neuron's is taken relative to its layer's mean, and as a deviation, not its square: the repulsion of two neurons is a
product of charges, so it goes with the variance all the same. A second factor lets layers look alike: neurons with few
edges would be pushed far by the charges of those with many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError
from ear_engine.layout.graph import NeuronGraph

WEAKEST, STRONGEST = 0.1, 4.0
"""Least and greatest charge by variance; the layer's mean variance has 1."""
LEAST_VARIANCE = 1e-3
"""Least charge if charges are variances, whose mean is 1; without it some neurons would not push at all."""
_FEWEST = 1e-3  # of the mean weight of a vertex's edges, as which less counts


def charges_of(graph: NeuronGraph, statistics: Statistics | None, kind: str = "deviation") -> NDArray[np.float64]:
    """What each neuron pushes with, (vertices,); 1 without statistics.

    Args:
        graph: whose vertices are the neurons.
        statistics: of the ear.
        kind: ``deviation``, over the root of the layer's mean variance, 0.1..4; or ``variance``, the paper's, over the
            mean variance of all, at least 0.001.

    Raises:
        UserError: the statistics are of an ear with other layers.
    """
    found = np.ones(graph.vertices)
    if statistics is None:
        return found
    mine = [(layer.name, layer.channels, layer.places) for layer in graph.layers]
    theirs = [(layer.name, layer.channels, layer.bins) for layer in statistics.index.layers]
    if mine != theirs:
        mend = "make them again with `ear-engine statistics`"
        raise UserError("the ear's statistics", "are of other layers than the ear has", mend, "bad_statistics")
    if kind == "variance":
        variances = statistics.variance.astype(np.float64)
        mean = float(variances.mean())
        if mean != 0.0:
            found = np.maximum(variances / mean, LEAST_VARIANCE)
        check_charges(found, graph)
        return found
    for layer in graph.layers:
        variance = statistics.variance[layer.span].astype(np.float64)
        mean = float(variance.mean())
        if mean != 0.0:  # a layer that never changes has charges of 1
            found[layer.span] = np.clip(np.sqrt(variance / mean), WEAKEST, STRONGEST)
    check_charges(found, graph)
    return found


def balanced(charges: NDArray[np.float64], degree: NDArray[np.float64], balance: float) -> NDArray[np.float64]:
    """Charges times (degree / mean degree) ** (balance / 2), their mean 1 again.

    Where springs are soft, vertices are pushed far. With a balance of 1 the repulsion of neurons alike grows as their
    springs do.

    Args:
        charges: (vertices,).
        degree: (vertices,), sum of the weights of each one's edges.
        balance: 0 leaves charges as they are.
    """
    relative = np.maximum(degree / max(float(degree.mean()), 1e-12), _FEWEST)
    found = charges * relative ** (balance / 2.0)
    return np.asarray(found / found.mean(), np.float64)


def check_charges(charges: NDArray[np.float64], graph: NeuronGraph) -> None:
    """Make sure that every vertex can be pushed.

    Raises:
        UserError: there is not one for each vertex, or one is not a number above 0.
    """
    mend = "give one number above 0 for each neuron"
    if charges.shape != (graph.vertices,):
        reason = f"have the shape {charges.shape}, not {(graph.vertices,)}"
        raise UserError("the charges", reason, mend, "bad_charges")
    bad = ~(np.isfinite(charges) & (charges > 0.0))
    if bad.any():
        number = int(bad.argmax())
        layer = next(one for one in graph.layers if number < one.offset + one.vertices)
        reason = (
            f"are not above 0 for {int(bad.sum())} neurons, as {charges[number]} for neuron {number} ({layer.name})"
        )
        raise UserError("the charges", reason, mend, "bad_charges")
