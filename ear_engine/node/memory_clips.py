"""Remembered loops as clips: ``memory:12`` is dreamed from, or taken for an imprint, like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ear_engine.clip import Clip
from ear_engine.memory.store import MemoryStore
from ear_engine.osc.reports import ClipInfo
from ear_engine.sets.loops import MEMORY


def clip_name(number: int) -> str:
    """What loop ``number`` is called as a clip."""
    return f"{MEMORY}{number}"


class MemoryClips:
    """See :class:`ear_engine.node.made_clips.MadeClips`.

    Args:
        store: what is remembered, once there is anything.
    """

    def __init__(self, store: Callable[[], MemoryStore]) -> None:
        self._store = store

    def clips(self) -> Sequence[ClipInfo]:
        """Those that are kept."""
        store = self._store()
        kept = (loop for loop in store.loops if loop.kept and store.has_sound(loop.number))
        return tuple(ClipInfo(clip_name(loop.number), loop.seconds, loop.beats) for loop in kept)

    def named(self, name: str) -> str | None:
        """By number or name: ``memory:12``, ``memory:the good one``."""
        if not name.startswith(MEMORY):
            return None
        return clip_name(self._store().find(name.removeprefix(MEMORY)).number)

    def read(self, name: str) -> Clip:
        """A copy of its sound."""
        store = self._store()
        loop = store.read(store.find(name.removeprefix(MEMORY)).number)
        return Clip(name, loop.audio.copy(), loop.sample_rate, loop.beats, "given")
