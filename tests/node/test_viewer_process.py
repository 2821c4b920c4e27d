"""What the viewer beside an engine is started with."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from ear_engine.cli import parse
from ear_engine.node.viewer_process import ViewerProcess
from tests.node.standin import options


def test_who_may_talk_to_the_engine_may_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[list[str]] = []
    ended = SimpleNamespace(poll=lambda: 0)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: begun.append(command) or ended)
    chosen = options(bind="0.0.0.0", outputs=("mjpeg:0.0.0.0:9010",), allow=("192.168.1.0/24", "10.0.0.7"))
    asyncio.run(ViewerProcess(tmp_path, lambda: 9000, chosen, lambda *told: None).run())
    typed = parse(begun[0][3:])
    assert typed.command == "view" and typed.engine == "127.0.0.1:9000" and typed.offscreen
    assert typed.output == ["mjpeg:0.0.0.0:9010"] and typed.allow == ["192.168.1.0/24", "10.0.0.7"]
