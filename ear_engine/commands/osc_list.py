"""``ear-engine osc list``: every address, asked of a running engine, or from the tables where none runs."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ear_engine.commands.listings import print_table
from ear_engine.commands.parameters import all_commands
from ear_engine.errors import UserError
from ear_engine.osc.leaves import leaves
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import Place, read_place
from ear_engine.osc.spelling import printable
from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import ParameterTree
from ear_engine.viewer.asking import Asking, must
from ear_engine.web.oscquery.attributes import of_command, of_leaf, of_stream

_STATUS = "/ear/system/status"
_TWINS = "/ear/norm/"
_PATIENCE = 1.0  # seconds until there is no engine
_DEPTH = 12  # of the tree
_RUN = 8  # letters of one type that are counted instead of written
_LONG = 60  # characters of a value or range in the table


@dataclass(frozen=True)
class Row:
    """One address; ``type`` in letters of OSC (T is a switch, I a trigger), ``range`` and ``unit`` a part for each of
    them, ``value`` what it is now, None where it cannot be read."""

    address: str
    kind: str
    type: str
    range: list[Any]
    unit: list[Any]
    value: Any
    description: str


def run(typed: argparse.Namespace) -> int:
    """Print the addresses that begin with a prefix; return 0.

    Raises:
        UserError: none does.
    """
    place = read_place(typed.engine)
    try:
        rows, running = list(_of_engine(place)), True
    except (UserError, OSError) as error:
        print(f"ear-engine: {error} What follows is what an engine of this version has.", file=sys.stderr, flush=True)
        rows, running = list(_of_tables()), False
    twins = typed.prefix.startswith(_TWINS)
    found = [row for row in rows if row.address.startswith(typed.prefix) and row.address.startswith(_TWINS) == twins]
    if not found:
        mend = "see `ear-engine osc list`"
        raise UserError(f"prefix {typed.prefix!r}", "begins no address", mend, "unknown_address")
    if typed.json:
        print(json.dumps([asdict(row) for row in found], indent=1))
        return 0
    cells = [(row.address, _types(row.type), _ranges(row), _units(row), _value(row), row.description) for row in found]
    heads = ("Address", "Type", "Range", "Unit", "Value" if running else "At start", "What it is")
    print_table(heads, [tuple(printable(cell) for cell in line) for line in cells])
    if not twins and any(row.kind == "parameter" for row in found):
        print(f"\nEvery parameter has a twin from 0 to 1, {_TWINS}GROUP/NAME.")
    return 0


def _of_engine(place: Place) -> Iterator[Row]:
    """All addresses of a running engine.

    Raises:
        UserError: none answers, or what it says cannot be used.
        OSError: it answers no HTTP.
    """
    with Peer(place) as peer:
        peer.greet(_PATIENCE)
        peer.send(_STATUS)
        status = next((m.arguments for m in peer.receive(_PATIENCE) if m.address == _STATUS), ())
    ports = [port for key, port in zip(status[::2], status[1::2], strict=False) if key == "http_port"]
    if not ports or not isinstance(ports[0], int) or not ports[0]:
        raise UserError(f"engine at {place}", "answers no HTTP", "start it anew", "no_http")
    asking = Asking(place.host, ports[0])
    try:
        answer = asking.get("/ear")
        with asking.checking("namespace"):
            must(answer is not None, "is not there")
            assert answer is not None
            yield from _leaves(json.loads(answer.body), _DEPTH)
    finally:
        asking.close()


def _leaves(node: Any, depth: int) -> Iterator[Row]:
    must(isinstance(node, dict) and isinstance(node.get("FULL_PATH"), str) and depth > 0, "is no tree of addresses")
    if "TYPE" in node:
        yield _row(node["FULL_PATH"], node, node.get("VALUE"))
    inside = node.get("CONTENTS", {})
    must(isinstance(inside, dict), "is no tree of addresses")
    for inner in inside.values():
        yield from _leaves(inner, depth - 1)


def _of_tables() -> Iterator[Row]:
    tree = ParameterTree()
    for address, leaf in leaves(tree).items():
        value = None if leaf.row.kind == "trigger" else [leaf.value(tree.values)]
        yield _row(address, of_leaf(leaf), value)
    for command in all_commands(tree):
        yield _row(command.address, of_command(command), None)
    for stream in stream_rows():
        yield _row(stream.usage.partition(" ")[0], of_stream(stream.address, stream, ()), None)


def _row(address: str, facts: Mapping[str, Any], value: Any) -> Row:
    def parts(name: str) -> list[Any]:
        found = facts.get(name)
        return found if isinstance(found, list) else []

    tags = [str(tag) for tag in parts("TAGS")]
    kind = next((tag for tag in tags if tag in ("command", "stream", "event")), "parameter")
    shown = value[0] if isinstance(value, list) and len(value) == 1 else value
    text = str(facts.get("DESCRIPTION", ""))
    return Row(address, kind, str(facts["TYPE"]), parts("RANGE"), parts("UNIT"), shown, text)


def _types(tags: str) -> str:
    """``iif×256`` for two whole numbers and 256 others."""
    return re.sub(rf"(.)\1{{{_RUN},}}", lambda run: f"{run[1]}×{len(run[0])}", tags)


def _ranges(row: Row) -> str:
    return _brief(", ".join(map(_range, row.range)))


def _range(part: Any) -> str:
    if not isinstance(part, dict):
        return "–"
    if isinstance(part.get("VALS"), list):
        return "|".join("on" if v is True else "off" if v is False else str(v) for v in part["VALS"])
    low, high = (f"{part[end]:g}" if isinstance(part.get(end), int | float) else "" for end in ("MIN", "MAX"))
    return f"{low}..{high}"


def _units(row: Row) -> str:
    known = list(dict.fromkeys(str(unit) for unit in row.unit if unit))
    return _brief(", ".join(name.removeprefix("gain.").removeprefix("time.") for name in known))


def _value(row: Row) -> str:
    if row.value is None:
        return ""
    if isinstance(row.value, list):
        return _brief(", ".join(map(_word, row.value)))
    return _brief(_word(row.value))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _brief(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
