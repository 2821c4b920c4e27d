"""``ear-engine presets``."""

from __future__ import annotations

import argparse

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.parameters import ParameterTree
from ear_engine.presets import list_presets


def run(typed: argparse.Namespace) -> int:
    """List the presets."""
    rows = [
        (preset.name, preset.title, preset.problem or preset.description) for preset in list_presets(ParameterTree())
    ]
    print_table(("Preset", "Title", "About"), rows)
    print("\nStart with one: ear-engine serve --preset NAME; change while playing: /ear/preset/recall NAME.")
    print(f"Your own go to {platform.user_preset_dir()}.")
    return 0
