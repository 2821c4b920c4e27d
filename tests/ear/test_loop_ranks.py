"""Every neuron's rank in every frame of a loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ear_engine.ear.loop_ranks import fitting, loop_ranks, ranks_within
from ear_engine.ear.ranks import interpolated_ranks
from tests.osc.synthetic import activations
from tests.web.ears import INDEX, N, statistics


@given(
    arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0]))
)
def test_a_rank_within_a_loop_is_the_share_of_frames_below(steps: np.ndarray) -> None:
    below = (steps[None] < steps[:, None]).sum(axis=1)
    assert np.allclose(ranks_within(steps), below / max(len(steps) - 1, 1))


def test_ranks_are_those_of_a_search_in_the_table() -> None:
    known = statistics()
    ranks = loop_ranks(activations(2), 16, known)
    assert ranks.shape == (16, N) and ranks.dtype == np.uint8
    for frame in (0, 7, 15):
        values = np.concatenate([steps[frame * len(steps) // 16] for steps in activations(2).values()])
        expected = 255 * interpolated_ranks(values, known.quantiles, known.floor)
        assert np.abs(ranks[frame] - expected).max() < 0.5 + 255 * 0.006


def test_statistics_of_other_layers_are_left_out() -> None:
    values = activations(1)
    assert fitting(values, statistics()) is not None and fitting(values, None) is None
    assert fitting({**values, "more": np.zeros((4, 2), np.float32)}, statistics()) is None
    swapped = dict(reversed(values.items()))
    assert fitting(swapped, statistics()) is None and len(INDEX.layers) == 3
    assert loop_ranks(swapped, 16, statistics()).shape == (16, N)


def test_what_is_not_a_number_has_rank_0() -> None:
    values = {name: np.full_like(steps, np.nan) for name, steps in activations(1).items()}
    assert not loop_ranks(values, 16, statistics()).any()
