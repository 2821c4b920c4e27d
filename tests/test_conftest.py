from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

def test_passes():
    pass

@pytest.mark.skip(reason="by mark")
def test_mark():
    pass

def test_call():
    pytest.skip("by call")

@pytest.mark.xfail(strict=True)
def test_known_fault():
    assert False
"""


@pytest.mark.parametrize(
    ("ci", "status", "closing"),
    [("", 0, "1 passed, 3 skipped, 1 xfailed"), ("true", 2, "1 error in")],
    ids=["locally", "in CI"],
)
def test_a_skip_fails_in_ci_only(tmp_path: Path, ci: str, status: int, closing: str) -> None:
    (tmp_path / "conftest.py").write_text((Path(__file__).parent / "conftest.py").read_text())
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    (tmp_path / "test_module.py").write_text("import pytest\npytest.skip('whole module', allow_module_level=True)\n")
    run = _pytest(tmp_path, ci)
    assert run.returncode == status, run.stdout
    assert closing in run.stdout.splitlines()[-1]
    if ci:
        (tmp_path / "test_module.py").unlink()
        run = _pytest(tmp_path, ci)
        assert run.returncode == 1, run.stdout
        assert "1 failed, 1 passed, 1 xfailed, 1 error" in run.stdout.splitlines()[-1]
        assert "CI does not allow: by call" in run.stdout


def _pytest(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    env = os.environ | {"CI": ci}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
