"""``ear-engine parameters``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ear_engine.control import ControlLog
from ear_engine.ear_files import EarFolder
from ear_engine.node.models import Models
from ear_engine.osc.command_table import builtin_commands
from ear_engine.parameters import ParameterTree
from ear_engine.reference import markdown, plain
from ear_engine.targets.functions import FUNCTIONS


def run(typed: argparse.Namespace) -> int:
    """Print the reference page: parameters, commands, and the functions of expressions."""
    tree = ParameterTree()
    ears = Models(ControlLog(tree), EarFolder("", Path())).commands()
    commands = sorted((*builtin_commands(), *ears), key=lambda command: command.name.partition("/")[0])
    functions = list(FUNCTIONS.values())
    page = markdown(tree, commands, functions) if typed.markdown else plain(tree, None, commands, functions)
    print(page, end="")
    return 0
