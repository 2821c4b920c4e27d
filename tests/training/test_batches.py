"""What decides a batch: the seed, the step, lengths and shares; and nothing about how it is read or divided."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.errors import UserError
from ear_engine.training.batches import Ahead, Batches, Excerpts, draw_places, mix

EXCERPT = 1000
CPU = torch.device("cpu")


def ramp(name: str, length: int, *, validation: bool = False, number: int = 0, digest: str = "") -> Recording:
    """Samples that tell where they lie, and in which recording."""
    samples = (np.arange(length) % 100 + 100 * number).astype(np.int16)
    return Recording(name, samples, {}, validation, digest)


def made(name: str, lengths: tuple[int, ...], *, shippable: bool = True, digest: str = "") -> Corpus:
    recordings = [ramp(f"{name}{n}", length, number=n) for n, length in enumerate(lengths)]
    tested = ramp(f"{name}_v", 3000, validation=True, number=len(lengths), digest=digest)
    return Corpus(name, Path(name), (*recordings, tested), (), 44100, shippable)


def batches(corpus: Corpus, **change: object) -> Batches:
    music = mix([corpus], EXCERPT)
    plain = Batches(Excerpts(music.training, EXCERPT, CPU), music.training_weights, 1, 6, slice(0, 6), 1, 6.0)
    return dataclasses.replace(plain, **change)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(EXCERPT, 5 * EXCERPT), min_size=1, max_size=8),
    groups=st.integers(1, 9),
    same=st.integers(1, 3),
    seed=st.integers(0, 999),
)
def test_excerpts_lie_inside_their_recordings_which_differ_where_there_are_enough(
    lengths: list[int], groups: int, same: int, seed: int
) -> None:
    sizes, weights = np.array(lengths), np.linspace(1.0, 2.0, len(lengths))
    places = draw_places(sizes, weights, groups * same, EXCERPT, np.random.default_rng(seed), same)
    assert places.shape == (groups * same, 2)
    assert (places[:, 1] >= 0).all()
    assert (places[:, 1] + EXCERPT <= sizes[places[:, 0]]).all()
    chosen = places[:, 0].reshape(groups, same)
    assert (chosen == chosen[:, :1]).all()
    if groups <= len(lengths):
        assert len(set(chosen[:, 0].tolist())) == groups


def test_recordings_are_drawn_by_the_root_of_their_length_and_starts_evenly() -> None:
    corpus = made("a", (EXCERPT + 99, EXCERPT + 899))
    music = mix([corpus], EXCERPT)
    assert music.training_weights[1] / music.training_weights[0] == pytest.approx(3.0)
    lengths = np.array([r.length for r in music.training])
    rng = np.random.default_rng(0)
    drawn = np.concatenate([draw_places(lengths, music.training_weights, 1, EXCERPT, rng) for _ in range(4000)])
    assert np.mean(drawn[:, 0] == 1) == pytest.approx(0.75, abs=0.03)
    starts = drawn[drawn[:, 0] == 0, 1]
    assert set(starts.tolist()) == set(range(100))  # the last place too
    assert max(Counter(starts.tolist()).values()) < 30


@pytest.mark.parametrize(
    ("shares", "expected"),
    [(None, 2 / 3), ([None, None], 2 / 3), ([1.0, 1.0], 1 / 2), ([3.0, 1.0], 3 / 4)],
)
def test_corpora_are_drawn_by_their_share_or_the_root_of_their_hours(
    shares: list[float | None] | None, expected: float
) -> None:
    one, other = made("a", (9000,) * 13), made("b", (9000,) * 3)
    assert one.hours == pytest.approx(4 * other.hours)
    music = mix([one, other], EXCERPT, shares)
    mine = [w for w, r in zip(music.training_weights, music.training, strict=True) if r.name.startswith("a")]
    assert sum(mine) / music.training_weights.sum() == pytest.approx(expected)
    assert music.hours == pytest.approx(one.hours + other.hours)
    assert len(music.validation) == len(music.validation_weights) == 2


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan")])
def test_a_share_must_be_positive(share: float) -> None:
    with pytest.raises(UserError, match="has no share; use a share above 0"):
        mix([made("a", (2000, 2000))], EXCERPT, [share])


def test_short_recordings_are_left_out_and_too_little_music_is_refused() -> None:
    assert [r.name for r in mix([made("a", (999, 1000, 2000))], EXCERPT).training] == ["a1", "a2"]
    with pytest.raises(UserError, match="corpus 'a' has 0 to learn from and 1 to validate"):
        mix([made("a", (999, 999))], EXCERPT)


def test_a_recording_that_is_in_two_corpora_stays_on_one_side() -> None:
    one = made("a", (2000, 2000), digest="same")
    other = made("b", (2000, 2000), digest="other")
    twin = dataclasses.replace(one.recordings[-1], name="twin", validation=False)
    other = dataclasses.replace(other, recordings=(*other.recordings, twin))
    assert "twin" not in [r.name for r in mix([one, other], EXCERPT).training]
    assert "twin" in [r.name for r in mix([other], EXCERPT).training]


def test_a_corpus_that_is_given_twice_is_named() -> None:
    recordings = tuple(ramp(f"a{n}", 2000, number=n, validation=n == 0, digest=str(n)) for n in range(2))
    corpus = Corpus("a", Path("a"), recordings, (), 44100, True)
    with pytest.raises(UserError, match="corpus 'a' has no recording that those before it have not; name it once"):
        mix([corpus, corpus], EXCERPT)


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, False)])
def test_weights_may_be_given_away_if_all_music_may(first: bool, second: bool) -> None:
    music = mix([made("a", (2000,), shippable=first), made("b", (2000,), shippable=second)], EXCERPT)
    assert music.shippable is (first and second)


def test_music_is_the_same_only_if_its_names_lengths_audio_and_shares_are() -> None:
    plain = made("a", (2000, 3000))
    renamed = dataclasses.replace(plain, recordings=(ramp("x", 2000), *plain.recordings[1:]))
    shorter = dataclasses.replace(plain, recordings=(ramp("a0", 1999), *plain.recordings[1:]))
    other = dataclasses.replace(plain, recordings=(ramp("a0", 2000, digest="d"), *plain.recordings[1:]))
    identities = [mix([corpus], EXCERPT).identity for corpus in (plain, renamed, shorter, other)]
    identities.append(mix([plain], EXCERPT, [7.0]).identity)
    assert mix([made("a", (2000, 3000))], EXCERPT).identity == identities[0]
    assert all(identity != identities[0] for identity in identities[1:])


def test_an_excerpt_is_what_lies_at_its_place() -> None:
    music = mix([made("a", (2000, 2000))], EXCERPT)
    read = Excerpts(music.training, EXCERPT, CPU).read(np.array([[1, 7], [0, 999], [1, 1000]]))
    assert read.dtype == torch.float32
    expected = [music.training[which].audio(start, EXCERPT) for which, start in ((1, 7), (0, 999), (1, 1000))]
    assert torch.allclose(read, torch.from_numpy(np.stack(expected)), atol=1e-7)


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("same", [1, 2])
def test_ranks_read_the_rows_of_one_batch(ranks: int, same: int) -> None:
    corpus = made("a", (2000, 2500, 3000, 3500, 4000, 4500))
    whole = batches(corpus, same_recording=same)
    part = 6 // ranks
    for step in (0, 1, 99):
        parts = [batches(corpus, same_recording=same, own=slice(at, at + part)).at(step) for at in range(0, 6, part)]
        assert torch.equal(torch.cat(parts), whole.at(step))


def test_a_batch_comes_from_seed_and_step_alone() -> None:
    corpus = made("a", (2000, 2500, 3000, 3500, 4000, 4500))
    one, other = batches(corpus), batches(corpus)
    for step in (5, 0, 3):
        assert torch.equal(one.at(step), other.at(step))
    assert not torch.equal(one.at(0), one.at(1))
    assert not torch.equal(one.at(0), batches(corpus, seed=2).at(0))


def test_gains_go_both_ways_up_to_their_limit_and_leave_the_places_alone() -> None:
    corpus = made("a", (4000, 4500))
    loud, plain = batches(corpus, batch=2, own=slice(0, 2)), batches(corpus, batch=2, own=slice(0, 2), gain_db=0.0)
    decibels = []
    for step in range(100):
        a, b = loud.at(step), plain.at(step)
        gain = (a.square().sum(1) / b.square().sum(1)).sqrt()
        assert torch.allclose(a, b * gain[:, None], atol=1e-6)
        decibels += (20.0 * gain.log10()).tolist()
    assert -6.001 < min(decibels) < -5.0
    assert 5.0 < max(decibels) < 6.001


class Counting(Batches):
    """Notes in which thread each step was read."""

    read: list[tuple[int, bool]]
    busy: bool

    def at(self, step: int) -> torch.Tensor:
        self.read.append((step, threading.current_thread() is threading.main_thread()))
        return super().at(step)

    @property
    def slow(self) -> bool:
        return self.busy


@pytest.mark.parametrize("busy", [True, False])
def test_the_next_batch_is_read_ahead_only_where_that_takes_the_processors_time(busy: bool) -> None:
    plain = batches(made("a", (2000, 2500, 3000, 3500, 4000, 4500)))
    counting = Counting(**{field.name: getattr(plain, field.name) for field in dataclasses.fields(plain)})
    read: list[tuple[int, bool]] = []
    object.__setattr__(counting, "read", read)
    object.__setattr__(counting, "busy", busy)
    ahead = Ahead(counting)
    for step in (0, 1, 2, 7, 8):  # a jump: what was read ahead is not what is asked for
        assert torch.equal(ahead.take(step), plain.at(step))
    ahead.close()
    here = [step for step, main in read if main]
    assert here == ([0, 7] if busy else [0, 1, 2, 7, 8])
    assert not busy or {1, 2, 8} <= {step for step, main in read if not main}
