"""Ears on disk as the node sees them, without torch: where they are, and whether their files can be what they claim.

An ear is a folder with ``config.yaml`` (``name``, ``description``, ``shape``), ``weights.safetensors`` and ``card.md``.
Whether the weights fit the network only the process that builds the network can tell.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.resources import resource_root
from ear_engine.yaml_files import load_yaml, nearest

CONFIG = "config.yaml"
WEIGHTS = "weights.safetensors"
CARD = "card.md"
_LONGEST_HEADER = 100_000_000  # bytes, the limit of the safetensors format


@dataclass(frozen=True)
class EarFolder:
    """An ear that can be named.

    Args:
        name: as ``--ear`` takes it.
        path: its folder.
        description: one line from its config.
        problem: why it cannot be used, or nothing.
        megabytes: size of its weights.
    """

    name: str
    path: Path
    description: str = ""
    problem: str = ""
    megabytes: float = 0.0


def ear_roots() -> tuple[Path, ...]:
    """Folders whose folders are ears: those that ship, then the user's own."""
    return resource_root() / "configs" / "ears", platform.user_ear_dir()


def list_ears(roots: tuple[Path, ...] | None = None) -> list[EarFolder]:
    """All ears, the shipped ones first; the first with a name has it. Broken ones say why."""
    found: dict[str, EarFolder] = {}
    for root in ear_roots() if roots is None else roots:
        for path in sorted(root.iterdir()) if root.is_dir() else ():
            if (path / CONFIG).is_file() and path.name not in found:
                try:
                    found[path.name] = open_ear(path)
                except UserError as error:
                    found[path.name] = EarFolder(path.name, path, problem=str(error))
    return list(found.values())


def find_ear(name: str, roots: tuple[Path, ...] | None = None) -> EarFolder:
    """The ear that ``name`` means: a name, or the path of a folder.

    Raises:
        UserError: there is no such ear, or its files cannot be used.
    """
    for root in ear_roots() if roots is None else roots:
        if name and Path(name).name == name and (root / name / CONFIG).is_file():
            return open_ear(root / name)
    path = Path(name).expanduser()
    if path.is_dir():
        return open_ear(path)
    if path.is_file():
        raise UserError(f"ear {name!r}", "is a file", "name the folder that holds its config.yaml", "bad_ear")
    names = [ear.name for ear in list_ears(roots)]
    mend = nearest(name, names) if names else "train one with `ear-engine train`"
    raise UserError(f"ear {name!r}", "does not exist", mend, "unknown_ear")


def open_ear(path: Path) -> EarFolder:
    """Read an ear's config and check its weights' file.

    Raises:
        UserError: one of the two is missing or damaged, or the weights are a pickle.
    """
    config = load_yaml(path / CONFIG)
    check_weights(path / WEIGHTS)
    size = (path / WEIGHTS).stat().st_size / 1e6
    return EarFolder(path.resolve().name, path.resolve(), str(config.get("description", "")), megabytes=size)


def check_weights(path: Path) -> None:
    """Refuse what cannot be a whole safetensors file: its header is read, not its tensors.

    Raises:
        UserError: missing, a pickle, another format, or truncated.
    """
    subject, again = f"checkpoint {str(path)!r}", "copy the file again or train it again"
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(9)
            # safetensors begins with the length of its header, whose bytes may look like a pickle's; then comes a {
            pickled = start[:2] == b"PK" or (start[:1] == b"\x80" and start[1:2] <= b"\x05")
            if pickled and start[8:] != b"{":
                reason, mend = "is a pickle, which could run code", "save the weights as safetensors"
                raise UserError(subject, reason, mend, "bad_checkpoint")
            length = struct.unpack("<Q", start[:8])[0] if len(start) == 9 else _LONGEST_HEADER
            if not 2 <= length < min(_LONGEST_HEADER, size):
                raise UserError(subject, "is no safetensors file, or a truncated one", again, "bad_checkpoint")
            header = json.loads(start[8:] + file.read(length - 1))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            missing = 8 + length + max(ends, default=0) - size
    except FileNotFoundError:
        raise UserError(subject, "does not exist", "train the ear or copy its weights there", "not_found") from None
    except OSError as error:
        raise UserError(subject, f"cannot be read ({error.strerror})", again, "bad_checkpoint") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise UserError(subject, "has no safetensors header", again, "bad_checkpoint") from None
    if missing > 0:
        raise UserError(subject, f"is truncated ({missing} bytes are missing)", again, "bad_checkpoint")
