from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.osc.synthetic import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path)
    yield made
    made.close()
