"""Fetches what the frame loop must not wait for: the map, and what the ear does in loops.

One thread; what is wanted is said by assignment, what has come is read the same way, so neither side waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.viewer.asking import said
from ear_engine.viewer.bulk import Bulk
from ear_engine.viewer.heatmaps import changed_picture, heard_picture
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.model import MapPicture

_TURN = 0.01  # seconds between looks at what is wanted
_LOOPS = 0.1  # between looks for new loops
_MAP_STILL, _MAP_MOVES = 0.5, 1 / 30
_AGAIN = 1.0  # after a failure
_KEPT = 4  # loops


@dataclass(frozen=True)
class Wanted:
    """What the frame loop wants to know.

    Args:
        engine: name of the engine, and where its bulk is; another one begins anew.
        ear: name of its ear.
        loop: that is heard; -1 if none is.
        seen: whether anyone looks; loops are not fetched for nobody.
    """

    engine: tuple[str, int] = ("", 0)
    ear: str = ""
    loop: int = -1
    seen: bool = True


@dataclass(frozen=True, eq=False)
class ReadyLoop:
    """A loop, ready to be shown."""

    light: PreparedLoop
    heard: NDArray[np.uint8] | None
    changed: NDArray[np.uint8] | None


@dataclass(frozen=True, eq=False)
class Loaded:
    """What has come so far; another object whenever something has.

    Args:
        picture: the map.
        loops: by their numbers.
        problem: why something does not come, for people.
    """

    picture: MapPicture | None = None
    loops: Mapping[int, ReadyLoop] | None = None
    problem: str = ""


class Loader:
    """Fetches.

    Args:
        open_bulk: where maps and loops come from, given the engine of :class:`Wanted`; None if nowhere.
    """

    def __init__(self, open_bulk: Callable[[tuple[str, int]], Bulk | None]) -> None:
        self.wanted = Wanted()
        self.loaded = Loaded()
        self.cpu = 0.0
        """Seconds of the processor that fetching has taken so far."""
        self._open_bulk = open_bulk
        self._bulk: Bulk | None = None
        self._engine: tuple[str, int] = ("", 0)
        self._ear = ""
        self._loops: dict[int, ReadyLoop] = {}
        self._refused: set[int] = set()  # loops of another ear than the map's
        self._version = ""
        self._due = {"map": 0.0, "loops": 0.0, "engine": 0.0}
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def quit(self) -> None:
        """Ask it to end; returns at once."""
        self._quit.set()

    def close(self, patience: float = 1.0) -> None:
        """End; a question that takes longer than ``patience`` seconds is left to itself."""
        self.quit()
        if self._thread.is_alive():
            self._thread.join(patience)

    def _run(self) -> None:
        while not self._quit.wait(_TURN):
            at = time.perf_counter()
            wanted = self.wanted
            self.cpu = time.thread_time()
            try:
                self._follow(wanted, at)
                if self._bulk is not None:
                    asked = self._map(self._bulk, wanted, at)
                    asked = self._lights(self._bulk, wanted, at) or asked
                    if asked and self.loaded.problem:
                        self._tell(problem="")
            except (OSError, UserError, ValueError) as error:
                self._tell(problem=said(error, "the map and loops"))
                self._due = dict.fromkeys(self._due, at + _AGAIN)
            except Exception as error:  # whatever it is: the thread goes on, with a new connection
                self._tell(problem=f"what the engine has sent cannot be used ({type(error).__name__})")
                self._due = dict.fromkeys(self._due, at + _AGAIN)
                self._drop()
        self._drop()

    def _follow(self, wanted: Wanted, at: float) -> None:
        if wanted.engine == self._engine and (self._bulk is not None or not wanted.engine[0]):
            return
        if wanted.engine != self._engine:
            self._drop()
            self._engine = wanted.engine
            self._due = dict.fromkeys(self._due, 0.0)
            self._loops, self._refused, self._version = {}, set(), ""
            self.loaded = Loaded()
        if wanted.engine[0] and at >= self._due["engine"]:
            self._due["engine"] = at + _AGAIN
            self._bulk = self._open_bulk(wanted.engine)

    def _map(self, bulk: Bulk, wanted: Wanted, at: float) -> bool:
        """Fetch the map if it is another one; return whether anything was asked."""
        if at < self._due["map"]:
            return False
        version = bulk.map_version()
        self._due["map"] = at + (_MAP_STILL if version == self._version else _MAP_MOVES)
        if not version or (version == self._version and wanted.ear == self._ear):
            return True
        picture = bulk.map()
        if picture is None:
            return True
        self._version = version
        known = self.loaded.picture
        if known is None or known.id != picture.id or wanted.ear != self._ear:
            self._ear = wanted.ear
            if known is None or known.id != picture.id:
                self._loops, self._refused = {}, set()
        self._tell(picture=picture, loops=self._loops)
        return True

    def _lights(self, bulk: Bulk, wanted: Wanted, at: float) -> bool:
        """Fetch loops that will be heard; return whether anything was asked."""
        picture = self.loaded.picture
        if picture is None or at < self._due["loops"] or not wanted.seen:
            return False
        self._due["loops"] = at + _LOOPS
        there = [facts.loop for facts in bulk.loops()]
        self._refused &= set(there)
        held = _held(there, wanted.loop)
        for number in held:
            if number in self._loops or number in self._refused:
                continue
            lights = bulk.lights(number)
            if lights is None:
                continue
            if lights.ranks.shape[1] != len(picture.index) or not len(lights.ranks):
                self._refused.add(number)
                continue
            ready = ReadyLoop(
                PreparedLoop.of(picture.index, lights), heard_picture(picture.index, lights), changed_picture(lights)
            )
            kept = {**self._loops, number: ready}
            others = sorted(one for one in kept if one not in held and one != wanted.loop)
            for old in others[: max(0, len(kept) - _KEPT)]:
                del kept[old]
            self._loops = kept
            self._tell(loops=kept)
        return True

    def _tell(self, **changes: object) -> None:
        now = self.loaded
        fields = {name: getattr(now, name) for name in Loaded.__dataclass_fields__}
        self.loaded = Loaded(**{**fields, **changes})

    def _drop(self) -> None:
        bulk, self._bulk = self._bulk, None
        if bulk is not None:
            bulk.close()


def _held(there: list[int], heard: int) -> list[int]:
    """Loops to hold, in the order in which they are needed: the one heard, and the newest that come after it.

    Args:
        there: all there are.
        heard: the one that is heard; below 0 if none is, and then the newest does.
    """
    if heard < 0:
        return sorted(there)[-1:]
    later = sorted(number for number in there if number > heard)
    return [heard] * (heard in there) + later[1 - _KEPT :]
