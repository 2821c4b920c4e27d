"""Films come back as they were made: frames, times, colors and sound."""

from __future__ import annotations

import errno
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.layout.animation import write_animation
from ear_engine.layout.drawing import COLORS, MARGIN
from ear_engine.layout.glow import Glow
from ear_engine.layout.outputs import Moving
from ear_engine.offline.film import Sound, need_av, writing_film
from tests.layout.graphs import convolutions, layers
from tests.layout.loops import heard

SIZE = (48, 64)


def frames_of(path: Path) -> tuple[list[np.ndarray], list[float]]:
    """Frames (height, width, 3), and when each is shown, in seconds."""
    with av.open(path) as film:
        decoded = list(film.decode(video=0))
    return [frame.to_ndarray(format="rgb24") for frame in decoded], [float(frame.time or 0.0) for frame in decoded]


def sound_of(path: Path) -> np.ndarray:
    """(channels, samples)."""
    with av.open(path) as film:
        return np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)


def stripe(number: int) -> np.ndarray:
    frame = np.zeros((*SIZE, 3), np.uint8)
    frame[:, 4 * number : 4 * number + 16] = (30, 144, 255)
    return frame


def test_frames_and_sound_come_round_together(tmp_path: Path) -> None:
    samples, count, repeats = 14701, 10, 3  # a loop of no whole number of frames at any usual rate
    tone = 0.3 * np.sin(2 * np.pi * 100 * np.arange(samples) / samples)
    sound = Sound(np.stack([tone, 0.5 * tone]).astype(np.float32), 44100)
    path = tmp_path / "new" / "film.mp4"
    with writing_film(path, SIZE, Fraction(count * 44100, samples), sound, repeats) as film:
        for number in range(count):
            film.add(stripe(number))
    assert [one.name for one in path.parent.iterdir()] == ["film.mp4"]
    frames, times = frames_of(path)
    assert len(frames) == repeats * count
    assert np.allclose(times, np.arange(repeats * count) * samples / 44100 / count, atol=1e-4)
    for number in (0, 7, 13, 29):
        assert frames[number].shape == (*SIZE, 3)
        assert np.abs(frames[number].astype(int) - stripe(number % count)).mean() < 3.0
        assert np.abs(frames[number][24, 4 * (number % count) + 8].astype(int) - (30, 144, 255)).max() < 12  # hue kept
    with av.open(path) as file:
        picture, audio = file.streams.video[0], file.streams.audio[0]
        assert (picture.codec_context.name, picture.pix_fmt, audio.codec_context.name) == ("h264", "yuv420p", "aac")
        assert picture.codec_context.color_primaries == 1  # BT.709
        lasts = [float((one.duration or 0) * (one.time_base or 0)) for one in (picture, audio)]
    assert np.allclose(lasts, repeats * samples / 44100, atol=2e-3)
    back = sound_of(path)[:, : repeats * samples]
    assert np.abs(back - np.tile(sound.audio, (1, repeats))).max() < 0.03


def test_a_film_may_be_silent_and_other_rates_are_resampled(tmp_path: Path) -> None:
    with writing_film(tmp_path / "silent.mp4", SIZE, Fraction(25)) as film:
        film.add(stripe(0))
    assert len(frames_of(tmp_path / "silent.mp4")[0]) == 1
    with writing_film(tmp_path / "slow.mp4", SIZE, Fraction(25), Sound(np.zeros((2, 3001), np.float32), 3001)) as film:
        for number in range(25):
            film.add(stripe(number % 10))
    with av.open(tmp_path / "slow.mp4") as file:
        audio = file.streams.audio[0]
        assert audio.rate == 48000
        assert float((audio.duration or 0) * (audio.time_base or 0)) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError])
def test_a_film_that_ends_early_leaves_the_one_before(tmp_path: Path, end: type[BaseException]) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"before")
    with pytest.raises(end), writing_film(path, SIZE, Fraction(25)) as film:
        film.add(stripe(0))
        raise end
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]
    with pytest.raises(ValueError, match="has the shape"), writing_film(path, SIZE, Fraction(25)) as film:
        film.add(np.zeros((3, 3, 3), np.uint8))
    assert path.read_bytes() == b"before"


def test_what_keeps_a_film_from_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match="cannot be made"),
        writing_film(tmp_path / "file" / "x.mp4", SIZE, Fraction(25)),
    ):
        pass
    (tmp_path / "folder.mp4.part").mkdir()
    with (
        pytest.raises(UserError, match=r"does not take folder\.mp4"),
        writing_film(tmp_path / "folder.mp4", SIZE, Fraction(25)),
    ):
        pass

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    opened = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda self, *given: Full(opened(self, *given)))
        patch.setattr(Full, "__enter__", lambda self: self, raising=False)
        patch.setattr(Full, "__exit__", lambda self, *_error: self._file.close(), raising=False)
        with (
            pytest.raises(UserError, match=r"has no room for full\.mp4"),
            writing_film(tmp_path / "full.mp4", SIZE, Fraction(25)) as film,
        ):
            film.add(stripe(0))
    assert not list(tmp_path.glob("full*"))
    monkeypatch.setattr("ear_engine.offline.film.find_spec", lambda _name: None)
    with pytest.raises(UserError, match="pip install av"):
        need_av()


