"""Gathering the audio of a built-in corpus: packages fetched and unpacked, makers run, everything labeled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath

from ear_engine.corpora.archives import unpack
from ear_engine.corpora.journal import only_builder
from ear_engine.corpora.labels import LABELS
from ear_engine.corpora.manifest import Files, Maker, Manifest, Part
from ear_engine.corpora.packages import fetch
from ear_engine.corpora.store import write_whole
from ear_engine.errors import UserError

Stage = Callable[[str, int, int], None]
"""Called with (what is being done, done, all): bytes of a download, recordings made or decoded."""

_STAMP = ".made_from"


def gather(
    manifest: Manifest,
    folder: Path,
    *,
    cache: Path,
    workers: int | None = None,
    progress: Stage | None = None,
) -> None:
    """Put all recordings of a corpus into a folder, each part into its own with a ``labels.json``.

    Parts that are there and of the same manifest are left alone; others are made anew. Who gathers into the same cache
    at the same time waits.

    Args:
        manifest: of the corpus.
        folder: made if need be; what else is in it is removed.
        cache: for packages (``packages``), soundfonts and scores.
        workers: processes for makers.
        progress: called as things go on.

    Raises:
        UserError: a package cannot be fetched or holds other files; a maker lacks something; no room.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        cache.mkdir(parents=True, exist_ok=True)
        with only_builder(cache):  # the ranks of a training all begin here, and packages and scores are shared
            for part in manifest.parts:
                _gather_part(manifest, part, folder / part.folder, cache, workers, progress)
            _remove_others(folder, {part.folder for part in manifest.parts})
    except OSError as error:
        reason = f"cannot be written ({error})"
        raise UserError(f"folder {str(folder)!r}", reason, "make room, or choose another", "unwritable") from None


def _gather_part(
    manifest: Manifest, part: Part, target: Path, cache: Path, workers: int | None, progress: Stage | None
) -> None:
    stamp = manifest.recipe(part)
    if _stamp(target) == stamp:
        return
    if part.maker is None:
        shutil.rmtree(target, ignore_errors=True)
        _unpack_part(part, target, cache, progress)
    else:
        target.mkdir(parents=True, exist_ok=True)
        (target / _STAMP).unlink(missing_ok=True)
        _make_part(part, part.maker, target, cache, workers, progress)
    write_whole(target / _STAMP, stamp)


def _stamp(target: Path) -> str:
    with suppress(OSError):
        return (target / _STAMP).read_text(encoding="utf-8")
    return ""


def _told(progress: Stage | None, what: str) -> Callable[[int, int], None] | None:
    return None if progress is None else partial(progress, what)


def _unpack_part(part: Part, target: Path, cache: Path, progress: Stage | None) -> None:
    package = part.package
    assert package is not None
    archive = fetch(package, cache / "packages", progress=_told(progress, f"fetching {package.package}"))
    target.mkdir(parents=True)
    if progress is not None:
        progress(f"unpacking {package.package}", 0, 0)
    if part.archive:
        inner = target / ".archive.zip"
        if not unpack(archive, lambda name: inner if name == part.archive else None):
            raise _other_files(part, part.archive)
        archive = inner
    labels: dict[str, dict[str, str]] = {}
    met: set[str] = set()

    def choose(name: str) -> Path | None:
        inside = PurePosixPath(name)
        if part.base and not inside.is_relative_to(part.base):
            return None
        path = inside.relative_to(part.base or ".").as_posix()
        for files in part.files:
            matching = [pattern for pattern in files.match if fnmatchcase(path, pattern)]
            if matching and not any(fnmatchcase(path, pattern) for pattern in files.but):
                met.update(matching)
                labels[path] = _labels(part, files)
                return target / path
        return None

    unpack(archive, choose)
    for files in part.files:
        for pattern in files.match:
            if pattern not in met:
                raise _other_files(part, pattern)
    if part.archive:
        archive.unlink()
    _write_labels(target, labels)


def _write_labels(target: Path, labels: dict[str, dict[str, str]]) -> None:
    write_whole(target / LABELS, json.dumps(labels, indent=1, sort_keys=True, ensure_ascii=False))


def _labels(part: Part, files: Files) -> dict[str, str]:
    known = {
        "author": files.author or part.author,
        "copyright": files.copyright or part.copyright,
        "group": files.group,
        "homepage": part.homepage,
        "license": files.license or part.license,
        "source": part.source,
    }
    return {key: value for key, value in known.items() if value}


def _other_files(part: Part, missing: str) -> UserError:
    package = part.package
    assert package is not None
    reason = f"holds no {missing} in {part.archive or part.base or 'it'}"
    return UserError(f"package {package.package} {package.version}", reason, "mend the manifest", "other_package")


def _make_part(
    part: Part, maker: Maker, target: Path, cache: Path, workers: int | None, progress: Stage | None
) -> None:
    told = _told(progress, f"making {part.folder}")
    if maker.name == "procedural":
        from ear_engine.corpora.procedural import write_corpus

        made = write_corpus(target, maker.tracks, maker.seconds, maker.seed, workers=workers, progress=told)
    else:
        made = _play(part, maker, target, cache, workers, progress)
    if missing := [path.name for path in made if not path.is_file()]:
        reason = (
            f"made {len(made) - len(missing)} of {len(made)} recordings ({missing[0]} is the first that is missing)"
        )
        raise UserError(f"maker {maker.name}", reason, "try again with --workers 1", "not_made")
    for path in set(target.rglob("*.flac")) - set(made):  # of an earlier version
        path.unlink()
    labels = json.loads((target / LABELS).read_text(encoding="utf-8"))
    known = _labels(part, Files(match=()))
    here = {path.relative_to(target).as_posix() for path in made}
    _write_labels(target, {name: {**row, **known} for name, row in labels.items() if name in here})


def _play(
    part: Part, maker: Maker, target: Path, cache: Path, workers: int | None, progress: Stage | None
) -> tuple[Path, ...]:
    """Run a maker that plays notes through a soundfont."""
    from ear_engine.corpora.soundfont import find_fluidsynth, find_soundfont

    find_fluidsynth()  # before the download

    def fetched(package: str) -> Path:
        folder = cache / "soundfonts" / package
        if part.debian is None or part.debian.package != package:
            raise UserError(
                f"soundfont {maker.soundfont!r}", f"is in {package}", "name it in the manifest", "bad_value"
            )
        archive = fetch(part.debian, cache / "packages", progress=_told(progress, f"fetching {package}"))
        if not list(folder.glob("*.sf[23]")):
            unpack(archive, lambda name: folder / PurePosixPath(name).name if name.endswith((".sf2", ".sf3")) else None)
        return folder

    soundfont = find_soundfont(maker.soundfont, fetch=fetched)
    told = _told(progress, f"making {part.folder}")
    if maker.name == "band":
        from ear_engine.corpora.band import write_band

        return tuple(
            write_band(target, maker.tracks, maker.seconds, maker.seed, soundfont, workers=workers, progress=told)
        )
    from ear_engine.corpora.scores import write_midi, write_scores

    midi = cache / "scores"  # the same pieces for every soundfont
    if not (midi / LABELS).is_file():
        write_midi(midi, workers=workers or 2, progress=_told(progress, "reading scores"))
    return write_scores(target, soundfont, midi=midi, workers=workers, progress=told)


def _remove_others(folder: Path, parts: set[str]) -> None:
    """Remove what earlier versions of a manifest have left."""
    for path in sorted(folder.rglob(_STAMP)):
        if path.parent.relative_to(folder).as_posix() not in parts:
            shutil.rmtree(path.parent)
