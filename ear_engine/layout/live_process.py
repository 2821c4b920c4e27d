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
from ear_engine.ear.devices import choose_device
from ear_engine.ear.kinds import load_ear_of_any_kind
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.errors import UserError
from ear_engine.layout.charges import charges_of
from ear_engine.layout.hearing import Hearing
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.live import LiveMap, settings_of
from ear_engine.layout.map_file import MapFile
from ear_engine.layout.map_places import find_map
from ear_engine.layout.settings import LayoutSettings
from ear_engine.shared_memory.clock import now, told_ahead
from ear_engine.shared_memory.map_state import MOST_NUMBERS, MapState, MapWriter
from ear_engine.shared_memory.states import ControlState, StateReader

_IDLE = 0.05  # seconds between looks while nothing moves
_ALIVE = 0.5  # seconds between signs of life then
_SECOND_THOUGHTS = 5.0  # seconds in which another ear than the one that cannot move may be chosen
_FRAME = 1.0 / 60.0  # seconds a step takes at least
_RECENT = 2.0  # seconds over which steps are counted
_MOTION = "map/motion"


class Budget:
    """Lets a loop use a share of one core: turns, each with a rest; what is used in a rest counts for the next turn.

    Args:
        turn: seconds from one turn to the next at least.
    """

    def __init__(self, turn: float) -> None:
        self._turn = turn
        self._spent = 0.0
        self.forget()

    def forget(self) -> None:
        """What was used so far does not count."""
        self._wall, self._used = time.perf_counter(), time.process_time()

    def begin(self) -> None:
        """A turn begins."""
        self._wall = time.perf_counter()

    def end(self) -> None:
        """The turn is over."""
        used = time.process_time()
        self._spent, self._used = used - self._used, used

    def rest(self, share: float) -> float:
        """Seconds to sleep now, so that the turn and its rest take ``share`` of a core."""
        wall = time.perf_counter() - self._wall
        return max(0.0, self._turn - wall, self._spent / share - wall)


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
        self._state = MapState(os.getpid(), self._phase, self._told, "")
        self._steps: deque[float] = deque(maxlen=512)  # when the last ones were made

    def run(self) -> None:
        """Move the map until the node says stop or is gone.

        Raises:
            UserError: the ear cannot be laid out; the slot says why.
        """
        self._tell()
        budget = Budget(_FRAME)
        while not self._over():
            control = self._control.read()
            if control is None:
                time.sleep(_IDLE)
                continue
            if self._left() or self._map is None:
                self._change(control.ear)
                budget.forget()
                continue
            if control.values[_MOTION] == "frozen":
                self._heard = now()
                self._steps.clear()
                if self._phase != "frozen":
                    self._phase = "frozen"
                    self._tell()
                self._idle(_IDLE)
                budget.forget()
                continue
            budget.begin()
            self._phase = "moving"
            self._move(self._map, float(control.values["map/follow"]), told_ahead(control.values))
            budget.end()
            while not self._called() and (left := budget.rest(self._share())) > 0.0:
                self._idle(min(left, _IDLE))

    def _over(self) -> bool:
        control = self._control.read()
        return (control is not None and control.stop) or not platform.parent_alive()

    def _called(self) -> bool:
        """Whether there is something else to do than to rest, which may last for seconds."""
        control = self._control.read()
        assert control is not None
        return self._over() or self._left() or control.values[_MOTION] == "frozen"

    def _left(self) -> bool:
        """Whether the engine has another ear by now."""
        control = self._control.read()
        return control is not None and control.ear != self._folder

    def _share(self) -> float:
        control = self._control.read()
        return float(control.values["map/share"]) if control is not None and self._device == "cpu" else 1.0

    def _idle(self, seconds: float) -> None:
        self._alive()
        time.sleep(seconds)

    def _change(self, folder: str) -> None:
        """Load an ear; the engine may soon take back one that cannot be loaded and was chosen while another moved."""
        moved = self._map is not None
        self._folder, self._phase = folder, "loading"
        try:
            self._load(Path(folder))
        except UserError as error:
            self._phase = "failed"
            self._tell(str(error))
            until = now() + (_SECOND_THOUGHTS if moved else 0.0)
            while not (self._over() or self._left()):
                if now() >= until:
                    raise
                self._idle(_IDLE)

    def _move(self, moving: LiveMap, strength: float, ahead: float) -> None:
        at = now()
        heard = None if self._hearing is None else self._hearing.deviations(at + ahead)
        silent = np.zeros(moving.neurons, np.float32)
        moving.follow(silent if heard is None else heard, strength, at - self._heard)
        self._heard = at
        moving.step()
        self._steps.append(at)
        self._tell()

    def _load(self, folder: Path) -> None:
        self._map = self._hearing = None
        self._steps.clear()
        self._tell()
        ear, weights = load_ear_of_any_kind(folder), hash_weights(folder)
        stored = find_map(folder)
        settings = LayoutSettings() if stored is None else settings_of(stored)
        laid_out = stored is not None  # so whoever did it knows that connections are not known, if they are not
        graph = graph_of(ear, weighted=settings.edges == "weights", dense=laid_out)
        if 3 * graph.vertices > MOST_NUMBERS:
            reason = f"has {graph.vertices} neurons, and a moving map {MOST_NUMBERS // 3} at most"
            raise UserError(f"ear {folder.name!r}", reason, "set map/motion to still", "too_large")
        statistics = load_statistics(folder)
        charges = charges_of(graph, statistics, settings.charges)
        if stored is None:
            found = lay_out(graph, charges, settings, device=self._device, progress=lambda *_: self._alive())
            stored = MapFile.of(found.positions, weights, settings)
        self._map = LiveMap(graph, charges, stored, self._device)
        self._hearing = Hearing(self._session, graph.layers, statistics)
        self._heard = now()

    def _alive(self) -> None:
        """Say so now and then, while nothing else is to be said."""
        if now() - self._told >= _ALIVE:
            self._told = now()
            self._state = replace(self._state, heartbeat=self._told)
            self._writer.write(self._state)

    def _tell(self, message: str = "") -> None:
        self._told = at = now()
        state = MapState(os.getpid(), self._phase, at, self._folder, message=message)
        if self._map is not None:
            count = max(3, sum(step > at - _RECENT for step in self._steps))
            recent = list(self._steps)[-count:]
            rate = (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 2 else 0.0
            state = replace(state, step=self._map.steps, steps_per_second=rate, positions=self._map.positions())
        self._state = state
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
