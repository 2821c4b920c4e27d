"""Public packages by name: fetched once, checked against a known SHA-256, and kept in the user's cache.

Debian's come from ``apt-get download`` where that exists, else over HTTPS from Debian's mirrors, the snapshot archive
last, which keeps every version. Python's come from ``pip download``. Nothing of a package is ever run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError

MIRRORS = (
    "https://deb.debian.org/debian/",
    "https://archive.debian.org/debian/",
    "https://snapshot.debian.org/archive/debian/20250520T000000Z/",
)
"""Where Debian's packages lie, in the order in which they are asked."""

Progress = Callable[[int, int], None]
"""Called with (bytes fetched, bytes in all)."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.:~_-]*")
_TIMEOUT = 30.0  # seconds without a byte
_LOOK = 0.2  # seconds between looks at what a client has fetched
_SHORT = 160  # characters of another program's complaint


@dataclass(frozen=True)
class Debian:
    """A Debian package; ``pool`` is its path below a mirror, which ends in the file's name."""

    package: str
    version: str
    pool: str
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """Name of its file."""
        return self.pool.rpartition("/")[2]


@dataclass(frozen=True)
class Pypi:
    """A wheel from the Python Package Index, by the name of its ``file``."""

    package: str
    version: str
    file: str
    size: int
    sha256: str


def package_folder() -> Path:
    """Where packages are kept: put one there, and it is not fetched."""
    return platform.user_cache_dir() / "packages"


def fetch(
    package: Debian | Pypi,
    folder: Path | None = None,
    *,
    progress: Progress | None = None,
    mirrors: Sequence[str] = MIRRORS,
) -> Path:
    """The file of a package, fetched unless it is there already.

    Args:
        package: which.
        folder: where it is kept; :func:`package_folder` if None.
        progress: called while it comes.
        mirrors: for Debian's, URLs that end in ``/``.

    Raises:
        UserError: it cannot be fetched, or is not the one that is known; there is no room for it.
    """
    folder = package_folder() if folder is None else folder
    _check(package)
    target = folder / package.file
    if _is_it(target, package):
        return target
    subject = f"package {package.package} {package.version}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(folder).free) < 1.1 * package.size:
            reason = f"needs {package.size / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free"
            raise UserError(subject, reason, f"make room in {folder}", "disk_full")
        complaints = []
        for attempt in _attempts(package, mirrors, progress):
            with tempfile.TemporaryDirectory(prefix=".fetching_", dir=folder) as aside:
                try:
                    found = attempt(Path(aside))
                    if _is_it(found, package):
                        found.replace(target)
                        return target
                    complaints.append(f"{found.name} is not the file that is known")
                except _FailedError as error:
                    complaints.append(str(error))
    except OSError as error:
        raise UserError(subject, f"cannot be kept ({error})", "choose another cache folder", "unwritable") from None
    mend = f"check the network, or put {package.file} into {folder}"
    raise UserError(subject, f"cannot be fetched ({'; '.join(complaints)})", mend, "not_fetched")


class _FailedError(Exception):
    """One way to fetch did not work."""


def _check(package: Debian | Pypi) -> None:
    for text in (package.package, package.version, package.file):
        if not _SAFE.fullmatch(text):
            raise UserError(f"package {package.package!r}", f"is called {text!r}", "mend the manifest", "bad_name")


def _is_it(path: Path, package: Debian | Pypi) -> bool:
    if not path.is_file() or path.stat().st_size != package.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == package.sha256


def _attempts(
    package: Debian | Pypi, mirrors: Sequence[str], progress: Progress | None
) -> Iterator[Callable[[Path], Path]]:
    """Ways to fetch a package into an empty folder; each returns the file, or raises ``_FailedError``."""
    name, version = package.package, package.version
    if isinstance(package, Pypi):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        yield lambda aside: _by_client([*pip, f"{name}=={version}"], aside, package, progress)
        return
    if shutil.which("apt-get"):
        yield lambda aside: _by_client(["apt-get", "-qq", "download", f"{name}={version}"], aside, package, progress)
    for mirror in mirrors:
        yield lambda aside, mirror=mirror: _by_url(mirror + package.pool, aside, package, progress)  # type: ignore[misc]


def _by_client(command: list[str], aside: Path, package: Debian | Pypi, progress: Progress | None) -> Path:
    """Let a package manager fetch into a folder."""
    with tempfile.TemporaryFile() as said, _running(command, aside, said.fileno()) as process:
        while process.poll() is None:
            time.sleep(_LOOK)
            if progress is not None:
                with suppress(FileNotFoundError):  # the client renames and removes files meanwhile
                    progress(min(package.size, sum(path.stat().st_size for path in _files(aside))), package.size)
        said.seek(0)
        lines = said.read().decode(errors="replace").split("\n")
    found = _files(aside)
    if process.returncode != 0 or len(found) != 1:
        last = next((line for line in lines if line.startswith(("E:", "ERROR:"))), lines[0])
        raise _FailedError(f"{Path(command[0]).name}: {' '.join(last.split())[:_SHORT] or 'no file'}")
    return found[0]


@contextmanager
def _running(command: list[str], folder: Path, said: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "LC_ALL": "C"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


def _by_url(url: str, aside: Path, package: Debian | Pypi, progress: Progress | None) -> Path:
    target, done = aside / package.file, 0
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer, target.open("wb") as out:
            while done <= package.size and (block := answer.read(1 << 20)):
                out.write(block)
                done += len(block)
                if progress is not None:
                    progress(min(done, package.size), package.size)
    except (urllib.error.URLError, OSError, ValueError) as error:
        host = url.split("/")[2] if url.count("/") > 2 else url
        raise _FailedError(f"{host}: {' '.join(str(error).split())[:_SHORT]}") from None
    return target
