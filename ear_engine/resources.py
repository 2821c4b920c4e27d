"""Finds the files that ship with the engine (``configs/…``, what is for other programs), wherever it runs from.

In a wheel they lie inside the package, in ``ear_engine/_resources``; in a checkout, which is also what an editable
install runs from, they lie beside it.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from ear_engine.errors import UserError

SHIPPED = ("configs", "supercollider", "patches", "maxmsp")


def resource_root(package: Path | None = None) -> Path:
    """Folder that holds ``configs/``.

    Args:
        package: folder of the ``ear_engine`` package; this one if None.

    Raises:
        UserError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent if package is None else package
    bundled, checkout = package / "_resources", package.parent
    if (bundled / "configs").is_dir():
        return bundled
    if (checkout / "configs").is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout
    raise UserError(
        f"installation in {package}", "has no configs folder", "install ear-engine again", "incomplete_installation"
    )


def resource(*parts: str) -> Path:
    """Path of a shipped file or folder: ``resource("configs", "ears", "small")``.

    Raises:
        UserError: there is no such file, or the path leaves the shipped files; the nearest names are given.
    """
    root = resource_root()
    path = root.joinpath(*parts).resolve()
    name = "/".join(parts)
    if not parts or parts[0] not in SHIPPED or not path.is_relative_to((root / parts[0]).resolve()):
        reason = f"lies outside {', '.join(SHIPPED)}"
        raise UserError(f"shipped file {name!r}", reason, "name one inside them", "unknown_resource")
    if not path.exists():
        siblings = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, siblings, n=3, cutoff=0.5) or siblings[:10]
        mend = f"there is {', '.join(near)}" if near else "install ear-engine again"
        raise UserError(f"shipped file {name!r}", "does not exist", mend, "unknown_resource")
    return path
