"""Names and numbers of neurons, and the recorder on networks it has never seen."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from ear_engine.ear.activations import Layer, Neuron, NeuronIndex, Recorder, index_layers, to_arrays
from ear_engine.errors import UserError

shapes = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 7)), min_size=1, max_size=5)


def index_from(sizes: list[tuple[int, int]]) -> NeuronIndex:
    layers, offset = [], 0
    for number, (channels, bins) in enumerate(sizes):
        layers.append(Layer(f"layer_{number}", channels, bins, 1, offset))
        offset += channels * bins
    return NeuronIndex(layers)


@given(shapes)
def test_every_neuron_has_a_number_and_back(sizes: list[tuple[int, int]]) -> None:
    index = index_from(sizes)
    places = [
        Neuron(f"layer_{number}", channel, bin_)
        for number, (channels, bins) in enumerate(sizes)
        for channel in range(channels)
        for bin_ in range(bins)
    ]
    assert len(index) == len(places)
    for number, place in enumerate(places):  # layer after layer, channel-major: the order of the numbers
        assert index.neuron(number) == place
        assert index.index(place.layer, place.channel, place.bin) == number


@given(shapes, st.integers(-50, 500))
def test_numbers_outside_the_network_are_refused(sizes: list[tuple[int, int]], number: int) -> None:
    index = index_from(sizes)
    if 0 <= number < len(index):
        index.neuron(number)
    else:
        with pytest.raises(UserError, match=rf"neuron {number} is outside the network's {len(index)}") as refused:
            index.neuron(number)
        assert refused.value.code == "out_of_range"


@pytest.mark.parametrize(("channel", "bin_"), [(-1, 0), (3, 0), (0, -1), (0, 4)])
def test_places_outside_a_layer_are_refused(channel: int, bin_: int) -> None:
    with pytest.raises(UserError, match="outside the layer's 3 channels and 4 bins"):
        index_from([(3, 4)]).index("layer_0", channel, bin_)


def test_an_unknown_layer_is_refused_with_the_nearest_names() -> None:
    index = NeuronIndex([Layer("encoder_3_conv1", 1, 1, 1, 0), Layer("autoregressive_6", 1, 1, 1, 1)])
    with pytest.raises(UserError, match="layer 'encoder_3_conv' does not exist in this ear; try encoder_3_conv1"):
        index["encoder_3_conv"]
    with pytest.raises(UserError, match="try encoder_3_conv1 or autoregressive_6"):
        index.index("zzz", 0)


class Odd(nn.Module):
    """Nothing like an ear: nested, a nonlinearity at the top, one used twice, two in one block, other kinds."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.front = nn.Conv1d(1, 3, 1)
        self.block = nn.ModuleDict({"Inner": nn.Sequential(nn.Conv1d(3, 4, 2), nn.ReLU(inplace))})
        self.two = nn.Sequential(nn.GELU(), nn.Conv1d(4, 2, 1), nn.Tanh())
        self.act = nn.LeakyReLU(0.5, inplace)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block["Inner"](self.front(x))
        return self.act(self.act(self.two(x)) - 0.1)


def odd(inplace: bool = False) -> Odd:
    torch.manual_seed(0)
    return Odd(inplace).eval()


def test_layers_are_named_after_where_their_nonlinearity_stands() -> None:
    recorder = Recorder(odd(), inputs=("front",))
    assert recorder.names == ("front", "block_inner", "two", "two_2", "act")


@pytest.mark.parametrize("inplace", [False, True])
def test_recorded_values_are_those_computed_by_hand(inplace: bool) -> None:
    network = odd(inplace)
    x = torch.randn(2, 1, 9, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        front = network.front(x)
        block = network.block["Inner"][0](front)
        two = torch.relu(block)
        last = network.two[1](torch.nn.functional.gelu(two))
        once = torch.nn.functional.leaky_relu(torch.tanh(last), 0.5) - 0.1
        recorder = Recorder(network, inputs=("front",))
        with recorder.recording() as fired:
            network(x)
        with recorder.recording(raw=True) as raw:
            network(x)
    assert list(fired) == list(raw) == ["front", "block_inner", "two", "two_2", "act"]
    for name, before, after in [
        ("front", front, front),
        ("block_inner", block, two),
        ("two", two, torch.nn.functional.gelu(two)),
        ("two_2", last, torch.tanh(last)),
        ("act", once, torch.nn.functional.leaky_relu(once, 0.5)),
    ]:
        assert torch.allclose(raw[name], before, atol=1e-6), name
        assert torch.allclose(fired[name], after, atol=1e-6), name


def test_only_what_is_asked_for_is_recorded_and_the_rest_need_not_run() -> None:
    network = odd()
    reached: list[int] = []
    network.two.register_forward_hook(lambda *_: reached.append(1))
    recorder = Recorder(network)
    x = torch.zeros(1, 1, 9)
    with recorder.recording(["block_inner"]) as trace:
        network(x)
    assert list(trace) == ["block_inner"]
    assert len(reached) == 1
    with recorder.recording(["block_inner"], stop=True) as trace:
        network(x)
        raise AssertionError("the block went on after its last layer was recorded")
    assert list(trace) == ["block_inner"]
    assert len(reached) == 1


def hooks_on(network: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


@pytest.mark.parametrize("fail", [False, True])
def test_outside_the_block_nothing_is_recorded_and_nothing_kept_alive(fail: bool) -> None:
    network = odd()
    recorder = Recorder(network)
    x = torch.zeros(1, 1, 9)
    try:
        with recorder.recording() as trace:
            network(x)
            if fail:
                raise RuntimeError
    except RuntimeError:
        assert fail
    assert hooks_on(network) == 0
    kept = dict(trace)
    network(x + 1)
    assert all(trace[name] is kept[name] for name in kept)
    gone = weakref.ref(trace["act"])
    del trace, kept
    gc.collect()
    assert gone() is None


def test_layers_of_a_trace_are_numbered_in_the_order_they_are_computed() -> None:
    trace = {"a": torch.zeros(2, 3, 5, 16), "b": torch.zeros(2, 7, 8), "c": torch.zeros(2, 4, 1)}
    assert index_layers(trace, 16).layers == (
        Layer("a", 3, 5, 1, 0),
        Layer("b", 7, 1, 2, 15),
        Layer("c", 4, 1, 16, 22),
    )


def test_arrays_are_steps_by_neurons_channel_major() -> None:
    values = torch.randn(2, 3, 5, 4, dtype=torch.bfloat16, requires_grad=True)
    (name, array), *rest = to_arrays({"layer": values}).items()
    assert not rest
    assert (name, array.shape, array.dtype) == ("layer", (4, 15), np.float32)
    assert array.flags.c_contiguous
    for step, channel, bin_ in [(0, 0, 0), (3, 2, 4), (1, 2, 0)]:
        assert array[step, channel * 5 + bin_] == values[0, channel, bin_, step].item()
    assert to_arrays({"flat": torch.zeros(1, 6, 2)})["flat"].shape == (2, 6)
