"""MIDI as the node has it: ports are opened, looked at and let go of, and what comes or has changed is passed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.inbox import Inbox
from ear_engine.midi.maps import list_maps
from ear_engine.midi.ports import MidiSystem
from ear_engine.midi.sender import Sender
from ear_engine.node.midi_clock import MidiClock
from ear_engine.node.midi_devices import Devices
from ear_engine.node.midi_learning import Learning
from ear_engine.node.midi_open import OpenMidi
from ear_engine.node.midi_playing import Playing
from ear_engine.node.threads import in_thread
from ear_engine.node.transport import Transport
from ear_engine.osc.commands import Call, Command
from ear_engine.osc.groups.midi import MidiCommands
from ear_engine.osc.service import OscService
from ear_engine.parameters import Parameter
from ear_engine.shared_memory.clock import now

_SCAN = 1.5  # seconds between looks at what is plugged in
_GLANCE = 0.25  # between looks at whether anything has come or gone
_TURN = 0.05  # between looks at all else
_FEEDBACK = 0.01  # after a change

_log = logging.getLogger(__name__)


class Midi:
    """Everything of MIDI; made within a running event loop.

    Args:
        system: opens the machine's ports; raises UserError if there are none.
        control: what is played goes through it, with the origin ``midi DEVICE``.
        transport: keeps the time.
        osc: knows the commands, and takes those that controls give; asked when the first map is read.
        maps: that were chosen at the start, with a part of a port's name each, or nothing.
        report: told level, code and sentence.
        every: seconds between looks at what is plugged in.
    """

    def __init__(
        self,
        system: Callable[[], MidiSystem],
        control: ControlLog,
        transport: Transport,
        *,
        osc: Callable[[], OscService],
        maps: Sequence[tuple[str, str]],
        report: Callable[[str, str, str], None],
        every: float = _SCAN,
    ) -> None:
        self._every = every
        self._system = system
        self._control = control
        self._transport = transport
        self._osc = osc
        self._maps = maps
        self._report = report
        self.learning = Learning(lambda: self.bindings)
        self._playing = Playing(control, self.learning, report)
        self._open: OpenMidi | None = None
        self._none = UserError("MIDI", "has not begun", "ask again in a moment", "no_midi")
        self._soon = asyncio.Event()  # a scan is due now
        self._showing = False
        control.listen(self._changed)

    @cached_property
    def bindings(self) -> MidiBindings:
        """What is bound; sets keep it.

        Raises:
            UserError: a map that was chosen at the start does not exist.
        """
        tree, commands = self._control.tree, self._osc().namespace.commands
        found = MidiBindings(list_maps(tree, commands), tree, commands)
        for name, port in self._maps:
            found.choose(name, port)
        found.changed = self._rebind
        return found

    def commands(self) -> tuple[Command, ...]:
        """``/ear/midi/…``."""
        act = MidiCommands(
            lambda: self.bindings,
            lambda: self._here().devices.listed(),
            lambda: self._here().clock.status(now()),
            self._learn,
            self._reopen,
        )
        return act.rows()

    async def run(self) -> None:
        """Play until cancelled."""
        scan = asyncio.create_task(self._watch())
        try:
            while True:
                await asyncio.sleep(_TURN)
                at = now()
                try:
                    self._look(at)
                except Exception:  # a mistake here must not end the other hands
                    _log.exception("MIDI made a mistake; it goes on")
        finally:
            scan.cancel()

    def close(self) -> None:
        """Let go of everything."""
        self._let_go()

    async def _watch(self) -> None:
        await self._begin()
        while True:
            self._soon.clear()
            try:
                if self._open is not None:
                    everything = self.learning.on or self._open.clock.wanted
                    await self._open.devices.scan(everything, self._open.clock.sends_to)
            except OSError as error:
                self._let_go(UserError("MIDI", f"does not answer ({error})", "send /ear/midi/reopen", "no_midi"))
                self._report("warning", "no_midi", str(self._none))
            except Exception:  # of a driver: what plays goes on
                _log.exception("MIDI devices could not be looked at")
            await self._rest()
            if self._open is None and self._soon.is_set():
                await self._begin()

    async def _rest(self) -> None:
        """Until the next scan is due: at once if something has come or gone meanwhile."""
        end = now() + self._every
        while not self._soon.is_set() and (left := end - now()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(_GLANCE, left)):
                    await self._soon.wait()
            if self._open is not None and await self._open.devices.differs():
                return

    async def _begin(self) -> None:
        try:
            system = await in_thread(self._system, "midi-open")
        except UserError as error:
            self._none = error
            if error.code != "midi_off":
                self._report("info", error.code, f"No controllers: {error}")
            return
        from ear_engine.midi import wire  # mido takes a tenth of a second, and may not be there

        sender, inbox = Sender(wire.write_pulse), Inbox(self._take)
        devices = Devices(system, self.bindings, self._control.tree, inbox, sender, self._report)
        clock = MidiClock(self._control, self._transport, sender, self._report)
        link = self._osc().link("midi", 0, self._playing.answered)
        self._open = OpenMidi(devices, clock, inbox, sender, wire.read, wire.write, link)
        await devices.begin()

    def _let_go(self, why: UserError | None = None) -> None:
        was, self._open = self._open, None
        self._none = why or self._none
        if was is not None:
            was.close(hangs=why is not None)

    def _look(self, at: float) -> None:
        self.learning.look(at, self._shows)
        if self._open is not None and self._open.look(at):
            self._show()

    def _shows(self, port: str) -> bool:
        known = self.bindings.map_of(port)
        return known is not None and any(binding.feedback for binding in known.bindings)

    def _take(self) -> None:
        if self._open is not None:
            self._playing.take(self._open)

    def _changed(self, change: Change) -> None:
        if self._open is not None and change.values:
            self._open.changed(change.values)
            self._show()
            if any(name.startswith("midi/") for name in change.values):
                self._soon.set()

    def _show(self) -> None:
        if not self._showing:
            self._showing = True
            asyncio.get_running_loop().call_later(_FEEDBACK, self._tell_devices)

    def _tell_devices(self) -> None:
        self._showing = False
        if self._open is not None:
            self._open.show(self._control.tree.values)

    def _rebind(self) -> None:
        if self._open is not None:
            self._open.devices.rebind()
        self._soon.set()

    def _here(self) -> OpenMidi:
        if self._open is None:
            raise self._none
        return self._open

    def _learn(self, call: Call, parameter: Parameter, takeover: str, seconds: float) -> None:
        self.learning.begin(call, parameter, takeover, now() + seconds)
        self._soon.set()

    def _reopen(self) -> None:
        self._let_go(UserError("MIDI", "is being opened", "ask again in a moment", "no_midi"))
        self._soon.set()
