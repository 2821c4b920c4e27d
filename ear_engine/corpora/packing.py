"""Packing decoded samples into shards, in order; shards are named by what they hold and never change."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from ear_engine.corpora.journal import Journal, Piece
from ear_engine.corpora.store import shard_name
from ear_engine.errors import UserError

SHARD_BYTES = 512 << 20
"""Most bytes of a shard, unless one recording alone is longer."""

_BLOCK = 1 << 20
_ENDS = 32  # of 256: how often a shard that is half full ends after a piece


class Packer:
    """Takes pieces in the corpus's order and writes a shard whenever one is full.

    Where shards end depends on what is in them (one that is at least half full ends after a piece whose hash says so),
    so that one changed file changes few shards.

    Args:
        store: where shards go.
        parts: where decoded samples wait, ``DIGEST.i16`` each.
        journal: knows the finished shards.
        shard_bytes: most bytes of a shard.
    """

    def __init__(self, store: Path, parts: Path, journal: Journal, shard_bytes: int = SHARD_BYTES) -> None:
        self._store, self._parts, self._journal, self._most = store, parts, journal, shard_bytes
        self._open: list[tuple[str, int]] = []
        self._size = 0
        self._placed: dict[str, Piece] = {}

    def part(self, digest: str) -> Path:
        """Where decoded samples wait."""
        return self._parts / f"{digest}.i16"

    def has(self, digest: str, length: int) -> bool:
        """Whether these samples wait, or lie in a shard."""
        part = self.part(digest)
        if part.is_file() and part.stat().st_size == 2 * length:
            return True
        piece = self._journal.piece(digest)
        if piece is None or piece.length != length:
            return False
        shard = self._store / piece.shard
        return shard.is_file() and shard.stat().st_size >= 2 * (piece.start + piece.length)

    def add(self, digest: str, length: int) -> None:
        """Put samples at the end."""
        if self._open and self._size + 2 * length > self._most:
            self._close()
        self._open.append((digest, length))
        self._size += 2 * length
        if 2 * self._size >= self._most and int(digest[:2], 16) < _ENDS:
            self._close()

    def finish(self) -> dict[str, Piece]:
        """Write what is left; say where everything lies."""
        if self._open:
            self._close()
        return self._placed

    def _close(self) -> None:
        pieces, size = self._open, self._size
        self._open, self._size = [], 0
        identity = hashlib.sha256("".join(f"{digest} {length}\n" for digest, length in pieces).encode()).hexdigest()
        name = shard_name(identity)
        path = self._store / name
        if not (path.is_file() and path.stat().st_size == size):
            self._write(path, pieces)
        self._journal.note_shard(name, pieces)
        for digest, length in pieces:
            self.part(digest).unlink(missing_ok=True)
            piece = self._journal.piece(digest)
            assert piece is not None and piece.length == length
            self._placed[digest] = piece

    def _write(self, path: Path, pieces: list[tuple[str, int]]) -> None:
        aside = path.with_name(path.name + ".part")
        with aside.open("wb") as out:
            for digest, length in pieces:
                part, piece = self.part(digest), self._journal.piece(digest)
                if part.is_file() or piece is None:
                    source, start = part, 0
                else:
                    source, start = self._store / piece.shard, piece.start
                with source.open("rb") as samples:
                    samples.seek(2 * start)
                    if _copy(samples, out, 2 * length) == digest:
                        continue
                source.unlink()
                raise UserError(
                    f"corpus store {str(self._store)!r}",
                    f"is damaged ({source.name} holds other samples than were written)",
                    "build it again; only what is lost is decoded",
                    "damaged",
                )
            out.flush()
            os.fsync(out.fileno())
        aside.replace(path)


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    while size:
        block = source.read(min(size, _BLOCK))
        if not block:
            break
        digest.update(block)
        target.write(block)
        size -= len(block)
    return digest.hexdigest()
