"""Commands that bring other programs and the engine together."""

from __future__ import annotations

from ear_engine.arguments.parsers import Commands, Mixed, Parser, address

_CLIENTS = """\
examples:
  ear-engine clients list                       what there is, and where each goes
  ear-engine clients install supercollider      where SuperCollider looks for it
  ear-engine clients install puredata --to ~/pd

Files that you have changed there are never overwritten without --force."""
_OSC = """\
examples:
  ear-engine osc list /ear/dream                     addresses, with type, range, unit and value
  ear-engine osc send /ear/dream/rate -12            set; what it has become is printed
  ear-engine osc send /ear/dream/rate                ask
  ear-engine osc send "/ear/playback/*"              ask for all of them
  ear-engine osc listen                              where the sound is, new loops, events
  ear-engine osc listen /ear/summary/mean --rate 30 --json
  ear-engine osc listen --port 7400                  what another program sends to this port
  ear-engine osc dump                                what comes into the engine, and what becomes of it

A value is what it looks like (12 whole, 1.5 a number, true 1, else text), or what the address takes, or what --type
says.
send ends with 1 if the engine refuses; listen and dump end with Ctrl-C."""
_MIDI = """\
examples:
  ear-engine midi list                          maps and ports
  ear-engine midi monitor                       what comes, and what it would play
  ear-engine midi monitor --midi-map generic_8

To bind a control while the engine runs: ear-engine osc send /ear/midi/learn /ear/dream/rate, and move it."""


def add(command: Commands) -> None:
    """Add these commands."""
    _add_clients(command("clients", "install what ships for SuperCollider and other programs", _CLIENTS))
    _add_midi(command("midi", "list MIDI ports and maps, print what a controller says", _MIDI))
    _add_osc(command("osc", "speak with a running engine: send, listen, dump, list", _OSC))


def _add_clients(clients: Parser) -> None:
    actions = clients.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    actions.add_parser("list", help="what there is, and where each goes", allow_abbrev=False)
    install = actions.add_parser("install", help="copy one to where its program looks for it", allow_abbrev=False)
    install.add_argument("name", metavar="NAME", help="supercollider, for one; `ear-engine clients list` lists all")
    install.add_argument("--to", metavar="FOLDER", help="put its folder into this one")
    install.add_argument("--force", action="store_true", help="overwrite files that were changed there, too")


def _add_midi(midi: Parser) -> None:
    actions = midi.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    monitor = actions.add_parser("monitor", help="print what comes, and what it would play", allow_abbrev=False)
    for action in (actions.add_parser("list", help="maps and ports", allow_abbrev=False), monitor):
        where = "where ports are looked for (auto)"
        action.add_argument("--midi", choices=("auto", "alsa", "jack"), default="auto", help=where)
    map_ = "map for devices that have none, or for ports whose name holds a word; may be repeated"
    monitor.add_argument("--midi-map", action="append", default=[], metavar="NAME[=PORT]", help=map_)
    monitor.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")


def _add_osc(osc: Parser) -> None:
    actions = osc.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Mixed)

    def action(name: str, help: str) -> Parser:
        made: Parser = actions.add_parser(
            name, help=help, description=help[0].upper() + help[1:] + ".", allow_abbrev=False
        )
        made.add_argument(
            "--engine", default="127.0.0.1:9000", metavar="HOST:PORT", help="which engine (127.0.0.1:9000)"
        )
        made.add_argument("--json", action="store_true", help="print JSON")
        return made

    send = action("send", "send a message, print what is answered")
    send.add_argument("address", metavar="ADDRESS", help="such as /ear/dream/rate, or a pattern in quotes")
    send.add_argument("values", nargs="*", default=[], metavar="VALUE", help="of what the address takes; none asks")
    send.add_argument(
        "--type", default="", metavar="LETTERS", help="i, f, s or b (bytes in hexadecimal) for each value"
    )
    send.add_argument("--seconds", type=float, metavar="N", help="how long is waited for what takes long (60)")
    listen = action("listen", "print what is sent")
    listen.add_argument("patterns", nargs="*", metavar="PATTERN", help="streams, events and parameters (/ear/*)")
    listen.add_argument("--rate", type=float, default=10.0, metavar="HZ", help="most messages a second of each (10)")
    listen.add_argument("--format", default="list", metavar="NAME", help="of activations: list, blob, channels (list)")
    listen.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")
    listen.add_argument("--port", type=int, metavar="N", help="ask no engine: print what comes to this UDP port")
    listen.add_argument("--bind", type=address, default="127.0.0.1", metavar="ADDRESS", help="of that port (127.0.0.1)")
    dump = action("dump", "print all messages that come into the engine, changes of parameters, and events")
    dump.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")
    rows = action("list", "print the addresses of a running engine, or of this version if none runs")
    rows.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="only those that begin with it")
