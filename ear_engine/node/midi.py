"""MIDI as the node has it: devices that play and show parameters, learning, and clocks."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.controls import Pulse, Signal
from ear_engine.midi.desk import Play
from ear_engine.midi.inbox import Inbox
from ear_engine.midi.maps import list_maps
from ear_engine.midi.ports import MidiSystem, device_name
from ear_engine.midi.sender import Sender
from ear_engine.node.midi_clock import MidiClock
from ear_engine.node.midi_devices import OWN, Devices
from ear_engine.node.midi_learning import Learning
from ear_engine.node.threads import in_thread
from ear_engine.node.transport import Transport
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.commands import FAIL, Call, Command
from ear_engine.osc.groups.midi import MidiCommands
from ear_engine.osc.links import Link
from ear_engine.osc.service import OscService
from ear_engine.parameters import Parameter, Value
from ear_engine.shared_memory.clock import now

_SCAN = 1.5  # seconds between looks at what is plugged in
_GLANCE = 0.25  # between looks at whether anything has come or gone
_TURN = 0.05  # between looks at all else
_FEEDBACK = 0.01  # after a change
_QUIET = 5.0  # seconds in which a refusal is not said again

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
        self._open: _Open | None = None
        self._none = UserError("MIDI", "has not begun", "ask again in a moment", "no_midi")
        self._soon = asyncio.Event()  # a scan is due now
        self._showing = False
        self._refusals: dict[str, float] = {}
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
        self._open = _Open(
            devices, clock, inbox, sender, wire.read, wire.write, self._osc().link("midi", 0, self._answered)
        )
        await devices.begin()

    def _let_go(self, why: UserError | None = None) -> None:
        was, self._open = self._open, None
        self._none = why or self._none
        if was is None:
            return

        def end() -> None:
            was.sender.close()
            was.devices.system.close()

        was.devices.close()
        was.link.close()
        if why is None:
            end()
        else:  # a driver that hangs holds up nothing while the engine plays
            threading.Thread(target=end, name="midi-end", daemon=True).start()

    def _look(self, at: float) -> None:
        self.learning.look(at, self._shows)
        if self._open is not None:
            devices = self._open.devices
            self._open.clock.look(at, devices.clock_outputs(self._open.clock.sends_to))
            if any(device.desk.feedback.waiting for device in devices.open.values()):
                self._show()

    def _shows(self, port: str) -> bool:
        known = self.bindings.map_of(port)
        return known is not None and any(binding.feedback for binding in known.bindings)

    def _take(self) -> None:
        """Do what has come; of many values for one parameter in a row, the last counts."""
        here = self._open
        if here is None:
            return
        pending: dict[str, Value] = {}
        whose = ""
        for port, data, at in here.inbox.take():
            said, device = here.read(data), here.devices.open.get(port)
            if isinstance(said, Pulse):
                here.clock.take(port, said, at)
            elif said is not None and self.learning.on:
                self.learning.hear(port, said, at)
            elif said is not None and device is not None:
                if port != whose:
                    self._apply(whose, pending)
                    whose = port
                for action in device.desk.take(said, at, ChainMap(pending, self._control.tree.values)):
                    if isinstance(action, Play):
                        pending[action.name] = action.value
                    else:
                        self._apply(whose, pending)
                        here.link.receive(encode(action.address, *action.arguments))
        self._apply(whose, pending)

    def _answered(self, packet: bytes, address: str) -> bool:
        """What the engine says to a command that a control has given: people hear of refusals."""
        for message in decode(packet):
            if message.address == FAIL:
                at, code, reason, *_ = map(str, message.arguments)
                self._refuse(at, UserError(at, "", "", code), reason)
        return True

    def _apply(self, port: str, pending: dict[str, Value]) -> None:
        """Set what has come from one device, as far as it can be, and begin anew."""
        changes = dict(pending)
        pending.clear()
        if not changes:
            return
        origin = origin_of(port)
        try:
            self._control.apply(changes, origin)
        except UserError:
            for name, value in changes.items():
                try:
                    self._control.apply({name: value}, origin)
                except UserError as error:
                    self._refuse(name, error)

    def _refuse(self, name: str, error: UserError, sentence: str = "") -> None:
        at = now()
        if at - self._refusals.get(name, float("-inf")) > _QUIET:
            self._report("warning", error.code, f"MIDI: {sentence or error}")
        self._refusals[name] = at

    def _changed(self, change: Change) -> None:
        if self._open is not None and change.values:
            for device in self._open.devices.open.values():
                device.desk.feedback.changed(change.values)
            self._show()
            if any(name.startswith("midi/") for name in change.values):
                self._soon.set()

    def _show(self) -> None:
        if not self._showing:
            self._showing = True
            asyncio.get_running_loop().call_later(_FEEDBACK, self._tell_devices)

    def _tell_devices(self) -> None:
        self._showing = False
        here = self._open
        for device in here.devices.open.values() if here is not None else ():
            if device.output is not None and here is not None:
                due = device.desk.feedback.due(now(), self._control.tree.values)
                here.sender.send(device.output, [data for signal in due for data in here.write(signal)])

    def _rebind(self) -> None:
        if self._open is not None:
            self._open.devices.rebind()
        self._soon.set()

    def _here(self) -> _Open:
        if self._open is None:
            raise self._none
        return self._open

    def _learn(self, call: Call, parameter: Parameter, takeover: str, seconds: float) -> None:
        self.learning.begin(call, parameter, takeover, now() + seconds)
        self._soon.set()

    def _reopen(self) -> None:
        self._let_go(UserError("MIDI", "is being opened", "ask again in a moment", "no_midi"))
        self._soon.set()


@dataclass(frozen=True)
class _Open:
    """What there is while there is MIDI."""

    devices: Devices
    clock: MidiClock
    inbox: Inbox
    sender: Sender
    read: Callable[[Sequence[int]], Signal | Pulse | None]
    write: Callable[[Signal], Iterable[bytes]]
    link: Link


def origin_of(port: str) -> str:
    """What the control log calls the device at ``port``."""
    return "midi" if port == OWN else f"midi {device_name(port)}"
