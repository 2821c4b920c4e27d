"""Recordings of corpora that are built on this machine: found by name, read in parts, nothing built or fetched.

Parts are read as files, not mapped: a store that is removed or cut short meanwhile is an error, not the end of the
process. What a statistics file names may come from anywhere, so a name leads to no folder but those of stores.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.corpora.corpus import FULL_SCALE
from ear_engine.corpora.store import INDEX, Entry, Index, read_index
from ear_engine.corpora.stores import NAME, built_stores
from ear_engine.errors import UserError

_KEPT = 8  # indices
_MOST = 60.0  # seconds that are read at once


@dataclass(frozen=True)
class Found:
    """A recording on this machine.

    Args:
        corpus: that it is in.
        folder: of the store.
        entry: where it lies, and what is known about it.
        sample_rate: Hz.
    """

    corpus: str
    folder: Path
    entry: Entry
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.entry.length / self.sample_rate

    @property
    def labels(self) -> Mapping[str, str]:
        """What is known about it: license, author, source and others, as far as they are."""
        return self.entry.labels

    def read(self, start: int, count: int) -> NDArray[np.float32]:
        """``count`` samples (fewer at the end, a minute at most) from ``start`` on, mono, -1..1.

        Raises:
            UserError: they are gone.
        """
        start = min(max(start, 0), self.entry.length)
        count = min(count, self.entry.length - start, round(_MOST * self.sample_rate))
        try:
            with (self.folder / self.entry.shard).open("rb") as file:
                file.seek(2 * (self.entry.start + start))
                data = file.read(2 * count)
        except OSError as error:
            raise gone(self.entry.name, self.corpus, f"cannot be read ({error.strerror})") from None
        if len(data) != 2 * count:
            raise gone(self.entry.name, self.corpus, "is cut short")
        samples: NDArray[np.float32] = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
        return samples


class Recordings:
    """Finds recordings; keeps the indices of stores. Any thread may ask."""

    def __init__(self) -> None:
        self._indices: OrderedDict[Path, tuple[tuple[int, int], Index]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, corpus: str, recording: str) -> Found:
        """A recording by the names that statistics have.

        Args:
            corpus: its name; of joined ones their names with ``+`` between them.
            recording: its name there, with the corpus's in front where two have one of that name.

        Raises:
            UserError: the corpus is not built here, is damaged, or has no such recording any more.
        """
        parts = corpus.split("+")
        built = {part: built_stores(part) for part in dict.fromkeys(parts)}
        for name in (recording, None):
            for part, folders in built.items():
                wanted = recording.removeprefix(f"{part}/") if name is None else name
                if name is None and wanted == recording:
                    continue
                for folder in folders:
                    index = self._index(folder)
                    entry = next((entry for entry in index.entries if entry.name == wanted), None)
                    if entry is not None:
                        return Found(part, folder, entry, index.sample_rate)
        missing = [part for part, folders in built.items() if not folders]
        if missing:
            raise not_built(missing[0])
        raise gone(recording, corpus, "is not in it any more")

    def _index(self, folder: Path) -> Index:
        try:
            stat = (folder / INDEX).stat()
            stamp = stat.st_mtime_ns, stat.st_size
        except OSError:
            stamp = (0, 0)
        with self._lock:
            kept = self._indices.get(folder)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        index = read_index(folder)
        with self._lock:
            self._indices[folder] = stamp, index
            if len(self._indices) > _KEPT:
                self._indices.popitem(last=False)
        return index


def not_built(corpus: str) -> UserError:
    """A corpus is not on this machine, and how it would be."""
    from ear_engine.corpora.manifest import builtin_names  # only to say what is missing: it costs 30 ms

    subject = f"corpus {corpus[:60]!r}"
    if not NAME.fullmatch(corpus):
        mend = "measure the ear again with `ear-engine statistics`"
        return UserError(subject, "has a name that no corpus has", mend, "bad_name")
    source = corpus if corpus in builtin_names() else f"FOLDER --name {corpus}"
    reason = "that this ear was measured on is not built on this machine"
    return UserError(subject, reason, f"build it: ear-engine corpus build {source}", "not_built")


def gone(recording: str, corpus: str, why: str) -> UserError:
    """A recording is not what it was when the ear was measured."""
    mend = f"build corpus {corpus[:60]} again, or measure the ear again with `ear-engine statistics`"
    return UserError(f"recording {recording[:100]!r}", why, mend, "recording_gone")
