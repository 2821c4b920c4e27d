"""The map as the node sees it: whether it shall move, where neurons are, and what becomes of one that cannot move."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.control import ControlLog
from ear_engine.node.children import BAD_INPUT, MAP
from ear_engine.node.supervisor import Exit
from ear_engine.osc.commands import Call, Command
from ear_engine.osc.map_stream import MapNow
from ear_engine.shared_memory.map_state import MapReader, MapState

ORIGIN = "node"
MOTION = "map/motion"


class MovingMap:
    """Follows the map process.

    Args:
        control: says whether it shall move.
        session: the session folder.
        device: torch device of the dreamer; nothing while it is not known, which changes nothing.
        pid: of the map process; None while there is none.
        still: positions of the stored map, (neurons, 2), as soon as they are known.
        report: told level, code and sentence.
        laying_out: percent of the stored map that is done while it is being made; None otherwise.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        *,
        device: Callable[[], str],
        pid: Callable[[], int | None],
        still: Callable[[], NDArray[np.float32] | None],
        report: Callable[[str, str, str], None],
        laying_out: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._control = control
        self._reader = MapReader(session)
        self._device, self._pid, self._still, self._report = device, pid, still, report
        self._laying_out = laying_out
        self._last_device = ""
        self._version = 0
        self._state: MapState | None = None  # that is shown
        self._shown: NDArray[np.float32] | None = None

    def wanted(self) -> bool:
        """Whether the map process shall run."""
        motion = self._control.tree.values[MOTION]
        self._last_device = self._device() or self._last_device
        return motion in ("live", "frozen") or (motion == "auto" and self._last_device.startswith("cuda"))

    def ended(self, ended: Exit) -> bool:
        """Deal with the end of the map process; False if it was another one, or is just started again."""
        if ended.name != MAP or ended.code != BAD_INPUT:
            return False
        state = self._reader.read()
        reason = state.message if state is not None and state.message else "The map cannot move."
        self._control.apply({MOTION: "still"}, ORIGIN)
        self._report("warning", "map_still", reason)
        return True

    def now(self) -> MapNow | None:
        """Where neurons are; None before anything is known of the ear."""
        state = self._live()
        if state is not None and state is self._state and self._shown is not None:
            return MapNow(self._version, self._shown)
        self._state = state
        positions = self._still() if state is None else state.positions[:, :2]
        if positions is None:
            return None
        if positions is not self._shown:
            if self._shown is None or not np.array_equal(positions, self._shown):  # a sign of life is no move
                self._version += 1
            self._shown = positions
        return MapNow(self._version, positions)

    def commands(self) -> tuple[Command, ...]:
        """``/ear/map/info``."""
        answer = "same i:neurons s:phase i:step f:steps_per_second"
        text = (
            "How many neurons are on the map, and whether it is still, laying_out (step is then the percentage that "
            "is done), loading, moving or frozen."
        )
        return (Command("map/info", (), answer, text, self._info),)

    def _info(self, call: Call) -> None:
        state, here = self._running(), self.now()
        count = 0 if here is None else len(here.positions)
        percent = self._laying_out()
        if state is None:
            phase = "still" if percent is None else "laying_out"
            call.reply(call.address, count, phase, percent or 0, 0.0)
        else:
            call.reply(call.address, count, state.phase, state.step % (1 << 31), float(state.steps_per_second))

    def _running(self) -> MapState | None:
        state = self._reader.read() if self.wanted() else None
        return state if state is not None and state.pid == self._pid() else None

    def _live(self) -> MapState | None:
        state = self._running()
        return state if state is not None and len(state.positions) else None

    def close(self) -> None:
        """Unmap the slot."""
        self._reader.close()
