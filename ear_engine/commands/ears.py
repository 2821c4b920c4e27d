"""``ear-engine ears``."""

from __future__ import annotations

import argparse

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.ear_files import list_ears


def run(typed: argparse.Namespace) -> int:
    """List the ears."""
    ears = list_ears()
    if not ears:
        print("There are no ears yet; train one with `ear-engine train`.")
        return 0
    rows = [(ear.name, f"{ear.megabytes:.1f} MB", ear.problem or ear.description, str(ear.path)) for ear in ears]
    print_table(("Ear", "Weights", "About", "Folder"), rows, right=("Weights",))
    print(f"\nYour own go to {platform.user_ear_dir()}, or give --ear a path.")
    return 0
