"""Parsers that say what is wrong in a sentence, and what several commands take."""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from typing import Any, NoReturn

from ear_engine.parameters import ParameterTree

BAD_INPUT = 2
PARAMETER = "parameter:"  # prefix of the destination of a parameter's option
_NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|-(inf|infinity|nan)$", re.IGNORECASE)
PARAMETER = "parameter:"  # prefix of the destination of a parameter's option


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, and takes every way to write a negative number for a value."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = _NEGATIVE

    def error(self, message: str) -> NoReturn:
        """Report a mistake and leave."""
        print(f"ear-engine: {message}; see `{self.prog} --help`.", file=sys.stderr)
        sys.exit(BAD_INPUT)


class Mixed(Parser):
    """Takes options between what has no name, too: ``send ADDRESS --type f VALUE``."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse options first, then the rest in its order."""
        options: list[str] = []
        rest: list[str] = []
        words = iter(args or ())
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif not word.startswith("-") or self._negative_number_matcher.match(word):
                rest.append(word)
            else:
                known = self._option_string_actions.get(word)
                values = list(itertools.islice(words, 1)) if known is not None and known.nargs is None else None
                if values == []:  # what it takes is missing, also behind all else
                    rest.append(word)
                else:
                    options += [word, *(values or ())]
        return super().parse_known_args([*options, *rest], namespace)


class Commands:
    """Makes the parsers of commands.

    Args:
        parent: of all commands.
    """

    def __init__(self, parent: argparse._SubParsersAction[Parser]) -> None:
        self._parent = parent

    def __call__(self, name: str, help: str, epilog: str = "") -> Parser:
        """A command, its line in the list of commands, and what its help ends with."""
        return self._parent.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )


def add_parameters(parser: Parser) -> None:
    """An option for each parameter, unseen in the help."""
    for row in ParameterTree():
        option = f"--{row.name.replace('/', '.')}"
        parser.add_argument(option, dest=PARAMETER + row.name, default=None, metavar="VALUE", help=argparse.SUPPRESS)


def address(text: str) -> str:
    """An IP address as it was typed."""
    return "127.0.0.1" if text.lower() == "localhost" else text
