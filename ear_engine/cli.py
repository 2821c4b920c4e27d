"""The command line: reads what is typed and calls its command, which imports what it needs."""

from __future__ import annotations

import argparse
import difflib
import importlib
import signal
import sys
from collections.abc import Sequence

import ear_engine
from ear_engine import platform
from ear_engine.arguments import bridging, dreaming, judging, learning, listing, playing
from ear_engine.arguments.parsers import BAD_INPUT, Commands, Parser
from ear_engine.errors import UserError

INTERRUPTED = 130


def build_parser() -> Parser:
    """Everything that can be typed."""
    parser = Parser(
        prog="ear-engine",
        description="Play a neural ear: a network that listens reshapes the loop it hears, live and over OSC.",
        epilog="start with: ear-engine serve",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ear-engine {ear_engine.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for group in (playing, dreaming, listing, bridging, learning, judging):
        group.add(Commands(commands))
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read what was typed.

    Raises:
        UserError: an unknown option; the nearest one is named.
        SystemExit: anything else, after one sentence on stderr, or after the help.
    """
    parser = build_parser()
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise _unknown(unknown[0], known.command)
    return known


def _unknown(word: str, command: str) -> UserError:
    name = word.split("=")[0]
    mend = f"see `ear-engine {command} --help`"
    if not name.startswith("-"):
        return UserError(f"argument {word!r}", "is not expected", mend, "unknown_option")
    parser = build_parser()
    subparsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    options = list(subparsers.choices[command]._option_string_actions)
    near = difflib.get_close_matches(name, options, n=2, cutoff=0.6)
    if near:
        mend = f"did you mean {' or '.join(near)}"
    return UserError(f"option {name}", "does not exist", mend, "unknown_option")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0, 2 for bad input, 130 if interrupted."""
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        options = parse(typed)
        platform.yield_cores()
        if options.command == "serve":
            if options.restart and not options.kept:
                from ear_engine.keeper import keep

                return keep(typed)
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # it ends it like Ctrl-C from the first moment on
        module = importlib.import_module(f"ear_engine.commands.{options.command}")
        return int(module.run(options))
    except UserError as error:
        print(f"ear-engine: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 0 if typed and typed[0] == "serve" else INTERRUPTED
    except BrokenPipeError:  # `ear-engine parameters | head`
        sys.stderr.close()
        return 0
