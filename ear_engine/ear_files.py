"""Ears on disk as the node sees them, without torch: where they are, and whether their files can be what they claim.

An ear is a folder with ``config.yaml`` (``name``, ``description``, ``shape``), ``weights.safetensors`` and ``card.md``.
Whether the weights fit the network only the process that builds the network can tell.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.resources import resource_root
from ear_engine.yaml_files import build, load_yaml, nearest

CONFIG = "config.yaml"
WEIGHTS = "weights.safetensors"
CARD = "card.md"
_KIND = "cpc"  # the plug-in that loads an ear whose config names none
_LONGEST_NAME = 120  # characters of a name that an error repeats
_LONGEST_HEADER = 100_000_000  # bytes, the limit of the safetensors format


@dataclass(frozen=True)
class ScalogramOutline:
    """The keys of ``shape: scalogram:`` and their types; what they mean is in :mod:`ear_engine.ear.scalogram`."""

    sample_rate: int = 0
    bins: int = 0
    bins_per_octave: int = 0
    f_min: float = 0.0
    q: float = 0.0
    hop: int = 0
    frame_multiple: int = 0


@dataclass(frozen=True)
class ShapeOutline:
    """The keys of ``shape:`` and their types; what they mean is in :mod:`ear_engine.ear.network`."""

    width: float = 0.0
    predictions: int = 0
    skip: int = 0
    score: str = ""
    normalization: str = ""
    pooling: str = ""
    scalogram: ScalogramOutline = field(default_factory=ScalogramOutline)
    encoder: tuple[object, ...] = ()
    autoregressive: tuple[object, ...] = ()


@dataclass(frozen=True)
class EarOutline:
    """The keys of an ear's config, so that a typo is found before torch is loaded."""

    name: str
    description: str = ""
    kind: str = _KIND
    shape: ShapeOutline = field(default_factory=ShapeOutline)


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


def find_ear(name: str, roots: tuple[Path, ...] | None = None, *, paths: bool = True) -> EarFolder:
    """The ear that ``name`` means: a name, or with ``paths`` the path of a folder.

    Raises:
        UserError: there is no such ear, or its files cannot be used.
    """
    subject = f"ear {name[:_LONGEST_NAME]!r}"
    for root in ear_roots() if roots is None else roots:
        if name and Path(name).name == name and os.path.isfile(root / name / CONFIG):
            return open_ear(root / name)
    path = Path(os.path.expanduser(name))  # os.path answers where Path raises: a name too long, no such user
    if paths and os.path.isdir(path):
        return open_ear(path)
    if paths and os.path.isfile(path):
        raise UserError(subject, "is a file", "name the folder that holds its config.yaml", "bad_ear")
    names = [ear.name for ear in list_ears(roots)]
    mend = nearest(name, names) if names else "train one with `ear-engine train`"
    raise UserError(subject, "does not exist", mend, "unknown_ear")


def open_ear(path: Path) -> EarFolder:
    """Read an ear's config and check its weights' file.

    Raises:
        UserError: one of the two is missing or damaged, the config has an unknown key or a wrong type, or the weights
            are a pickle.
    """
    config = load_yaml(path / CONFIG)
    if config.get("kind", _KIND) == _KIND:  # the keys of another kind are its plug-in's own
        build(EarOutline, config, str(path / CONFIG))
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
