"""Clients of OSCQuery that are not ours: python-oscquery, and oscquery and osc.js on Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from pythonoscquery.osc_query_browser import OSCQueryBrowser
from pythonoscquery.osc_query_client import OSCQueryClient

from ear_engine.osc.command_table import builtin_commands
from ear_engine.parameters import ParameterTree
from tests.clients.conftest import ENGINES, HERE, RunningEngine, run_engine

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def announced() -> Iterator[RunningEngine]:
    """A real engine that is announced on this machine only."""
    yield from run_engine([*ENGINES["real"], "--announce", "on"])


def test_python_oscquery_finds_the_engine_and_reads_it(announced: RunningEngine) -> None:
    browser = OSCQueryBrowser()
    try:
        end, ports = time.perf_counter() + 15.0, [announced.port]
        while announced.http_port not in [found.port for found in browser.get_discovered_oscquery() if found]:
            assert time.perf_counter() < end
            time.sleep(0.05)
        while ports[0] not in [found.port for found in browser.get_discovered_osc() if found]:
            assert time.perf_counter() < end
            time.sleep(0.05)
        service = next(found for found in browser.get_discovered_oscquery() if found.port == announced.http_port)
    finally:
        browser.zc.close()
    client = OSCQueryClient(service)
    host = client.get_host_info()
    assert host is not None and host.name.startswith("ear-engine on ") and host.extensions["LISTEN"] is True
    assert (host.osc_ip, host.osc_port, host.osc_transport) == ("127.0.0.1", announced.port, "UDP")
    tree = ParameterTree()
    for group in ("tone", "rhythm", "transform", "penalty", "norm/tone"):  # of groups in which nothing is only written
        node = client.query_node(f"/ear/{group}")
        assert node is not None
        twins = group.startswith("norm/")
        expected = {
            (row.norm_address if twins else row.address): row.normalize(row.default) if twins else row.default
            for row in tree
            if row.group == group.removeprefix("norm/")
        }
        assert {leaf.full_path: leaf.value[0] for leaf in node if leaf.value} == pytest.approx(expected)
    for row in tree:
        if row.group in ("dream", "playback") and row.kind != "trigger":
            leaf = client.query_node(row.address)
            assert leaf is not None and leaf.value[0] == pytest.approx(row.default)
    head = client.query_node("/ear/playhead")
    assert head is not None and head.type == [int, float, int, float, int] and 0.0 <= head.value[1] < 1.0
    assert client.query_node("/ear/nothing") is None


def test_node_reads_the_whole_tree_and_speaks_over_the_socket(announced: RunningEngine) -> None:
    node = shutil.which("node")
    installed = HERE / "node" / "node_modules"
    if node is None or not (installed / "oscquery").exists():
        pytest.fail("node, or what it needs, is missing; `make peers` installs it")
    ran = subprocess.run(
        [node, str(HERE / "node" / "drive.js"), str(announced.http_port)], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["host"]["oscPort"] == announced.port and found["host"]["wsPort"] == announced.http_port
    tree = ParameterTree()
    wanted = {row.address for row in tree} | {row.norm_address for row in tree if row.kind != "text"}
    wanted |= {command.address for command in builtin_commands()}
    wanted |= {"/ear/playhead", "/ear/summary/mean", "/ear/activation/scalogram", "/ear/map/positions", "/ear/loop"}
    assert wanted <= set(found["methods"])
    row = tree["dream/rate"]
    rate = found["rate"]
    assert (rate["FULL_PATH"], rate["TYPE"], rate["ACCESS"]) == (row.address, "f", 3)
    assert (rate["DESCRIPTION"], rate["VALUE"], rate["CLIPMODE"]) == (row.description, [row.default], [row.clip])
    assert rate["RANGE"] == [{"MIN": row.low, "MAX": row.high}] and rate["TAGS"] == [row.page, "parameter"]
    assert found["by"]["RANGE"] == [{"VALS": list(tree["target/by"].choices)}]
    assert found["set"] == found["seen"] == -31.5 and found["refusal"] == "unknown_address"
    assert len(found["playhead"]) == 5 and 0.0 <= found["playhead"][1] < 1.0
