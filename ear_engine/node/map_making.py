"""The map of an ear that has none: made in a process of its own as soon as someone wants it, and then used at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.children import BAD_INPUT, LAYOUT
from ear_engine.node.supervisor import Exit
from ear_engine.osc.commands import DONE, Call, Command
from ear_engine.osc.jobs import Job
from ear_engine.shared_memory.layout_state import LayoutReader, LayoutState

ORIGIN = "node"
_TRIES = 2  # of a process that dies


class MapMaking:
    """Follows the layout process.

    Args:
        control: says which ear listens; it is told of a new map.
        session: the session folder.
        lacking: folder of the ear that is known to have no map; None if it has one, or nothing is known yet.
        pid: of the layout process; None while there is none.
        report: told level, code and sentence.
        known: whether anything is known of the ear.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        *,
        lacking: Callable[[], Path | None],
        pid: Callable[[], int | None],
        report: Callable[[str, str, str], None],
        known: Callable[[], bool] = lambda: True,
    ) -> None:
        self._control = control
        self._reader = LayoutReader(session)
        self._lacking, self._pid, self._report, self._known = lacking, pid, report, known
        self._asked = False
        self._settled: set[str] = set()  # ears that have got their map, or never will
        self._deaths: dict[str, int] = {}
        self._past: LayoutState | None = None  # the last word of a process that has ended
        self._told = ""  # ear whose beginning was told
        self._given_up: set[str] = set()  # ears that never will have one
        self._jobs: list[Job] = []  # clients that wait for it
        self._said = -1  # percent that they were told

    def ask(self) -> None:
        """Someone wants the map: a viewer, or a client over HTTP."""
        self._asked = True

    def wanted(self) -> bool:
        """Whether the layout process shall run."""
        if not (self._asked or self._jobs):
            return False
        ear, folder = self._ear, self._lacking()
        return folder is not None and str(folder) == ear and ear not in self._settled

    def commands(self) -> tuple[Command, ...]:
        """``/ear/map/make``."""
        text = "Lay out the map of an ear that has none; /ear/progress says how far it is, and it can be cancelled."
        return (Command("map/make", (), f"{DONE} s:address i:request", text, self._make, cost=50.0),)

    def _make(self, call: Call) -> None:
        if not self._known():
            raise UserError("the ear", "is not known yet", "ask again in a moment", "not_ready")
        if self._ear in self._given_up:  # who asks has mended what kept it
            self._given_up.discard(self._ear)
            self._settled.discard(self._ear)
            self._deaths.pop(self._ear, None)
        job = call.engine.jobs.begin(call, lambda: self._jobs.remove(job))
        self._jobs.append(job)
        self._said = -1

    def _tell(self) -> None:
        """Tell those who wait how far it is."""
        if not self._jobs:
            return
        percent = self.percent
        if percent is not None and percent != self._said:
            self._said = percent
            for job in self._jobs:
                job.progress(percent / 100.0, "laying_out")

    def _settle(self) -> None:
        """Tell those who wait that there is a map, or that there will be none."""
        there, never = self._lacking() is None, self._ear in self._given_up
        if not (there or never):
            return
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            if there:
                job.done()
            else:
                job.fail(UserError("the map of this ear", "cannot be made", "see /ear/event, which said why", "no_map"))

    @property
    def percent(self) -> int | None:
        """How much of the map is done; None if none is being made."""
        state = self._state()
        return None if state is None or state.phase != "laying_out" else state.percent

    def look(self) -> None:
        """Tell that it has begun, how far it is, and that it is there."""
        self._tell()
        if self._jobs and self._known():
            self._settle()
        if self.percent is not None and self._told != self._ear:
            self._told = self._ear
            text = f"The ear {Path(self._ear).name} has no map; it is being laid out, and until then there is a chart."
            self._report("info", "laying_out", text)

    def ended(self, ended: Exit) -> bool:
        """Deal with the end of the layout process; False if it was another one."""
        if ended.name != LAYOUT:
            return False
        state, ear = self._reader.read(), self._ear
        if state is None or state is self._past:
            self._died(ear, ended.code, "before its first word")
            return True
        self._past = state
        if state.ear != ear:  # another ear has been chosen meanwhile
            return True
        name = Path(ear).name
        if ended.code == 0 and state.phase == "done":
            self._settled.add(ear)
            self._control.set_map(ORIGIN)
            self._report(
                "info",
                "map_laid_out",
                f"The map of the ear {name} is laid out ({state.path}). Targets on the map mean it from now on.",
            )
        elif ended.code == BAD_INPUT:
            self._give_up(ear, state.message or "It cannot be laid out.")
        elif ended.code != 0:
            self._died(ear, ended.code, "without a map")
        return True

    def close(self) -> None:
        """Unmap the slot."""
        self._reader.close()

    @property
    def _ear(self) -> str:
        return self._control.snapshot().ear

    def _died(self, ear: str, code: int, how: str) -> None:
        self._deaths[ear] = self._deaths.get(ear, 0) + 1
        if self._deaths[ear] >= _TRIES:
            self._give_up(ear, f"The layout process ends {how} (exit code {code}).")

    def _give_up(self, ear: str, why: str) -> None:
        self._settled.add(ear)
        self._given_up.add(ear)
        self._report("warning", "no_map", f"{why} The ear {Path(ear).name} keeps its chart instead of a map.")

    def _state(self) -> LayoutState | None:
        pid = self._pid()
        state = self._reader.read() if pid is not None else None
        return state if state is not None and state.pid == pid else None
