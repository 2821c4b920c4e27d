"""Presets over OSC, as far as they take files or time: saved, deleted, morphed to, and blended by a fader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ear_engine import platform
from ear_engine.between import blend
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.held_targets import Held
from ear_engine.node.morphing import Morphs
from ear_engine.node.set_loops import Names, keep_made, made_here
from ear_engine.node.threads import in_thread
from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.osc.jobs import Job
from ear_engine.osc.paging import HEAVY
from ear_engine.parameters import Value
from ear_engine.preset_files import delete_preset, save_preset, sound_of
from ear_engine.presets import find_preset
from ear_engine.setfile import SetFile
from ear_engine.undo import TOGETHER

_FRESH = 2.0  # seconds for which a preset that a fader blends is not read again


class PresetDesk:
    """Commands of presets.

    Args:
        control: presets are of its values, and become them.
        morphs: plays those that take beats.
        clock: seconds, monotonic.
        names: what clips are called; None before there are any.
    """

    def __init__(
        self,
        control: ControlLog,
        morphs: Morphs,
        clock: Callable[[], float] = time.monotonic,
        names: Callable[[], Names | None] = lambda: None,
    ) -> None:
        self._control, self._morphs, self._clock, self._names = control, morphs, clock, names
        self._read: dict[str, tuple[float, dict[str, Value]]] = {}  # when, and what it says
        self._blending: tuple[str, float, str] = ("", 0.0, "")  # presets and hand, when last, gesture
        self._tasks: set[asyncio.Task[None]] = set()

    def commands(self) -> tuple[Command, ...]:
        """Rows of the table."""
        a, c = Argument, Command
        named = f"{DONE} s:address i:request s:name"
        return (
            c(
                "preset/save",
                (a("name", "s"), a("title", "s", ""), a("replace", "i", 0)),
                named,
                "Save the sound as a preset of your own; 1 replaces one of yours.",
                self._save,
                cost=HEAVY,
                before=2,
            ),
            c("preset/delete", (a("name", "s"),), named, "Delete a preset of your own.", self._delete, cost=HEAVY),
            c(
                "preset/morph",
                (a("name", "s"), a("beats", "f", 16.0)),
                named,
                "Go over to a preset in so many beats from the next one on: numbers glide, all else switches there.",
                self._morph,
                cost=HEAVY,
                before=1,
            ),
            c(
                "preset/blend",
                (a("from", "s"), a("to", "s"), a("position", "f")),
                f"{DONE} s:address i:request f:position, if it has a request",
                "Be between two presets, for a fader from 0 to 1: what cannot glide is that of the nearer one.",
                self._blend,
            ),
        )

    def _save(self, call: Call) -> None:
        said, tree = call.arguments, self._control.tree
        sound = SetFile(sound_of(tree.values, tree))
        made = made_here(sound, Held(), self._names())

        def save() -> None:
            values = keep_made(sound, Held(), made, {}, platform.user_clip_dir())[0].values
            save_preset(said["name"], values, tree, title=said["title"], replace=bool(said["replace"]))

        self._work(call, save, clips=bool(made))

    def _delete(self, call: Call) -> None:
        self._work(call, partial(delete_preset, call.arguments["name"]))

    def _work(self, call: Call, work: Callable[[], object], clips: bool = False) -> None:
        """Do what takes a disk, beside the event loop; with ``clips``, some are new afterwards."""

        async def act() -> None:
            try:
                await in_thread(work, "preset")
                names = self._names() if clips else None
                if names is not None:
                    await names.list_clips()
            except UserError as error:
                job.fail(error)
            else:
                self._read.clear()
                job.done(call.arguments["name"])

        job = call.engine.jobs.begin(call, lambda: None)
        task = asyncio.get_running_loop().create_task(act())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _morph(self, call: Call) -> None:
        preset = find_preset(call.arguments["name"], self._control.tree)
        holder: list[Job] = []
        job = call.engine.jobs.begin(call, lambda: self._morphs.stop(holder[0]))
        holder.append(job)
        goal = preset.changes(self._control.tree)
        try:
            self._morphs.begin(preset.name, goal, call.arguments["beats"], call.client.origin, job)
        except UserError as error:
            job.fail(error)

    def _blend(self, call: Call) -> None:
        names = call.arguments["from"], call.arguments["to"]
        share = min(max(call.arguments["position"], 0.0), 1.0)
        tree, moment = self._control.tree, self._clock()
        values = blend(self._sound(names[0], call), self._sound(names[1], call), share, tree)
        what = f"{names[0]} to {names[1]} by {call.client.origin}"
        before, last, gesture = self._blending
        if what != before or moment - last > TOGETHER:
            gesture = f"blend {names[0]} {names[1]}"
        held = replace(self._control.held, kept=())
        change = self._control.restore(values, held, call.client.origin, gesture)
        self._blending = what, moment, change.gesture or gesture
        if call.request:
            call.done(share)

    def _sound(self, name: str, call: Call) -> dict[str, Value]:
        """What a preset says, as it was read not long ago."""
        at, values = self._read.get(name, (0.0, {}))
        if not values or self._clock() - at > _FRESH:
            call.client.requests.spend(HEAVY)
            values = find_preset(name, self._control.tree).changes(self._control.tree)
            self._read = {**dict(list(self._read.items())[-7:]), name: (self._clock(), values)}
        return values
