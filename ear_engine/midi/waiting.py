"""What waits for a port that takes messages more slowly than they come: of each value only the latest, and never many.

The clock is another matter: its messages stay in order, since whoever counts them would be behind for ever.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

MOST = 1024  # entries; the oldest are dropped
_CHANGE, _ON, _OFF, _PRESSURE, _PROGRAM, _BEND = 0xB0, 0x90, 0x80, 0xA0, 0xC0, 0xE0
_REGISTERED = frozenset({6, 38, *range(96, 102)})  # controllers that mean something only together
_FIRST = (99, 101)  # of which these come first


@dataclass(frozen=True)
class Entry:
    """Messages that go together, and for those of a clock, the clock time at which they are due."""

    messages: tuple[bytes, ...]
    due: float | None = None


class Waiting:
    """A bounded queue; not thread-safe.

    Args:
        most: entries that wait.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """Entries that wait."""
        return len(self._entries)

    def put(self, messages: Iterable[bytes]) -> None:
        """Let ``messages`` wait; one for the same control that waits already is not sent any more."""
        for key, together in _grouped(messages):
            self._entries.pop(key, None)
            self._add(key, Entry(together))

    def put_tick(self, message: bytes, due: float | None) -> None:
        """Let a message of a clock wait, ``due`` at a clock time if it has one."""
        self._add(None, Entry((message,), due))

    def take(self) -> Entry:
        """The oldest; there must be one."""
        return self._entries.popitem(last=False)[1]

    def _add(self, key: Hashable, entry: Entry) -> None:
        self._count += 1
        self._entries[self._count if key is None else key] = entry
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)


def _grouped(messages: Iterable[bytes]) -> Iterator[tuple[Hashable, tuple[bytes, ...]]]:
    """Messages that go together, with what they are about; None if that is nothing that has values."""
    together: list[bytes] = []
    for message in messages:
        if _registered(message):
            if message[1] in _FIRST and together:
                yield _about(together), tuple(together)
                together = []
            together.append(message)
            continue
        if together:
            yield _about(together), tuple(together)
            together = []
        yield _key(message), (message,)
    if together:
        yield _about(together), tuple(together)


def _registered(message: bytes) -> bool:
    return len(message) == 3 and message[0] & 0xF0 == _CHANGE and message[1] in _REGISTERED


def _about(together: list[bytes]) -> Hashable:
    """Channel and number of the parameter that they set; nothing if they do not say it."""
    numbers = tuple((message[1], message[2]) for message in together if message[1] > 97)
    return ("registered", together[0][0], *numbers) if len(numbers) == 2 else None


def _key(message: bytes) -> Hashable:
    kind = message[0] & 0xF0 if message else 0
    if kind in (_CHANGE, _PRESSURE) and len(message) == 3:
        return message[0], message[1]
    if kind in (_ON, _OFF) and len(message) == 3:  # lights: on and off are values of one thing
        return _ON, message[0] & 0x0F, message[1]
    return (message[0],) if kind in (_PROGRAM, _BEND) else None
