"""The generated part of the SuperCollider Quark: the parameter table as a class, a getter and a setter for each row.

``python -m ear_engine.clients.quark`` writes the class and its help into a checkout; a test holds them to the table.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path

from ear_engine.osc.map_stream import POSITIONS
from ear_engine.osc.patterns import Pattern
from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.reference import range_text
from ear_engine.resources import resource

CLASS = Path("Classes", "EarEngineParameters.sc")
HELP = Path("HelpSource", "Classes", "EarEngineParameters.schelp")
_COMMAND = "python -m ear_engine.clients.quark"


def method(name: str) -> str:
    """``target/freq_low`` as SuperCollider writes it: ``targetFreqLow``."""
    first, *others = name.replace("/", "_").split("_")
    return first + "".join(word.capitalize() for word in others)


def value_patterns(rows: Iterable[Parameter]) -> list[str]:
    """Address patterns that mean all parameters with a value, and no stream."""
    names = [row.name for row in rows if row.kind != "trigger"]
    groups = list(dict.fromkeys(name.partition("/")[0] for name in names))
    alone = [group for group in groups if Pattern(f"/ear/{group}/*").matches(POSITIONS)]
    patterns = [f"/ear/{{{','.join(group for group in groups if group not in alone)}}}/*"]
    for group in alone:
        members = ",".join(name.partition("/")[2] for name in names if name.startswith(f"{group}/"))
        patterns.append(f"/ear/{group}/{{{members}}}")
    return patterns


def class_text(rows: Iterable[Parameter]) -> str:
    """``EarEngineParameters.sc``."""
    table = list(rows)
    lines = [
        f"// Written by `{_COMMAND}` from the engine's parameter table; changes here are lost.",
        "EarEngineParameters {",
        "\t*table {",
        "\t\t^#[",
        *(f"\t\t\t{_row(row)}," for row in table),
        "\t\t]",
        "\t}",
        "",
        "\t// An EarParameter for each, in the table's order.",
        "\t*rows { ^this.table.collect { |row| EarParameter(*row) } }",
        "",
        "\t// Address patterns that mean all of them, and nothing else.",
        "\t*patterns { ^[" + ", ".join(f"'{pattern}'" for pattern in value_patterns(table)) + "] }",
        "",
    ]
    for row in table:
        if row.kind == "trigger":
            lines.append(f"\t{method(row.name)} {{ this.fire('{row.name}') }}")
        else:
            lines.append(f"\t{method(row.name)} {{ ^this.at('{row.name}') }}")
            lines.append(f"\t{method(row.name)}_ {{ |value| this.set('{row.name}', value) }}")
    return "\n".join([*lines, "}"]) + "\n"


def help_text(rows: Iterable[Parameter]) -> str:
    """``EarEngineParameters.schelp``."""
    lines = [
        "TITLE:: EarEngineParameters",
        "summary:: a getter and a setter for each parameter of ear-engine",
        "categories:: External Control>ear-engine",
        "related:: Classes/EarEngine, Classes/EarParameter",
        "",
        "DESCRIPTION::",
        "What can be played, as the engine's own table has it. Use it through link::Classes/EarEngine::.",
        "",
        "code::",
        "e = EarEngine.boot;",
        "e.dreamRate = -12;    // at most 12 dB below the loop's loudness changes in a beat",
        "e.dreamRate;          // what the engine has now",
        "e.sourceReset;        // a trigger",
        "::",
        "",
        "CLASSMETHODS::",
        "",
        "METHOD:: table",
        "The table as arrays.",
        "",
        "METHOD:: rows",
        "The table as an array of link::Classes/EarParameter::.",
        "",
        "METHOD:: patterns",
        "OSC address patterns that mean all parameters that have a value.",
        "",
        "INSTANCEMETHODS::",
    ]
    for row in rows:
        facts = [row.kind] if row.kind == "trigger" else [row.kind, range_text(row)]
        lines += ["", f"METHOD:: {method(row.name)}", f"{row.description} code::/ear/{row.name}::"]
        lines += [f"({', '.join(fact for fact in facts if fact)})"]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write both files into the Quark at ``folder``."""
    for path, text in ((CLASS, class_text(ParameterTree())), (HELP, help_text(ParameterTree()))):
        (folder / path).write_text(text, encoding="utf-8")


def _row(row: Parameter) -> str:
    implied = "nil" if row.implies is None else f"[{_symbol(row.implies[0])}, {_literal(row.implies[1])}]"
    choices = f"[{', '.join(map(_symbol, row.choices))}]" if row.choices else "nil"
    low, high = (_literal(row.low), _literal(row.high)) if row.numeric else ("nil", "nil")
    facts = (
        _symbol(row.name),
        _symbol(row.kind),
        "nil" if row.kind == "trigger" else _literal(row.default),
        low,
        high,
        _string(row.unit),
        _symbol(row.curve),
        _symbol(row.clip),
        "nil" if row.zero is None else _literal(row.zero),
        choices,
        implied,
        _literal(row.numbers),
        _string(row.description),
    )
    return f"[{', '.join(facts)}]"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} has no literal")
    return repr(value)


def _symbol(name: str) -> str:
    return f"'{name}'"


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> int:
    """Write the files of this checkout."""
    write(resource("supercollider", "EarEngine"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
