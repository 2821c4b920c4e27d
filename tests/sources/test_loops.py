"""Built-in loops: exactly periodic, in level, deterministic."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from ear_engine.sources.loops import builtin_description, builtin_names, builtin_tempo, render_builtin

SOUNDING = [name for name in builtin_names() if name not in ("silence", "low_noise")]


def loudness(clip: Clip) -> float:
    return LoudnessMeter(clip.samples, clip.sample_rate).measure(clip.audio)


def test_names_start_with_the_default() -> None:
    assert builtin_names()[0] == "beat"
    assert len(set(builtin_names())) == len(builtin_names()) >= 14
    wanted = {"silence", "low_noise", "kick_1", "kick_2", "kick_4", "kick_8", "hats", "bass", "chords"}
    assert wanted <= set(builtin_names())


@pytest.mark.parametrize("name", builtin_names())
def test_every_loop_has_its_beats_and_a_line(name: str) -> None:
    clip = render_builtin(name, 22050)
    assert (clip.name, clip.beats, clip.beats_from, clip.sample_rate) == (name, 8, "declared", 22050)
    assert clip.tempo == pytest.approx(builtin_tempo(name), abs=0.01)
    assert np.isfinite(clip.audio).all()
    line = builtin_description(name)
    assert line and "\n" not in line and len(line) < 80


@pytest.mark.parametrize("name", SOUNDING)
def test_loops_are_level_with_each_other(name: str) -> None:
    clip = render_builtin(name)
    assert -20.0 < loudness(clip) < -16.0
    assert np.max(np.abs(clip.audio)) < 10 ** (-1 / 20)


@pytest.mark.parametrize("name", SOUNDING)
def test_the_seam_is_like_any_other_place(name: str) -> None:
    """The second difference, which a cut makes jump, is no higher around the seam than elsewhere in the loop."""
    audio = render_builtin(name).audio
    bend = np.abs(np.diff(np.concatenate((audio[:, -3:], audio), axis=1), 2))
    assert bend[:, :3].max() <= np.abs(np.diff(audio, 2)).max()


def test_rendering_is_deterministic() -> None:
    assert np.array_equal(render_builtin("beat").audio, render_builtin("beat").audio)


def test_silence_is_silent_and_low_noise_nearly() -> None:
    assert not render_builtin("silence").audio.any()
    assert render_builtin("silence").samples == 176400
    assert loudness(render_builtin("low_noise")) == pytest.approx(-42.0, abs=0.5)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_kicks_are_counted(count: int) -> None:
    clip = render_builtin(f"kick_{count}", 8000)
    level = np.abs(clip.mid).reshape(8, -1).max(axis=1) > 0.1
    assert level.sum() == count
    assert np.allclose(clip.mid, np.roll(clip.mid, clip.samples // count), atol=1e-6)


def test_the_default_beat_is_full_and_mono_safe() -> None:
    """Shares of power per band as in dance music: none missing, falling towards the top; little lost in mono."""
    clip = render_builtin("beat")
    power = np.abs(np.fft.rfft(clip.mid)) ** 2
    frequency = np.fft.rfftfreq(clip.samples, 1 / 44100)
    edges = ((30, 120), (120, 500), (500, 4000), (4000, 16000))
    shares = [10 * np.log10(power[(frequency >= low) & (frequency < high)].sum() / power.sum()) for low, high in edges]
    assert shares[0] > -4.0
    assert all(-24.0 < share for share in shares)
    assert 10 * np.log10(np.mean(clip.side**2) / np.mean(clip.mid**2)) < -12.0


def test_unknown_names_and_rates_are_refused() -> None:
    for call in (render_builtin, builtin_description, builtin_tempo):
        with pytest.raises(UserError, match="does not exist"):
            call("drums")
    with pytest.raises(UserError, match="8000 to 192000"):
        render_builtin("beat", 100)