FILLS_THE_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from ear_engine.errors import UserError
from ear_engine.layout.animation import write_animation
from ear_engine.layout.outputs import Moving
from tests.layout.graphs import convolutions
from tests.layout.loops import heard

graph, random = convolutions(), np.random.default_rng(0)
snapshots = random.uniform(0.0, 1.0, (64, graph.vertices, 2)).astype(np.float32)
moving = Moving(snapshots, heard(graph, frames=64, seconds=4.0))
done = []
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    write_animation(Path(sys.argv[1]), graph.layers, moving, None, side=64, progress=lambda now, _all: done.append(now))
except UserError as error:
    print(len(done), error)
"""


def test_a_disk_that_becomes_full_while_frames_are_drawn_is_said_in_a_sentence(tmp_path: Path) -> None:
    asked = [sys.executable, "-c", FILLS_THE_DISK, str(tmp_path / "map.mp4")]
    ended = subprocess.run(asked, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])
    assert ended.returncode == 0, ended.stderr
    frames, said = ended.stdout.strip().split(" ", 1)
    assert said == f"folder '{tmp_path}' has no room for map.mp4; make room there and try again."
    assert int(frames) > 0
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def test_the_animation_of_a_loop_is_a_loop(tmp_path: Path) -> None:
    graph = convolutions()
    loop = heard(graph, frames=32, seconds=0.75)
    turn = np.linspace(0.0, 2 * np.pi, 4, endpoint=False)
    middle = np.random.default_rng(0).random((graph.vertices, 2)) * 0.6 + 0.2
    snapshots = np.stack([middle + 0.1 * np.array([np.sin(one), np.cos(one)]) for one in turn]).astype(np.float32)
    told: list[tuple[int, int]] = []
    path = tmp_path / "map.mp4"
    moving = Moving(snapshots, loop)
    write_animation(path, graph.layers, moving, None, side=96, progress=lambda done, every: told.append((done, every)))
    assert told[0] == (1, 22) and told[-1] == (22, 22)
    frames, times = frames_of(path)
    assert len(frames) == 22 * 11  # as often as makes 8 s
    assert times[-1] + 0.75 / 22 == pytest.approx(8.25, abs=0.01)
    assert sound_of(path).shape[0] == 2

    def apart(one: int, other: int) -> float:
        return float(np.abs(frames[one].astype(int) - frames[other]).mean())

    steps = [apart(number, number + 1) for number in range(22)]
    assert steps[21] < 1.5 * max(steps[:21])  # from the last frame to the first of the next round
    assert apart(0, 22) < 0.25 * min(steps)
    assert apart(0, 11) > np.mean(steps)


def test_points_shine_where_they_are_in_their_colors() -> None:
    glow = Glow(layers((1, 1), (1, 1), (1, 1)), 120)
    places = np.array([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]], np.float32)
    frame = glow.draw(places, np.array([1.0, 1.0, 0.0], np.float32))
    assert (frame.shape, frame.dtype) == ((120, 120, 3), np.uint8)

    def around(place: np.ndarray) -> np.ndarray:
        x, y = (place + MARGIN) / (1 + 2 * MARGIN) * 120
        row, column = round(120 - y), round(x)
        return frame[row - 2 : row + 2, column - 2 : column + 2].reshape(-1, 3).sum(axis=0).astype(float)

    for number in (0, 1):
        wanted = np.array([int(COLORS[number][at : at + 2], 16) for at in (1, 3, 5)], float)
        assert np.argsort(around(places[number])).tolist() == np.argsort(wanted).tolist()
        assert around(places[number]).max() > 400
    assert around(places[2]).max() == 0
    assert frame[:10].max() == 0


def test_light_adds_and_does_not_jump_between_pixels() -> None:
    glow, one = Glow(layers((2, 1)), 120), np.ones(2, np.float32)

    def total(x: float, light: np.ndarray) -> float:
        return float(glow.draw(np.array([[x, 0.5], [x, 0.5]], np.float32), light).sum())

    lone = total(0.5, np.array([0.3, 0.0], np.float32))
    assert total(0.5, 0.3 * one) > 1.5 * lone
    moved = [total(0.5 + step / 1200, np.array([0.3, 0.0], np.float32)) for step in range(12)]
    assert max(moved) < 1.05 * min(moved)
    glow.draw(np.array([[-9.0, 9.0], [1.0, 0.0]], np.float32), one)  # outside is at the edge
    with pytest.raises(ValueError, match="multiple of 4"):
        Glow(layers((2, 1)), 30)
