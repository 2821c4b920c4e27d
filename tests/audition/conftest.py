from __future__ import annotations

from pathlib import Path

import pytest

from tests.audition.music import Music


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Music:
    """The corpus ``music``, built in a home of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Music(tmp_path)
