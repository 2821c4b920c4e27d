"""What hands do on MIDI controls becomes values and commands, and people hear of what is refused."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.midi.controls import Pulse
from ear_engine.midi.desk import Play
from ear_engine.midi.ports import device_name
from ear_engine.node.midi_devices import OWN
from ear_engine.node.midi_learning import Learning
from ear_engine.node.midi_open import OpenMidi
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.commands import FAIL
from ear_engine.parameters import Value
from ear_engine.shared_memory.clock import now

_QUIET = 5.0  # seconds in which a refusal is not said again


class Playing:
    """Does what comes in.

    Args:
        control: what is played goes through it, with the origin ``midi DEVICE``.
        learning: hears what comes while something is learned.
        report: told level, code and sentence of a refusal.
    """

    def __init__(self, control: ControlLog, learning: Learning, report: Callable[[str, str, str], None]) -> None:
        self._control = control
        self._learning = learning
        self._report = report
        self._refusals: dict[str, float] = {}

    def take(self, here: OpenMidi) -> None:
        """Do what has come; of many values for one parameter in a row, the last counts."""
        pending: dict[str, Value] = {}
        whose = ""
        for port, data, at in here.inbox.take():
            said, device = here.read(data), here.devices.open.get(port)
            if isinstance(said, Pulse):
                here.clock.take(port, said, at)
            elif said is not None and self._learning.on:
                self._learning.hear(port, said, at)
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

    def answered(self, packet: bytes, address: str) -> bool:
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


def origin_of(port: str) -> str:
    """What the control log calls the device at ``port``."""
    return "midi" if port == OWN else f"midi {device_name(port)}"
