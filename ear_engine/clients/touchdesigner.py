"""Puts together the one script that builds the component for TouchDesigner, ``patches/touchdesigner/build.py``.

Its parts lie beside it in ``parts/``, as files of their own; the pages of parameters come from the one table.
``make clients`` writes it anew after a change of either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.resources import resource

FOLDER = ("patches", "touchdesigner")
NAME = "build.py"
PORT, STREAMS, ANSWERS = 9000, 7400, 7401
_PARTS = (
    "ear_client.py",
    "ear_state.py",
    "answers_callbacks.py",
    "parameter_callbacks.py",
    "frame_callbacks.py",
    "texture_callbacks.py",
    "live_callbacks.py",
    "glow.frag",
)
_STYLES = {"float": "Float", "int": "Int", "bool": "Toggle", "choice": "Menu", "text": "Str", "trigger": "Pulse"}
_TYPES = {"float": "float", "int": "int", "bool": "int", "choice": "str", "text": "str", "trigger": "int"}

Row = dict[str, object]


def parameter_name(name: str) -> str:
    """What TouchDesigner calls a parameter: one capital, then small letters and digits."""
    return "".join(character for character in name if character.isalnum()).capitalize()


def script() -> str:
    """The whole script."""
    tree = ParameterTree()
    folder = resource(*FOLDER) / "parts"
    parts = {name.partition(".")[0]: (folder / name).read_text(encoding="utf-8") for name in _PARTS}
    parts["ear_table"] = _table(tree)
    rows = [*_own(), *(_row(row) for row in tree)]
    names = [row["name"] for row in rows]
    if len(set(names)) < len(names):
        raise ValueError("two parameters have the same name in TouchDesigner")
    listed = "".join(f"    {row!r},\n" for row in rows)
    texts = "".join(f"    {json.dumps(name)}: {_quoted(text)},\n" for name, text in parts.items())
    head = (
        '"""ear-engine in TouchDesigner: paste all of this into a Text DAT and run it (right click, Run Script).\n\n'
        "Generated from parts/ and the engine's table of parameters by ear_engine/clients/touchdesigner.py; do not\n"
        'edit it here.\n"""\n\n'
    )
    return f"{head}PARAMETERS = [\n{listed}]\n\nPARTS = {{\n{texts}}}\n\n" + (folder / "builder.py").read_text("utf-8")


def _own() -> list[Row]:
    """The first page: where the engine is, and how its picture looks."""
    page = "Ear"
    return [
        _plain("Active", "Toggle", "Active", True, page, "Listen to the engine."),
        _plain("Connect", "Pulse", "Connect Again", None, page, "Forget everything and ask again."),
        _plain("Problem", "Str", "Problem", "", page, "What was refused, or does not work."),
        _plain("Address", "Str", "Engine's Address", "127.0.0.1", page, "IP address of its machine."),
        _plain("Oscport", "Int", "Engine's OSC Port", PORT, page, "As it says when it starts.", 1, 65535),
        _plain("Streamport", "Int", "Port for Streams", STREAMS, page, "Where the OSC In CHOP listens.", 1, 65535),
        _plain("Answerport", "Int", "Port for Answers", ANSWERS, page, "Where the OSC In DAT listens.", 1, 65535),
        _plain("Lead", "Float", "Lead [beats]", 0.0, page, "How much earlier than the sound, for late screens.", 0, 1),
        _plain("Live", "Toggle", "Live Input", False, page, "From the WebSocket instead of whole loops."),
        _plain("Gain", "Float", "Gain", 0.5, page, "How bright neurons shine.", 0, 4),
        _plain("Contrast", "Float", "Contrast", 3.0, page, "How much brighter those are that fire strongly.", 0.5, 8),
        _plain("Size", "Float", "Size", 0.006, page, "Of a point; the whole map is 1.", 0.0005, 0.05),
        _plain("Limit", "Int", "Largest Texture", 1280, page, "1280 with the free license.", 256, 16384),
    ]


def _row(row: Parameter) -> Row:
    unit = f" [{row.unit}]" if row.unit else ""
    label = row.name.partition("/")[2].replace("_", " ").title() + unit
    made = _plain(parameter_name(row.name), _STYLES[row.kind], label, row.default, row.group.title(), row.description)
    if row.numeric:
        low = min(row.low, row.low if row.zero is None else row.zero)
        made |= {"low": low, "high": row.high}
    if row.kind == "choice":
        made["choices"] = list(row.choices)
    return made


def _plain(
    name: str, style: str, label: str, default: object, page: str, text: str, low: float = 0.0, high: float = 1.0
) -> Row:
    made: Row = {"name": name, "style": style, "label": label, "page": page, "help": text}
    if style != "Pulse":
        made["default"] = default
    if style in ("Float", "Int"):
        made |= {"low": low, "high": high}
    return made


def _table(tree: Iterable[Parameter]) -> str:
    """The DAT ``ear_table``: what a parameter is sent as, and which patterns mean all of them."""
    rows = list(tree)
    lines = "".join(
        f'    "{parameter_name(row.name)}": {{"address": "{row.address}", "type": {_TYPES[row.kind]}}},\n'
        for row in rows
    )
    groups = {row.group for row in rows}
    mixed = groups & {row.address.split("/")[2] for row in stream_rows()}  # of these only what is a parameter
    patterns = [f"/ear/{{{','.join(sorted(groups - mixed))}}}/*"]
    for group in sorted(mixed):
        names = ",".join(row.name.split("/")[1] for row in rows if row.group == group)
        patterns.append(f"/ear/{group}/{{{names}}}")
    return (
        '"""Parameters of the engine; generated."""\n\n'
        f"TABLE = {{\n{lines}}}\n"
        'BY_ADDRESS = {row["address"]: name for name, row in TABLE.items()}\n'
        f"PATTERNS = {json.dumps(patterns)}\n"
    )


def _quoted(text: str) -> str:
    """A literal over several lines."""
    if "'''" in text:
        raise ValueError("a part has three single quotes")
    return f"r'''{text}'''"
