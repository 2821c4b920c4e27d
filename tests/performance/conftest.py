from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.playback.helpers import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "session")
    yield made
    for process in made.processes:
        process.kill()
        process.join()
