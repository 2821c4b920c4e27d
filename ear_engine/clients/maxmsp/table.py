"""The parameters, as a module for Max's js: ``require("ear.table.js")``."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ear_engine.osc.patterns import MAX_PATTERN
from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import Parameter, ParameterTree

_HEAD = (
    "// Generated from ear_engine/parameters/table.py and ear_engine/osc/stream_table.py by `make clients`; "
    "do not edit.\n\n"
)


def table() -> bytes:
    """``exports.parameters`` by name, ``exports.patterns`` of their addresses, and ``exports.headers`` of streams."""
    tree = ParameterTree()
    lines = ",\n".join(f"    {json.dumps(row.name)}: {json.dumps(_row(row))}" for row in tree)
    headers = {row.address: len(row.parts) for row in stream_rows() if row.many is not None and row.parts}
    text = f"{_HEAD}exports.parameters = {{\n{lines}\n}};\n"
    text += "\n// Patterns of their addresses, and of nothing else.\n"
    text += f"exports.patterns = {json.dumps(list(_patterns(tree)), indent=4)};\n"
    text += "\n// How many numbers come before the values in a message of a stream that begins so.\n"
    text += f"exports.headers = {json.dumps(headers)};\n"
    return text.encode()


def _patterns(tree: ParameterTree) -> Iterator[str]:
    """Every parameter but triggers is meant by one of them; none is longer than patterns may be."""
    for group in dict.fromkeys(row.group for row in tree):
        names = [row.name.removeprefix(f"{group}/") for row in tree if row.group == group and row.kind != "trigger"]
        while names:
            count = 1
            while count < len(names) and sum(map(len, names[: count + 1])) + count + len(group) + 10 < MAX_PATTERN:
                count += 1
            yield f"/ear/{group}/{{{','.join(names[:count])}}}"
            names = names[count:]


def _row(row: Parameter) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "preset": row.default,
        "low": row.low,
        "high": row.high,
        "log": row.curve == "log",
        "zero": row.zero,
        "unit": row.unit,
        "choices": list(row.choices),
        "description": row.description,
    }
