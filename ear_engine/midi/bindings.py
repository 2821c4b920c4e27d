"""All that is bound: which map goes with which device, and what was learned. It is kept in sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ear_engine.errors import UserError
from ear_engine.midi.binding import Binding, read_binding
from ear_engine.midi.learning import Learned
from ear_engine.midi.maps import DeviceMap
from ear_engine.midi.ports import device_name
from ear_engine.parameters import ParameterTree
from ear_engine.yaml_files import nearest

_MOST = 512  # learned bindings, and maps that were chosen
_KEYS = ("maps", "learned")


class MidiBindings:
    """Says what the controls of a device do.

    Args:
        maps: that there are, the first that fits a device is its own.
        tree: the parameters.
        commands: addresses of commands that may be called; any if there are none.
    """

    def __init__(self, maps: Sequence[DeviceMap], tree: ParameterTree, commands: Mapping[str, object]) -> None:
        self.maps = tuple(maps)
        self.learned: list[Learned] = []
        """What was learned, the latest last."""
        self.changed: Callable[[], None] = lambda: None
        """Called after any change."""
        self._tree = tree
        self._commands = commands
        self._chosen: list[tuple[str, str]] = []  # name of a map, part of a port's name

    def choose(self, name: str, port: str = "") -> None:
        """Let the map ``name`` be that of devices whose port's name holds ``port``, or else of what has no map.

        Raises:
            UserError: there is no such map.
        """
        self._find(name)
        if len(self._chosen) >= _MOST:
            raise UserError("MIDI", f"has {_MOST} maps already", "forget some", "too_many")
        self._chosen = [(map_, words) for map_, words in self._chosen if words.lower() != port.lower()]
        self._chosen.append((name, port))
        self.changed()

    def map_of(self, port: str) -> DeviceMap | None:
        """The map of the device at ``port``."""
        for name, words in self._chosen:
            if words and words.lower() in port.lower():
                return self._find(name)
        own = next((found for found in self.maps if found.fits(port)), None)
        rest = [name for name, words in self._chosen if not words]
        return own or (self._find(rest[-1]) if rest else None)

    def of(self, port: str) -> tuple[Binding, ...]:
        """What the controls of the device at ``port`` do; what was learned takes them from the map."""
        device = device_name(port)
        learned = [found.binding for found in self.learned if device_name(found.port) == device]
        taken = {binding.control for binding in learned}
        own = self.map_of(port)
        return (*(b for b in (own.bindings if own is not None else ()) if b.control not in taken), *learned)

    def learn(self, found: Learned) -> None:
        """Bind a control of a device; what it did before is forgotten.

        Raises:
            UserError: there are too many.
        """
        others = [old for old in self.learned if not _same(old, found)]
        if len(others) >= _MOST:
            raise UserError("MIDI", f"has learned {_MOST} controls already", "forget some", "too_many")
        self.learned = [*others, found]
        self.changed()

    def forget(self, name: str) -> int:
        """Forget the learned controls of parameter ``name``, of all if it is empty; return how many there were."""
        left = [found for found in self.learned if name and found.binding.to != name]
        count = len(self.learned) - len(left)
        self.learned = left
        if count:
            self.changed()
        return count

    def as_data(self) -> dict[str, list[dict[str, Any]]]:
        """What a set keeps: ``maps`` that were chosen and ``learned`` controls, lists of mappings of scalars."""
        maps = [{"map": name, "port": words} for name, words in self._chosen]
        learned = [{"port": device_name(found.port), **found.binding.as_data()} for found in self.learned]
        return {"maps": maps, "learned": learned}

    def from_data(self, data: Mapping[str, Any], where: str = "midi") -> list[str]:
        """Take what :meth:`as_data` gave, in place of all that was chosen and learned.

        Args:
            data: of a set.
            where: what to call it in sentences.

        Returns:
            sentences about what cannot be used; the rest is.
        """
        problems: list[str] = []
        chosen: list[tuple[str, str]] = []
        learned: list[Learned] = []
        for key, rows in data.items():
            rows = rows if isinstance(rows, list) else [rows]
            if key not in _KEYS:
                problems.append(str(UserError(f"{where}: {key}", "is not known", nearest(str(key), list(_KEYS)))))
                continue
            for number, raw in enumerate(rows[:_MOST]):
                place = f"{where}: {key}, row {number + 1}"
                try:
                    row = _mapping(raw, place)
                    port = _port(row.pop("port", ""), place)
                    if key == "learned":
                        learned.append(Learned(port, read_binding(row, self._tree, place, self._commands)))
                    else:
                        chosen.append((self._find(str(row.get("map", ""))).name, port))
                except UserError as error:
                    problems.append(str(error))
        self._chosen, self.learned = chosen, learned
        self.changed()
        return problems

    def _find(self, name: str) -> DeviceMap:
        for found in self.maps:
            if found.name == name:
                return found
        names = [found.name for found in self.maps]
        raise UserError(f"MIDI map {name[:60]!r}", "does not exist", nearest(name, names), "unknown_map")


def _same(one: Learned, other: Learned) -> bool:
    return device_name(one.port) == device_name(other.port) and one.binding.control == other.binding.control


def _mapping(raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise UserError(where, "is no mapping", "write {port: X-TOUCH, cc: 1, to: dream/rate}", "bad_type")
    return dict(raw)


def _port(raw: object, where: str) -> str:
    if not isinstance(raw, str) or len(raw) > 200:
        raise UserError(f"{where}: port", "is no name", "write a part of the port's name", "bad_type")
    return raw
