"""What is measured of an ear whose neurons are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.activations import Recorder, index_layers
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.ranks import LEVELS
from ear_engine.ear.statistics import ExcerptHit, Statistics
from ear_engine.errors import UserError
from ear_engine.statistics.gather import Options, gather
from ear_engine.statistics.listening import Listener, draw, window
from tests.statistics.planted import KEPT, RATE, SECONDS, TUNED, PlantedEar, music

HOP = 1024


@pytest.fixture(scope="module")
def heard() -> NDArray[np.float64]:
    """All activations of the excerpts that the statistics are of: (neurons, steps)."""
    pieces, listener = music(), Listener(PlantedEar(), "cpu", KEPT)  # type: ignore[arg-type]
    excerpts = draw(pieces, 12, listener.samples, 3)
    with torch.no_grad():
        parts = [
            torch.cat(list(listener.hear(features).values()), dim=1)
            for _, features in listener.batches(pieces, excerpts, 2)
        ]
    return torch.cat([row for part in parts for row in part], dim=-1).double().numpy()


def test_moments_and_extremes_are_those_of_all_that_was_heard(planted: Statistics, heard: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(planted.mean, heard.mean(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(planted.variance, heard.var(axis=1), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(planted.active, (heard > 0).mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(planted.low, heard.min(axis=1).astype(np.float32))
    np.testing.assert_array_equal(planted.high, heard.max(axis=1).astype(np.float32))
    np.testing.assert_allclose(planted.floor, (heard <= heard.min(axis=1, keepdims=True)).mean(axis=1), atol=1e-6)


def test_quantiles_are_those_of_the_time_above_the_minimum(planted: Statistics, heard: NDArray[np.float64]) -> None:
    for number in range(0, len(heard), 7):
        own = heard[number]
        above = own[own > own.min()]
        if len(above) < 200:
            continue
        exact = np.quantile(above, LEVELS)
        width = own.max() - own.min()
        bins = np.sqrt((exact - own.min()) / width) * 2 / 1024 * width  # how wide a bin of the histogram is there
        below, beyond = (np.quantile(above, np.clip(np.asarray(LEVELS) + d / len(above), 0.0, 1.0)) for d in (-2, 2))
        tolerance = bins + beyond - below + 2e-6 * width
        assert (np.abs(planted.quantiles[number] - exact) <= tolerance)[1:].all()
        assert planted.quantiles[number][0] == planted.low[number]


def test_ranks_are_shares_of_time(planted: Statistics, heard: NDArray[np.float64]) -> None:
    moments = heard[:, ::97].T.astype(np.float32)
    ranks = planted.rank(moments)
    off = np.zeros_like(ranks)
    for number, own in enumerate(heard):
        near = 0.003 * (own.max() - own.min())
        least = (own[None, :] < moments[:, number, None] - near).mean(axis=1)
        most = (own[None, :] <= moments[:, number, None] + near).mean(axis=1)
        off[:, number] = np.maximum(least - ranks[:, number], ranks[:, number] - most)
    assert off.max() < 0.05  # levels are 0.05 apart at most
    assert np.maximum(off, 0).mean() < 0.002


@pytest.mark.parametrize("layer", ["tuned", "sudden", "turned"])
def test_the_best_frequency_is_the_one_that_was_planted(planted: Statistics, layer: str) -> None:
    """Of neurons that hear level, onsets, or phase."""
    for channel, hertz in enumerate(TUNED):
        found = float(planted.frequency[planted.index.index(layer, channel)])
        assert abs(np.log2(found / hertz)) < 1 / 12, (channel, hertz, found)


def test_scalogram_bins_answer_to_their_own_frequency(planted: Statistics) -> None:
    frequencies = EarConfig().scalogram.frequencies()
    own = planted.frequency[planted.index["scalogram"].span].reshape(2, -1)
    assert np.abs(np.log2(own / frequencies))[:, 4:-4].max() < 1 / 12


def test_the_phase_share_tells_level_from_phase(planted: Statistics) -> None:
    level, phase = planted.index.index("tuned", 1), planted.index.index("turned", 4)
    assert planted.phase[level] < 0.01
    assert planted.phase[phase] > 0.99


@pytest.mark.parametrize(("channel", "recording"), [(0, "kicks"), (1, "tone"), (2, "high"), (4, "hats")])
def test_the_strongest_excerpt_is_where_the_sound_is(planted: Statistics, channel: int, recording: str) -> None:
    found = planted.describe(planted.index.index("tuned", channel))
    assert found.excerpts[0].recording == recording
    assert len({hit.recording for hit in found.excerpts}) == len(found.excerpts)
    strengths = [hit.activation for hit in found.excerpts]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] == pytest.approx(found.high, rel=1e-3)


def test_the_strongest_moment_is_when_the_sound_is(planted: Statistics) -> None:
    kick = _hit(planted, 0, "kicks")
    hat = _hit(planted, 4, "hats")
    assert 0 < kick.seconds < SECONDS
    # kicks are on the half seconds, hats between them; windows are longer at low frequencies, and reach ahead
    assert abs((kick.seconds + 0.25) % 0.5 - 0.25) < 0.15
    assert abs(hat.seconds % 0.5 - 0.25) < 0.1


def _hit(planted: Statistics, channel: int, recording: str) -> ExcerptHit:
    hits = planted.describe(planted.index.index("sudden", channel)).excerpts
    return next(hit for hit in hits if hit.recording == recording)


def test_names_say_what_is_heard(planted: Statistics) -> None:
    tuned, sudden = planted.region_names["tuned"], planted.region_names["sudden"]
    assert "kicks" in sudden[0]
    assert "hats" in sudden[4]
    assert "low tones" in tuned[1]
    assert "mid tones" in tuned[2]
    assert not any(word in tuned[1] + tuned[2] for word in ("rising", "falling"))
    assert tuned[5] == "idle"
    for names in planted.region_names.values():
        assert len(set(names)) == len(names)


def test_a_neuron_that_never_fires_has_no_excerpts_and_rank_0(planted: Statistics) -> None:
    number = planted.index.index("tuned", 5)
    found = planted.describe(number)
    assert found.excerpts == ()
    assert found.name.startswith("idle")
    assert found.active == 0.0
    assert 20 < found.frequency < 20000
    rest = np.zeros(len(planted.index), np.float32)
    assert planted.rank(rest)[number] == 0.0
    rest[number] = 0.5
    assert planted.rank(rest)[number] == 1.0


def test_the_same_again(planted: Statistics) -> None:
    again = gather(
        PlantedEar(),  # type: ignore[arg-type]
        music(),
        corpus="planted",
        weights="0" * 64,
        options=Options(12, 3, "cpu", KEPT),
    )
    for name in ("mean", "quantiles", "frequency", "onset", "excerpt_recording", "excerpt_seconds", "region_bins"):
        np.testing.assert_array_equal(getattr(again, name), getattr(planted, name))
    assert again.region_names == planted.region_names


def test_neurons_are_numbered_as_everywhere() -> None:
    torch.manual_seed(0)
    ear = Ear(EarConfig(width=0.03)).eval()
    found = Listener(ear, "cpu", 16).index
    recorder = Recorder(ear, inputs=("scalogram",))
    with torch.no_grad(), recorder.recording() as trace:
        ear(torch.zeros(1, RATE * 2))
    expected = index_layers(trace, ear.config.scalogram.loop_frames(RATE * 2))
    assert [(k.name, k.channels, k.bins, k.stride, k.offset) for k in found.layers] == [
        (k.name, k.channels, k.bins, k.stride, k.offset) for k in expected.layers
    ]


def test_progress_ends_at_its_end() -> None:
    seen: list[tuple[int, int]] = []
    gather(
        PlantedEar(),  # type: ignore[arg-type]
        music()[:2],
        corpus="planted",
        options=Options(2, 0, "cpu", 16),
        progress=lambda done, of: seen.append((done, of)),
    )
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_excerpts_are_spread_over_all_music_and_repeatable() -> None:
    pieces = music()
    samples = window(HOP, 16)
    excerpts = draw(pieces, 60, samples, 1)
    assert excerpts == draw(pieces, 60, samples, 1)
    assert excerpts != draw(pieces, 60, samples, 2)
    assert {excerpt.recording for excerpt in excerpts} == set(range(len(pieces)))
    assert all(0 <= e.start <= pieces[e.recording].length - samples for e in excerpts)
    assert [e.recording for e in excerpts] == sorted(e.recording for e in excerpts)


def test_recordings_that_are_too_short_are_passed_over() -> None:
    pieces = music()
    assert {e.recording for e in draw([pieces[0], ShortPiece(), pieces[1]], 8, window(HOP, 16), 0)} == {0, 2}
    with pytest.raises(UserError, match="no recording"):
        draw([ShortPiece()], 8, window(HOP, 16), 0)
    with pytest.raises(UserError, match="below 1"):
        draw(pieces, 0, window(HOP, 16), 0)


class ShortPiece:
    name = "short"
    length = RATE

    def audio(self, start: int, length: int) -> NDArray[np.float32]:
        raise AssertionError("it is too short to be heard")


def test_an_ear_that_is_not_finite_is_refused() -> None:
    ear = PlantedEar()
    ear.tuned.register_forward_pre_hook(lambda module, inputs: (inputs[0] * torch.nan,))
    with pytest.raises(UserError, match="finite"):
        gather(ear, music()[:2], corpus="planted", options=Options(2, 0, "cpu", 16))  # type: ignore[arg-type]
