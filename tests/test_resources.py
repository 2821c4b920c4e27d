from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from ear_engine.errors import UserError
from ear_engine.resources import resource, resource_root

REPOSITORY = Path(__file__).parent.parent


def test_a_checkout_finds_its_own_configs() -> None:
    assert resource_root() == REPOSITORY
    assert resource("configs", "README.md").read_text() == (REPOSITORY / "configs" / "README.md").read_text()


def test_a_wheel_finds_the_same_files(tmp_path: Path) -> None:
    """A really built wheel in a fresh environment, from a folder far from the checkout."""
    python = Path(sys.executable)
    _run(python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, REPOSITORY)
    (wheel,) = tmp_path.glob("ear_engine-*.whl")
    home = tmp_path / "environment"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    (inside,) = [path for path in (home / "bin" / "python", home / "Scripts" / "python.exe") if path.exists()]
    _run(python, "-m", "pip", "--python", inside, "install", "--no-deps", "--no-index", wheel)

    script = """
import sys
from ear_engine import resources
root = resources.resource_root()
assert root.is_relative_to(sys.prefix), root
print(*sorted(str(path.relative_to(root).as_posix()) for path in root.rglob("*") if path.is_file()))
"""
    shipped = _run(inside, "-I", "-c", script).split()
    tracked = _run(
        "git", "-C", REPOSITORY, "ls-files", "--cached", "--", "configs", "supercollider", "maxmsp", "patches"
    ).split()
    assert "supercollider/EarEngine/Classes/EarEngine.sc" in shipped
    assert "configs/README.md" in shipped
    assert set(tracked) <= set(shipped)


def test_an_incomplete_installation_says_so(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()  # somebody else's, beside a package without our data
    with pytest.raises(UserError, match="has no configs folder; install ear-engine again"):
        resource_root(tmp_path / "ear_engine")


def test_a_missing_file_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"'configs/README.txt' does not exist; there is README.md") as caught:
        resource("configs", "README.txt")
    assert caught.value.code == "unknown_resource"


@pytest.mark.parametrize("parts", [(), ("pyproject.toml",), ("configs", "..", "Makefile"), ("configs", "/etc/passwd")])
def test_nothing_outside_configs_is_given(parts: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="lies outside configs"):
        resource(*parts)


def _run(*command: object) -> str:
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
