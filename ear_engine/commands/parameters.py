"""``ear-engine parameters``."""

from __future__ import annotations

import argparse

from ear_engine.parameters import ParameterTree
from ear_engine.reference import markdown, plain


def run(typed: argparse.Namespace) -> int:
    """Print the reference page of the table."""
    tree = ParameterTree()
    print(markdown(tree) if typed.markdown else plain(tree), end="")
    return 0
