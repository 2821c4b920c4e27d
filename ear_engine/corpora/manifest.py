"""What a built-in corpus is made from: a YAML file in ``configs/corpora``, checked key by key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ear_engine.corpora.packages import Debian, Pypi
from ear_engine.errors import UserError
from ear_engine.resources import resource_root
from ear_engine.yaml_files import build, load_yaml, nearest


@dataclass(frozen=True)
class Files:
    """Files of a package, and what is known about them.

    Args:
        match: patterns (``*``, ``?``, ``[0-9]``; ``*`` takes ``/`` too) below the part's ``base``; each must match.
        but: patterns of what to leave out.
        author: who made them.
        license: under which; a name in ``configs/corpora/licenses.yaml``, or several with ``AND`` between them. The
            part's, where empty; so for the author and the notice.
        copyright: the notice that the license asks to keep.
        group: all of these files belong together and stay on one side of the split.
    """

    match: tuple[str, ...]
    but: tuple[str, ...] = ()
    author: str = ""
    license: str = ""
    copyright: str = ""
    group: str = ""


@dataclass(frozen=True)
class Maker:
    """Music that is made here.

    Args:
        name: ``procedural``, ``band`` (scores of our own, with a soundfont) or ``scores`` (music21's, on a piano).
        tracks: how many (not for ``scores``).
        seconds: of each.
        seed: of the first.
        soundfont: its name (not for ``procedural``); the part's ``debian`` is the package that holds it.
    """

    name: Literal["procedural", "band", "scores"]
    tracks: int = 0
    seconds: float = 120.0
    seed: int = 1
    soundfont: str = ""


@dataclass(frozen=True)
class Part:
    """One source of a corpus: files of a package, or a maker.

    Args:
        folder: where its recordings go; the start of their names.
        source: what it is, for people.
        homepage: where it is from.
        author: of all of it, unless files say otherwise. What makers say is overwritten by what is said here.
        license: likewise.
        copyright: likewise.
        debian: the package.
        pypi: or this one.
        archive: a ZIP file inside the package in which the files are.
        base: folder inside the package or archive that paths are relative to.
        files: which.
        maker: or what makes them.
    """

    folder: str
    source: str
    homepage: str = ""
    author: str = ""
    license: str = ""
    copyright: str = ""
    debian: Debian | None = None
    pypi: Pypi | None = None
    archive: str = ""
    base: str = ""
    files: tuple[Files, ...] = ()
    maker: Maker | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """The license of each of its ``files``, or of what is made."""
        return tuple(files.license or self.license for files in self.files) or (self.license,)

    @property
    def package(self) -> Debian | Pypi | None:
        """What is fetched."""
        return self.debian or self.pypi


@dataclass(frozen=True)
class License:
    """A license: its short name, where it is, and its text or what it says in short."""

    name: str
    url: str
    text: str


@dataclass(frozen=True)
class Manifest:
    """A built-in corpus.

    Args:
        about: what it is, in a sentence.
        shippable: whether weights trained on it may be passed on freely.
        parts: where it comes from.
        needs: programs and packages that must be installed to build it.
        version: raised when a maker gives other music from the same manifest.
    """

    about: str
    shippable: bool
    parts: tuple[Part, ...]
    needs: tuple[str, ...] = ()
    version: int = 1

    @property
    def download(self) -> int:
        """Bytes of all its packages."""
        return sum({package.file: package.size for part in self.parts if (package := part.package)}.values())

    def recipe(self, part: Part | None = None) -> str:
        """Identity of all this, or of one part: another one means other music or other labels."""
        text = repr((self.version, self.shippable, self.parts) if part is None else (self.version, part))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Licenses:
    licenses: tuple[License, ...]


def _folder() -> Path:
    return resource_root() / "configs" / "corpora"


_LICENSES = "licenses"


def builtin_names() -> tuple[str, ...]:
    """Names of the built-in corpora, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml") if path.stem != _LICENSES))


def known_licenses() -> dict[str, License]:
    """Licenses by name."""
    path = _folder() / f"{_LICENSES}.yaml"
    return {license.name: license for license in build(_Licenses, load_yaml(path), path.name).licenses}


def split_terms(terms: str) -> tuple[str, ...]:
    """Names of the licenses in a license label: ``CC0-1.0 AND MIT`` are two; none if it is empty."""
    return tuple(name.strip() for name in terms.split(" AND ") if name.strip())


def read_manifest(name: str) -> Manifest:
    """The manifest of a built-in corpus.

    Raises:
        UserError: there is none of that name, or it is wrong.
    """
    if name not in builtin_names():
        raise UserError(f"corpus {name!r}", "is not built in", nearest(name, list(builtin_names())), "not_found")
    return load_manifest(_folder() / f"{name}.yaml")


def load_manifest(path: Path) -> Manifest:
    """Read a manifest from any file.

    Raises:
        UserError: an unknown, missing or wrong key; a part without a source; a license that is not known.
    """
    manifest = build(Manifest, load_yaml(path), path.name)
    licenses = known_licenses()
    folders = [part.folder for part in manifest.parts]
    for index, part in enumerate(manifest.parts):
        where = f"{path.name}: parts[{index}]"
        if bool(part.files) == (part.maker is not None) or (part.files and part.package is None):
            raise UserError(where, "has not one source", "give a package and files, or a maker", "bad_value")
        if not _inside(part.folder) or folders.count(part.folder) > 1:
            raise UserError(f"{where}: folder", f"is {part.folder!r}", "write a name of its own", "bad_value")
        for license in {name for terms in part.terms for name in split_terms(terms)}:
            if license not in licenses:
                raise UserError(f"{where}: license {license!r}", "is not known", nearest(license, list(licenses)))
        if not all(part.terms):
            raise UserError(f"{where}: license", "is missing", "add it", "missing_key")
    if not manifest.parts:
        raise UserError(f"{path.name}: parts", "is empty", "add one", "missing_key")
    return manifest


def _inside(folder: str) -> bool:
    parts = folder.split("/")
    return all(part and part not in (".", "..") and not part.startswith(".") for part in parts) and "\\" not in folder
