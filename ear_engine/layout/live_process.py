"""The map process: keeps the map moving by what is heard, within its share of a core, and says where neurons are.

It reads what the performer decides and which loop sounds, and writes one slot; nobody waits for it, nor it for anyone.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ear_engine import platform
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.devices import choose_device
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.errors import UserError
from ear_engine.layout.charges import charges_of
from ear_engine.layout.hearing import Hearing
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.live import LiveMap
from ear_engine.layout.map_file import MAP, MapFile, read_map
from ear_engine.layout.settings import LayoutSettings
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.map_state import MOST_NUMBERS, MapState, MapWriter
from ear_engine.shared_memory.states import ControlState, StateReader

_IDLE = 0.05  # seconds between looks while nothing moves
_ALIVE = 0.5  # seconds between signs of life then
_FRAME = 1.0 / 60.0  # seconds a step takes at least
_RECENT = 2.0  # seconds over which steps are counted


class Budget:
    """Lets a loop use a share of one core.

    Args:
        turn: seconds from one turn to the next at least.
    """

    def __init__(self, turn: float) -> None:
        self._turn = turn
        self._wall, self._used = time.perf_counter(), time.process_time()

    def rest(self, share: float) -> float:
        """Seconds to sleep now, so that all since the last time took ``share`` of a core."""
        wall, used = time.perf_counter() - self._wall, time.process_time() - self._used
        return max(0.0, self._turn - wall, used / share - wall)

    def begin(self) -> None:
        """What is used counts from here."""
        self._wall, self._used = time.perf_counter(), time.process_time()


class Mover:
    """The map process's loop.

    Args:
        session: the session folder.
        device: torch device, ``auto`` takes a GPU if there is one.
    """

    def __init__(self, session: Path, device: str) -> None:
        self._session = session
        self._device = choose_device(device if device != "mps" else "cpu", ("cuda", "cpu"))
        self._control = StateReader(session, "control", ControlState)
        self._writer = MapWriter(session)
        self._folder = ""
        self._map: LiveMap | None = None
        self._hearing: Hearing | None = None
        self._phase = "loading"
        self._heard = self._told = now()
        self._steps: deque[float] = deque(maxlen=512)  # when the last ones were made

    def run(self) -> None:
        """Move the map until the node says stop or is gone.

        Raises:
            UserError: the ear cannot be laid out; the slot says why.
        """
        self._tell()
        budget = Budget(_FRAME)
        while True:
            control = self._control.read()
            if (control is not None and control.stop) or not platform.parent_alive():
                return
            if control is None:
                time.sleep(_IDLE)
                continue
            if control.ear != self._folder or self._map is None:
                self._folder, self._phase = control.ear, "loading"
                self._load(Path(control.ear))
            assert self._map is not None
            budget.begin()
            if control.values["map/motion"] == "frozen":
                self._heard = now()
                self._steps.clear()
                if self._phase != "frozen" or self._heard - self._told >= _ALIVE:
                    self._phase = "frozen"
                    self._tell()
                time.sleep(_IDLE)
                continue
            self._phase = "moving"
            self._move(self._map, float(control.values["map/follow"]))
            share = float(control.values["map/share"]) if self._device == "cpu" else 1.0
            time.sleep(budget.rest(share))

    def _move(self, moving: LiveMap, strength: float) -> None:
        at = now()
        heard = None if self._hearing is None else self._hearing.deviations(at)
        silent = np.zeros(moving.neurons, np.float32)
        moving.follow(silent if heard is None else heard, strength, at - self._heard)
        self._heard = at
        moving.step()
        self._steps.append(at)
        self._tell()

    def _load(self, folder: Path) -> None:
        self._map = self._hearing = None
        self._tell()
        try:
            ear = load_ear(folder)
            graph = graph_of(ear)
            if 3 * graph.vertices > MOST_NUMBERS:
                most = MOST_NUMBERS // 3
                reason = f"has {graph.vertices} neurons, and a moving map {most} at most"
                raise UserError(f"ear {folder.name!r}", reason, "set map/motion to still", "too_large")
            statistics = load_statistics(folder)
            charges = charges_of(graph, statistics)
            if (folder / MAP).is_file():
                stored = read_map(folder / MAP, graph.vertices, hash_weights(folder))
            else:
                settings = LayoutSettings()
                found = lay_out(graph, charges, settings, device=self._device, progress=lambda *_: self._alive())
                stored = MapFile.of(found.positions, hash_weights(folder), settings)
            self._map = LiveMap(graph, charges, stored, self._device)
            self._hearing = Hearing(self._session, graph.layers, statistics)
        except UserError as error:
            self._phase = "failed"
            self._tell(str(error))
            raise
        self._heard = now()

    def _alive(self) -> None:
        """Say so now and then, while a map is made."""
        if now() - self._told >= _ALIVE:
            self._tell()

    def _tell(self, message: str = "") -> None:
        self._told = at = now()
        state = MapState(os.getpid(), self._phase, at, self._folder, message=message)
        if self._map is not None:
            recent = [step for step in self._steps if step > at - _RECENT]
            rate = (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 2 else 0.0
            state = replace(state, step=self._map.steps, steps_per_second=rate, positions=self._map.positions())
        self._writer.write(state)


def map_main(session: Path, device: str) -> None:
    """Entry point of the spawned process.

    Raises:
        SystemExit: code 2 if the map cannot move (the reason is in the slot).
    """
    platform.ignore_interrupt()
    platform.lower_priority(19)  # the dream goes first
    platform.reuse_memory()
    torch.set_num_threads(1)
    try:
        Mover(session, device).run()
    except UserError:
        raise SystemExit(2) from None
