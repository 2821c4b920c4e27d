from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SERVE = ("serve", "--audio", "null", "--osc-port", "0", "--json-status")
ENGINES = {"fake": [sys.executable, "-m", "tests.clients.fake_engine"]}
if (ROOT / "ear_engine" / "cli.py").exists():
    start = "import sys; from ear_engine.cli import main; sys.exit(main())"
    ENGINES["real"] = [sys.executable, "-c", start, *SERVE]
PACKAGES = "supercollider-language supercollider-server puredata-core"
INSTALL = f"is missing; on Debian or Ubuntu: apt-get install {PACKAGES} (`make test` does it)"


@dataclass(frozen=True)
class RunningEngine:
    port: int
    process: subprocess.Popen[str]
    http_port: int = 0


def run_engine(command: list[str]) -> Iterator[RunningEngine]:
    """Start an engine, wait until a dreamed loop is heard, end it afterwards."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            report = json.loads(line)
            if report["state"] == "running" and report["loop"] > 0:
                yield RunningEngine(report["osc_port"], process, report.get("http_port", 0))
                break
        else:
            pytest.fail(f"the engine ended with {process.wait(10)} before it ran")
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            process.kill()
            process.stdout.close()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[RunningEngine]:
    yield from run_engine(ENGINES[request.param])


def program(name: str) -> str:
    """Path of an installed program; its absence fails the test."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} {INSTALL}")
    return found


@pytest.fixture
def sclang(tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of sclang without a screen; the script's path is to be added."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    config = tmp_path / "sclang_conf.yaml"
    config.write_text("includePaths: []\nexcludePaths: []\npostInlineWarnings: false\n")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox",
        "XDG_RUNTIME_DIR": str(runtime),
    }
    return [program("sclang"), "-l", str(config)], environment


@pytest.fixture
def pd() -> list[str]:
    """Command of Pd without a window or devices; messages and the patch's path are to be added."""
    return [program("pd"), "-nogui", "-noaudio", "-nomidi", "-stderr", "-nrt"]
