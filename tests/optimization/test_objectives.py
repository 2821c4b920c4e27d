"""Objectives: what each measures, by an independent reference, and that a dream raises it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.network import Ear
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.errors import UserError
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.objectives.base import Context, HeardTrace, Norm, Objective
from ear_engine.optimization.objectives.likeness import shifted
from ear_engine.optimization.plugged import Parts
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.resources import resource
from ear_engine.sources.loops import render_builtin
from ear_engine.targets.directions import Direction
from ear_engine.targets.terms import Term
from tests.optimization.helpers import settings

C, F, T = 3, 2, 8
INDEX = NeuronIndex([Layer("scalogram", 2, 4, 1, 0), Layer("top", C, F, 2, 8)])
RNG = np.random.default_rng(5)
MEAN, DEVIATION = RNG.normal(size=(C, F, 1)), RNG.uniform(0.5, 2.0, (C, F, 1))
RAW = RNG.normal(size=(4, C, F, T)).astype(np.float32)
PATTERN = np.array([0.5, -0.25, 0.0, 0.125, 0.125, 0.0], np.float32)
VECTOR = RNG.normal(size=C * F).astype(np.float32)
CHANNELS = RNG.normal(size=C).astype(np.float32)
WHOLE = ("linear", "deep_dream", "difference", "likeness", "direction", "cpc", "surprise")
"""Those that mean something for a single variant."""

Loop = NDArray[np.float32]


def context(**more: Any) -> Context:
    norm = Norm(torch.tensor(MEAN).float(), torch.tensor(DEVIATION).float())
    front = Norm(torch.zeros(2, 4, 1), torch.ones(2, 4, 1))
    directions = {"neurons": Direction("top", VECTOR), "channels": Direction("top", CHANNELS)}
    values = {"ear": torch.nn.Identity(), "directions": directions, **more}
    return Context(
        index=INDEX, norms={"top": norm, "scalogram": front}, device=torch.device("cpu"), samples=64, beats=4, **values
    )


def heard(raw: Loop = RAW, variants: int = 1, shifts: float | list[float] = 0.0) -> HeardTrace:
    places = torch.as_tensor(np.broadcast_to(np.float32(shifts), len(raw)).copy())
    return HeardTrace({"top": torch.from_numpy(raw)}, torch.zeros(len(raw), 2, 4, T), places, variants)


def make(term: Term, where: Context | None = None) -> Objective:
    return Parts().objective(term, where or context())


def value(term: Term, **more: Any) -> float:
    return float(make(term)(heard(**more)))


def leaky(raw: Loop) -> Loop:
    return np.where(raw > 0, raw, 0.25 * raw)


def normal(raw: Loop = RAW) -> Loop:
    return (leaky(raw) - MEAN) / DEVIATION


# what each measures


def test_linear_is_the_weighted_mean_of_normalized_activations() -> None:
    expected = (normal() * PATTERN.reshape(1, C, F, 1)).sum((1, 2)).mean()
    assert value(Term("linear", 1.0, "top", PATTERN)) == pytest.approx(expected, rel=1e-5)
    assert value(Term("linear", 1.0, "top")) == pytest.approx(normal().mean(), rel=1e-5)


@pytest.mark.parametrize("shift", [0.0, 0.25])
def test_a_stretch_of_the_loop_is_found_in_shifted_copies(shift: float) -> None:
    term = Term("linear", 1.0, "top", None, 0.5, 0.25)
    moved = np.roll(RAW, int(shift * T), axis=-1)
    assert value(term, raw=moved, shifts=shift) == pytest.approx(normal()[..., 4:6].mean(), rel=1e-5)


def test_neurons_that_fire_in_silence_keep_little_unless_they_are_alone() -> None:
    silent = torch.zeros(C, F, 1)
    silent[1] = 3.0
    norm = Norm(torch.tensor(MEAN).float(), torch.tensor(DEVIATION).float(), silent)
    where = Context(torch.nn.Identity(), INDEX, {"top": norm}, torch.device("cpu"), 64, 4)
    share = np.array([1.0, 0.1, 1.0]).reshape(1, C, 1, 1) / (2.1 * F)
    assert float(make(Term("linear", 1.0, "top"), where)(heard())) == pytest.approx(
        (normal() * share).sum((1, 2)).mean(), rel=1e-5
    )
    alone = np.array([0, 0, 1, 0, 0, 0], np.float32)
    assert float(make(Term("linear", 1.0, "top", alone), where)(heard())) == pytest.approx(
        normal()[:, 1, 0].mean(), rel=1e-5
    )


def test_deep_dream_is_the_mean_square_of_what_fires() -> None:
    fired = leaky(RAW) / DEVIATION
    expected = (fired * np.abs(fired)).mean()
    assert value(Term("deep_dream", 1.0, "top")) == pytest.approx(expected, rel=1e-5)
    assert value(Term("deep_dream", 1.0, "top"), raw=np.abs(RAW)) == pytest.approx(
        np.square(RAW / DEVIATION).mean(), rel=1e-5
    )


@pytest.mark.parametrize("name", ["neurons", "channels"])
def test_direction_is_the_dot_product_weighted_by_the_cosine(name: str) -> None:
    points = normal().reshape(4, C * F, T) if name == "neurons" else normal().mean(2)
    vector = VECTOR if name == "neurons" else CHANNELS
    dot = np.einsum("bnt,n->bt", points, vector / np.linalg.norm(vector))
    cosine = dot / np.linalg.norm(points, axis=1)
    expected = (dot * np.maximum(cosine, 0.1)).mean()
    assert value(Term("direction", 1.0, "top", text=name)) == pytest.approx(expected, rel=1e-4)


def test_difference_is_the_distance_between_two_moments() -> None:
    one, other = normal()[..., 0:2].mean(-1), normal()[..., 4:6].mean(-1)
    expected = np.sqrt(((one - other) ** 2).mean((1, 2))).mean()
    term = Term("difference", 1.0, "top", None, 0.0, 0.25, 0.5)
    assert value(term) == pytest.approx(expected, abs=0.011)
    assert value(term, raw=np.ones_like(RAW)) == pytest.approx(0.0, abs=1e-6)


def test_diversity_is_one_minus_the_mean_cosine_of_gram_matrices() -> None:
    def gram(raw: Loop) -> Loop:  # of one variant, its copies together
        points = normal(raw).transpose(1, 0, 2, 3).reshape(C, -1)
        return (points @ points.T).reshape(-1)

    grams = [gram(RAW[:2]), gram(RAW[2:])]
    cosine = grams[0] @ grams[1] / np.linalg.norm(grams[0]) / np.linalg.norm(grams[1])
    assert value(Term("diversity", 1.0, "top"), variants=2) == pytest.approx(1.0 - cosine, rel=1e-4)
    alike = np.concatenate([RAW[:2], RAW[:2]])
    assert value(Term("diversity", 1.0, "top"), raw=alike, variants=2) == pytest.approx(0.0, abs=1e-5)


def test_diversity_of_a_single_variant_is_nothing_and_moves_nothing() -> None:
    trace = heard()
    trace.trace["top"].requires_grad_()
    found = make(Term("diversity", 1.0, "top"))(trace)
    (gradient,) = torch.autograd.grad(found, trace.trace["top"])
    assert float(found.detach()) == 0.0
    assert not gradient.any()


@given(st.integers(-16, 16))
def test_a_clip_is_shifted_as_the_copies_are(steps: int) -> None:
    clip = torch.from_numpy(RAW[0])
    moved = shifted(clip, torch.tensor([steps / T]), T)
    assert torch.allclose(moved[0], torch.roll(clip, steps, dims=-1), atol=1e-5)


def test_a_clip_is_shifted_by_half_a_step_in_between() -> None:
    clip = torch.from_numpy(RAW[0])
    moved = shifted(clip, torch.tensor([0.5 / T]), T)
    assert torch.allclose(moved[0], (clip + torch.roll(clip, 1, dims=-1)) / 2, atol=1e-5)


def test_likeness_is_one_for_the_clip_itself_and_less_for_anything_else(ear: Ear, loop: Loop) -> None:
    middle = loop.mean(0)
    dream = listening(ear, loop, middle)
    for layer in ("scalogram", "encoder_2_conv1", "autoregressive_3"):
        same = clean(dream, Term("likeness", 1.0, layer, text="clip"), torch.from_numpy(middle))
        half = clean(dream, Term("likeness", 1.0, layer, text="clip"), torch.from_numpy(np.roll(middle, 11025)))
        noise = torch.randn(len(middle), generator=torch.Generator().manual_seed(2)) * 0.1
        assert same == pytest.approx(1.0, abs=0.03)
        assert half < same - 0.02
        assert clean(dream, Term("likeness", 1.0, layer, text="clip"), noise) < same - 0.1


def test_predictability_and_surprise_follow_the_ears_own_predictions(ear: Ear) -> None:
    steps, contexts = 12, 3
    z = RNG.normal(size=(2, ear.encoder.channels, steps)).astype(np.float32)
    c = RNG.normal(size=(2, ear.autoregressive.channels, contexts)).astype(np.float32)
    weight = ear.predictor.weight.detach().numpy().reshape(ear.config.predictions, ear.encoder.channels, -1)
    surprises = []
    for copy in range(2):
        for place in range(contexts):
            for k in range(ear.config.predictions):
                scores = (weight[k] @ c[copy, :, place]) @ z[copy]
                true = (4 * place + ear.config.skip + 1 + k) % steps
                surprises.append(np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores[true])
    places = torch.zeros(2)
    made = HeardTrace({}, torch.zeros(2, 2, 4, 48), places, 1, torch.from_numpy(z), torch.from_numpy(c))
    where = context(ear=ear.fused())
    assert float(make(Term("surprise", 1.0), where)(made)) == pytest.approx(np.mean(surprises), rel=1e-4)
    assert float(make(Term("cpc", 1.0), where)(made)) == pytest.approx(math.log(steps) - np.mean(surprises), rel=1e-4)


# what cannot be


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (Term("linear", 1.0, "tap"), "layer 'tap' does not exist.*top"),
        (Term("direction", 1.0, "top", text="up"), "direction 'up' does not exist"),
        (Term("direction", 1.0, "scalogram", text="neurons"), "direction 'neurons' is one of 6 numbers in top"),
        (Term("likeness", 1.0, "top", text="nothing"), "clip 'nothing' is not there"),
        (Term("cpc", 1.0), "this ear makes no predictions"),
        (Term("diversity", 1.0, "top"), "diversity compares loops dreamed side by side, and this is one"),
    ],
)
def test_what_cannot_be_raised_is_refused_in_a_sentence(term: Term, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make(term, context(variants=1))


# in dreams


def term_of(objective: str, layer: str) -> Term:
    if objective in ("cpc", "surprise"):
        return Term(objective, 1.0)
    if objective == "difference":
        return Term(objective, 1.0, layer, None, 0.0, 0.25, 0.5)
    return Term(objective, 1.0, layer, text="clip" if objective == "likeness" else "some")


def listening(ear: Ear, source: Loop, clip: Loop) -> Dream:
    """Two variants of a dream that knows one clip, and one direction in ``encoder_2_conv1``."""
    around = Surroundings(
        clip=lambda name: clip[None] if name == "clip" else None,
        directions={"some": Direction("encoder_2_conv1", np.array([0.5, -0.7, 0.4, -0.3], np.float32))},
    )
    return Dream(ear, source, 2, variants=2, surroundings=around)


def clean(dream: Dream, term: Term, audio: torch.Tensor) -> float:
    """The objective on loops, (variants, samples), or one of them, unchanged by any regularizer."""
    goal = dream.parts.objective(term, dream._context)
    with torch.no_grad():
        return float(goal(trace_of(dream, torch.atleast_2d(audio))))


def trace_of(dream: Dream, audio: torch.Tensor) -> HeardTrace:
    with dream._recorder.recording(raw=True) as trace:
        made = dream.ear(audio, circular=True)
    return HeardTrace(trace, made.features, torch.zeros(len(audio)), len(audio), made.z, made.c)


@pytest.fixture(scope="module")
def other() -> Loop:
    """A second loop: two higher tones, half a beat later."""
    t = np.arange(44100) / 44100
    return (0.3 * np.sin(2 * np.pi * 660 * t) * (np.sin(2 * np.pi * 2 * t) > 0)).astype(np.float32)


@pytest.mark.parametrize("objective", [*WHOLE, "diversity"])
def test_a_few_steps_of_a_dream_raise_it(ear: Ear, loop: Loop, other: Loop, objective: str) -> None:
    dream = listening(ear, loop, other)
    term = term_of(objective, "encoder_2_conv1")
    before = clean(dream, term, dream.audio)
    dream.aim([term])
    levels = []
    for _ in range(4):
        for _ in range(5):
            dream.step(settings(rate=-24.0), 0.125)
        levels.append(clean(dream, term, dream.audio))
    assert np.mean(levels) > before  # one level alone may fall below: rounding decides, in an untrained ear


class NothingWaits(TorchDispatchMode):
    """Refuses whatever makes the host wait for a device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default), func
        assert func is not torch.ops.aten._to_copy.default or "device" not in (kwargs or {}), func
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("objective", [*WHOLE, "diversity"])
def test_gradients_are_finite_in_silence_and_nothing_waits(ear: Ear, loop: Loop, other: Loop, objective: str) -> None:
    dream = listening(ear, loop, other)
    goal = dream.parts.objective(term_of(objective, "encoder_2_conv1"), dream._context)
    audio = torch.zeros(2, 44100, requires_grad=True)
    trace = trace_of(dream, audio)
    with NothingWaits():
        found = goal(trace)
    (gradient,) = torch.autograd.grad(found, audio)
    assert torch.isfinite(found.detach())
    assert torch.isfinite(gradient).all()


@pytest.fixture(scope="module")
def small() -> Iterator[tuple[Ear, Surroundings]]:
    """The shipped ear; a source of one beat's kick, a clip of chords."""
    folder = resource("configs", "ears", "small")
    ear = load_ear(folder)
    chords = render_builtin("chords").audio
    vector = np.random.default_rng(1).normal(size=64).astype(np.float32)
    yield (
        ear,
        Surroundings(
            load_statistics(folder),
            clip=lambda _name: np.atleast_2d(chords),
            directions={"some": Direction("encoder_4_conv2", vector)},
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("objective", [*WHOLE, "diversity"])
def test_small_raises_it_from_a_beat(small: tuple[Ear, Surroundings], objective: str) -> None:
    ear, around = small
    dream = Dream(ear, np.atleast_2d(render_builtin("beat").audio), 8, variants=2, surroundings=around)
    term = term_of(objective, "encoder_4_conv2")
    before = clean(dream, term, dream.audio)
    dream.aim([term])
    for _ in range(8):
        dream.step(settings(), 0.25)
    assert clean(dream, term, dream.audio) > before
