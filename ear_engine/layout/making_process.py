"""The layout process: lays out an ear that has no map, last in line for the processor, keeps the map, and ends.

It is told by the control slot which ear that is, and says in a slot of its own how far it is; nobody waits for it.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import torch

from ear_engine import platform
from ear_engine.ear.kinds import load_ear_of_any_kind
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.errors import UserError
from ear_engine.layout.charges import charges_of
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.map_file import MapFile
from ear_engine.layout.map_places import keep_map
from ear_engine.layout.settings import LayoutSettings
from ear_engine.shared_memory.layout_state import LayoutState, LayoutWriter
from ear_engine.shared_memory.states import ControlState, StateReader

_LAST = 19  # sound, dreams and pictures first
_LOOK = 0.25  # seconds between looks whether the engine is there


class Left(Exception):
    """Nobody wants this map any more."""


class MapMaker:
    """Makes one map.

    Args:
        session: the session folder.
    """

    def __init__(self, session: Path) -> None:
        self._control = StateReader(session, "control", ControlState)
        self._writer = LayoutWriter(session)
        control = self._control.read()
        self._folder = "" if control is None else control.ear
        self._state = LayoutState(os.getpid(), self._folder)

    def run(self) -> None:
        """Lay the ear out.

        Raises:
            UserError: it cannot be laid out, or its map cannot be kept; the slot says why.
        """
        self._tell()
        try:
            path = keep_map(Path(self._folder), self._made(Path(self._folder)))
        except UserError as error:
            self._tell(phase="failed", message=str(error))
            raise
        except Left:
            self._tell(phase="left")
        else:
            self._tell(phase="done", percent=100, path=str(path))

    def _made(self, folder: Path) -> MapFile:
        settings = LayoutSettings()
        ear, statistics = load_ear_of_any_kind(folder), load_statistics(folder)
        graph = graph_of(ear, weighted=settings.edges == "weights")
        charges = charges_of(graph, statistics, settings.charges)
        found = lay_out(graph, charges, settings, progress=self._progress)
        layers = tuple(layer.neurons for layer in graph.layers)
        return MapFile.of(found.positions, hash_weights(folder), settings, None, layers, graph.group_pairs())

    def _progress(self, done: int, every: int) -> None:
        control = self._control.read()
        if control is None or control.stop or control.ear != self._folder or not platform.parent_alive():
            raise Left
        percent = 100 * done // max(every, 1)
        if percent != self._state.percent:
            self._tell(percent=percent)

    def _tell(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]  # names and types of its fields
        self._writer.write(self._state)


def _end_with_parent() -> None:
    """A network is traced for seconds without a look at anything; who has no parent any more ends all the same."""
    while platform.parent_alive():
        time.sleep(_LOOK)
    os._exit(1)


def layout_main(session: Path) -> None:
    """Entry point of the spawned process.

    Raises:
        SystemExit: code 2 if there will be no map (the reason is in the slot).
    """
    platform.ignore_interrupt()
    platform.lower_priority(_LAST)
    platform.reuse_memory()
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        MapMaker(session).run()
    except UserError:
        raise SystemExit(2) from None
