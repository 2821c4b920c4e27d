"""Presets: named sounds of a dream. A preset says what fires and how change is shaped; everything it governs and does
not mention goes to its default, so that recalling one gives the same sound whatever was before.

A preset is a YAML file of parameters, as a set file has them, with a ``title`` and a one-line ``description``. It lies
in ``configs/presets`` or in the user's folder, and is named like its file. Clip, ear and playback are not its business.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ear_engine import platform
from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.resources import resource_root
from ear_engine.setfile import PARTS, overlay, set_from
from ear_engine.yaml_files import load_yaml, named_files

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
TEXTS = {"title": 60, "description": 160}  # most characters
_GROUPS = ("target", "tone", "rhythm", "transform", "penalty", "optimizer")
_BESIDES = ("dream/rate", "dream/pull")
_MACHINES = ("optimizer/steps_per_loop",)  # belongs to the machine, not to the sound
MOST = 500  # presets in a folder


@dataclass(frozen=True)
class Preset:
    """A preset.

    Args:
        name: of its file, without the suffix.
        title: what people call it.
        description: one line.
        values: checked values that it mentions.
        problem: why it cannot be used, or nothing.
    """

    name: str
    title: str = ""
    description: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    problem: str = ""

    def changes(self, tree: ParameterTree) -> dict[str, Value]:
        """Values of all that it governs; of what chooses a target only what this one is chosen by."""
        rows = [row for row in tree if governs(row)]
        values = overlay({row.name: row.default for row in rows}, self.values, tree)
        for name in self.values:
            implied = tree[name].implies
            if implied is not None and implied[0] not in self.values:
                values[implied[0]] = implied[1]
        others = [row.name for row in rows if row.implies and values[row.implies[0]] != row.implies[1]]
        return {name: value for name, value in values.items() if name not in others}


def governs(row: Parameter) -> bool:
    """Whether presets decide this parameter."""
    if row.kind == "trigger" or row.name in _MACHINES:
        return False
    return row.group in _GROUPS or row.name in _BESIDES


def preset_roots() -> tuple[Path, ...]:
    """Folders whose YAML files are presets: those that ship, then the user's own."""
    return resource_root() / "configs" / "presets", platform.user_preset_dir()


def check_name(name: str) -> str:
    """``name``, if a preset can be called so.

    Raises:
        UserError: it cannot: it would lead elsewhere, or some system has no such file.
    """
    if _NAME.fullmatch(name):
        return name
    reason, mend = "cannot be the name of a preset", "use up to 60 of a-z, 0-9, _ and -"
    raise UserError(f"name {name[:60]!r}", reason, mend, "bad_name")


def shipped_presets() -> frozenset[str]:
    """Names of those that come with the engine."""
    return frozenset(_files(preset_roots()[:1]))


def list_presets(tree: ParameterTree, roots: Sequence[Path] | None = None) -> list[Preset]:
    """All presets, the shipped ones first; the first with a name has it. Broken ones say why."""
    found = []
    for name, path in _files(roots).items():
        try:
            found.append(read_preset(path, tree))
        except UserError as error:
            found.append(Preset(name, problem=str(error)))
    return found


def find_preset(name: str, tree: ParameterTree, roots: Sequence[Path] | None = None) -> Preset:
    """The preset of that name, which is looked up and never joined to a path.

    Raises:
        UserError: there is none (the nearest is named), or its file is wrong.
    """
    files = _files(roots)
    if name not in files:
        near = difflib.get_close_matches(name[:60].lower(), files, n=2, cutoff=0.4)
        mend = f"did you mean {' or '.join(near)}" if near else f"there is {', '.join([*files][:12]) or 'none'}"
        raise UserError(f"preset {name[:60]!r}", "does not exist", mend, "unknown_preset")
    return read_preset(files[name], tree)


def read_preset(path: Path, tree: ParameterTree) -> Preset:
    """Read one file.

    Raises:
        UserError: what :func:`ear_engine.setfile.read_set` refuses, no title or description, or a parameter that
            presets do not govern.
    """
    data = _load(path)
    texts = {key: checked_text(data.pop(key, None), longest, f"{path}: {key}") for key, longest in TEXTS.items()}
    said = set_from(data, path, tree)
    names = [row.name for row in tree if governs(row)]
    others = [name for name in ("clip", "ear", "seed") if getattr(said, name) is not None]
    others += [name for name in PARTS if name in data]
    for name in (*others, *said.values):
        if name not in names:
            where, reason = f"{path}: {name}", "is not for a preset to decide"
            raise UserError(where, reason, "put it into a set file", "unknown_parameter")
    return Preset(path.stem, values=said.values, **texts)


def recall(preset: Preset, control: ControlLog, origin: str) -> Change:
    """Make ``preset`` the sound, in one change: all that it governs, and no kept targets.

    Raises:
        UserError: a value is refused (a layer that the ear does not have); nothing has changed then.
    """
    changes = {**preset.changes(control.tree), "target/clear": True}
    return control.apply(changes, origin, known=False, gesture=f"preset {preset.name}")


def _files(roots: Sequence[Path] | None) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for root in preset_roots() if roots is None else roots:
        for entry in named_files(root, MOST):
            path = root / entry.name
            found.setdefault(path.stem, path)
    return found


def _load(path: Path) -> dict[str, Any]:
    """A file; one that was read before and is the same is not read again: that would hold up whoever waits for it."""
    try:
        status = path.stat()
    except OSError:  # said when it is read
        return load_yaml(path)
    return dict(_loaded(path, status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=2 * MOST)
def _loaded(path: Path, changed: int, size: int, node: int) -> dict[str, Any]:
    return load_yaml(path)


def checked_text(raw: object, longest: int, where: str) -> str:
    """A title or a description.

    Args:
        raw: what is given.
        longest: most characters.
        where: what to call it in an error.

    Raises:
        UserError: it is not a line of so many characters.
    """
    if isinstance(raw, str) and 0 < len(raw.strip()) <= longest and raw.isprintable():
        return raw.strip()
    reason = "is missing" if raw is None else "is not a line of text"
    raise UserError(where, reason, f"write one of up to {longest} characters", "bad_file")
