"""Presets of one's own: the sound that is there, saved under a name in the user's folder, and deleted from it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree, Value
from ear_engine.presets import MOST, TEXTS, check_name, checked_text, governs, shipped_presets
from ear_engine.settings_text import parameter_lines, scalar
from ear_engine.whole_files import made_folder, replacing


def sound_of(values: Mapping[str, Value], tree: ParameterTree) -> dict[str, Value]:
    """What a preset of the present sound says: what it governs and is not by default, and how its target is chosen.

    Args:
        values: of all parameters.
        tree: the table.

    Raises:
        UserError: the target is the way between the stored a and b, which are no part of a preset.
    """
    by = values["target/by"]
    if by == "morph":
        mend = "choose a target, or save a set"
        raise UserError("this sound", "aims between the stored targets a and b", mend, "bad_value")
    said = {row.name: values[row.name] for row in tree if governs(row) and values[row.name] != row.default}
    said = {name: value for name, value in said.items() if (tree[name].implies or ("", by))[1] == by}
    chosen = next((row.name for row in tree if row.implies == ("target/by", by)), "target/by")
    return {**said, "target/by": by} if by != "layer" or chosen in said else said


def save_preset(
    name: str,
    values: Mapping[str, Value],
    tree: ParameterTree,
    *,
    title: str = "",
    description: str = "",
    replace: bool = False,
    root: Path | None = None,
) -> Path:
    """Write a preset.

    Args:
        name: of its file, without the suffix.
        values: what it says.
        tree: the table.
        title: what people call it; made from the name if empty.
        description: one line.
        replace: whether it may take the place of one of the user's.
        root: the user's folder.

    Raises:
        UserError: no such name can be, one that ships has it, one of the user's has it and is not to be replaced, or
            the file cannot be written; whatever was there is there still.
    """
    check_name(name)
    root = platform.user_preset_dir() if root is None else root
    _refuse_shipped(name, "choose another name")
    heading = {
        "title": title or name.replace("_", " ").replace("-", " ").capitalize(),
        "description": description or f"Saved {time.strftime('%Y-%m-%d %H:%M')}.",
    }
    texts = [f"{key}: {scalar(checked_text(text, TEXTS[key], key))}" for key, text in heading.items()]
    path = root / f"{name}.yaml"
    if path.exists() and not replace:
        mend = "choose another name, or send 1 after the title to replace it"
        raise UserError(f"preset {name!r}", "is there already", mend, "exists")
    made_folder(root)
    if not path.exists() and len(list(root.glob("*.yaml"))) >= MOST:
        raise UserError(f"folder {str(root)!r}", f"has {MOST} presets", "delete some", "too_many")
    with replacing(path) as file:
        file.write("\n".join([*texts, *parameter_lines(values, tree), ""]).encode())
    return path


def delete_preset(name: str, root: Path | None = None) -> None:
    """Remove a preset of the user's.

    Raises:
        UserError: there is none of that name, it ships, or it cannot be removed.
    """
    check_name(name)
    _refuse_shipped(name, "only your own can be deleted")
    path = (platform.user_preset_dir() if root is None else root) / f"{name}.yaml"
    try:
        path.unlink()
    except FileNotFoundError:
        raise UserError(f"preset {name!r}", "does not exist", "see /ear/preset/list", "unknown_preset") from None
    except OSError as error:
        reason = f"cannot be removed ({error.strerror or error})"
        raise UserError(f"preset {name!r}", reason, "make its folder writable", "not_writable") from None


def _refuse_shipped(name: str, mend: str) -> None:
    if name in shipped_presets():
        raise UserError(f"preset {name!r}", "comes with the engine", mend, "exists")
