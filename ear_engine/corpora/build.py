"""Building a store: decode what is new, in parallel; pack it in order; write the index. A kill loses only seconds."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from ear_engine import platform
from ear_engine.corpora.audio_files import SUFFIXES, Source, find_audio, one_line
from ear_engine.corpora.corpus import Corpus, Skipped
from ear_engine.corpora.decoder import Decoded, decode, samples_promised
from ear_engine.corpora.decoding_pool import Job, Workers, refuse_bare_script
from ear_engine.corpora.journal import Journal, Piece, only_builder
from ear_engine.corpora.labels import merged, read_labels, unused_labels
from ear_engine.corpora.packing import SHARD_BYTES, Packer
from ear_engine.corpora.room import need_room, unwritable
from ear_engine.corpora.split import validating
from ear_engine.corpora.store import INDEX, Entry, Index, is_shard, open_corpus, write_whole
from ear_engine.errors import UserError

_PARTS = "parts"
_SMALL = 16 << 20  # bytes of audio files that are decoded sooner than processes start

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""


def build_corpus(
    source_folder: Path,
    store_folder: Path,
    *,
    name: str,
    sample_rate: int = 44100,
    validation_share: float = 0.1,
    workers: int | None = None,
    progress: Progress | None = None,
    shippable: bool = False,
    recipe: str = "",
    shard_bytes: int = SHARD_BYTES,
) -> Corpus:
    """Decode every audio file under a folder into a store, or bring a store up to date, and open it.

    Only files that are new or have changed (size, time) are decoded. The store's shards and index are the same for any
    number of workers and however often the build was killed. Who builds a store at the same time waits.

    Args:
        source_folder: searched recursively; a ``labels.json`` anywhere in it says what is known about files.
        store_folder: made if need be.
        name: of the corpus.
        sample_rate: Hz, 1000 to 768000.
        validation_share: share of the groups (label ``group``, else the file's path without its suffix) that validate,
            0..1; at least one does, and never all.
        workers: processes that decode; one a core if None. More than one need an importable main module
            (``if __name__ == "__main__":``).
        progress: called with (files done, files in all).
        shippable: whether weights trained on it may be passed on freely.
        recipe: of a built-in corpus: what it was made from.
        shard_bytes: most bytes of a shard.

    Raises:
        UserError: the folder is missing, has no audio, or fewer than two recordings (groups) that can be used; labels
            that cannot be read; a store that cannot be written, or for which there is no room.
    """
    refuse_bare_script()
    _check(source_folder, sample_rate, validation_share, workers)
    found, skipped = find_audio(source_folder)
    if not found:
        raise _unusable(source_folder, f"has no music ({' '.join(SUFFIXES)})")
    labels = read_labels(source_folder)
    skipped += unused_labels(labels, (source.path for source in found))
    names = _names(found)
    sources = sorted(found, key=lambda source: names[source.path])
    try:
        (store_folder / _PARTS).mkdir(parents=True, exist_ok=True)
        with only_builder(store_folder), Journal(store_folder, sample_rate) as journal:
            packer = Packer(store_folder, store_folder / _PARTS, journal, shard_bytes)
            queue = _Queue(sources, names, journal, packer)
            jobs = [_job(source_folder, store_folder, source) for source in sources if source.path in queue.missing]
            with Workers(_count(workers, jobs)) as pool:
                promised = pool.each(partial(_promised, sample_rate), jobs, 0) if jobs else ()
                need_room(store_folder, 2 * sum(samples for _, samples in promised), shard_bytes)
                _decode(jobs, queue, sample_rate, pool, progress)
            pieces = packer.finish()
            skipped += queue.skipped
            known = {path: merged(tags, labels.get(path, {})) for path, (_, tags) in queue.kept.items()}
            groups = {path: row.get("group") or _stem(path) or names[path] for path, row in known.items()}
            _need_two(source_folder, groups.values(), skipped)
            chosen = validating(groups.values(), validation_share)
            entries = tuple(
                _entry(names[path], digest, pieces[digest], groups[path] in chosen, known[path])
                for path, (digest, _) in queue.kept.items()
            )
            ordered = tuple(sorted(skipped, key=lambda item: (item.path.as_posix(), item.reason)))
            index = Index(name, sample_rate, entries, ordered, shippable, recipe)
            write_whole(store_folder / INDEX, index.text())
            shards = {entry.shard for entry in entries}
            journal.condense((source.path for source in sources), shards)
            _clean(store_folder, shards)
    except OSError as error:
        raise unwritable(store_folder, error.strerror or str(error)) from None
    return open_corpus(store_folder)


def _check(source_folder: Path, sample_rate: int, validation_share: float, workers: int | None) -> None:
    if not source_folder.is_dir():
        raise UserError(f"corpus {str(source_folder)!r}", "is not a folder", "name a folder of music", "not_found")
    if not 1000 <= sample_rate <= 768000:
        raise UserError(f"sample rate {sample_rate}", "is not possible", "use 1000 to 768000 Hz", "bad_value")
    if not 0.0 <= validation_share <= 1.0:
        raise UserError(f"validation share {validation_share}", "is no share", "use 0 to 1", "bad_value")
    if workers is not None and workers < 1:
        raise UserError(f"{workers} workers", "are too few", "use 1 or more", "bad_value")


def _names(sources: Iterable[Source]) -> dict[str, str]:
    """Names of recordings by path: without the suffix where that is enough to tell files apart."""
    paths = [source.path for source in sources]
    stems = {path: _stem(path) for path in paths}
    count = Counter(stems.values())
    named = {path: stem if count[stem] == 1 else one_line(path, 1000) for path, stem in stems.items()}
    count = Counter(named.values())
    for path, name in named.items():
        if count[name] > 1 or not name:  # they differ in letters that cannot be printed
            named[path] = f"{name}#{hashlib.sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    return named


def _stem(path: str) -> str:
    """A path without its suffix: what one piece in several formats shares."""
    return one_line(str(PurePosixPath(path).with_suffix("")), 1000)


@dataclass
class _Queue:
    """Files in order, each packed as soon as all before it are.

    ``missing`` are those still to be decoded; ``kept`` maps the packed ones to digest and tags.
    """

    sources: list[Source]
    names: dict[str, str]
    journal: Journal
    packer: Packer
    kept: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._at = 0
        self._first: dict[str, str] = {}
        self.missing = {source.path for source in self.sources if not self._there(source)}

    def _there(self, source: Source) -> bool:
        decoded = self.journal.decoded(source)
        return decoded is not None and (bool(decoded.reason) or self.packer.has(decoded.digest, decoded.length))

    def go_on(self) -> None:
        """Pack what can be packed."""
        while self._at < len(self.sources) and self.sources[self._at].path not in self.missing:
            source = self.sources[self._at]
            self._at += 1
            decoded = self.journal.decoded(source)
            assert decoded is not None
            if decoded.reason:
                self.skipped.append(Skipped(Path(source.path), decoded.reason))
            elif decoded.digest in self._first:
                reason = f"has the same audio as {self._first[decoded.digest]}"
                self.skipped.append(Skipped(Path(source.path), reason))
            else:
                self._first[decoded.digest] = self.names[source.path]
                self.kept[source.path] = (decoded.digest, decoded.tags)
                self.packer.add(decoded.digest, decoded.length)


def _job(source_folder: Path, store_folder: Path, source: Source) -> Job:
    key = hashlib.sha256(source.path.encode("utf-8", "surrogateescape")).hexdigest()
    return Job(source, source_folder / source.path, store_folder / _PARTS / f"new_{key}")


def _decode(jobs: list[Job], queue: _Queue, sample_rate: int, pool: Workers, progress: Progress | None) -> None:
    every = len(queue.sources)
    if progress is not None:
        progress(every - len(jobs), every)
    queue.go_on()
    work = partial(_decoded, sample_rate)
    with closing(pool.each(work, jobs, Decoded(reason="cannot be read: it crashes the decoder"))) as results:
        for job, decoded in results:
            if decoded.fault:
                raise OSError(decoded.fault)
            if not decoded.reason:
                job.target.replace(queue.packer.part(decoded.digest))
            queue.journal.note_file(job.source, decoded)
            queue.missing.discard(job.source.path)
            queue.go_on()
            if progress is not None:
                progress(every - len(queue.missing), every)


def _entry(name: str, digest: str, piece: Piece, validation: bool, labels: dict[str, str]) -> Entry:
    return Entry(name, piece.shard, piece.start, piece.length, digest, validation, labels)


def _decoded(sample_rate: int, job: Job) -> Decoded:
    return decode(job.path, job.target, sample_rate)


def _promised(sample_rate: int, job: Job) -> int:
    return samples_promised(job.path, sample_rate)


def _count(workers: int | None, jobs: list[Job]) -> int:
    """How many processes: one a core, but none where it takes longer to start them."""
    if workers is None:
        workers = 1 if sum(job.source.size for job in jobs) < _SMALL else platform.cores()
    return min(workers, len(jobs))


def _need_two(source_folder: Path, groups: Iterable[str], skipped: list[Skipped]) -> None:
    groups = list(groups)
    if len(set(groups)) >= 2:
        return
    if len(groups) >= 2:
        raise _unusable(source_folder, f"has {len(groups)} recordings, all of one group ({groups[0]})")
    why = f" ({one_line(skipped[0].path.name)} {skipped[0].reason})" if skipped else ""
    count = f"{len(groups)} usable recording{'' if len(groups) == 1 else 's'}"
    raise _unusable(source_folder, f"has {count}, and two are needed{why}")


def _clean(store: Path, shards: set[str]) -> None:
    """Remove what no index names; what another process still maps, where that matters, goes with the next build."""
    shutil.rmtree(store / _PARTS, ignore_errors=True)
    for path in store.iterdir():
        if path.name not in shards and (is_shard(path.name) or path.suffix == ".part"):
            with suppress(OSError):
                path.unlink()


def _unusable(folder: Path, reason: str) -> UserError:
    return UserError(f"corpus {str(folder)!r}", reason, "add music", "empty_corpus")
