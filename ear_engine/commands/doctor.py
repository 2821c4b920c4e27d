"""``ear-engine doctor``."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.text import Text

from ear_engine.doctor import examine


def run(typed: argparse.Namespace) -> int:
    """Print the findings as they come; return 1 if something is missing that nothing plays without."""
    console = Console(soft_wrap=True)
    playable = True
    for finding in examine():
        playable = playable and (finding.ok or not finding.needed)
        mark, style = ("ok", "green") if finding.ok else ("missing", "red" if finding.needed else "yellow")
        line = Text.assemble((f"{mark:<8}", style), f"{finding.subject:<15}{finding.found}")
        if not finding.ok and finding.mend:
            line.append(f"; {finding.mend}", "dim")
        console.print(line)
    console.print("\nReady: ear-engine serve" if playable else "\nNot ready: mend what is missing in red first.")
    return 0 if playable else 1
