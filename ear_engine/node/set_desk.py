"""What is there to find a good moment again: undo, presets, sets, and the last set that is kept by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

from ear_engine.control import ControlLog
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.node.autosave import Autosave
from ear_engine.node.heard import HeardLoops
from ear_engine.node.morphing import Morphs
from ear_engine.node.options import NodeOptions
from ear_engine.node.preset_desk import PresetDesk
from ear_engine.node.set_loops import Names
from ear_engine.node.sets import MidiData, Sets
from ear_engine.node.threads import in_thread
from ear_engine.osc.commands import Command
from ear_engine.osc.groups.undo import undo_commands
from ear_engine.presets import list_presets
from ear_engine.sets.last import LastFolder
from ear_engine.undo import Undo

Report = Callable[[str, str, str], None]  # level, code, message


class SetDesk:
    """One of each, for one control log.

    Args:
        control: the log.
        options: what the engine was started with.
        engine: origins of what the engine changes by itself.
        clip: how the clip is called in a set.
        beat: beats that have been heard at the moment; None while nothing is.
        midi: what MIDI controls do.
        report: told what everyone should know.
        names: what clips are called; None before there are any.
    """

    def __init__(
        self,
        control: ControlLog,
        options: NodeOptions,
        engine: Collection[str],
        clip: Callable[[], str],
        beat: Callable[[], float | None],
        midi: Callable[[], MidiData],
        report: Report,
        names: Callable[[], Names | None] = lambda: None,
    ) -> None:
        self._control, self._options, self._report = control, options, report
        self._first_ear = ""
        self.undo = Undo(control, (*engine, options.origin))
        self.morphs = Morphs(control, beat, lambda wait, call: asyncio.get_running_loop().call_later(wait, call))
        self._presets = PresetDesk(control, self.morphs, names=names)
        self.sets = Sets(
            control,
            seed=options.seed,
            ear=self._ear,
            clip=clip,
            folders=options.clip_folders[1:],
            beat=beat,
            midi=midi,
            names=names,
            report=report,
        )
        self._autosave: Autosave | None = None

    def commands(self) -> tuple[Command, ...]:
        """Rows of the table."""
        return (*undo_commands(self.undo), *self._presets.commands(), *self.sets.commands())

    def open(self, heard: HeardLoops, port: Callable[[], int], *, afresh: bool) -> None:
        """What was chosen at the start is in force: the rest of its set follows, and from now on all is kept.

        Args:
            heard: the loops.
            port: at which the engine listens.
            afresh: whether it is the start of a session.
        """
        if afresh:
            self.sets.begin(self._options.start, self._options.origin)
        if self._options.autosave:
            folder = lambda: LastFolder(port())  # noqa: E731
            self._autosave = Autosave(heard, folder, self.sets.stamp, self.sets.text, self._report)

    async def run(self) -> None:
        """Keep the last set; first read all presets, so that nobody waits for them later."""
        await in_thread(lambda: list_presets(self._control.tree), "presets")
        if self._autosave is not None:
            await self._autosave.run()

    async def close(self) -> None:
        """Keep what is not kept yet."""
        if self._autosave is not None:
            await self._autosave.close()

    def _ear(self) -> str:
        """How the ear is called in a set: its name, or its path if that name means another or none."""
        name, first = str(self._control.tree.values["model/ear"]), self._options.ear
        if name not in ("", first.name):
            return name
        if not self._first_ear:
            try:
                same = find_ear(first.name, paths=False).path == first.path
            except UserError:
                same = False
            self._first_ear = first.name if same else str(Path(first.path).absolute())
        return self._first_ear
