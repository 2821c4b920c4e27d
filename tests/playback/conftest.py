from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ear_engine.playback.graph import Graph
from tests.playback.helpers import Offline, Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "session")
    yield made
    for process in made.processes:
        process.kill()
        process.join()


@pytest.fixture
def offline() -> Iterator[tuple[Offline, Graph]]:
    """A manual server and the graph on it, not started."""
    backend = Offline()
    graph = Graph(ring=1 << 14)
    yield backend, graph
    backend.stop()
    graph.close()
    backend.close()
