"""``ear-engine bench``: every part against a plain reference, measured in the same run."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
from typing import Any

from ear_engine import platform
from ear_engine.benchmarks import PARTS
from ear_engine.commands.listings import print_table
from ear_engine.errors import UserError
from ear_engine.yaml_files import nearest

COLUMNS = ("part", "case", "value", "unit", "reference", "ratio", "floor_share", "target", "met")
_NUMBERS = ("value", "reference", "ratio", "floor_share", "target")


def run(typed: argparse.Namespace) -> int:
    """Measure; return 1 if a target was missed."""
    for part in typed.parts:
        if part not in PARTS:
            raise UserError(f"part {part!r}", "cannot be measured", nearest(part, list(PARTS)), "unknown_part")
    platform.reuse_memory()  # as the engine does
    rows: list[dict[str, Any]] = []
    for part in typed.parts or PARTS:
        module = importlib.import_module(f"ear_engine.benchmarks.{part}")
        for row in module.run():
            values = dataclasses.asdict(row)
            rows.append({name: values[name] for name in COLUMNS})
    if typed.json:
        print(json.dumps(rows, indent=1))
    else:
        print_table(COLUMNS, [[_cell(row[name]) for name in COLUMNS] for row in rows], right=_NUMBERS)
    return 1 if any(row["met"] is False for row in rows) else 0


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
