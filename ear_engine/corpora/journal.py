"""What a build has done so far: a line for each file and each shard, so that nothing is done twice."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ear_engine.corpora.audio_files import Source
from ear_engine.corpora.decoder import DECODER, Decoded
from ear_engine.corpora.store import write_whole

JOURNAL = "journal.jsonl"
LOCK = "build.lock"
_WAIT = 0.1  # seconds


@contextmanager
def only_builder(store: Path) -> Iterator[None]:
    """Wait until nobody else builds this store, then keep others waiting; a killed builder holds nobody up.

    SQLite's lock is the one in the standard library that every system has and that ends with its process.
    """
    with closing(sqlite3.connect(store / LOCK, isolation_level=None, timeout=0.0)) as lock:
        while True:
            try:
                lock.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise OSError(str(error)) from None
                time.sleep(_WAIT)
        yield


@dataclass(frozen=True)
class Piece:
    """Samples of one file inside a shard; ``start`` and ``length`` in samples."""

    shard: str
    start: int
    length: int


class Journal:
    """What became of every file (as it was then), and where samples lie in finished shards.

    Lines are appended as things happen; one that a kill has torn is not read.

    Args:
        store: the store's folder.
        sample_rate: Hz; files decoded at another rate count as never decoded.
    """

    def __init__(self, store: Path, sample_rate: int) -> None:
        self._path = store / JOURNAL
        self._rate = sample_rate
        self._files: dict[str, tuple[list[int], Decoded]] = {}
        self._pieces: dict[str, Piece] = {}
        self._shards: dict[str, list[list[Any]]] = {}
        for line in self._lines():
            self._take(line)
        self._file = self._path.open("ab")
        if self._torn:
            self._file.write(b"\n")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def _lines(self) -> list[Any]:
        content = self._path.read_bytes() if self._path.is_file() else b""
        self._torn = bool(content) and not content.endswith(b"\n")
        lines: list[Any] = []
        for line in content.split(b"\n"):
            try:
                lines.append(json.loads(line))
            except ValueError:  # torn; empty
                continue
        return lines

    def _take(self, line: Any) -> None:
        try:
            if "shard" in line:
                self._take_shard(str(line["shard"]), line["pieces"])
            else:
                self._files[line["file"]] = (list(line["stamp"]), Decoded(**line["decoded"]))
        except (KeyError, TypeError, ValueError):  # of another version: as if it were not there
            return

    def _take_shard(self, shard: str, pieces: list[list[Any]]) -> None:
        start = 0
        for digest, length in pieces:
            self._pieces[str(digest)] = Piece(shard, start, int(length))
            start += int(length)
        self._shards[shard] = pieces

    def decoded(self, source: Source) -> Decoded | None:
        """What became of a file, if it has not changed since."""
        stamp, decoded = self._files.get(source.path, ([], None))
        return decoded if stamp == self._stamp(source) else None

    def piece(self, digest: str) -> Piece | None:
        """Where samples lie in a finished shard."""
        return self._pieces.get(digest)

    def note_file(self, source: Source, decoded: Decoded) -> None:
        """Remember what became of a file."""
        self._files[source.path] = (self._stamp(source), decoded)
        self._write(self._file_line(source.path))

    def note_shard(self, shard: str, pieces: list[tuple[str, int]]) -> None:
        """Remember a finished shard: its pieces in order, (digest, samples) each."""
        known = shard in self._shards
        self._take_shard(shard, [list(piece) for piece in pieces])
        if not known:
            self._write({"shard": shard, "pieces": pieces})

    def condense(self, files: Iterable[str], shards: Iterable[str]) -> None:
        """Rewrite the journal with these files and shards only."""
        self._file.close()
        rows = [self._file_line(name) for name in sorted(files) if name in self._files]
        rows += [{"shard": shard, "pieces": self._shards[shard]} for shard in sorted(shards)]
        write_whole(self._path, "".join(json.dumps(row) + "\n" for row in rows))

    def _stamp(self, source: Source) -> list[int]:
        return [source.size, source.changed, self._rate, DECODER]

    def _file_line(self, name: str) -> dict[str, Any]:
        stamp, decoded = self._files[name]
        kept = {"digest": decoded.digest, "length": decoded.length, "tags": decoded.tags, "reason": decoded.reason}
        return {"file": name, "stamp": stamp, "decoded": kept}

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row).encode() + b"\n")
        self._file.flush()
