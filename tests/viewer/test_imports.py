"""A viewer runs where nothing is dreamed: it starts soon, and torch is never loaded."""

from __future__ import annotations

import subprocess
import sys


def test_a_viewer_loads_nothing_heavy() -> None:
    code = (
        "import sys, ear_engine.viewer.app; print(sorted({'torch', 'pyo', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
