"""A build that is killed at any moment goes on where it was, ends in the same bytes, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ear_engine.corpora.build import build_corpus
from ear_engine.corpora.store import open_corpus
from ear_engine.platform import process_alive
from tests.corpora.audio import contents, write

BUILD = """
import signal, sys, time
from pathlib import Path
from ear_engine.corpora.build import build_corpus
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # even where the tests run in the background, deaf to it
    def tell(done, every):
        print(done, flush=True)
        if done == every and sys.argv[4:]:  # the index is not written yet
            time.sleep(60)
    build_corpus(
        Path(sys.argv[1]), Path(sys.argv[2]), name="t", workers=int(sys.argv[3]), progress=tell, shard_bytes=1_500_000
    )
"""


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for number in range(24):
        noise = np.random.default_rng(number).normal(0, 0.3, 48000 * 5)
        write(folder / f"{number:02d}.flac", noise.clip(-1, 1), 48000)
    return folder


@pytest.fixture(scope="module")
def undisturbed(music: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    store = tmp_path_factory.mktemp("store")
    return contents(build_corpus(music, store, name="t", workers=1, shard_bytes=1_500_000).folder)


def started(
    tmp_path: Path, music: Path, store: Path, workers: int, *, unfinished: bool = False
) -> subprocess.Popen[str]:
    """A build; an ``unfinished`` one waits before its end, so that it is never over before it is ended."""
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), str(music), str(store), str(workers), *["wait"] * unfinished]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "after"), [(1, 1), (1, 9), (1, 23), (2, 5), (2, 16)])
def test_a_killed_build_goes_on(
    tmp_path: Path, music: Path, undisturbed: dict[str, bytes], workers: int, after: int
) -> None:
    store = tmp_path / "store"
    with started(tmp_path, music, store, workers, unfinished=True) as process:
        assert process.stdout is not None
        reached = next(int(line) for line in process.stdout if int(line) >= after)
        family = children(process.pid)
        process.send_signal(signal.SIGKILL)
    if workers > 1:
        assert len(family) >= workers
    limit = time.monotonic() + 10
    while any(process_alive(pid) for pid in family):
        assert time.monotonic() < limit
        time.sleep(0.02)
    assert not (store / "index.json").exists()
    told: list[int] = []
    corpus = build_corpus(
        music,
        store,
        name="t",
        workers=1,
        shard_bytes=1_500_000,
        progress=lambda done, every: told.append(done),
    )
    assert reached <= told[0]  # what was decoded is not decoded again
    assert contents(corpus.folder) == undisturbed
    assert {path.name for path in store.iterdir()} == {*undisturbed, "journal.jsonl", "build.lock"}


def test_torn_and_foreign_lines_of_a_journal_are_as_if_not_there(
    tmp_path: Path, music: Path, undisturbed: dict[str, bytes]
) -> None:
    store = tmp_path / "store"
    build_corpus(music, store, name="t", workers=1, shard_bytes=1_500_000)
    journal = store / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    torn = [*lines[:5], b"7\n", b'{"file": "00.flac"}\n', b'{"shard": "x", "pieces": [1]}\n', lines[5][:20]]
    journal.write_bytes(b"".join(torn))
    assert contents(build_corpus(music, store, name="t", workers=1, shard_bytes=1_500_000).folder) == undisturbed


def test_two_builds_at_once_wait_for_each_other(tmp_path: Path, music: Path, undisturbed: dict[str, bytes]) -> None:
    store = tmp_path / "store"
    with started(tmp_path, music, store, 1) as one, started(tmp_path, music, store, 1) as other:
        assert one.stdout is not None and other.stdout is not None
        decoded = [len(set(process.stdout.read().split())) for process in (one, other) if process.stdout]
    assert (one.returncode, other.returncode) == (0, 0)
    assert sorted(decoded)[0] == 1  # the second found everything done
    assert contents(store) == undisturbed
    assert len(open_corpus(store).recordings) == 24


def run(tmp_path: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(tmp_path / "script.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_a_disk_that_is_full_midway_loses_nothing(tmp_path: Path, music: Path, undisturbed: dict[str, bytes]) -> None:
    store = tmp_path / "store"
    no_room = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))"  # parts are smaller
    said = run(tmp_path, f"{no_room}\n{BUILD}", str(music), str(store), "1")
    assert "UserError: corpus store" in said.stderr and "cannot be written (File too large; " in said.stderr
    assert not (store / "index.json").exists()
    first: list[int] = []
    build_corpus(
        music, store, name="t", workers=1, shard_bytes=1_500_000, progress=lambda done, every: first.append(done)
    )
    assert first[0] >= 2
    assert contents(store) == undisturbed


def test_a_disk_that_is_full_at_once_is_no_fault_of_the_music(tmp_path: Path, music: Path) -> None:
    no_room = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"  # below any part
    said = run(tmp_path, f"{no_room}\n{BUILD}", str(music), str(tmp_path / "store"), "1")
    assert "cannot be written (File too large; " in said.stderr
    assert not list((tmp_path / "store" / "parts").iterdir())


@pytest.mark.slow
def test_an_interrupted_build_ends_its_processes_and_goes_on(
    tmp_path: Path, music: Path, undisturbed: dict[str, bytes]
) -> None:
    store = tmp_path / "store"
    with started(tmp_path, music, store, 2, unfinished=True) as process:
        assert process.stdout is not None
        next(int(line) for line in process.stdout if int(line) >= 3)
        family = children(process.pid)
        for pid in (process.pid, *family):  # as a terminal does it
            os.kill(pid, signal.SIGINT)
        assert process.wait(20) != 0
    assert len(family) >= 2 and not any(process_alive(pid) for pid in family)
    assert contents(build_corpus(music, store, name="t", workers=1, shard_bytes=1_500_000).folder) == undisturbed


CRASH = """
import os, sys
from pathlib import Path
import soundfile
real = soundfile.SoundFile
class Fragile(real):
    def __init__(self, file, *rest, **options):
        if "07" in str(file):
            os.kill(os.getpid(), 9)
        super().__init__(file, *rest, **options)
soundfile.SoundFile = Fragile
from ear_engine.corpora.build import build_corpus
if __name__ == "__main__":
    corpus = build_corpus(Path(sys.argv[1]), Path(sys.argv[2]), name="t", workers=2)
    print([(s.path.name, s.reason) for s in corpus.skipped], len(corpus.recordings))
"""


@pytest.mark.slow
def test_a_file_that_kills_its_decoder_is_left_out(tmp_path: Path, music: Path) -> None:
    said = run(tmp_path, CRASH, str(music), str(tmp_path / "store"))
    assert said.stdout == "[('07.flac', 'cannot be read: it crashes the decoder')] 23\n", said.stderr


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(tmp_path: Path, music: Path) -> None:
    bare = BUILD.replace('if __name__ == "__main__":', "if True:")
    said = run(tmp_path, bare, str(music), str(tmp_path / "store"), "2")
    assert "protect the main module" in said.stderr.splitlines()[-1]
