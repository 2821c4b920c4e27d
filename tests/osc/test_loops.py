from __future__ import annotations

import threading
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pythonosc.osc_message import OscMessage

from ear_engine.osc.loops import KEEP, LoopAnnouncer, write_wav
from ear_engine.shared_memory.loops import loop_name
from tests.osc.synthetic import RATE, Session, synthetic_loop


@pytest.mark.parametrize("channels", [1, 2])
def test_a_loop_is_written_as_stereo_float32(tmp_path: Path, channels: int) -> None:
    loop = synthetic_loop(1, samples=1000, channels=channels)
    write_wav(tmp_path / "loop.wav", loop)
    data, rate = soundfile.read(tmp_path / "loop.wav", dtype="float32")
    assert (soundfile.info(tmp_path / "loop.wav").subtype, rate) == ("FLOAT", RATE)
    np.testing.assert_array_equal(data, np.broadcast_to(loop.audio, (2, 1000)).T)
    with pytest.raises(wave.Error, match="unknown format: 3"):  # the standard library reads the header as float
        wave.open(str(tmp_path / "loop.wav"))


def test_each_loop_is_announced_once_and_complete(session: Session) -> None:
    heard: list[bytes] = []
    sizes: list[int] = []

    def deliver(packet: bytes) -> None:
        heard.append(packet)
        sizes.append(Path(OscMessage(packet).params[1]).stat().st_size)

    with ThreadPoolExecutor(1) as executor:
        announcer = LoopAnnouncer(session.folder / "loops", session.folder / "wav", executor, deliver)
        entry = session.publish(3, samples=RATE)
        for _ in range(3):
            announcer.add(entry)
            announcer.step()
    message = OscMessage(heard[0])
    path = str(session.folder / "wav" / "loop-00000003.wav")
    assert (message.address, message.params) == ("/ear/loop", [3, path, 1.0, RATE, 4, 240.0])
    assert sizes == [RATE * 8 + 58]


def test_only_the_newest_files_are_kept(session: Session) -> None:
    with ThreadPoolExecutor(1) as executor:
        announcer = LoopAnnouncer(session.folder / "loops", session.folder / "wav", executor, lambda packet: None)
        for number in range(1, KEEP + 5):
            announcer.add(session.publish(number, samples=64))
            announcer.step()
            executor.submit(lambda: None).result()
    assert list(announcer.newest) == [loop_name(number) for number in range(KEEP + 1, KEEP + 5)]
    names = sorted(path.name for path in (session.folder / "wav").iterdir())
    assert names == [f"loop-{number:08d}.wav" for number in range(5, KEEP + 5)]


def test_long_loops_are_kept_by_their_bytes_and_at_least_two(session: Session) -> None:
    size = 44 + 14 + 1000 * 8
    for room, kept in ((3 * size, [3, 4, 5]), (1, [4, 5])):
        folder = session.folder / f"wav{room}"
        with ThreadPoolExecutor(1) as executor:
            announcer = LoopAnnouncer(session.folder / "loops", folder, executor, lambda packet: None, room)
            for number in range(1, 6):
                announcer.add(session.publish(number, samples=1000))
                announcer.step()
                executor.submit(lambda: None).result()
        assert sorted(path.name for path in folder.iterdir()) == [f"loop-{number:08d}.wav" for number in kept]


def test_a_stuck_disk_leaves_loops_out_instead_of_queueing_them(session: Session) -> None:
    heard: list[bytes] = []
    stuck = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(stuck.wait)
        announcer = LoopAnnouncer(session.folder / "loops", session.folder / "wav", executor, heard.append)
        for number in range(1, 11):
            announcer.add(session.publish(number, samples=64))
            announcer.step()
        stuck.set()
        for _ in range(6):
            executor.submit(lambda: None).result()
            announcer.step()
    assert announcer.skipped == 5
    assert [OscMessage(packet).params[0] for packet in heard] == [1, 7, 8, 9, 10]


def test_a_loop_that_is_gone_is_not_announced(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[bytes] = []
    with ThreadPoolExecutor(1) as executor:
        announcer = LoopAnnouncer(session.folder / "loops", session.folder / "wav", executor, heard.append)
        for number in (1, 2):
            entry = session.publish(number, samples=64)
            if number == 1:
                (session.folder / "loops" / entry.file).unlink()
            announcer.add(entry)
            announcer.step()
            executor.submit(lambda: None).result()
    assert [OscMessage(packet).params[0] for packet in heard] == [2]
    assert "loop-00000001.ear is not announced" in caplog.text
