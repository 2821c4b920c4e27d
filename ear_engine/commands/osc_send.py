"""``ear-engine osc send``: one message, and all that is answered."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from ear_engine.commands.parameters import all_commands
from ear_engine.errors import UserError
from ear_engine.osc.codec import Message
from ear_engine.osc.command_table import SYNCED
from ear_engine.osc.commands import DONE, FAIL
from ear_engine.osc.leaves import leaves
from ear_engine.osc.patterns import Pattern, has_wildcards
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import read_place
from ear_engine.osc.spelling import as_json, show, spell
from ear_engine.parameters import ParameterTree

_QUIET = 0.15  # seconds without a word after which nothing more is expected
_MOST_AFTER = 1.0  # seconds of words after the answer: who has subscribed hears no end
_DELIVERED = 5.0  # seconds until the engine must have done what takes no time
_PATIENCE = 60.0  # seconds that a long command may take
_QUIT = "/ear/system/quit"


@dataclass(frozen=True)
class _Known:
    """What the tables say of an address: letters of its arguments, whether a value can be read back, and whether it
    answers ``/ear/done``."""

    tags: tuple[str, ...] = ()
    value: bool = False
    done: bool = False


def run(typed: argparse.Namespace) -> int:
    """Send a message, print the answers until there are no more; return 1 if it was refused.

    Raises:
        UserError: a bad address or value, or no engine answers.
    """
    place, address = read_place(typed.engine), _checked(typed.address)
    known = _known(address)
    values = spell(typed.values, typed.type, known.tags)
    with Peer(place) as peer:
        peer.greet()
        peer.send(address, *values)
        if known.value and values:
            peer.send(address)  # what it has become
        number = random.randrange(1, 1 << 31)
        peer.send("/ear/system/sync", number)
        patience = _PATIENCE if typed.seconds is None else typed.seconds
        answers = _Answers(address, number, known.done, as_json if typed.json else show)
        _hear(peer, answers, patience)
        return int(answers.refused)


class _Answers:
    """What has been answered so far; each is printed as it comes."""

    def __init__(self, address: str, number: int, done: bool, form: Callable[[Message], str]) -> None:
        self.delivered = False
        self.open = done
        self.refused = False
        self.subject = address
        self._number = number
        self._form = form

    def take(self, message: Message) -> None:
        """Take one message from the engine."""
        first = message.arguments[:1]
        if message.address == SYNCED and first == (self._number,):
            self.delivered = True
            return
        self.refused = self.refused or message.address == FAIL
        if message.address in (DONE, FAIL) and first == (self.subject,):
            self.open = False
            self.delivered = self.delivered or self.subject == _QUIT
        print(self._form(message), flush=True)


def _hear(peer: Peer, answers: _Answers, patience: float) -> None:
    """Print until all is answered and it is quiet.

    Raises:
        UserError: the engine went away, or took longer.
    """
    began = time.monotonic()
    quiet_after = None
    while True:
        found = peer.receive(_QUIET)
        for message in found:
            answers.take(message)
        at = time.monotonic()
        if answers.delivered and not answers.open:
            quiet_after = at if quiet_after is None else quiet_after
            if not found or at - quiet_after > _MOST_AFTER:
                return
        elif peer.refused or (not answers.delivered and at - began > _DELIVERED):
            mend = "send it again if it is not done"
            raise UserError(f"engine at {peer.place}", "has gone before it answered", mend, "no_engine")
        elif at - began > patience:
            mend = "wait longer with --seconds"
            raise UserError(answers.subject, f"is not done after {patience:g} s", mend, "late")


def _checked(address: str) -> str:
    if not address.startswith("/"):
        mend = f"write /ear/{address.removeprefix('ear/')}" if address else "write one such as /ear/dream/rate"
        raise UserError(f"address {address!r}", "does not begin with '/'", mend, "bad_address")
    if not address.isprintable() or not address.isascii() or " " in address:
        mend = "see `ear-engine osc list`"
        raise UserError(f"address {address!r}", "has letters that no address has", mend, "bad_address")
    if has_wildcards(address):
        Pattern(address)  # refuses one that is open
    return address


def _known(address: str) -> _Known:
    tree = ParameterTree()
    table = leaves(tree)
    leaf = table.get(address)
    if leaf is not None:
        text = leaf.tag == "s" and not leaf.row.numbers
        return _Known(("s" if text else leaf.tag if leaf.tag == "f" else "",), leaf.row.kind != "trigger")
    if has_wildcards(address):
        pattern = Pattern(address)
        return _Known(value=any(pattern.matches(leaf.address) for leaf in table.values()))
    for command in all_commands(tree):
        if command.address == address:
            tags = tuple(argument.tag for argument in command.arguments)
            return _Known(tags, done=command.answer.startswith(DONE))
    return _Known()
