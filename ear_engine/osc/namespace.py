"""Every address there is: parameters, commands, streams and events, and what each is worth now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ear_engine.control import ControlLog
from ear_engine.osc.codec import decode
from ear_engine.osc.commands import Command, Described
from ear_engine.osc.leaves import Leaf
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.stream_names import EVENTS, LISTEN
from ear_engine.osc.stream_table import StreamRow, find_row, stream_rows
from ear_engine.osc.streams import Streams
from ear_engine.shared_memory.clock import now


class Namespace:
    """A view of the tables; only what was said of addresses is kept, until the ear changes.

    Args:
        control: values of the parameters.
        leaves: parameters by address.
        commands: by address.
        streams: what is heard.
    """

    def __init__(
        self,
        control: ControlLog,
        leaves: Mapping[str, Leaf],
        commands: Mapping[str, Command],
        streams: Streams,
    ) -> None:
        self.leaves = leaves
        self.commands = commands
        self.rows: tuple[StreamRow, ...] = stream_rows()
        self._control = control
        self._streams = streams
        self._described: tuple[Described, ...] = ()
        self._described_streams: tuple[str, ...] | None = None

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Of the ear, as soon as they are known."""
        return self._streams.layers()

    @property
    def streams(self) -> Sequence[str]:
        """Addresses of all streams and events; they change with the ear."""
        return [*self._streams.addresses(), *EVENTS]

    def described(self) -> tuple[Described, ...]:
        """Every address in words, in the order of the tables."""
        streams = self._streams.addresses()
        if streams is not self._described_streams:
            self._described, self._described_streams = tuple(self._describe()), streams
        return self._described

    def _describe(self) -> Iterator[Described]:
        for address, leaf in self.leaves.items():
            usage = f"{address} [{leaf.tag}:value]"
            yield Described(address, "parameter", usage, "same with the value", leaf.row.description)
        for command in self.commands.values():
            yield Described(command.address, "command", command.usage, command.answer, command.description)
        for address in self.streams:
            row = find_row(address, self.rows)
            if row is not None:
                kind = "event" if row.event else "stream"
                yield Described(address, kind, row.usage, "", row.description)

    def value(self, address: str) -> Any:
        """What a parameter or its 0..1 twin is now.

        Raises:
            KeyError: there is no such parameter, or it is a trigger.
        """
        return self.leaves[address].value(self._control.tree.values)

    def sample(self, address: str) -> tuple[Any, ...] | None:
        """Arguments of the first message that a stream would send now; None while nothing is heard, or for events."""
        moment = self._streams.moment(now())
        live = address.startswith(LISTEN)
        packets = self._streams.packets(address, moment, 0) if moment is not None or live else []
        return decode(packets[0])[0].arguments if packets else None
