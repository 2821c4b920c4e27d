"""B-splines between the nodes of a grid: what share of a charge each node has, and how to take back what that blurs.

Uniform B-splines as in Essmann et al. 1995, "A smooth particle mesh Ewald method"; the least-squares optimal correction
of Hockney & Eastwood 1988, equation 8-22, for a kernel that is given at the nodes.
"""

from __future__ import annotations

import torch
from torch import Tensor

_IMAGES = 4  # of the spectrum on either side; the sixth power of their distance makes more needless


def spline(inside: Tensor, order: int) -> list[Tensor]:
    """Shares of ``order`` neighboring nodes in charges ``inside`` (0 to 1) the cell, the first node's first.

    The same shape each; they sum to 1.
    """
    shares = [torch.ones_like(inside)]
    for degree in range(1, order):
        grown = []
        for node in range(degree + 1):
            from_start = inside + (degree - node)  # where the charge is, from the start of this node's spline
            share = torch.zeros_like(inside)
            if node > 0:
                share += from_start * shares[node - 1]
            if node < degree:
                share += (degree + 1 - from_start) * shares[node]
            grown.append(share / degree)
        shares = grown
    return shares


def sharpening(frequencies: Tensor, order: int) -> Tensor:
    """What a spectrum is multiplied by, along one axis, if charges were spread and are read by splines.

    Args:
        frequencies: in cycles a node.
        order: of the splines.
    """
    near = torch.sinc(frequencies) ** (2 * order)
    all_images = sum(
        (torch.sinc(frequencies + image) ** (2 * order) for image in range(-_IMAGES, _IMAGES + 1)),
        torch.zeros_like(frequencies),
    )
    return near / all_images.square()
