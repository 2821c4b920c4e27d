"""``ear-engine corpus``: build corpora, say what is in them, and whom to thank."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from ear_engine.commands.listings import print_table
from ear_engine.commands.options import at_least
from ear_engine.commands.progress import Stages, say_skipped
from ear_engine.corpora.audio_files import one_line
from ear_engine.corpora.catalog import build_builtin, build_named, cached_store, name_for
from ear_engine.corpora.corpus import Corpus
from ear_engine.corpora.manifest import Manifest, builtin_names, read_manifest
from ear_engine.corpora.room import gigabytes
from ear_engine.corpora.store import is_store, open_corpus, read_index
from ear_engine.corpora.stores import store_names, store_root
from ear_engine.corpora.summary import attributions, counted
from ear_engine.errors import UserError
from ear_engine.yaml_files import nearest


def run(typed: argparse.Namespace) -> int:
    """Do what was typed."""
    if typed.action == "build":
        return _build(typed)
    if typed.action == "attributions":
        print(attributions(_built(typed.name)), end="")
        return 0
    return _list(typed.json) if typed.name is None else _describe(typed.name, typed.json)


def _build(typed: argparse.Namespace) -> int:
    console = Console(file=sys.stderr, soft_wrap=True)
    if typed.workers is not None:
        at_least("--workers", typed.workers, 1)
    with Stages(console) as stages:
        if typed.source in builtin_names():
            if typed.name is not None:
                reason = "does not go with a built-in corpus"
                raise UserError(f"--name {typed.name}", reason, "leave it out", "bad_value")
            corpus = build_builtin(typed.source, workers=typed.workers, progress=stages)
        else:
            folder = Path(typed.source).expanduser()
            if not folder.is_dir():
                mend = f"name a folder, or one of {', '.join(builtin_names())}"
                raise UserError(f"corpus {typed.source!r}", "is neither built in nor a folder", mend, "not_found")
            name = name_for(folder) if typed.name is None else typed.name
            corpus = build_named(folder, name, workers=typed.workers, progress=stages)
    say_skipped(corpus, console)
    print(
        f"{corpus.name}: {corpus.hours:.2f} h, {len(corpus.training)} recordings to learn from, "
        f"{len(corpus.validation)} to validate; in {corpus.folder}"
    )
    return 0


def _built(name: str) -> Corpus:
    """A corpus that is there; nothing is built."""
    store = store_root() / name
    if "/" not in name and is_store(store):
        return open_corpus(store)
    folder = Path(name).expanduser()
    for place in (folder, cached_store(folder)):
        if folder.is_dir() and is_store(place):
            return open_corpus(place)
    known = sorted({*builtin_names(), *store_names()})
    if name in known or folder.is_dir():
        raise UserError(f"corpus {name!r}", "is not built", f"build it: ear-engine corpus build {name}", "not_built")
    raise UserError(f"corpus {name!r}", "is neither a corpus nor a folder", nearest(name, known), "not_found")


def _list(as_json: bool) -> int:
    rows = [_row(name) for name in sorted({*builtin_names(), *store_names()})]
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    cells = [
        (
            row["name"],
            f"{row['hours']:.2f}" if row["built"] else "",
            str(row["recordings"]) if row["built"] else "",
            _state(row),
            "yes" if row["shippable"] else "no",
            row["about"],
        )
        for row in rows
    ]
    print_table(("Corpus", "Hours", "Recordings", "State", "May ship", "About"), cells, right=("Hours", "Recordings"))
    print("\nMay ship: whether weights trained on it may be passed on; else they are for yourself.")
    print("Any folder of music is a corpus too: ear-engine corpus build FOLDER --name NAME")
    return 0


def _state(row: dict[str, Any]) -> str:
    if row["damaged"]:
        return f"damaged; delete {store_root() / row['name']}"
    if row["built"]:
        return "built" if row["current"] else "built, of another version"
    needs = [f"{gigabytes(row['download'])} to fetch"] if row["download"] else []
    needs += [f"needs {', '.join(row['needs'])}"] if row["needs"] else []
    return "; ".join(needs) or "made at need"


def _row(name: str) -> dict[str, Any]:
    """What is known about a corpus without mapping it."""
    store = store_root() / name
    manifest = read_manifest(name) if name in builtin_names() else None
    row: dict[str, Any] = {
        "name": name,
        "about": manifest.about if manifest else "your own",
        "shippable": manifest is not None and manifest.shippable,
        "needs": list(manifest.needs) if manifest else [],
        "download": manifest.download if manifest else 0,
        "built": False,
        "current": False,
        "damaged": False,
        "recordings": 0,
        "hours": 0.0,
    }
    if not is_store(store):
        return row
    try:
        index = read_index(store)
    except UserError:
        return row | {"damaged": True}
    samples = sum(entry.length for entry in index.entries)
    return row | {
        "built": True,
        "current": manifest is None or index.recipe == manifest.recipe(),
        "recordings": len(index.entries),
        "hours": samples / index.sample_rate / 3600,
        "shippable": index.shippable,
    }


def _describe(name: str, as_json: bool) -> int:
    if name in builtin_names() and not is_store(store_root() / name):
        return _describe_unbuilt(name, read_manifest(name), as_json)
    corpus = _built(name)
    if as_json:
        print(json.dumps(_details(corpus), indent=1, ensure_ascii=False))
        return 0
    sides = [
        (side, str(len(recordings)), f"{sum(r.length for r in recordings) / corpus.sample_rate / 3600:.2f}")
        for side, recordings in (("to learn from", corpus.training), ("to validate", corpus.validation))
    ]
    may = "may be passed on" if corpus.shippable else "are for yourself (licenses do not allow more, or are not known)"
    print(f"{corpus.name}: {corpus.hours:.2f} h in {corpus.folder}; weights trained on it {may}.\n")
    print_table(("Recordings", "Count", "Hours"), sides, right=("Count", "Hours"))
    for heading, label in (("Source", "source"), ("License", "license"), ("Author", "author")):
        print()
        rows = [(count.name, str(count.recordings), f"{count.hours:.2f}") for count in counted(corpus, label)]
        print_table((heading, "Recordings", "Hours"), rows, right=("Recordings", "Hours"))
    if corpus.skipped:
        print()
        print_table(("Left out", "Because it"), [(one_line(s.path.as_posix()), s.reason) for s in corpus.skipped])
    return 0


def _details(corpus: Corpus) -> dict[str, Any]:
    by = {f"by_{label}": [vars(count) for count in counted(corpus, label)] for label in ("source", "license", "author")}
    return {
        "name": corpus.name,
        "built": True,
        "folder": str(corpus.folder),
        "sample_rate": corpus.sample_rate,
        "shippable": corpus.shippable,
        "hours": corpus.hours,
        "recordings": len(corpus.recordings),
        "training": len(corpus.training),
        "validation": len(corpus.validation),
        **by,
        "skipped": [{"path": one_line(s.path.as_posix()), "reason": s.reason} for s in corpus.skipped],
    }


def _describe_unbuilt(name: str, manifest: Manifest, as_json: bool) -> int:
    if as_json:
        print(json.dumps(_row(name), indent=1, ensure_ascii=False))
        return 0
    print(f"{name} is not built. {manifest.about}\n")
    rows = [
        (
            part.folder,
            part.source,
            gigabytes(part.package.size) if part.package else "",
            part.license or ", ".join(sorted({files.license for files in part.files})),
        )
        for part in manifest.parts
    ]
    print_table(("Part", "Source", "Download", "License"), rows, right=("Download",))
    needs = f" It needs {', '.join(manifest.needs)}." if manifest.needs else ""
    print(f"\nBuild it: ear-engine corpus build {name} ({gigabytes(manifest.download)} to fetch).{needs}")
    return 0
