"""Writes the files for other programs that follow from the one table, or says which are not current.

Run by ``make clients``; ``--check`` writes nothing. Needs py2max and py2tosc, which come with ``make install``.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

from ear_engine.clients import open_stage_control, pd_panel, touchdesigner, touchosc
from ear_engine.clients.maxmsp import package
from ear_engine.resources import resource_root
from ear_engine.whole_files import replacing


def files() -> dict[str, bytes]:
    """Path in the checkout → what is to be in it."""
    made = {f"maxmsp/ear-engine/{name}": data for name, data in package.files().items()}
    made["patches/touchosc/ear-engine.tosc"] = touchosc.build()
    made["patches/openstagecontrol/ear-engine.json"] = open_stage_control.build()
    made["patches/puredata/ear-engine/ear-panel.pd"] = pd_panel.panel().encode()
    made["patches/touchdesigner/build.py"] = touchdesigner.script().encode()
    return made


def outdated(root: Path) -> list[str]:
    """Which files in ``root`` are missing or not what the table says; by what is in them, not how it is packed."""
    return [name for name, data in files().items() if not _same(root / name, data)]


def write(root: Path) -> list[str]:
    """Write what is outdated; return the paths."""
    wanted = files()
    changed = outdated(root)
    for name in changed:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(wanted[name])
    return changed


def _same(path: Path, data: bytes) -> bool:
    if not path.is_file():
        return False
    there = path.read_bytes()
    if path.suffix == ".tosc":  # another zlib packs the same text differently
        try:
            return zlib.decompress(there) == zlib.decompress(data)
        except zlib.error:
            return False
    return there == data


def main() -> int:
    """Command line; 1 if something was to be done and ``--check`` was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something is not current")
    typed = parser.parse_args()
    root = resource_root()
    changed = outdated(root) if typed.check else write(root)
    for name in changed:
        print(name)
    return 1 if typed.check and changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
