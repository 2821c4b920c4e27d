"""Files inside packages: Debian's, wheels and other ZIP files, read in pure Python and trusted with nothing."""

from __future__ import annotations

import io
import lzma
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from ear_engine.errors import UserError

LARGEST_FILE = 4 << 30
"""Most bytes of a file that is unpacked."""

LARGEST = 32 << 30
"""Most bytes of a package, unpacked."""

Members = Generator[tuple[str, IO[bytes]], None, None]
"""Regular files, each as its path and a stream to read before the next."""

_UNSAFE = re.compile(r"/|[A-Za-z]:")  # absolute, or a drive
_MOST_FILES = 1_000_000
_AR, _AR_HEADER = b"!<arch>\n", 60
_BROKEN = (
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


def unpack(package: Path, choose: Callable[[str], Path | None]) -> list[Path]:
    """Write chosen files of a package, each whole or not at all.

    Links, devices and folders are passed over; where a name occurs twice, the later file stays.

    Args:
        package: a Debian package or a ZIP file (a wheel, a game's archive).
        choose: gives the target for the path of a regular file (relative, ``/``), or None.

    Returns:
        The targets, in the package's order.

    Raises:
        UserError: it is no such package; it is damaged, too large, or has a name that leads outside; a target cannot
            be written.
    """
    subject = f"package {package.name!r}"
    written: list[Path] = []
    try:
        with package.open("rb") as file, closing(_members(file, package.stat().st_size, subject)) as found:
            for name, stream in found:
                if (target := choose(name)) is not None:
                    _copy(stream, target)
                    written.append(target)
    except _BROKEN as error:
        reason = f"is damaged ({' '.join(str(error).split())[:120]})"
        raise UserError(subject, reason, "delete it, and it is fetched again", "damaged") from None
    return written


def _members(file: BinaryIO, size: int, subject: str) -> Members:
    start = file.read(8)
    if start == _AR:
        return _deb_members(file, size, subject)
    if start[:2] == b"PK":
        return _zip_members(file, subject)
    raise ValueError("it is neither a Debian package nor a ZIP file")


def _copy(stream: IO[bytes], target: Path) -> None:
    aside = target.with_name(target.name + ".part")
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        out = aside.open("wb")
    with out:
        while block := stream.read(1 << 20):  # what cannot be read is the package's fault
            with _writing(target):
                out.write(block)
    with _writing(target):
        aside.replace(target)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = next(parent for parent in target.parents if parent.is_dir())
        free = shutil.disk_usage(place).free / 1e9
        reason = f"cannot be written ({error.strerror}; {free:.2f} GB are free)"
        raise UserError(f"file {str(target)!r}", reason, "make room, or choose another folder", "unwritable") from None


class _Budget:
    """What a package may still unpack to."""

    def __init__(self, subject: str) -> None:
        self._subject, self._bytes, self._files = subject, 0, 0

    def checked(self, name: str, size: int) -> str:
        """The name without what is superfluous; refuses unsafe names and sizes."""
        self._files += 1
        self._bytes += size
        if size > LARGEST_FILE or self._bytes > LARGEST or self._files > _MOST_FILES:
            raise self._refuse("unpacks to more than it may", "too_large")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if _UNSAFE.match(name) or ".." in parts or "\\" in name or "\0" in name:
            raise self._refuse(f"has the unsafe name {name[:100]!r}", "unsafe_package")
        return "/".join(parts)

    def _refuse(self, reason: str, code: str) -> UserError:
        return UserError(self._subject, reason, "do not use it", code)


def _deb_members(file: BinaryIO, size: int, subject: str) -> Members:
    name, start, length = _find_data(file, size)
    compression = name.removeprefix("data.tar").removeprefix(".")
    budget = _Budget(subject)
    view = io.BufferedReader(_View(file, start, length), 1 << 20)
    try:
        archive = tarfile.open(fileobj=view, mode=f"r|{compression}")  # type: ignore[call-overload]
    except (tarfile.CompressionError, ValueError) as error:
        if isinstance(error, tarfile.ReadError) or compression in ("", "xz", "gz", "bz2"):
            raise
        reason = f"is compressed with {compression}, which this Python cannot read"
        raise UserError(subject, reason, "use Python 3.14 or later", "unknown_compression") from None
    with archive:
        for member in archive:
            inside = budget.checked(member.name, member.size)
            if member.isreg() and (stream := archive.extractfile(member)) is not None:
                yield inside, stream


def _find_data(file: BinaryIO, size: int) -> tuple[str, int, int]:
    """Name, start and length of the part of an ar archive that holds the files."""
    at = len(_AR)
    while at + _AR_HEADER <= size:
        file.seek(at)
        header = file.read(_AR_HEADER)
        name, length = header[:16].decode("ascii").strip().rstrip("/"), header[48:58].strip()
        if header[58:60] != b"`\n" or not length.isdigit() or at + _AR_HEADER + int(length) > size:
            raise ValueError("a part of it does not end where it should")
        if name.startswith("data.tar"):
            return name, at + _AR_HEADER, int(length)
        at += _AR_HEADER + int(length) + int(length) % 2
    raise ValueError("it has no data.tar")


class _View(io.RawIOBase):
    """A stretch of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file, self._at, self._end = file, start, start + length

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read on."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        self._file.seek(self._at)
        content = self._file.read(min(len(view), self._end - self._at))
        view[: len(content)] = content
        self._at += len(content)
        return len(content)


def _zip_members(file: BinaryIO, subject: str) -> Members:
    budget = _Budget(subject)
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            inside = budget.checked(entry.filename, entry.file_size)
            kind = entry.external_attr >> 16 & 0o170000
            if not entry.is_dir() and kind in (0, 0o100000):
                with archive.open(entry) as stream:
                    yield inside, stream
