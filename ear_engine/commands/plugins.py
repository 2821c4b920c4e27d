"""``ear-engine plugins``."""

from __future__ import annotations

import argparse

from ear_engine.commands.listings import print_table
from ear_engine.plugins import Registry


def run(typed: argparse.Namespace) -> int:
    """List the plug-ins, broken ones with the reason."""
    report = Registry().report(load=typed.check)
    rows = [
        (row.kind, row.name, row.status, f"{row.distribution} {row.version}", row.reason or row.target)
        for row in report
    ]
    print_table(("Kind", "Name", "Status", "From", "What"), rows)
    return 1 if typed.check and any(row.status == "broken" for row in report) else 0
