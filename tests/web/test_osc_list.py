"""``ear-engine osc list``: asked of what runs, or from the tables."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ear_engine.cli import main
from ear_engine.control import ControlLog
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.web.server import WebServer
from tests.osc.synthetic import LAYERS, Session, status


def beside_engine(folder: Path, scene: Callable[[int], None], http: bool = True) -> None:
    """Run ``scene`` in a thread, with the port of an engine without ear and sound."""

    async def serve() -> None:
        session, control = Session(folder), ControlLog(ParameterTree())

        def report() -> Any:
            return dataclasses.replace(status(osc.port), http_port=web.port if http else 0)

        osc = OscService(control, folder, status=report, layers=lambda: LAYERS, port=0)
        web = WebServer(folder, status=report, facts=lambda: None, positions=lambda: None, osc=osc)
        control.apply({"dream/rate": -31.7}, "test")
        await osc.start()
        web.open()
        await web.run()
        try:
            await asyncio.to_thread(scene, osc.port)
        finally:
            await web.close()
            osc.close()
            session.close()

    asyncio.run(serve())


def test_what_a_running_engine_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def scene(port: int) -> None:
        engine = ["--engine", f"127.0.0.1:{port}"]
        assert main(["osc", "list", "--json", *engine]) == 0
        out, err = capsys.readouterr()
        rows = {row["address"]: row for row in json.loads(out)}
        assert err == "" and {row.address for row in ParameterTree()} < set(rows)
        assert rows["/ear/dream/rate"] == {
            "address": "/ear/dream/rate",
            "kind": "parameter",
            "type": "f",
            "range": [{"MIN": -60.0, "MAX": -6.0}],
            "unit": ["gain.db"],
            "value": -31.7,
            "description": ParameterTree()["dream/rate"].description,
        }
        assert rows["/ear/activation/scalogram"]["kind"] == "stream"
        assert rows["/ear/activation/scalogram"]["type"] == "iiii" + "f" * 216
        assert (rows["/ear/loop"]["kind"], rows["/ear/system/ping"]["kind"]) == ("event", "command")
        assert not any(address.startswith("/ear/norm/") for address in rows)

        assert main(["osc", "list", "/ear/norm/tone", *engine]) == 0
        assert all(line.startswith(("Address", "/ear/norm/tone/")) for line in capsys.readouterr().out.splitlines())
        assert main(["osc", "list", "/ear/dream/", *engine]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split()[:5] == ["Address", "Type", "Range", "Unit", "Value"]
        (rate,) = (line for line in lines if line.startswith("/ear/dream/rate"))
        assert rate.split()[:5] == ["/ear/dream/rate", "f", "-60..-6", "db", "-31.7"]
        assert main(["osc", "list", "/ear/activation/scalogram", *engine]) == 0
        assert "iiiif×216" in capsys.readouterr().out

    beside_engine(tmp_path, scene)


def test_without_an_engine_or_http_it_is_what_this_version_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def scene(port: int) -> None:
        assert main(["osc", "list", "/ear/dream/rate", "--engine", f"127.0.0.1:{port}"]) == 0
        out, err = capsys.readouterr()
        assert "answers no HTTP" in err and "what an engine of this version has" in err
        assert out.splitlines()[1].split()[:5] == ["/ear/dream/rate", "f", "-60..-6", "db", "-18"]

    beside_engine(tmp_path, scene, http=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        engine = f"127.0.0.1:{silent.getsockname()[1]}"
        assert main(["osc", "list", "--json", "--engine", engine]) == 0
    out, err = capsys.readouterr()
    rows = {row["address"]: row for row in json.loads(out)}
    assert f"engine at {engine} does not answer" in err
    assert {"/ear/activation/<layer|all>", "/ear/playhead", "/ear/map/make", "/ear/dream/rate"} <= set(rows)
    assert rows["/ear/dream/rate"]["value"] == -18.0


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"\xff", b'{"FULL_PATH": 1}', b'{"FULL_PATH": "/", "CONTENTS": [1]}', b'{"a":' * 9000]
)
def test_an_engine_that_says_something_else(said: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
        await writer.drain()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(lie, "127.0.0.1", 0)
        http = server.sockets[0].getsockname()[1]
        report = lambda: dataclasses.replace(status(osc.port), http_port=http)  # noqa: E731
        osc = OscService(ControlLog(ParameterTree()), tmp_path, status=report, port=0)
        await osc.start()
        try:
            engine = f"127.0.0.1:{osc.port}"
            assert await asyncio.to_thread(main, ["osc", "list", "/ear/dream/rate", "--engine", engine]) == 0
        finally:
            osc.close()
            server.close()

    asyncio.run(serve())
    out, err = capsys.readouterr()
    assert "cannot be used" in err and "/ear/dream/rate" in out
