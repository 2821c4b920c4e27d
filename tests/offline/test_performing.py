"""A dream played without playing: beat after beat, as the plan says, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.offline.performing import Performance, PlayedBeat
from ear_engine.offline.request import Request


def played(tiny: Path, tick: Path, **values: object) -> tuple[Performance, list[PlayedBeat]]:
    request = Request(tiny, tick, "encoder_1_conv1", beats=6, steps=2, device="cpu", values=values)
    performance = Performance(request)
    return performance, list(performance.play())


def test_it_begins_with_the_source_and_has_every_sample_once(tiny: Path, tick: Path) -> None:
    performance, beats = played(tiny, tick)
    assert [beat.start for beat in beats] == [performance.start(number) for number in range(6)]
    sound = np.concatenate([beat.audio for beat in beats], axis=1)
    assert sound.shape == (2, performance.start(6))
    assert np.array_equal(beats[0].audio, performance.ready.source[:, : beats[0].audio.shape[1]])
    for beat in beats:
        assert beat.phase == beat.start % performance.samples / performance.samples
        assert beat.span == pytest.approx(beat.audio.shape[1] / performance.samples)
        assert beat.activations.keys() == beats[0].activations.keys()
    assert not np.array_equal(beats[-1].activations["encoder_1_conv1"], beats[0].activations["encoder_1_conv1"])


def test_versions_are_faded_into_each_other(tiny: Path, tick: Path) -> None:
    _, beats = played(tiny, tick, **{"dream/rate": -6.0})
    sound = np.concatenate([beat.audio for beat in beats], axis=1)
    steps = np.abs(np.diff(sound)).max(axis=0)
    for beat in beats[1:]:
        assert steps[beat.start - 1] <= np.quantile(steps, 0.999)


def test_a_crossfade_is_as_long_as_it_is_set(tiny: Path, tick: Path) -> None:
    sounds = {}
    for fade in (1.0, 100.0):
        performance, beats = played(tiny, tick, **{"dream/rate": -6.0, "playback/crossfade": fade})
        sounds[fade] = np.concatenate([beat.audio for beat in beats], axis=1)
    differs = np.flatnonzero((sounds[1.0] != sounds[100.0]).any(axis=0))
    since = (differs - performance.start(1)) % (performance.start(2) - performance.start(1))
    assert len(differs) and since.max() <= 0.1 * performance.sample_rate


def test_dry_is_the_source_all_the_time(tiny: Path, tick: Path) -> None:
    performance, beats = played(tiny, tick, **{"playback/wet": 0.0})
    sound = np.concatenate([beat.audio for beat in beats], axis=1)
    source = performance.ready.source
    assert np.array_equal(sound, np.take(source, np.arange(sound.shape[1]) % source.shape[1], axis=1))


def test_the_same_request_is_played_the_same(tiny: Path, tick: Path) -> None:
    one, two = (played(tiny, tick)[1] for _ in range(2))
    assert all(np.array_equal(a.audio, b.audio) for a, b in zip(one, two, strict=True))


def test_it_tells_how_far_it_is(tiny: Path, tick: Path) -> None:
    seen: list[tuple[int, int]] = []
    performance = Performance(Request(tiny, tick, "encoder_1_conv1", beats=2, steps=3, device="cpu"))
    for _ in performance.play(lambda done, every, _objective: seen.append((done, every))):
        pass
    assert seen == [(number, 6) for number in range(1, 7)]
