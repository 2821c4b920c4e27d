"""MIDI controllers: what is there, what is bound, learning."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.errors import UserError
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.ports import device_name
from ear_engine.osc.commands import DONE, Argument, Call, Command, Unknown
from ear_engine.osc.paging import HEAVY
from ear_engine.parameters import Parameter

_PATIENCE = 10.0  # seconds
_LONGEST = 300.0


class MidiCommands:
    """Rows of the table.

    Args:
        bindings: what is bound.
        devices: port, map (or nothing), whether it is open, and how many controls it has; or raises UserError.
        clock: what is followed, how, its tempo, and how late ticks go out at the median and at 99 %, in ms.
        learn: waits for a control: call, parameter, takeover, seconds.
        reopen: looks for devices anew.
    """

    def __init__(
        self,
        bindings: Callable[[], MidiBindings],
        devices: Callable[[], list[tuple[str, str, bool, int]]],
        clock: Callable[[], tuple[str, str, float, float, float]],
        learn: Callable[[Call, Parameter, str, float], None],
        reopen: Callable[[], None],
    ) -> None:
        self._bindings = bindings
        self._devices = devices
        self._clock = clock
        self._learn = learn
        self._reopen = reopen

    def rows(self) -> tuple[Command, ...]:
        """Rows of the table."""
        a, c = Argument, Command
        return (
            c(
                "midi/devices",
                (),
                "same i:index i:total s:port s:map i:open i:controls",
                "MIDI devices, a message each: the map that they have, whether they are listened to, their controls.",
                self._list_devices,
                cost=HEAVY,
            ),
            c(
                "midi/list",
                (),
                "same i:index i:total s:address s:device s:control s:mode",
                "MIDI controls that were learned, and those of the maps of devices that are there, a message each.",
                self._list,
                cost=HEAVY,
            ),
            c(
                "midi/learn",
                (a("address", "s"), a("takeover", "s", "auto"), a("seconds", "f", _PATIENCE)),
                f"{DONE} s:address i:request s:address s:device s:control s:mode",
                "Bind the next MIDI control that moves. With takeover on, a fader has to meet the value before it "
                "moves it; auto is for devices without motors.",
                self._begin,
                before=1,
            ),
            c(
                "midi/forget",
                (a("address", "s", ""),),
                f"{DONE} s:address i:request i:controls",
                "Forget the learned MIDI controls of a parameter, or all.",
                self._forget,
            ),
            c(
                "midi/map",
                (a("name", "s"), a("port", "s", "")),
                f"{DONE} s:address i:request s:name s:port",
                "Let a map be that of the MIDI devices whose port's name holds a word; without one, of those that have "
                "no map.",
                self._map,
            ),
            c(
                "midi/reopen",
                (),
                f"{DONE} s:address i:request",
                "Let go of all MIDI devices and look for them anew.",
                self._again,
                cost=HEAVY,
            ),
            c(
                "midi/clock",
                (),
                "same s:port s:state f:tempo f:late_ms f:late_ms_99",
                "MIDI clock: what is followed and how (silent, listening, led by a clip, following), its tempo, and "
                "how late ticks go out.",
                self._tell_clock,
            ),
        )

    def _list_devices(self, call: Call) -> None:
        found = self._devices()
        for index, (port, map_, is_open, controls) in enumerate(found):
            call.reply(call.address, index, len(found), port, map_, int(is_open), controls)
        if not found:
            call.reply(call.address, 0, 0)

    def _list(self, call: Call) -> None:
        bindings = self._bindings()
        rows = [(found.port, found.binding) for found in bindings.learned]
        learned = {(device_name(port), binding) for port, binding in rows}
        for port, *_ in self._devices():
            rows += [(port, own) for own in bindings.of(port) if (device_name(port), own) not in learned]
        for index, (port, binding) in enumerate(rows):
            words = (device_name(port), str(binding.control), binding.described)
            call.reply(call.address, index, len(rows), binding.address, *words)
        if not rows:
            call.reply(call.address, 0, 0)

    def _begin(self, call: Call) -> None:
        self._devices()  # nobody waits where there are none
        seconds = call.arguments["seconds"]
        if not 0 < seconds <= _LONGEST:
            raise UserError(call.address, f"waits {seconds:g} s", f"send up to {_LONGEST:g}", "out_of_range")
        self._learn(call, self._parameter(call), call.arguments["takeover"], seconds)

    def _forget(self, call: Call) -> None:
        name = self._parameter(call).name if call.arguments["address"] else ""
        count = self._bindings().forget(name)
        if name and not count:
            mend = "see /ear/midi/list; what a map says is changed in its file"
            raise UserError(name, "was learned by no control", mend, "not_found")
        call.done(count)

    def _map(self, call: Call) -> None:
        self._bindings().choose(call.arguments["name"], call.arguments["port"])
        call.done(call.arguments["name"], call.arguments["port"])

    def _again(self, call: Call) -> None:
        self._reopen()
        call.done()

    def _tell_clock(self, call: Call) -> None:
        call.reply(call.address, *self._clock())

    def _parameter(self, call: Call) -> Parameter:
        tree = call.engine.control.tree
        name = call.arguments["address"].removeprefix("/ear/norm/").removeprefix("/ear/")
        name = call.engine.aliases.get(f"/ear/{name}", name).removeprefix("/ear/")
        if name not in tree:
            raise Unknown(name, "unknown_parameter", lambda: [row.name for row in tree])
        return tree[name]
