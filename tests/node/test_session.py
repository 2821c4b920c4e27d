from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ear_engine import platform
from ear_engine.node.session import close_session, open_session, rejoin_session, remove_stale
from ear_engine.shared_memory.owner import Owner, write_owner
from ear_engine.shared_memory.slot import SlotWriter


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_dead_nodes_left_is_removed_and_what_lives_stays(tmp_path: Path) -> None:
    mine = open_session(tmp_path)
    abandoned = platform.new_session(tmp_path)
    (abandoned / "node.pid").write_text(str(dead_process()))
    (abandoned / "loops" / "loop-00000001.ear").write_bytes(b"x")
    fresh = platform.new_session(tmp_path)  # another node's that has not written its name yet
    old = platform.new_session(tmp_path)
    os.utime(old, (time.time() - 3600,) * 2)
    assert set(remove_stale(tmp_path)) == {abandoned, old}
    assert mine.exists() and fresh.exists()
    assert not abandoned.exists()


def test_a_new_node_cleans_up_first(tmp_path: Path) -> None:
    abandoned = platform.new_session(tmp_path)
    (abandoned / "node.pid").write_text(str(dead_process()))
    session = open_session(tmp_path)
    assert not abandoned.exists() and (session / "loops").is_dir()
    close_session(session)
    assert list(tmp_path.iterdir()) == []


def test_who_begins_removes_what_others_of_the_same_numbers_left(tmp_path: Path) -> None:
    """In a container that is started again, keeper and node have the process ids that they had before."""
    abandoned = platform.new_session(tmp_path)
    write_owner(abandoned, Owner(os.getpid(), os.getppid()))
    for name in ("control", "audio", "dreamer"):
        SlotWriter(abandoned / f"{name}.slot").write(b'{"of": "another version"}')
    assert rejoin_session(os.getppid(), tmp_path, afresh=True) is None
    assert not abandoned.exists()
