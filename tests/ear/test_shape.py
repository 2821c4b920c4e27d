"""What layers listen to, known without torch, against the network."""

from __future__ import annotations

import numpy as np
import torch

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.shape import bin_frequencies


def test_bin_frequencies_are_where_the_layers_listen() -> None:
    """The center of what a position sees, found by the gradient to the scalogram, is the frequency that is stated."""
    ear = Ear(EarConfig(width=0.125)).eval()
    centers = bin_frequencies(ear.config)
    recorder = Recorder(ear, inputs=("scalogram",))
    features = torch.rand(1, 2, 216, 32, requires_grad=True)
    names = [name for name in recorder.names if name.startswith("encoder")]
    with recorder.recording(names, raw=True) as trace:
        ear.hear(features, circular=True)
    for name in names:
        bins = trace[name].shape[2]
        assert len(centers[name]) == bins
        middle = bins // 2
        (seen,) = torch.autograd.grad(trace[name][0, :, middle].square().sum(), features, retain_graph=True)
        heard = seen.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
        place = float(heard[0] + heard[-1]) / 2
        stated = 24 * np.log2(centers[name][middle] / 40.0)
        assert abs(place - stated) <= 5  # bins; max pooling passes the gradient of one of two on
