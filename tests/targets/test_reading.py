"""What a typed target means, and what is refused with the nearest name."""

from __future__ import annotations

import pytest

from ear_engine.errors import UserError
from ear_engine.targets.neuron_list import read_neurons
from ear_engine.targets.reading import read_target

LAYERS = ("scalogram", "encoder_4_conv1", "encoder_4_conv2", "autoregressive_0")


def test_what_was_typed_is_a_layer_an_expression_numbers_or_words() -> None:
    assert read_target("encoder_4_conv1", LAYERS) == {"target/layer": "encoder_4_conv1"}
    assert read_target(" 2*cpc() ", LAYERS) == {"target/objective": "2*cpc()"}
    assert read_target("12-40, 77", LAYERS) == {"target/neurons": "12-40, 77"}
    assert read_target("bright hats", LAYERS) == {"target/name": "bright hats"}


@pytest.mark.parametrize("text", ["12-40, 77", "12–40, 77", "12 - 40 77"])
def test_what_is_taken_for_numbers_can_be_read_as_numbers(text: str) -> None:
    numbers = read_neurons(read_target(text, LAYERS)["target/neurons"], 100)
    assert numbers.tolist() == [*range(12, 41), 77]


@pytest.mark.parametrize(
    "text", ["hats", "level", "noise", "snare", "hihat", "220 Hz", "kicks in encoder_4_conv2", "808s"]
)
def test_words_stay_words(text: str) -> None:
    assert read_target(text, LAYERS) == {"target/name": text}


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("encodr_4_conv2", "did you mean encoder_4_conv2"),
        ("Encoder_4_conv2", "did you mean encoder_4_conv2"),
        ("surprise", "did you mean surprise()"),
        ("deepdream", "did you mean deep_dream(layer"),
        ("x_9", "use words"),
        ("  ", "name a layer, words"),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(text: str, mend: str) -> None:
    with pytest.raises(UserError) as raised:
        read_target(text, LAYERS)
    assert mend in raised.value.mend
