"""How a set is written: in the order in which one reads it, every line saying what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

import ear_engine
from ear_engine.held_targets import TARGET_FIELDS
from ear_engine.parameters import ParameterTree
from ear_engine.setfile import VERSION
from ear_engine.sets.contents import Contents
from ear_engine.settings_text import PlainDumper, parameter_lines, scalar
from ear_engine.shared_memory.states import Target

_MIDI = "midi"  # a group of parameters, and what controls do
_HEADING = """\
# A set of ear-engine {version}, saved {saved}.
# `ear-engine serve --set FILE` or, from the folder of sets, `/ear/set/load NAME` plays it.
# A parameter that is not here has its default; `ear-engine parameters` lists them.
"""


@dataclass(frozen=True)
class WrittenSet:
    """A set as it is written: its text, and the clips that it names."""

    text: str
    clips: frozenset[str] = frozenset()


def set_text(contents: Contents, tree: ParameterTree, saved: str) -> str:
    """The text of a file.

    Args:
        contents: what it holds; its faults are not written.
        tree: the table.
        saved: when, as one says it.
    """
    return _HEADING.format(version=ear_engine.__version__, saved=saved) + "\n".join([*_lines(contents, tree), ""])


def _lines(contents: Contents, tree: ParameterTree) -> Iterator[str]:
    plain = contents.plain
    yield f"version: {VERSION} # of the way sets are written"
    yield f"engine: {scalar(ear_engine.__version__)}"
    for name, value in (("ear", plain.ear), ("clip", plain.clip), ("seed", plain.seed)):
        if value is not None:
            yield f"{name}: {scalar(value)}"
    if contents.clip_folders:
        yield f"clip_folders: {scalar([str(folder) for folder in contents.clip_folders])}"
    yield ""
    own = {name: value for name, value in plain.values.items() if tree[name].group == _MIDI}
    yield from parameter_lines({name: value for name, value in plain.values.items() if name not in own}, tree)
    if contents.held.kept:
        yield from ("", "kept: # targets that fire together with the one above")
        yield from (f"  - {_target(target, tree)}" for target in contents.held.kept)
    if contents.held.stored:
        yield from ("", "stored: # the targets that target/morph goes between")
        yield from (f"  {name}: {_target(target, tree)}" for name, target in sorted(contents.held.stored.items()))
    if contents.presets:
        yield from ("", "presets: # of one's own; where they are missing they are added")
    for name, preset in contents.presets.items():
        yield from (f"  {scalar(name)}:", f"    title: {scalar(preset.title)}")
        yield f"    description: {scalar(preset.description)}"
        yield from parameter_lines(preset.values, tree, indent="    ")
    if own or contents.midi:
        yield from ("", *(parameter_lines(own, tree) if own else (f"{_MIDI}:",)))
    if contents.midi:
        yield from (f"  {line}" for line in _block(contents.midi))


def _target(target: Target, tree: ParameterTree) -> str:
    """What a target is besides its defaults, on one line."""
    said = {
        name: getattr(target, name)
        for name in TARGET_FIELDS
        if name == "by" or getattr(target, name) != tree[f"target/{name}"].default
    }
    return scalar({"by": said.pop("by"), **said})


def _block(data: Mapping[str, Any]) -> list[str]:
    text: str = yaml.dump(dict(data), Dumper=PlainDumper, allow_unicode=True, sort_keys=False, width=120)
    return text.splitlines()
