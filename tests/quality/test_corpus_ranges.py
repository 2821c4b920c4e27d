from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from ear_engine.corpora.corpus import Recording
from ear_engine.errors import UserError
from ear_engine.quality.clips import Clips, close_loop
from ear_engine.quality.corpus_ranges import JUDGED, measure_ranges, read_ranges, write_ranges
from ear_engine.quality.descriptors import Descriptors, describe

RATE = 44100


def recording(name: str, wave: np.ndarray) -> Recording:
    return Recording(name, (wave * 32767).astype(np.int16))


def some_music() -> list[Recording]:
    time = np.arange(12 * RATE) / RATE
    rng = np.random.default_rng(0)
    tone = 0.3 * np.sin(2 * np.pi * 330 * time) * (np.sin(2 * np.pi * time) > 0)
    return [recording("tone", tone), recording("noise", 0.1 * rng.uniform(-1, 1, len(time)))]


def test_a_seam_is_no_jump_and_the_rest_is_untouched() -> None:
    music = np.cos(np.arange(3000) * 0.01).astype(np.float32)
    loop = close_loop(music, 2500)
    assert abs(loop[0] - loop[-1]) < 0.02  # the next sample of the same wave
    assert abs(music[0] - music[2499]) > 0.005
    assert np.array_equal(loop[500:], music[500:2500])


def test_clips_are_level_where_asked_and_silent_ones_are_left_out() -> None:
    music = [*some_music(), recording("nothing", np.zeros(12 * RATE))]
    clips = Clips(music, 6)
    assert {clips.places[k].recording for k in range(len(clips))} == {0, 1}
    assert clips.loudness(clips.leveled(0, -20.0)) == pytest.approx(-20.0, abs=0.01)
    assert len(clips[0]) == 4 * RATE
    with pytest.raises(UserError, match="silent"):
        Clips(music[2:], 3)


def test_ranges_are_percentiles_of_the_clips_and_survive_a_file(tmp_path: Path) -> None:
    clips = Clips(some_music(), 6)
    seen: list[tuple[int, int]] = []
    ranges = measure_ranges(clips, "mine", 0, lambda done, of: seen.append((done, of)))
    assert seen[-1] == (len(clips), len(clips))
    clarity = [describe(loop).key_clarity for loop in clips]
    assert ranges.span("key_clarity") == pytest.approx(tuple(np.percentile(clarity, (5, 95))), rel=1e-3)
    write_ranges(ranges, tmp_path / "ranges.yaml")
    assert read_ranges(tmp_path / "ranges.yaml") == ranges


def test_noise_and_a_buzz_are_outside_what_music_is() -> None:
    ranges = read_ranges()
    assert ranges.clips >= 1500
    noise = np.random.default_rng(0).normal(size=2 * RATE).astype(np.float32)
    assert "flatness" in ranges.outside(describe(noise))
    phase = 2 * np.pi * 43 * np.arange(2 * RATE) / RATE
    buzz = np.sum([np.sin(k * phase) for k in range(10, 60)], axis=0).astype(np.float32)
    assert "roughness" in ranges.outside(describe(buzz))


def test_the_median_is_inside_and_each_end_is_found() -> None:
    ranges = read_ranges()
    middle = {name: getattr(ranges.percentiles, name)[2] for name in astuple_names()}
    assert ranges.outside(Descriptors(**middle)) == ()
    for name in JUDGED:
        beyond = Descriptors(**{**middle, name: ranges.span(name)[1] * 1.01})
        assert ranges.outside(beyond) == (name,)


def astuple_names() -> list[str]:
    names = list(Descriptors.__dataclass_fields__)
    assert len(names) == len(astuple(Descriptors(*range(len(names)))))
    return names


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ranges.yaml"
    text = Path(read_ranges.__globals__["shipped_ranges"]()).read_text()
    file.write_text(text.replace("  roughness: [", "  roughness: [9, "))
    with pytest.raises(UserError, match="roughness"):
        read_ranges(file)
    with pytest.raises(UserError, match="does not exist"):
        read_ranges(tmp_path / "none.yaml")
