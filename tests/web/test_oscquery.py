"""OSCQuery over HTTP: every address, from the one table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ear_engine.osc.command_table import builtin_commands
from ear_engine.osc.reports import LayerInfo
from ear_engine.web.oscquery.tree import Branch, Tree
from tests.web.osc_serving import Desk

ATTRIBUTES = {
    "FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "UNIT", "CLIPMODE", "OVERLOADS",
}  # fmt: skip


def play(folder: Path, scene: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Desk(folder).open() as desk:
            await scene(desk)

    asyncio.run(run())


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("CONTENTS", {}).values():
        yield from nodes(inner)


def test_the_tree_has_every_parameter_twin_command_and_stream_once_and_nothing_else(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        answer, root = await desk.ask("/")
        assert answer == 200 and root["FULL_PATH"] == "/" and list(root["CONTENTS"]) == ["ear"]
        everything = list(nodes(root))
        methods = [node["FULL_PATH"] for node in everything if "TYPE" in node]
        assert len(methods) == len(set(methods))
        parameters = [a for row in desk.control.tree for a in (row.address, row.norm_address)]
        texts = {row.norm_address for row in desk.control.tree if row.kind == "text"}
        commands = [command.address for command in builtin_commands()]
        assert set(methods) == {*parameters, *commands, *desk.osc.namespace.streams} - texts
        for node in everything:
            assert set(node) <= ATTRIBUTES and {"FULL_PATH", "ACCESS"} <= set(node)
            for name, inner in node.get("CONTENTS", {}).items():
                assert inner["FULL_PATH"] == f"{node['FULL_PATH'].rstrip('/')}/{name}"
            if "TYPE" in node:
                assert node["DESCRIPTION"] and node["TAGS"]
                assert set(node["TYPE"]) <= set("ifsTI")
                for name in ("VALUE", "RANGE", "UNIT", "CLIPMODE"):
                    assert len(node.get(name, node["TYPE"])) == len(node["TYPE"])
        assert (await desk.ask("/ear/dream"))[1] == root["CONTENTS"]["ear"]["CONTENTS"]["dream"]

    play(tmp_path, scene)


def test_a_parameter_says_all_that_its_row_says(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.control.apply({"dream/rate": -30.5, "dream/run": False}, "test")
        assert (await desk.ask("/ear/dream/rate"))[1] == {
            "FULL_PATH": "/ear/dream/rate",
            "TYPE": "f",
            "ACCESS": 3,
            "DESCRIPTION": "Change of the loop in one beat, relative to its loudness.",
            "TAGS": ["play", "parameter"],
            "CLIPMODE": ["both"],
            "RANGE": [{"MIN": -60.0, "MAX": -6.0}],
            "UNIT": ["gain.db"],
            "VALUE": [-30.5],
        }
        run = (await desk.ask("/ear/dream/run"))[1]
        assert (run["TYPE"], run["VALUE"], run["RANGE"]) == ("T", [False], [{"VALS": [False, True]}])
        by = (await desk.ask("/ear/target/by"))[1]
        assert by["TYPE"] == "s" and by["RANGE"][0]["VALS"][:2] == ["layer", "depth"] and by["CLIPMODE"] == ["none"]
        assert (await desk.ask("/ear/dream/pull?RANGE"))[1] == {"RANGE": [{"MIN": 0.0, "MAX": 256.0}]}  # 0 is off
        twin = (await desk.ask("/ear/norm/dream/rate"))[1]
        assert twin["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}] and twin["VALUE"] == pytest.approx([29.5 / 54])
        assert "UNIT" not in twin
        reset = (await desk.ask("/ear/source/reset"))[1]
        assert (reset["TYPE"], reset["ACCESS"]) == ("I", 2) and "VALUE" not in reset

    play(tmp_path, scene)


def test_a_command_says_what_it_takes(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        find = (await desk.ask("/ear/target/find"))[1]
        assert (find["TYPE"], find["ACCESS"]) == ("s", 2) and "OVERLOADS" not in find
        assert "/ear/target/find s:text — answer: same i:index" in find["DESCRIPTION"]
        ping = (await desk.ask("/ear/system/ping"))[1]
        assert ping["TYPE"] == "i" and ping["OVERLOADS"] == [{"TYPE": ""}]
        subscribe = (await desk.ask("/ear/stream/subscribe"))[1]
        lengths = [len(other["TYPE"]) for other in subscribe["OVERLOADS"]]
        assert subscribe["TYPE"].startswith("sfs") and lengths == list(range(len(subscribe["TYPE"]) - 1, 0, -1))

    play(tmp_path, scene)


def test_single_attributes_and_what_cannot_be_had(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        ask = desk.ask
        assert await ask("/ear/dream/rate?VALUE") == (200, {"VALUE": [-18.0]})
        assert await ask("/ear/dream/rate?VALUE&TYPE") == (200, {"VALUE": [-18.0], "TYPE": "f"})
        assert await ask("/ear/dream?ACCESS") == (200, {"ACCESS": 0})
        assert list((await ask("/?CONTENTS"))[1]["CONTENTS"]) == ["ear"]
        nothing = (
            "source/reset?VALUE",
            "dream?TYPE",
            "dream/rate?CONTENTS",
            "dream/rate?CRITICAL",
            "source/clip?RANGE",
        )
        for asked in (*nothing, "source/clip?RANGE", "system/ping?VALUE"):
            assert await ask(f"/ear/{asked}") == (204, None), asked
        assert await ask("/ear/event?VALUE") == (200, {"VALUE": {}})  # readable, and nothing yet
        for bad in ("/ear/dream/rate?VALEU", "/ear?x=1", "/?HOST_INFO&VALUE", "/ear/dream/rate?value"):
            answer, why = await ask(bad)
            assert (answer, why["error"]) == (400, "bad_attribute"), bad
        for missing in (
            "/ear/dream/rat",
            "/ear/dream/rate/more",
            "/ear/",
            "/earth",
            "/ear//dream",
            "/ear/" + "a" * 999,
        ):
            assert (await ask(missing))[0] == 404, missing

    play(tmp_path, scene)


def test_what_is_asked_for_often_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    describe = Tree.describe

    def looking(tree: Tree, branch: Branch) -> dict[str, Any]:
        looked.append(branch.path)
        return describe(tree, branch)

    monkeypatch.setattr(Tree, "describe", looking)

    async def scene(desk: Desk) -> None:
        assert (await desk.ask("/?FULL_PATH"))[1] == {"FULL_PATH": "/"} and not looked
        answer, found = await desk.ask("/?" + "&".join(["CONTENTS"] * 28))
        assert answer == 200 and list(found) == ["CONTENTS"] and looked.count("/") == 1

    play(tmp_path, scene)


def test_host_info_is_truthful_wherever_it_is_asked(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        _, info = await desk.ask("/ear/dream/rate?HOST_INFO")
        assert info == (await desk.ask("/?HOST_INFO"))[1]
        assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == ("127.0.0.1", desk.osc.port, "UDP")
        assert (info["WS_IP"], info["WS_PORT"]) == ("127.0.0.1", desk.web.port) and info["NAME"].startswith(
            "ear-engine"
        )
        _, root = await desk.ask("/")
        used = {name for node in nodes(root) for name in node} - {"FULL_PATH", "CONTENTS", "TYPE"}
        assert used == {name for name in used if info["EXTENSIONS"][name]}
        for name, spoken in info["EXTENSIONS"].items():
            if not spoken and not name.startswith("PATH_"):
                assert await desk.ask(f"/ear/dream/rate?{name}") == (204, None)

    play(tmp_path, scene)


def test_a_stream_has_the_type_and_value_of_what_it_sends(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        assert await desk.ask("/ear/playhead?VALUE") == (200, {"VALUE": {}})  # nothing is heard yet
        desk.session.play(desk.session.publish(3))
        await asyncio.sleep(0.1)
        head = (await desk.ask("/ear/playhead"))[1]
        assert (
            head["TYPE"] == "ififi" and head["VALUE"][0] == 3 and 0.0 <= head["VALUE"][1] < 1.0 and head["ACCESS"] == 1
        )
        mean = (await desk.ask("/ear/summary/mean"))[1]
        assert mean["TYPE"] == "fff" and len(mean["VALUE"]) == 3
        layer = (await desk.ask("/ear/activation/scalogram?VALUE&TYPE"))[1]
        assert layer["TYPE"] == "iiii" + "f" * 216 and len(layer["VALUE"]) == 220 and layer["VALUE"][:4:3] == [3, 216]
        _, root = await desk.ask("/")
        assert "VALUE" not in root["CONTENTS"]["ear"]["CONTENTS"]["activation"]["CONTENTS"]["scalogram"]

    play(tmp_path, scene)


def test_the_tree_is_small_however_large_the_ear(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.layers = tuple(LayerInfo(f"encoder_{k}", 512, 4) for k in range(26))  # 53,248 neurons
        async with desk.client.get(desk.url("/")) as answer:
            body = await answer.read()
        assert b'"/ear/activation/encoder_25"' in body and len(body) < 250_000

    play(tmp_path, scene)


def test_what_was_there_before_is_still_there(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        assert (await desk.ask("/status"))[1]["state"] == "running" and (await desk.ask("/loops"))[1] == []
        assert (await desk.ask("/nothing"))[0] == 404
        for path in ("/", "/ear/dream/rate?VALUE"):
            assert (await desk.ask(path, Host="evil.example"))[1]["error"] == "bad_host"
            assert (await desk.ask(path, Origin="http://evil.example"))[1]["error"] == "bad_origin"
        async with desk.client.post(desk.url("/ear/dream/rate"), data=b"1") as answer:
            assert answer.status == 405

    play(tmp_path, scene)


def test_a_browser_gets_a_page_to_read_and_programs_do_not(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        async with desk.client.get(desk.url("/"), headers=browser) as answer:
            text = await answer.text()
            assert answer.content_type == "text/html" and answer.headers["Vary"] == "Accept, Accept-Encoding"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert f"oscsend 127.0.0.1 {desk.osc.port} /ear/dream/rate f -18" in text
        async with desk.client.get(desk.url("/?HOST_INFO"), headers=browser) as answer:
            assert answer.content_type == "application/json"
        async with desk.client.get(desk.url("/")) as answer:
            assert answer.content_type == "application/json"

    play(tmp_path, scene)
