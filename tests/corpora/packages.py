"""Packages that tests make: Debian's by hand, honest and malicious."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def tar(files: Mapping[str, bytes], compression: str = "xz") -> bytes:
    """A tar archive of files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def ar(parts: Mapping[str, bytes]) -> bytes:
    """An ar archive, as Debian's packages are."""
    out = b"!<arch>\n"
    for name, content in parts.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        out += content + b"\n" * (len(content) % 2)
    return out


def deb(files: Mapping[str, bytes], compression: str = "xz") -> bytes:
    """A Debian package that holds files."""
    suffix = f".{compression}" if compression else ""
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": tar({"./control": b"Package: x\n"}, "gz")}
    return ar(parts | {f"data.tar{suffix}": tar(files, compression)})


def write(path: Path, content: bytes) -> Path:
    """Write a file, folders and all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sha256(content: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(content).hexdigest()
