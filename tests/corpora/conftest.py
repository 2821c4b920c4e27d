"""Tests of corpora build in folders of their own, never in the user's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without corpora: ``data/ear-engine`` and ``cache/ear-engine`` in it are the engine's."""
    home = tmp_path / "home"
    for kind in ("data", "cache"):
        (home / kind).mkdir(parents=True)
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", str(home / kind))
    return home
