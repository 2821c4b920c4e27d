"""What the programs that play an engine really send.

``host_datagrams.json`` says from which program the datagrams of a host were recorded, or that they are composed of what
its manual says: those hosts do not run here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ear_engine.osc.commands import FAIL
from tests.osc.test_dispatcher import Desk

HOSTS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "host_datagrams.json").read_text())
CASES = [(host["host"], one) for host in HOSTS for one in host["datagrams"]]
LATE = 4e9  # Unix seconds: what was recorded is in the past


@pytest.mark.parametrize(("host", "datagram"), CASES, ids=[f"{host}-{place}" for place, (host, _) in enumerate(CASES)])
def test_it_is_understood(host: str, datagram: dict[str, Any]) -> None:
    desk = Desk(wall=LATE)
    values, fired = dict(desk.control.tree.values), desk.control.snapshot().triggers.copy()
    heard = desk.raw(bytes.fromhex(datagram["hex"]))
    assert not [message for message in heard if message[0] == FAIL]
    changed = {name: value for name, value in desk.control.tree.values.items() if value != values[name]}
    if "set" in datagram:
        assert changed.items() >= datagram["set"].items() and heard == []
    elif "norm" in datagram:
        tree = desk.control.tree
        assert {name: tree[name].normalize(value) for name, value in changed.items()} == pytest.approx(datagram["norm"])
    elif "get" in datagram:
        assert heard == [(datagram["get"], values["dream/rate"])] and not changed
    elif "fire" in datagram:
        assert desk.control.snapshot().triggers[datagram["fire"]] == fired.get(datagram["fire"], 0) + 1
    else:
        (subscription,) = desk.subscribed
        assert (subscription.pattern.text, subscription.rate) == (datagram["subscribe"], 60.0)


def test_every_host_is_there_and_says_where_it_is_from() -> None:
    recorded = {host["host"] for host in HOSTS if host["recorded"]}
    composed = {host["host"] for host in HOSTS if not host["recorded"]}
    assert recorded == {"SuperCollider", "Pd", "osc.js", "python-osc", "liblo"}
    assert composed == {"Max", "TouchOSC", "TouchDesigner", "Processing"}
