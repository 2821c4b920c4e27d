"""``ear-engine clients``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ear_engine.clients.install import install, state
from ear_engine.clients.table import clients, find_client
from ear_engine.commands.listings import print_table
from ear_engine.errors import UserError


def run(typed: argparse.Namespace) -> int:
    """List the clients, or install one."""
    if typed.action == "list":
        rows = [(row.name, row.title, state(row), str(row.target)) for row in clients()]
        print_table(("Client", "For", "State", "Goes to"), rows)
        print("\nInstall one: ear-engine clients install NAME [--to FOLDER].")
        return 0
    if typed.to is not None and not typed.to.strip():
        raise UserError("--to ''", "is no folder", "name one, or leave it out for where the program looks", "bad_value")
    client = find_client(typed.name)
    done = install(client, None if typed.to is None else Path(typed.to), force=typed.force)
    if done.written or done.removed:
        files = "1 file" if done.written == 1 else f"{done.written} files"
        print(f"{client.title}: {files} written to {done.folder}")
    else:
        print(f"{client.title}: {done.folder} is up to date")
    print(client.then)
    return 0
