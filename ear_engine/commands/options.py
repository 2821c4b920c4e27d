"""Options that several commands take, checked alike."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ear_engine import platform
from ear_engine.arguments.parsers import PARAMETER
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree, Value
from ear_engine.setfile import check_strictly

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Corpus


def at_least(option: str, value: int, least: int) -> int:
    """A number that was typed.

    Raises:
        UserError: it is below ``least``.
    """
    if value < least:
        raise UserError(f"{option} {value}", f"is below {least}", f"use a whole number from {least}", "bad_value")
    return value


def count_workers(typed: int | None) -> int:
    """Processes that ``--workers`` means: one a core if it was not typed.

    Raises:
        UserError: it is below 1.
    """
    return platform.cores() if typed is None else at_least("--workers", typed, 1)


def open_library(corpora: str | None) -> Callable[[str], Corpus]:
    """What finds corpora by name: first stores in the folder of ``--corpora``, then as all commands do.

    A corpus is opened once; one that cannot be had is not tried again.

    Raises:
        UserError: the folder does not exist.
    """
    from ear_engine.corpora.catalog import find_corpus
    from ear_engine.corpora.store import open_corpus

    root = None if corpora is None else Path(corpora).expanduser()
    if root is not None and not root.is_dir():
        raise UserError(f"--corpora {corpora}", "is not a folder", "name one that holds stores", "not_found")

    @lru_cache
    def find(name: str) -> Corpus | UserError:
        try:
            if root is not None and (root / name).is_dir():
                return open_corpus(root / name)
            return find_corpus(name)
        except UserError as error:
            return error

    def library(name: str) -> Corpus:
        found = find(name)
        if isinstance(found, UserError):
            raise found
        return found

    return library


def typed_parameters(typed: argparse.Namespace, tree: ParameterTree) -> dict[str, Value]:
    """Parameters that were typed as ``--GROUP.NAME VALUE``, checked.

    Raises:
        UserError: a wrong type, an unknown choice, or out of range.
    """
    values: dict[str, Value] = {}
    for name, raw in vars(typed).items():
        if name.startswith(PARAMETER) and raw is not None:
            row = tree[name.removeprefix(PARAMETER)]
            values[row.name] = check_strictly(row, raw, f"--{row.name.replace('/', '.')}")
    return values
