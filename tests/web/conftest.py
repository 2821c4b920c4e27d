from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.osc.synthetic import Session
from tests.web.ears import facts
from tests.web.serving import Stage, serving


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path)
    yield made
    made.close()


@pytest.fixture
def stage(session: Session) -> Iterator[Stage]:
    with serving(session.folder, facts()) as made:
        yield made
