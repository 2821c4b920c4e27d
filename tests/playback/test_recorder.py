from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.errors import UserError
from ear_engine.playback.events import EventLog
from ear_engine.playback.recorder import Recorder, check_record_path, next_take
from tests.playback.helpers import RATE, noise

_KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from ear_engine.playback.events import EventLog
from ear_engine.playback.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), 8000, EventLog())
for number in range(100000):
    recorder.write(np.full((80, 2), number / 1e6, np.float32))
    if number == 250:
        print("going", flush=True)
    time.sleep(0.01 if number >= 250 else 0.0)
"""

_FULL = """
import resource, sys, time
from pathlib import Path
import numpy as np
from ear_engine.playback.events import EventLog
from ear_engine.playback.recorder import Recorder
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
events = EventLog()
recorder = Recorder(Path(sys.argv[1]), 8000, events)
for number in range(40):
    recorder.write(np.full((800, 2), 0.25, np.float32))
    time.sleep(0.005)
recorder.close()
print([event.code for event in events.latest()])
"""


@pytest.mark.parametrize("limit", [0xFFFFFFFF, 1000])
def test_a_closed_recording_holds_every_frame_also_as_rf64(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "take.wav"
    recorder = Recorder(path, 48000, EventLog(), limit)
    signal = noise(60_000, 1).T * 3
    for part in np.array_split(signal, 23):
        recorder.write(part)
    recorder.close()
    found, rate = soundfile.read(path, dtype="float32")
    assert rate == 48000 and np.array_equal(found, signal)
    assert soundfile.info(path).subtype == "FLOAT"
    assert path.read_bytes()[:4] == (b"RF64" if limit == 1000 else b"RIFF")
    assert recorder.seconds == 60_000 / 48000


def test_a_killed_recording_reads_up_to_the_last_second(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(1.3)
    process.kill()
    process.wait()
    process.stdout.close()
    found, _ = soundfile.read(path, dtype="float32")
    assert len(found) / 8000 > 2.5 + 0.3
    assert np.array_equal(found[:, 0], (np.arange(len(found)) // 80 / 1e6).astype(np.float32))


def test_a_full_disk_ends_the_recording_with_an_event_and_a_good_file(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="file size limits are POSIX")
    path = tmp_path / "take.wav"
    done = subprocess.run([sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['recording_ended']"
    found, _ = soundfile.read(path)
    assert 0 < len(found) <= 100_000 // 8 and (found == 0.25).all()


def test_bad_paths_are_refused_before_anything_starts(tmp_path: Path) -> None:
    folder = tmp_path / "folder.wav"
    folder.mkdir()
    long = tmp_path / f"{'a' * 300}.wav"
    for path in (folder, tmp_path / "take.mp3", tmp_path / "nowhere" / "take.wav", long, Path("/"), Path("a\0.wav")):
        with pytest.raises(UserError) as refused:
            check_record_path(path)
        assert refused.value.code == "bad_path" and repr(path.name[-8:])[1:-1] in str(refused.value)
        assert len(str(refused.value)) < 400
    check_record_path(tmp_path / "take.WAV")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.wav"]


def test_an_existing_take_is_left_alone_by_the_check_and_by_the_next_take(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    assert next_take(path) == path
    path.write_bytes(b"music")
    assert check_record_path(path).name == "take-2.wav"
    assert path.read_bytes() == b"music"
    assert next_take(path).name == "take-2.wav"
    (tmp_path / "take-2.wav").touch()
    assert next_take(path).name == "take-3.wav"
    with pytest.raises(FileExistsError):
        Recorder(path, RATE, EventLog())
    assert path.read_bytes() == b"music"


def test_a_dangling_link_is_a_name_that_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.symlink_to(tmp_path / "unplugged" / "take.wav")
    assert check_record_path(path).name == "take-2.wav"
    assert [found.name for found in tmp_path.iterdir()] == ["take.wav"] and path.is_symlink()
