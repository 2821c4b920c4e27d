"""From a datagram to what it asks for: parameters, commands, answers and refusals. No sockets here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ear_engine.errors import UserError
from ear_engine.osc.aliases import RENAMED, Renamed, aliases
from ear_engine.osc.codec import Bang, MalformedPacket, Message, decode, encode
from ear_engine.osc.command_table import PONG, SYNCED
from ear_engine.osc.commands import DONE, FAIL, Call, Command, Engine, Unknown
from ear_engine.osc.conflation import Faders
from ear_engine.osc.dump import DUMP, Dump
from ear_engine.osc.jobs import PROGRESS
from ear_engine.osc.leaves import Leaf, leaves
from ear_engine.osc.limits import Bucket
from ear_engine.osc.patterns import Pattern, has_wildcards
from ear_engine.osc.reader import Untyped
from ear_engine.osc.subscriptions import Address, Client
from ear_engine.osc.timetags import Timetable
from ear_engine.osc.untyped import typed
from ear_engine.targets.neuron_list import write_neurons

_ANSWERS = frozenset((DONE, FAIL, PONG, SYNCED, PROGRESS, DUMP))  # never a request: no two engines talk for ever
_ALL_FAILURES = (200.0, 400.0)
_NEAREST = (25.0, 50.0)  # searches for the nearest name, some milliseconds each, for all clients together
_SMALL = 32  # bytes of a usual message; a larger datagram counts as so many more
_SEARCH = 20.0  # cost of a pattern that has not been seen lately
_REFUSED = 10.0  # cost of a refusal, which may have searched for the nearest name
_CACHED_PATTERNS = 256
_MAX_ADDRESS = 128
_MAX_REASON = 500
_log = logging.getLogger(__name__)


@dataclass
class Counters:
    """What went wrong, for the status."""

    malformed: int = 0
    limited: int = 0  # datagrams beyond a client's rate
    failures: int = 0  # requests refused
    unanswered: int = 0  # refusals beyond the rate of /ear/fail
    dropped: int = 0  # packets the socket did not take
    loops_skipped: int = 0  # loops that came too fast to be announced


class Dispatcher:
    """Answers datagrams.

    Args:
        engine: what requests act on.
        commands: the command table.
        send: sends one packet to an address; never blocks.
        later: calls a function after so many seconds (``loop.call_later``).
        clock: seconds, monotonic.
        wall: Unix seconds, for time tags.
        renamed: old addresses.
    """

    def __init__(
        self,
        engine: Engine,
        commands: Iterable[Command],
        send: Callable[[bytes, Address], object],
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float],
        wall: Callable[[], float] = time.time,
        renamed: Iterable[Renamed] = RENAMED,
    ) -> None:
        self.engine = engine
        self.commands = {command.address: command for command in commands}
        self.leaves = leaves(engine.control.tree)
        self._lists = {address for address, leaf in self.leaves.items() if leaf.row.numbers}
        self.counters = Counters()
        self.aliases = aliases(renamed)
        engine.aliases = self.aliases
        self._send = send
        self._answers = 0  # to the message that is being done
        self._timetable = Timetable(later, wall)
        self.faders = Faders(self.leaves.values(), lambda: self._dump.on)
        self._dump = Dump(lambda packet, client: send(packet, client.reply_to), clock)
        engine.dump = self._dump.switch
        self._patterns: dict[str, list[Leaf]] = {}
        self._all_failures = Bucket(*_ALL_FAILURES, clock)
        self._nearest = Bucket(*_NEAREST, clock)

    def handle(self, datagram: bytes, sender: Address) -> None:
        """Do what ``datagram`` asks; whatever is in it, this returns, and answers at most ``/ear/fail``."""
        client = self.engine.clients.touch(sender)
        if not client.requests.take(max(1.0, len(datagram) / _SMALL)):
            self.counters.limited += 1
            return
        try:
            messages = decode(datagram)
        except MalformedPacket as error:
            self.counters.malformed += 1
            mend = "send OSC 1.0 messages with finite numbers in UDP packets"
            self.fail(client, error.address, UserError("packet", str(error), mend, "malformed"))
            return
        for message in messages:
            if message.address not in _ANSWERS:
                self._dump.message(message, client)
        run = partial(self._run, client=client)
        self._timetable.take(messages, run, lambda message, error: self.fail(client, message.address, error))

    def _run(self, message: Message, client: Client) -> None:
        sets = bool(message.arguments) and self.aliases.get(message.address, message.address) in self.leaves
        if not sets and not client.requests.take(0.0):  # the questions before it in its bundle were too many
            self.counters.limited += 1
            return
        self._answers = 0
        self._do(message, client)
        if self._answers > 1:  # a question that has many answers counts as many
            client.requests.spend(self._answers - 1.0)

    def _do(self, message: Message, client: Client) -> None:
        request = 0
        address = self.aliases.get(message.address, message.address)
        try:
            arguments = message.flat
            command = self.commands.get(address)
            if len(arguments) == 1 and isinstance(arguments[0], Untyped) and address not in _ANSWERS:
                arguments = typed(arguments[0], self._takes(address, command), address[:_MAX_ADDRESS])
            if address in self._lists and all(isinstance(part, int | float) for part in arguments):
                arguments = [write_neurons(map(_whole, arguments))] if arguments else []
            request = command.request(arguments) if command is not None else _request(arguments[1:])
            if command is not None:
                self._call(command, arguments, client)
            elif address not in _ANSWERS:
                self._parameter(address, arguments, client)
        except UserError as error:
            client.requests.spend(_REFUSED)
            self.fail(client, address, error, request)
        except Exception:
            _log.exception("request %s failed", address[:_MAX_ADDRESS])
            mistake = UserError("engine", "made a mistake", "see its log", "internal")
            self.fail(client, address, mistake, request)

    def _call(self, command: Command, arguments: list[Any], client: Client) -> None:
        client.requests.spend(command.cost)
        values, request = command.parse(arguments)

        def send(packet: bytes) -> None:
            self._reply(packet, client)

        def refuse(error: UserError) -> None:
            self.fail(client, command.address, error, request)

        command.run(Call(self.engine, client, command.address, values, request, send, refuse))

    def _takes(self, address: str, command: Command | None) -> str:
        """Type tags of what an address takes, and of the request's number."""
        if command is not None:
            return "".join(argument.tag for argument in command.arguments) + "i"
        leaf = self.leaves.get(address)
        return "fi" if leaf is None else leaf.tag + "i"  # what a pattern means takes numbers, mostly

    def _parameter(self, address: str, arguments: list[Any], client: Client) -> None:
        found = self._find(address, client)
        if not found:
            raise Unknown(address, "unknown_address", lambda: [*self.leaves, *self.commands])
        if len(arguments) > 2 or (len(arguments) == 2 and not _numbered(arguments[1])):
            mend = f"send {address[:_MAX_ADDRESS]}, its value and, if you like, a whole number for the request"
            raise UserError(address[:_MAX_ADDRESS], "has too many arguments", mend, "bad_arguments")
        control = self.engine.control
        raw = arguments[0] if arguments else None
        if found[0].row.kind == "trigger" and (not arguments or raw is Bang.BANG or raw == "bang"):
            control.fire(found[0].row.name, client.origin)
        elif arguments:
            changes = {leaf.row.name: leaf.row.denormalize(raw) if leaf.norm else raw for leaf in found}
            control.apply(changes, client.origin)
        else:
            for leaf in found:
                self._reply(encode(leaf.address, leaf.value(control.tree.values)), client)

    def _find(self, address: str, client: Client) -> list[Leaf]:
        """The parameter at ``address``, or those of a pattern, which fires no triggers."""
        leaf = self.leaves.get(address)
        if leaf is not None:
            return [leaf]
        if not has_wildcards(address):
            return []
        found = self._patterns.get(address)
        if found is None:
            client.requests.spend(_SEARCH)
            pattern = Pattern(address)
            values = (leaf for leaf in self.leaves.values() if leaf.row.kind != "trigger")
            found = [leaf for leaf in values if pattern.matches(leaf.address)]
            if len(self._patterns) >= _CACHED_PATTERNS:
                self._patterns.clear()
            self._patterns[address] = found
        return found

    def fail(self, client: Client, address: str, error: UserError, request: int = 0) -> None:
        """Tell ``client`` that its request at ``address`` is refused, unless it is told so too often."""
        self.counters.failures += 1
        if not (client.failures.take() and self._all_failures.take()):
            self.counters.unanswered += 1
            return
        text = error.sentence() if isinstance(error, Unknown) and self._nearest.take() else str(error)
        packet = encode(FAIL, address[:_MAX_ADDRESS], error.code, text[:_MAX_REASON], request)
        self._reply(packet, client)

    def _reply(self, packet: bytes, client: Client) -> None:
        self._answers += 1
        self._send(packet, client.reply_to)


def _request(rest: list[Any]) -> int:
    """The number of a request: an integer (or a float that is one) after its arguments; 0 if there is none."""
    return int(rest[0]) if len(rest) == 1 and _numbered(rest[0]) else 0


def _whole(raw: float) -> int:
    """A number of a list.

    Raises:
        UserError: it is not whole.
    """
    if raw != int(raw):
        raise UserError(f"number {raw:g}", "is not whole", "count from 0", "bad_value")
    return int(raw)


def _numbered(raw: Any) -> bool:
    return isinstance(raw, int | float) and raw == int(raw) and abs(raw) < 1 << 31
