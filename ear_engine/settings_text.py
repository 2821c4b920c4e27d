"""Parameters as YAML that people like to read: grouped, in the order of the table, each line saying what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ear_engine.parameters import Parameter, ParameterTree, Value

_NOTED = 70  # most characters of a note
_WIDE = 1 << 20  # columns: a value is one line


class PlainDumper(yaml.SafeDumper):
    """Writes what is there twice twice: aliases are not read."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        return True


def scalar(value: Any) -> str:
    """A number, a switch, a text, or a few of them, as they stand in YAML on one line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    text: str = yaml.dump(
        value, Dumper=PlainDumper, allow_unicode=True, width=_WIDE, default_flow_style=True, sort_keys=False
    )
    return text.removesuffix("...\n").strip()


def parameter_lines(values: Mapping[str, Value], tree: ParameterTree, indent: str = "") -> Iterator[str]:
    """Lines for ``values``, those of a group below its name."""
    group = ""
    for row in tree:
        if row.name not in values:
            continue
        if row.group != group:
            group = row.group
            yield f"{indent}{group}:"
        name = row.name.removeprefix(f"{group}/")
        yield f"{indent}  {name}: {scalar(values[row.name])} # {note(row)}"


def note(row: Parameter) -> str:
    """What a parameter is, in a few words."""
    words = re.split(r"[:;.](?: |$)", row.description)[0]
    words = words if len(words) <= _NOTED else f"{words[:_NOTED].rpartition(' ')[0]} …"
    return f"{words} ({row.unit})" if row.unit else words
