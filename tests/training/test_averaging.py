"""The moving average of weights against its formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ear_engine.training.averaging import Average


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_weights_are_averaged_and_buffers_are_the_last(decay: float) -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()
    average = Average(network, decay)
    expected = [p.detach().clone() for p in network.parameters()]
    for step in range(1, 30):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter))
        network(torch.randn(5, 3, dtype=torch.float64))  # moves the running moments
        average.update(network, step)
        keep = min(decay, (1 + step) / (10 + step))
        expected = [keep * a + (1 - keep) * p.detach() for a, p in zip(expected, network.parameters(), strict=True)]
        for mine, wanted in zip(average.network.parameters(), expected, strict=True):
            assert torch.allclose(mine, wanted, atol=1e-12)
    for mine, theirs in zip(average.network.buffers(), network.buffers(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_average_is_a_network_of_its_own_that_is_not_trained() -> None:
    network = nn.Linear(2, 2)
    average = Average(network, 0.9)
    assert not any(p.requires_grad for p in average.network.parameters())
    with torch.no_grad():
        network.weight.zero_()
    assert average.network.weight.abs().sum() > 0
    average.update(network, 1)
    assert network.weight.requires_grad
