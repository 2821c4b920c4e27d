"""The parameters, as a module for Max's js: ``require("ear.table")``."""

from __future__ import annotations

import json

from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import Parameter, ParameterTree

_HEAD = (
    "// Generated from ear_engine/parameters.py and ear_engine/osc/stream_table.py by `make clients`; do not edit.\n\n"
)


def table() -> bytes:
    """``exports.parameters`` by name, ``exports.groups`` of them, and ``exports.headers`` of streams."""
    tree = ParameterTree()
    lines = ",\n".join(f"    {json.dumps(row.name)}: {json.dumps(_row(row))}" for row in tree)
    groups = list(dict.fromkeys(row.group for row in tree))
    headers = {row.address: len(row.parts) for row in stream_rows() if row.many is not None and row.parts}
    text = f"{_HEAD}exports.parameters = {{\n{lines}\n}};\n"
    text += f"\n// First words of their addresses.\nexports.groups = {json.dumps(groups)};\n"
    text += "\n// How many numbers come before the values in a message of a stream that begins so.\n"
    text += f"exports.headers = {json.dumps(headers)};\n"
    return text.encode()


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
