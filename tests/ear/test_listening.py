"""The network written out for listening hears and answers as the modules do."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ear_engine.ear.activations import Recorder
from ear_engine.ear.listening import Listener, can_listen
from ear_engine.ear.network import Ear
from ear_engine.errors import UserError
from tests.ear.networks import lived_in, random_features

EAR = lived_in(0.06).fused()
NAMES = Recorder(EAR).names
EVERY_KIND = ("encoder_0_conv1", "encoder_0_conv2", "encoder_4_conv2", "encoder_7_conv2", "autoregressive_5")


def by_modules(ear: Ear, features: torch.Tensor, layers: tuple[str, ...]) -> dict[str, torch.Tensor]:
    recorder = Recorder(ear)
    with recorder.recording(layers, raw=True, stop=True) as trace:
        ear.hear(features, circular=True)
    return trace


def gradient(trace: dict[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    total = torch.zeros((), dtype=torch.float64)
    for values in trace.values():
        total = total + (values * torch.randn(values.shape, generator=generator, dtype=torch.float64)).sum()
    return torch.autograd.grad(total, features)[0]


@pytest.mark.parametrize("layers", [*((name,) for name in NAMES), EVERY_KIND, NAMES], ids=lambda one: one[-1])
def test_activations_and_gradients_are_those_of_the_modules(layers: tuple[str, ...]) -> None:
    features = random_features(48, batch=2).requires_grad_()
    expected, heard = by_modules(EAR, features, layers), Listener(EAR).hear(features, layers)
    assert tuple(heard) == tuple(expected)
    for name in layers:
        torch.testing.assert_close(heard[name], expected[name], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient(heard, features), gradient(expected, features), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("frames", [16, 32, 37, 50])
def test_loops_shorter_than_a_kernel_and_of_uneven_length_wrap_as_in_the_modules(frames: int) -> None:
    features = random_features(frames, seed=frames).requires_grad_()
    expected = by_modules(EAR, features, ("autoregressive_8",))
    heard = Listener(EAR).hear(features, ("autoregressive_8",))
    torch.testing.assert_close(heard["autoregressive_8"], expected["autoregressive_8"], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient(heard, features), gradient(expected, features), rtol=1e-9, atol=1e-9)


def test_a_layer_that_nobody_follows_costs_the_others_nothing() -> None:
    features = random_features(32).requires_grad_()
    both = Listener(EAR).hear(features, ("encoder_2_conv1", "autoregressive_3"))
    alone = Listener(EAR).hear(features, ("encoder_2_conv1",))
    shallow = torch.autograd.grad(both["encoder_2_conv1"].mean(), features)[0]
    assert torch.equal(shallow, torch.autograd.grad(alone["encoder_2_conv1"].mean(), features)[0])


@pytest.mark.parametrize("layer", ["encoder_0_conv2", "encoder_5_conv1"])
def test_only_the_channels_followed_have_a_gradient(layer: str) -> None:
    features = random_features(32).requires_grad_()
    whole = torch.autograd.grad(Listener(EAR).hear(features, [layer])[layer].sum(), features)[0]
    part = torch.autograd.grad(Listener(EAR, followed=1).hear(features, [layer])[layer].sum(), features)[0]
    torch.testing.assert_close(part[:, 0], whole[:, 0])
    assert whole[:, 1].abs().max() > 0
    assert not part[:, 1].any()


def test_bfloat16_hears_nearly_the_same_and_answers_in_float32() -> None:
    ear = lived_in(0.06).float().fused()
    features = random_features(48).float().requires_grad_()
    layer = "encoder_5_conv1"
    exact, rough = (Listener(ear, dtype).hear(features, [layer])[layer] for dtype in (None, torch.bfloat16))
    assert rough.dtype == torch.float32
    assert (rough - exact).norm() < 0.03 * exact.norm()
    gradients = [torch.autograd.grad(values.mean(), features)[0].flatten() for values in (exact, rough)]
    assert gradients[1].dtype == torch.float32
    assert torch.cosine_similarity(*gradients, dim=0) > 0.7  # its coarse values change who wins a max pooling


def test_nothing_is_computed_for_no_layers_or_beyond_the_deepest() -> None:
    features = random_features(16)
    assert Listener(EAR).hear(features, ()) == {}
    broken = lived_in(0.06).fused()
    broken.autoregressive[1].conv.weight.data.fill_(float("nan"))
    heard = Listener(broken).hear(features, ("autoregressive_0",))
    assert torch.isfinite(heard["autoregressive_0"]).all()


@pytest.mark.parametrize("shape", [{"normalization": "frame"}, {"pooling": "blur"}], ids=["frame", "blur"])
def test_other_kinds_of_layers_are_refused(shape: dict[str, Any]) -> None:
    ear = lived_in(**shape)
    assert not can_listen(ear)
    with pytest.raises(UserError, match="layers that are not the paper's"):
        Listener(ear)


def test_ears_that_hear_in_their_own_way_are_refused() -> None:
    class Own(Ear):
        def hear(self, features: torch.Tensor, *, circular: bool) -> object:  # type: ignore[override]
            return features

    assert can_listen(Ear())
    assert not can_listen(Own())
