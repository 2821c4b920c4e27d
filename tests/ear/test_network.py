"""The networks of Table 1: shapes, causality, loops, receptive field, folding of the normalization."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ear_engine.ear.activations import Recorder, index_layers
from ear_engine.ear.causal import SkipConnection, pad_past, pool_past
from ear_engine.ear.network import Ear, EarConfig
from tests.ear.networks import hear_all, lived_in, random_features

EAR = lived_in()
EARS = {
    "paper": EAR,
    "frame": lived_in(normalization="frame"),
    "blur": lived_in(seed=1, pooling="blur"),
    "frame and blur": lived_in(normalization="frame", pooling="blur", score="cosine"),
}
HEARD = {"max": 272, "blur": 304}  # no fewer frames than c's receptive field, the encoder's own included
every_kind = pytest.mark.parametrize("ear", EARS.values(), ids=EARS)
LAYERS = (*Recorder(EAR).names, "z", "c")
ENCODER_BINS = [108, 84, 84, 84, 84, 70, 70, 70, 35, 11, 11, 11, 9, 5, 3, 1]


def index_of(ear: Ear, frames: int = 32) -> object:
    recorder = Recorder(ear, inputs=("scalogram",))
    with torch.no_grad(), recorder.recording() as trace:
        ear.eval()(torch.zeros(1, frames * 1024))
    return index_layers(trace, frames)


@pytest.mark.parametrize(
    ("width", "neurons", "widest"), [(1.0, 42608, 512), (0.5, 432 + (42608 - 432) // 2, 256)], ids=["paper", "small"]
)
def test_layers_and_neurons_are_those_of_the_paper(width: float, neurons: int, widest: int) -> None:
    index = index_of(Ear(EarConfig(width=width)))
    assert len(index) == neurons
    assert [layer.name for layer in index.layers] == [
        "scalogram",
        *(f"encoder_{block}_conv{conv}" for block in range(8) for conv in (1, 2)),
        *(f"autoregressive_{block}" for block in range(9)),
    ]
    scalogram, encoder, autoregressive = index.layers[0], index.layers[1:17], index.layers[17:]
    assert (scalogram.channels, scalogram.bins, scalogram.stride) == (2, 216, 1)
    assert [layer.bins for layer in encoder] == ENCODER_BINS
    assert [layer.channels for layer in encoder[::2]] == [int(c * width) for c in (8, 16, 32, 64, 128, 256, 512, 512)]
    assert [layer.stride for layer in encoder] == [2] * 8 + [4] * 8
    assert [layer.channels for layer in autoregressive] == [
        int(c * width) for c in (512, 512, 512, 512, 256, 256, 256, 256, 256)
    ]
    assert [layer.stride for layer in autoregressive] == [4, 4, 8, 8, 8, 16, 16, 16, 16]
    assert max(layer.channels for layer in index.layers) == widest
    for before, after in zip(index.layers, index.layers[1:], strict=False):
        assert after.offset == before.offset + before.channels * before.bins


@pytest.mark.parametrize(
    ("frames", "codes", "contexts"), [(16, 4, 1), (176, 44, 11), (17, 5, 2), (1, 1, 1), (30, 8, 2)]
)
@pytest.mark.parametrize("circular", [True, False])
@every_kind
def test_any_number_of_frames_gives_a_code_every_four_and_a_context_every_sixteen(
    ear: Ear, frames: int, codes: int, contexts: int, circular: bool
) -> None:
    heard = ear.hear(random_features(frames, 2), circular=circular)
    assert heard.z.shape == (2, EAR.encoder.channels, codes)
    assert heard.c.shape == (2, EAR.autoregressive.channels, contexts)


def test_predictions_are_linear_and_one_set_a_step() -> None:
    c = torch.randn(5, 3, EAR.autoregressive.channels, dtype=torch.float64)
    predicted = EAR.predict(c)
    assert predicted.shape == (5, 3, 16, EAR.encoder.channels)
    assert torch.allclose(EAR.predict(-2 * c), -2 * predicted)
    matrices = EAR.predictor.weight.view(16, EAR.encoder.channels, -1)
    assert torch.allclose(predicted[1, 2, 7], matrices[7] @ c[1, 2])


@every_kind
@settings(deadline=None, max_examples=15)
@given(data=st.data(), frames=st.integers(1, 60), seed=st.integers(0, 99), scale=st.sampled_from([1e-3, 1.0, 1e3]))
def test_no_output_depends_on_a_later_frame(
    ear: Ear, data: st.DataObject, frames: int, seed: int, scale: float
) -> None:
    last_kept = data.draw(st.integers(-1, frames - 1))
    raw = data.draw(st.booleans())
    before = random_features(frames, seed=seed)
    after = before.clone()
    after[..., last_kept + 1 :] += scale * random_features(frames, seed=seed + 100)[..., last_kept + 1 :]
    first, second = (hear_all(ear, x, circular=False, raw=raw) for x in (before, after))
    assert set(first) == set(LAYERS)
    for name in LAYERS:
        stride = index_stride(name)
        steps = first[name].shape[-1]
        assert steps == -(-frames // stride)
        known = last_kept // stride + 1  # steps 0, stride, 2 stride, … up to the last frame that is the same
        assert torch.equal(first[name][..., :known], second[name][..., :known]), name


@pytest.mark.parametrize("frame", [32, 40, 47])
@every_kind
def test_every_layer_hears_a_frame_as_soon_as_causality_allows(ear: Ear, frame: int) -> None:
    before = random_features(64, seed=1)
    after = before.clone()
    after[..., frame] += 1.0
    first, second = (hear_all(ear, x, circular=False, raw=True) for x in (before, after))
    for name in LAYERS:
        changed = (first[name] != second[name]).flatten(0, -2).any(dim=0)
        assert int(torch.nonzero(changed)[0]) == -(-frame // index_stride(name)), name


def index_stride(name: str) -> int:
    if name in ("z", "c"):
        return {"z": 4, "c": 16}[name]
    if name.startswith("encoder"):
        return 2 if int(name.split("_")[1]) < 4 else 4
    return (4, 4, 8, 8, 8, 16, 16, 16, 16)[int(name.split("_")[1])]


@every_kind
@settings(deadline=None, max_examples=4)
@given(contexts=st.integers(1, 5), seed=st.integers(0, 99))
def test_a_loop_is_the_steady_state_of_the_tiled_loop_in_every_layer(ear: Ear, contexts: int, seed: int) -> None:
    frames = 16 * contexts
    features = random_features(frames, seed=seed)
    repeats = 1 + -(-HEARD[ear.config.pooling] // frames)
    loop = hear_all(ear, features, circular=True)
    tiled = hear_all(ear, features.repeat(1, 1, 1, repeats), circular=False)
    for name, values in loop.items():
        steps = values.shape[-1]
        assert torch.allclose(tiled[name][..., -steps:], values, rtol=0, atol=1e-9), name
        if name.startswith("autoregressive"):
            assert not torch.allclose(tiled[name][..., :steps], values, rtol=0, atol=1e-3), name


@every_kind
@settings(deadline=None, max_examples=4)
@given(data=st.data(), seed=st.integers(0, 99))
def test_music_heard_in_parts_is_music_heard_at_once(ear: Ear, data: st.DataObject, seed: int) -> None:
    """A part needs the frames before it that its first context hears, and nothing else."""
    before = HEARD[ear.config.pooling]
    frames = before + 16 * data.draw(st.integers(2, 6))
    features = random_features(frames, seed=seed)
    start = before + 16 * data.draw(st.integers(0, (frames - before) // 16 - 1))
    whole = hear_all(ear, features, circular=False)
    part = hear_all(ear, features[..., start - before :], circular=False)
    for name, values in whole.items():
        stride = index_stride(name)
        assert torch.allclose(part[name][..., before // stride :], values[..., start // stride :], atol=1e-9), name


def test_a_loop_of_sound_is_the_steady_state_of_the_tiled_sound() -> None:
    ear = lived_in().float()
    loop = 0.1 * torch.randn(1, 32 * 1024, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        once = ear(loop, circular=True)
        tiled = ear(loop.repeat(1, 12), circular=False)
    steady = tiled.features[..., 9 * 32 : 10 * 32]
    assert (once.features - steady)[:, 0].abs().max() < 1e-3
    assert (once.c - tiled.c[..., 18:20]).abs().max() < 0.02 * once.c.std()


@every_kind
def test_shifting_a_loop_by_the_whole_stride_shifts_every_layer(ear: Ear) -> None:
    features = random_features(64, seed=6)
    plain = hear_all(ear, features, circular=True)
    shifted = hear_all(ear, torch.roll(features, 16, dims=-1), circular=True)
    for name, values in plain.items():
        assert torch.allclose(shifted[name], torch.roll(values, 16 // index_stride(name), dims=-1), atol=1e-9), name


@pytest.mark.parametrize(("pooling", "hears"), [("max", 46), ("blur", 52)])
def test_a_context_hears_46_codes_and_smooth_pooling_six_more(pooling: str, hears: int) -> None:
    ear = EARS["paper" if pooling == "max" else "blur"]
    codes, batch = 80, 48
    generator = torch.Generator().manual_seed(7)
    z = torch.randn(batch, ear.encoder.channels, codes, generator=generator, dtype=torch.float64, requires_grad=True)
    c = ear.autoregressive(z, circular=False)
    context = 15
    # rectifiers and pooling hide some codes from some inputs: take what any of the batch hears
    (gradient,) = torch.autograd.grad((c[..., context] * torch.randn(c[..., context].shape).double()).sum(), z)
    heard = torch.nonzero(gradient.abs().amax(dim=(0, 1)))[:, 0].tolist()
    assert heard == list(range(context * 4 + 1 - hears, context * 4 + 1))


@pytest.mark.parametrize("circular", [True, False])
@every_kind
def test_folding_the_normalization_changes_nothing(ear: Ear, circular: bool) -> None:
    features = random_features(48, 2, seed=8)
    fused = ear.fused()
    plain, folded = hear_all(ear, features, circular=circular), hear_all(fused, features, circular=circular)
    assert plain.keys() == folded.keys()
    for name in plain:
        assert torch.allclose(plain[name], folded[name], rtol=1e-9, atol=1e-9), name
    assert not any(isinstance(m, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d) for m in fused.modules())
    assert not any(p.requires_grad for p in fused.parameters())
    assert any(p.requires_grad for p in ear.parameters())


def test_gradients_reach_the_sound_from_the_top() -> None:
    ear = lived_in().float()
    audio = (0.1 * torch.randn(1, 16 * 1024, generator=torch.Generator().manual_seed(9))).requires_grad_()
    (gradient,) = torch.autograd.grad(ear(audio).c.sum(), audio)
    assert torch.isfinite(gradient).all()
    assert (gradient != 0).float().mean() > 0.9


@given(length=st.integers(1, 9), steps=st.integers(0, 30))
def test_the_past_of_a_loop_is_its_end_and_the_past_of_music_is_silence(length: int, steps: int) -> None:
    x = torch.arange(1.0, length + 1)[None, None]
    loop, music = pad_past(x, steps, circular=True)[0, 0], pad_past(x, steps, circular=False)[0, 0]
    assert loop.tolist() == [(t - steps) % length + 1 for t in range(steps + length)]
    assert music.tolist() == [0.0] * steps + list(range(1, length + 1))


def test_pooling_windows_end_at_the_steps_they_stand_for() -> None:
    x = torch.tensor([[[3.0, 1.0, 4.0, 1.0, 5.0, 2.0]]])
    assert pool_past(x, 2, circular=True).tolist() == [[[3.0, 4.0, 5.0]]]
    assert pool_past(x, 3, circular=True).tolist() == [[[5.0, 4.0]]]
    assert pool_past(-x, 2, circular=False).tolist() == [[[0.0, -1.0, -1.0]]]


def test_a_skip_keeps_the_middle_of_the_frequencies_and_the_newest_of_the_times() -> None:
    bins, steps = torch.arange(10.0)[:, None], torch.arange(6.0)
    x = (10 * bins + steps)[None, None]
    skip = SkipConnection(1, 1, 1, dimensions=2)
    assert torch.equal(skip(x, 4, circular=True)[0, 0], x[0, 0, 3:7])
    assert torch.equal(skip(x, circular=True), x)
    pooled = SkipConnection(1, 1, 2, dimensions=2)(x, 3, circular=False)
    assert pooled[0, 0].tolist() == [[10 * b + t for t in (0, 2, 4)] for b in (3, 5, 7)]
    mixed = SkipConnection(1, 2, 2, dimensions=1)
    assert mixed(torch.ones(1, 1, 6), circular=True)[0, :, 0].tolist() == mixed.mix.weight.flatten().tolist()


@settings(deadline=None, max_examples=30)
@given(pool=st.integers(2, 3), steps=st.integers(1, 9), bins=st.integers(4, 9), circular=st.booleans())
def test_smooth_pooling_is_the_largest_of_neighbors_under_a_binomial_window(
    pool: int, steps: int, bins: int, circular: bool
) -> None:
    x = torch.randn(bins, steps, generator=torch.Generator().manual_seed(100 * bins + steps), dtype=torch.float64)

    def at(b: int, t: int) -> float:
        return float(x[b, t % steps]) if t >= 0 or circular else 0.0

    def largest(b: int, t: int) -> float:
        """Of ``pool`` by ``pool`` neighbors that end at step t; bins from b on; the ends repeat themselves."""
        first = min(max(b, 0), bins - pool)
        return max(at(first + i, t - j) for i in range(pool) for j in range(pool))

    got = pool_past(x[None, None], pool, "blur", circular=circular)[0, 0]
    assert got.shape == ((bins - pool) // pool + 1, -(-steps // pool))
    weights = (0.25, 0.5, 0.25)
    for row in range(got.shape[0]):
        for column in range(got.shape[1]):
            expected = sum(
                weights[i] * weights[j] * largest(pool * row + i - 1, pool * column + j - 2)
                for i in range(3)
                for j in range(3)
            )
            assert float(got[row, column]) == pytest.approx(expected, abs=1e-12)


def test_smooth_pooling_depends_less_on_where_a_window_begins() -> None:
    x = torch.randn(1, 1, 400, generator=torch.Generator().manual_seed(0))
    moved = {}
    for kind in ("max", "blur"):
        one, other = (pool_past(torch.roll(x, shift, -1), 2, kind, circular=True) for shift in (0, 1))
        moved[kind] = float((one - other).std() / one.std())
    assert moved["blur"] < 0.8 * moved["max"]


@pytest.mark.parametrize("normalization", ["batch", "frame"])
def test_a_cosine_score_is_bounded_by_its_sharpness(normalization: str) -> None:
    ear = Ear(EarConfig(width=0.05, score="cosine", normalization=normalization))  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(1)
    predicted, codes = (50 * torch.randn(3, 7, 5, generator=generator) for _ in range(2))
    p, c = ear.scorable(predicted, codes)
    scores = (p * c).sum(-1)
    angle = nn.functional.cosine_similarity(predicted, codes, dim=-1)
    assert torch.allclose(scores, 10.0 * angle, atol=1e-5)
    with torch.no_grad():
        ear.log_sharpness.fill_(99.0)
    p, c = ear.scorable(predicted, codes)
    assert torch.allclose((p * c).sum(-1), 100.0 * angle, atol=1e-4)
    assert ear.scorable(predicted.bfloat16(), codes.bfloat16())[0].dtype == torch.float32
    plain = Ear(EarConfig(width=0.05)).scorable(predicted, codes)
    assert torch.equal(plain[0], predicted)
    assert "log_sharpness" not in Ear(EarConfig(width=0.05)).state_dict()
