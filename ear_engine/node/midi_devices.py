"""Devices that are plugged in: found, opened, and let go of when they have gone, in the midst of a gesture or not.

Drivers may take their time or hang, so whatever asks one runs in a thread beside the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.desk import Desk
from ear_engine.midi.inbox import Inbox
from ear_engine.midi.ports import InputPort, MidiSystem, OutputPort, output_of
from ear_engine.midi.sender import Sender
from ear_engine.node.threads import in_thread
from ear_engine.parameters import ParameterTree

OWN = "ear-engine"
"""What the engine's own port is called, to which other programs connect."""
_THROUGH = "Midi Through"  # of ALSA: it sends back what it gets


@dataclass
class Device:
    """One that is open."""

    desk: Desk
    input: InputPort
    output: OutputPort | None = None

    def joined(self) -> bool:
        """Whether it is still connected, in all its directions."""
        return self.input.joined() and (self.output is None or self.output.joined())


class Devices:
    """Keeps open what is wanted and there.

    Args:
        system: the machine's ports.
        bindings: what controls do.
        tree: the parameters.
        inbox: takes what devices say.
        sender: sends to them, and closes what was sent to.
        report: told level, code and sentence.
    """

    def __init__(
        self,
        system: MidiSystem,
        bindings: MidiBindings,
        tree: ParameterTree,
        inbox: Inbox,
        sender: Sender,
        report: Callable[[str, str, str], None],
    ) -> None:
        self.system = system
        self.open: dict[str, Device] = {}
        """By the names of their inputs."""
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.clocked: dict[str, OutputPort] = {}
        """Outputs that are open for the clock alone."""
        self._bindings = bindings
        self._tree = tree
        self._inbox = inbox
        self._sender = sender
        self._report = report
        self._refused: set[str] = set()
        self._gone: set[str] = set()  # devices that were unplugged
        self._missed: set[str] = set()  # ports that were away between two scans

    async def begin(self) -> None:
        """Open the engine's own port, where the system has such a thing."""
        try:
            own = await in_thread(lambda: self.system.open_own(partial(self._inbox.put, OWN)), "midi-open")
        except OSError as error:
            self._refuse(OWN, error)
            return
        if own is not None:
            self.open[OWN] = Device(self._desk(OWN), *own)

    async def scan(self, everything: bool, clock: Callable[[str], bool]) -> None:
        """See what is there: open what has come and is wanted, let go of what has gone.

        Args:
            everything: listen to all, not only to those whose controls do something.
            clock: whether an output shall get the clock.

        Raises:
            OSError: the system does not answer any more.
        """
        self.inputs, self.outputs, cut_off = await in_thread(self._listing, "midi-scan")
        lost = {*self._missed, *cut_off}
        self._missed = set()
        for name in [name for name in self.open if (name not in self.inputs or name in lost) and name != OWN]:
            self._let_go(name)
        for name in [name for name in self.clocked if name in lost]:
            self._sender.close_port(self.clocked.pop(name))
        for name in [name for name in self.inputs if name not in self.open]:
            if everything or self._bindings.of(name):
                await self._open(name)
        self._refused &= {*self.inputs, *self.outputs}
        await self._open_for_clock(clock)

    async def differs(self) -> bool:
        """Whether something has come or gone since the last look, if only for a moment; then look again.

        A device that is away for a moment has the same name afterwards, but what was open does not hear it.
        """
        try:
            inputs, outputs, cut_off = await in_thread(self._listing, "midi-scan")
        except Exception:  # of a driver; the look that follows says what is wrong
            return True
        self._missed |= {*self.inputs, *self.outputs} - {*inputs, *outputs}
        return bool(self._missed or cut_off) or (inputs, outputs) != (self.inputs, self.outputs)

    def _listing(self) -> tuple[list[str], list[str], set[str]]:
        """Names of inputs and outputs, and of those that are open and not connected any more; in a thread."""
        cut_off = {name for name, device in list(self.open.items()) if name != OWN and not device.joined()}
        cut_off |= {name for name, port in list(self.clocked.items()) if not port.joined()}
        return self.system.inputs(), self.system.outputs(), cut_off

    async def _open(self, name: str) -> None:
        heard = partial(self._inbox.put, name)
        try:
            inside = await in_thread(lambda: self.system.open_input(name, heard), "midi-open")
        except OSError as error:
            self._refuse(name, error)
            return
        self.open[name] = device = Device(self._desk(name), inside)
        opposite = output_of(name, self.inputs, self.outputs)
        if opposite is not None and _THROUGH not in opposite:
            device.output = self.clocked.pop(opposite, None) or await self._open_output(opposite)
        known = self._bindings.map_of(name)
        if device.desk.bindings:
            way = f"by the map {known.name}" if known is not None else "by what was learned"
            back = ", again" if name in self._gone else ""
            self._report("info", "midi_device", f"MIDI: {name} plays, {way}{back}.")
            for problem in known.problems if known is not None else ():
                self._report("warning", "midi_map", problem)

    async def _open_output(self, name: str) -> OutputPort | None:
        try:
            return await in_thread(lambda: self.system.open_output(name), "midi-open")
        except OSError as error:
            self._refuse(name, error)
            return None

    async def _open_for_clock(self, clock: Callable[[str], bool]) -> None:
        used = {output_of(name, self.inputs, self.outputs) for name in self.open if name in self.inputs}
        wanted = [n for n in self.outputs if clock(n) and n not in used and _THROUGH not in n]
        for name in [name for name in self.clocked if name not in wanted]:
            self._sender.close_port(self.clocked.pop(name))
        for name in wanted:
            if name not in self.clocked and name not in self._refused:
                port = await self._open_output(name)
                if port is not None:
                    self.clocked[name] = port

    def clock_outputs(self, clock: Callable[[str], bool]) -> list[OutputPort]:
        """Open outputs that shall get the clock."""
        own = [
            device.output
            for name, device in self.open.items()
            if device.output is not None and (name == OWN or clock(output_of(name, self.inputs, self.outputs) or name))
        ]
        return [*own, *self.clocked.values()]

    def listed(self) -> list[tuple[str, str, bool, int]]:
        """Each port to listen to, its map or nothing, whether it is open, and how many controls do something."""
        found = []
        for port in [*self.inputs, *([OWN] if OWN in self.open else [])]:
            known = self._bindings.map_of(port)
            bound = len(self._bindings.of(port))
            found.append((port, "" if known is None else known.name, port in self.open, bound))
        return found

    def rebind(self) -> None:
        """Bindings have changed."""
        for name, device in self.open.items():
            if self._bindings.of(name) != device.desk.bindings:
                device.desk = self._desk(name)

    def close(self) -> None:
        """Let go of everything; what was sent before still goes."""
        for name in list(self.open):
            self._let_go(name, quiet=True)
        for port in self.clocked.values():
            self._sender.close_port(port)
        self.clocked.clear()

    def _desk(self, name: str) -> Desk:
        desk = Desk(name, self._bindings.of(name), self._tree)
        desk.feedback.refresh()
        return desk

    def _let_go(self, name: str, quiet: bool = False) -> None:
        device = self.open.pop(name)
        try:
            device.input.close()
        except OSError as error:  # it has gone
            self._refuse(name, error)
        if device.output is not None:
            self._sender.close_port(device.output)
        if not quiet:
            self._gone.add(name)
            self._report("warning", "midi_gone", f"MIDI: {name} has gone; its values stay.")

    def _refuse(self, name: str, error: OSError) -> None:
        if name not in self._refused:
            self._refused.add(name)
            self._report("warning", "midi_refused", f"MIDI: {name} cannot be used ({error}); close what else uses it.")
