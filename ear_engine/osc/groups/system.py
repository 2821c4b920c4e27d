"""Whether anyone is there, how it is, what there is to ask for, and the end of it."""

from __future__ import annotations

from ear_engine.errors import UserError
from ear_engine.osc.aliases import PROTOCOL
from ear_engine.osc.commands import DONE, Argument, Call, Command, Unknown
from ear_engine.osc.dump import DUMP
from ear_engine.osc.paging import HEAVY, reply_list
from ear_engine.osc.patterns import Pattern

PONG = "/ear/system/pong"
SYNCED = "/ear/system/synced"
_LINE = 400  # characters of a usage or description


def _ping(call: Call) -> None:
    call.reply(PONG, call.engine.engine_id, call.engine.version, call.request)


def _version(call: Call) -> None:
    call.reply(call.address, "ear-engine", call.engine.version, PROTOCOL)


def _status(call: Call) -> None:
    call.reply(call.address, *(part for pair in call.engine.status().pairs() for part in pair))


def _sync(call: Call) -> None:
    call.reply(SYNCED, call.arguments["number"])


def _quit(call: Call) -> None:
    call.done()
    call.engine.quit()


def _cancel(call: Call) -> None:
    call.done(call.engine.jobs.cancel(call.client.origin, call.arguments["number"]))


def _dump(call: Call) -> None:
    call.engine.dump(call.client, call.arguments["on"] != 0)
    call.done(call.arguments["on"])


def _system_list(call: Call) -> None:
    prefix = call.arguments["prefix"]
    reply_list(call, [row.address for row in call.engine.addresses() if row.address.startswith(prefix)])


def _system_describe(call: Call) -> None:
    wanted, rows = call.arguments["address"], call.engine.addresses()
    wanted = call.engine.aliases.get(wanted, wanted)
    pattern = Pattern(wanted)
    found = [row for row in rows if row.address == wanted or pattern.matches(row.address)]
    if not found:
        raise Unknown(wanted, "unknown_address", lambda: [row.address for row in rows])
    for row in found:
        call.reply(call.address, row.address, row.kind, row.usage[:_LINE], row.answer[:_LINE], row.description[:_LINE])


def _reply_port(call: Call) -> None:
    port = call.arguments["port"]
    if not 0 <= port < 1 << 16:
        raise UserError(
            f"port {port}", "is not 0 to 65535", "send a UDP port, or 0 for the one you send from", "bad_value"
        )
    call.client.reply_port = port
    call.done(port)


def system_commands() -> tuple[Command, ...]:
    """Rows of the table."""
    a, c = Argument, Command
    return (
        c("system/ping", (), f"{PONG} s:engine s:version i:request", "Is anyone there?", _ping),
        c(
            "system/version",
            (),
            "same s:ear-engine s:version i:protocol",
            "Version of the engine and of its addresses.",
            _version,
        ),
        c(
            "system/status",
            (),
            "same, then s:key and its value by turns",
            "How the engine is doing, always in the same order.",
            _status,
            cost=HEAVY,
        ),
        c(
            "system/sync",
            (a("number", "i"),),
            f"{SYNCED} i:number",
            "Answered when all before it has been applied.",
            _sync,
        ),
        c(
            "system/cancel",
            (a("number", "i"),),
            f"{DONE} s:address i:request i:cancelled",
            "Stop what I asked for with this number and what is not done yet; it answers /ear/fail (cancelled).",
            _cancel,
        ),
        c(
            "system/list",
            (a("prefix", "s", ""),),
            "same i:first i:total s:address…",
            "Addresses of all parameters, commands, streams and events.",
            _system_list,
            cost=HEAVY,
        ),
        c(
            "system/describe",
            (a("address", "s"),),
            "same s:address s:kind s:usage s:answer s:text",
            "One address, or those of a pattern; what parameters take in detail: parameters/describe.",
            _system_describe,
            cost=HEAVY,
        ),
        c(
            "system/dump",
            (a("on", "i", 1),),
            f"{DONE} s:address i:request i:on",
            f"Tell me all messages that come in: {DUMP} s:from s:address s:arguments; until I am silent for a minute.",
            _dump,
        ),
        c("system/quit", (), f"{DONE} s:address i:request", "End the engine.", _quit),
        c(
            "system/reply_port",
            (a("port", "i"),),
            f"{DONE} s:address i:request i:port",
            "Send my answers to this port of my host; 0 is the one I send from.",
            _reply_port,
        ),
    )
