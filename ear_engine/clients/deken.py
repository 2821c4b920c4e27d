"""Packs the library for Pd's deken: a zip that holds the one folder, the same bytes for the same files.

``python -m ear_engine.clients.deken FOLDER`` writes ``ear-engine[v0.1.0].dek`` and its SHA-256. No architecture is
named, since it has patches only.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from pathlib import Path

from ear_engine import __version__
from ear_engine.clients.pd_panel import FILE
from ear_engine.resources import resource
from ear_engine.whole_files import made_folder, replacing

LIBRARY = "ear-engine"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
_MODE = 0o100644 << 16


def package(folder: Path, version: str = __version__) -> Path:
    """Write the package and ``.sha256`` beside it; return where it is.

    Args:
        folder: made if it is not there.
        version: that it says it is.

    Raises:
        UserError: it cannot be written.
    """
    source = resource(*FILE)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts):
                entry = zipfile.ZipInfo(f"{LIBRARY}/{path.relative_to(source).as_posix()}", _WHEN)
                entry.external_attr = _MODE
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    made_folder(folder)
    name = folder / f"{LIBRARY}[v{version}].dek"
    digest = hashlib.sha256(data.getvalue()).hexdigest()
    for path, content in ((name, data.getvalue()), (name.with_name(f"{name.name}.sha256"), f"{digest}\n".encode())):
        with replacing(path) as file:
            file.write(content)
    return name


def main() -> None:
    """Write the package to the folder that is named, or this one."""
    print(package(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))


if __name__ == "__main__":
    main()
