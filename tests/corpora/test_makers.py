"""Music that is made in several processes: all of it is made, once, and what fails is said."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.corpora.makers import Audio, Job, write_recordings
from ear_engine.errors import UserError

RATE = 8000


def constant(level: float) -> Audio:
    return np.full(64, level, np.float32)


def fail() -> Audio:
    raise UserError("soundfont 'gone.sf2'", "was not found", "install it", "not_found")


def jobs(count: int, recipe: str = "as it was") -> list[Job]:
    """Recordings that differ in level, in two folders."""
    return [
        Job(
            f"{number % 2}/{number:02}",
            partial(constant, number / 64),
            f"{recipe} {number}",
            {"title": f"{number}"},
            RATE,
        )
        for number in range(count)
    ]


def test_two_processes_make_every_recording_of_many(tmp_path: Path) -> None:
    """More than wait in line at first, so that those that are handed on later are counted too."""
    wanted = jobs(11)
    told: list[tuple[int, int]] = []
    paths = write_recordings(tmp_path, wanted, workers=2, progress=lambda *done: told.append(done))
    assert paths == tuple(tmp_path / f"{job.name}.flac" for job in wanted)
    assert told == [(done, 11) for done in range(1, 12)]
    for number, path in enumerate(paths):
        samples, rate = soundfile.read(path)
        assert rate == RATE and samples == pytest.approx(np.full(64, number / 64), abs=1e-4)
    labels = json.loads((tmp_path / "labels.json").read_text())
    assert labels == {f"{job.name}.flac": job.labels for job in wanted}
    assert not list(tmp_path.rglob("*.part"))


def test_only_what_is_missing_or_was_made_otherwise_is_made_again(tmp_path: Path) -> None:
    paths = write_recordings(tmp_path, jobs(4), workers=1)
    before = [path.stat().st_mtime_ns for path in paths]
    paths[1].unlink()
    paths[2].write_bytes(paths[2].read_bytes()[:50])
    changed = [*jobs(3), jobs(4, "in another way")[3]]
    told: list[tuple[int, int]] = []
    assert write_recordings(tmp_path, changed, workers=1, progress=lambda *done: told.append(done)) == paths
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert paths[0].stat().st_mtime_ns == before[0]
    assert [soundfile.SoundFile(path).comment for path in paths] == [job.recipe for job in changed]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_user_can_mend_is_said_as_in_one_process(tmp_path: Path, workers: int) -> None:
    wanted = [*jobs(5), Job("broken", fail, "none")]
    with pytest.raises(UserError, match=r"soundfont 'gone.sf2' was not found; install it\.") as refused:
        write_recordings(tmp_path, wanted, workers=workers)
    assert refused.value.code == "not_found"
    assert not (tmp_path / "broken.flac").exists()
    assert len(write_recordings(tmp_path, wanted[:5], workers=workers)) == 5
