"""``ear-engine sets``."""

from __future__ import annotations

import argparse
import time

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree
from ear_engine.sets.contents import read_contents
from ear_engine.sets.places import SetPlace, list_sets


def run(typed: argparse.Namespace) -> int:
    """List the sets."""
    tree = ParameterTree()
    rows = [(place.name, _saved(place), _about(place, tree)) for place in list_sets()]
    print_table(("Set", "Saved", "About"), rows)
    print("\nStart with one: ear-engine serve --set NAME; --set last is how the last engine was when it ended.")
    print(f"Your own go to {platform.user_set_dir()}: /ear/set/save NAME; while playing: /ear/set/load NAME.")
    return 0


def _saved(place: SetPlace) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(place.saved)) if place.own else ""


def _about(place: SetPlace, tree: ParameterTree) -> str:
    try:
        found = read_contents(place.path, tree)
    except UserError as error:
        return str(error)
    plain = found.plain
    count = len(found.held.kept)
    kept = f", {count} kept target{'s' * (count > 1)}" if count else ""
    return f"loop {plain.clip or 'beat'}, ear {plain.ear or 'small'}, {len(plain.values)} values{kept}"
