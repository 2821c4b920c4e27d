"""Parameters, by name."""

from __future__ import annotations

from ear_engine.osc.commands import Argument, Call, Command, Unknown
from ear_engine.osc.paging import HEAVY, reply_list
from ear_engine.osc.patterns import Pattern, has_wildcards
from ear_engine.parameters import Parameter


def _parameters_list(call: Call) -> None:
    prefix = call.arguments["prefix"].removeprefix("/ear/")
    reply_list(call, [row.name for row in call.engine.control.tree if row.name.startswith(prefix)])


def _parameters_describe(call: Call) -> None:
    tree = call.engine.control.tree
    name = call.arguments["name"].removeprefix("/ear/")
    name = call.engine.aliases.get(f"/ear/{name}", name).removeprefix("/ear/")
    if has_wildcards(name):
        pattern = Pattern("/" + name.removeprefix("/"))
        rows = [row for row in tree if pattern.matches("/" + row.name)]
    elif name in tree:
        rows = [tree[name]]
    else:
        raise Unknown(name, "unknown_parameter", lambda: [row.name for row in tree])
    for row in rows:
        call.reply(call.address, *describe(row, tree.values.get(row.name, False)))


def describe(row: Parameter, value: object) -> tuple[object, ...]:
    """Name, type, default, low, high, unit, curve, clip, value, description, and the choices if there are any."""
    low, high = (row.low, row.high) if row.numeric else (0.0, 1.0)
    facts = (row.name, row.kind, row.default, low, high, row.unit, row.curve, row.clip, value, row.description)
    return *(float(f) if row.kind == "float" and isinstance(f, int) else f for f in facts), *row.choices


def parameter_commands() -> tuple[Command, ...]:
    """Rows of the table."""
    a, c = Argument, Command
    return (
        c(
            "parameters/list",
            (a("prefix", "s", ""),),
            "same i:first i:total s:name…",
            "Names of the parameters.",
            _parameters_list,
            cost=HEAVY,
        ),
        c(
            "parameters/describe",
            (a("name", "s"),),
            "same s:name s:type default low high s:unit s:curve s:clip value s:text s:choice…",
            "One parameter, or those of a pattern.",
            _parameters_describe,
            cost=HEAVY,
        ),
    )
