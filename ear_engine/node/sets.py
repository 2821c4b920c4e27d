"""Sets while they are played: saved as all is now, and loaded at the next bar without an end of the sound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ear_engine import platform
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.held_targets import Held
from ear_engine.node.set_loops import MadeHere, Names, keep_made, look_again, made_here
from ear_engine.node.set_presets import UsedPresets, add_presets, own_presets
from ear_engine.node.threads import in_thread
from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.osc.jobs import Job
from ear_engine.osc.paging import HEAVY
from ear_engine.parameters import Value
from ear_engine.setfile import SetFile
from ear_engine.sets.contents import Contents, all_values, read_contents, set_values
from ear_engine.sets.loops import names_in
from ear_engine.sets.places import find_set, list_sets, save_set, today
from ear_engine.sets.text import WrittenSet, set_text

BAR = 4  # beats
_LOOK = 0.02  # seconds between looks whether the bar has come
_PATIENCE = 15.0  # seconds, of which a bar at 20 BPM takes 12

_log = logging.getLogger(__name__)

Report = Callable[[str, str, str], None]  # level, code, message


class MidiData(Protocol):
    """What MIDI controls do (:class:`ear_engine.midi.bindings.MidiBindings`)."""

    def as_data(self) -> Mapping[str, Any]:
        """All of it, as lists and mappings of plain values."""

    def from_data(self, data: Mapping[str, Any], where: str = "midi") -> Sequence[str]:
        """Take it, in place of what there was; what of it cannot be, in sentences."""


class Sets:
    """Saves and loads.

    Args:
        control: what is saved, and becomes what is loaded.
        seed: of the session.
        ear: how the ear is called in a set: its name, or its path if it has none.
        clip: how the clip is.
        folders: of clips besides the user's own.
        beat: beats that have been heard at the moment; None while nothing is.
        midi: what MIDI controls do; raises UserError while that cannot be had.
        names: what clips are called; None before there are any.
        report: told what of a set cannot be used.
    """

    def __init__(
        self,
        control: ControlLog,
        *,
        seed: int,
        ear: Callable[[], str],
        clip: Callable[[], str],
        folders: tuple[Path, ...],
        beat: Callable[[], float | None],
        midi: Callable[[], MidiData],
        names: Callable[[], Names | None],
        report: Report,
    ) -> None:
        self._names = names
        self._kept: dict[str, str] = {}  # what loops that were made here are called as clips
        self._control, self._beat, self._midi, self._report = control, beat, midi, report
        self._seed, self._ear, self._clip, self._folders = seed, ear, clip, folders
        self._latest = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._used = UsedPresets(control)

    def begin(self, contents: Contents, origin: str) -> None:
        """The session starts from a set, whose values are in force already."""
        for fault in (*contents.faults, *add_presets(contents.presets, self._control.tree)):
            self._fault(fault)
        try:
            self._control.restore({}, contents.held, origin, "set")
        except UserError as error:
            self._fault(error)
        self._take_midi(contents.midi)

    def text(self) -> Callable[[Path], WrittenSet]:
        """What writes the set as it is now, in a thread: it may read presets, and keep loops as clips in a folder.

        It raises UserError if a loop that the set names cannot be kept.
        """
        tree, names = self._control.tree, self._names()
        plain = SetFile(set_values(tree.values, tree), self._ear(), self._clip(), self._seed)
        contents = Contents(plain, self._control.held, {}, self._midi_data(), self._folders)
        made = made_here(plain, contents.held, names)
        return partial(self._written, contents, self._used.names, made)

    def stamp(self) -> object:
        """Another one if there is something else to save."""
        return self._control.number, repr(self._midi_data())

    def commands(self) -> tuple[Command, ...]:
        """Rows of the table."""
        a, c = Argument, Command
        return (
            c(
                "set/list",
                (),
                "same i:index i:total s:name i:own",
                "Sets that can be loaded, a message each: your own, the last first, then those that ship.",
                self._list,
                cost=HEAVY,
            ),
            c(
                "set/save",
                (a("name", "s"), a("replace", "i", 0)),
                f"{DONE} s:address i:request s:name",
                "Save all there is as a set: ear, clip, values, targets, presets, MIDI; 1 replaces one that is there.",
                self._save,
                cost=HEAVY,
                before=1,
            ),
            c(
                "set/load",
                (a("name", "s"),),
                f"{DONE} s:address i:request s:name i:left_out",
                "Play a set from the next bar on; what of it cannot be used is told in events, and counted.",
                self._load,
                cost=HEAVY,
            ),
        )

    def _list(self, call: Call) -> None:
        sets = list_sets()
        for index, place in enumerate(sets):
            call.reply(call.address, index, len(sets), place.name, int(place.own))
        if not sets:
            call.reply(call.address, 0, 0)

    def _save(self, call: Call) -> None:
        name, again, text = call.arguments["name"], bool(call.arguments["replace"]), self.text()

        async def save(job: Job) -> None:
            await in_thread(lambda: save_set(name, text(platform.user_clip_dir()).text, again), "set")
            names = self._names()
            if names is not None:  # loops of this session are clips now
                await names.list_clips()
            job.done(name)

        self._begin(call, save)

    def _load(self, call: Call) -> None:
        name, origin = call.arguments["name"], call.client.origin
        self._latest += 1
        number = self._latest

        async def load(job: Job) -> None:
            tree = self._control.tree
            contents = await in_thread(lambda: read_contents(find_set(name), tree), "set")
            faults = list(contents.faults) + await in_thread(lambda: add_presets(contents.presets, tree), "set")
            await look_again(contents.plain, contents.held, self._names())
            values, missing = self._usable(contents.plain)
            await self._bar()
            if not job.running:
                return
            if number != self._latest:
                raise UserError(f"set {name!r}", "gives way to a later one", "load it again", "superseded")
            faults += missing + self._restore(values, contents.held, origin, f"set {name}")
            self._take_midi(contents.midi)
            for fault in faults:
                self._fault(fault)
            job.done(name, len(faults))

        self._begin(call, load)

    def _begin(self, call: Call, act: Callable[[Job], Coroutine[Any, Any, None]]) -> None:
        job = call.engine.jobs.begin(call, lambda: None)

        async def tried() -> None:
            try:
                await act(job)
            except UserError as error:
                job.fail(error)
            except Exception as problem:  # whoever waits for it must be told
                _log.exception("%s failed", call.address)
                job.fail(UserError(call.address, f"failed ({problem})", "try another set", "failed"))

        task = asyncio.get_running_loop().create_task(tried())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _usable(self, plain: SetFile) -> tuple[dict[str, Value], list[UserError]]:
        """Values for every parameter; clip and ear only if they are there, else they stay."""
        values, faults = all_values(plain, self._control.tree), list[UserError]()
        for name, said, now in (("model/ear", plain.ear, self._ear()), ("source/clip", plain.clip, self._clip())):
            if said is None or said == now:
                continue
            try:
                values |= self._control.check({name: said})
            except UserError as error:
                faults.append(error)
        return values, faults

    def _restore(self, values: dict[str, Value], held: Held, origin: str, gesture: str) -> list[UserError]:
        """Make all of it so in one change; targets that this ear does not have are left out."""
        aims = {name for name in values if name.startswith("target/")}
        without = {name: value for name, value in values.items() if name not in aims}
        faults: list[UserError] = []
        for some, targets in ((values, held), (values, Held()), (without, Held())):
            try:
                self._control.restore(some, targets, origin, gesture)
            except UserError as error:
                faults.append(error)
            else:
                return faults[-1:]
        raise faults[-1]

    async def _bar(self) -> None:
        """Wait for the next bar line of what is heard, if anything is."""
        began = asyncio.get_running_loop().time()
        beat = first = self._beat()
        while first is not None and beat is not None and beat // BAR == first // BAR:
            if asyncio.get_running_loop().time() - began > _PATIENCE:
                return
            await asyncio.sleep(_LOOK)
            beat = self._beat()

    def _take_midi(self, data: Mapping[str, Any]) -> None:
        if not any(data.values()):  # a set without MIDI leaves the controls as they are
            return
        try:
            sentences = self._midi().from_data(data)
        except UserError as error:
            self._fault(error)
        else:
            for sentence in sentences:
                self._report("warning", "set_incomplete", sentence)

    def _midi_data(self) -> dict[str, Any]:
        try:
            return {key: rows for key, rows in self._midi().as_data().items() if rows}
        except UserError:  # said where it belongs
            return {}

    def _fault(self, error: UserError) -> None:
        said = "" if error.code == "newer_set" else " It is left out."
        self._report("warning", error.code, f"{error}{said}")

    def _written(self, contents: Contents, used: Sequence[str], made: MadeHere, folder: Path) -> WrittenSet:
        plain, held = keep_made(contents.plain, contents.held, made, self._kept, folder)
        tree = self._control.tree
        contents = replace(contents, plain=plain, held=held, presets=own_presets(used, tree))
        return WrittenSet(set_text(contents, tree, today()), names_in(plain, held))
