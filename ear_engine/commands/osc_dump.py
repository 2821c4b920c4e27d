"""``ear-engine osc dump``: what comes into an engine and what becomes of it, to find a mistake in a patch."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from contextlib import closing

from ear_engine.commands.osc_following import Follower, Refused, Wish
from ear_engine.osc.codec import Message
from ear_engine.osc.commands import FAIL
from ear_engine.osc.dump import DUMP
from ear_engine.osc.leaves import leaves, parameter_patterns
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import read_place
from ear_engine.osc.spelling import as_json, printable, show
from ear_engine.osc.stream_names import EVENTS
from ear_engine.parameters import ParameterTree

_SWITCH = "/ear/system/dump"
_RATE = 30.0  # Hz
_REFUSED = 1


def run(typed: argparse.Namespace) -> int:
    """Print all messages that come in, changes of parameters and events, until Ctrl-C or for so many seconds.

    Raises:
        UserError: no engine answers.
    """
    tree = ParameterTree()
    wishes = [Wish(pattern, _RATE) for pattern in (*EVENTS, *parameter_patterns(tree))]
    end = math.inf if typed.seconds is None else time.monotonic() + typed.seconds
    with Peer(read_place(typed.engine)) as peer:
        peer.greet()
        dump = _Dump(peer, set(leaves(tree)), typed.json)
        try:
            with closing(Follower(peer, wishes, (_SWITCH, 1)).until(end)) as heard:
                for message in heard:
                    line = dump.line(message)
                    if line:
                        print(line, flush=True)
        except Refused as refusal:
            print(f"ear-engine: {printable(str(refusal))}", file=sys.stderr)
            return _REFUSED
        except KeyboardInterrupt:  # the way to end it
            pass
        finally:
            peer.send(_SWITCH, 0)
    return 0


class _Dump:
    """Makes lines of what is heard.

    Args:
        peer: the engine; what is sent to it from here is not told.
        values: addresses of parameters; what they are at the start is not told.
        as_lines: write JSON.
    """

    def __init__(self, peer: Peer, values: set[str], as_lines: bool) -> None:
        self._own = peer.port
        self._place = peer.place
        self._unheard = values
        self._json = as_lines

    def line(self, message: Message) -> str:
        """What is printed; nothing if it is not worth a line."""
        given = message.arguments
        if message.address == DUMP and len(given) == 3 and all(isinstance(part, str) for part in given):
            who, address, arguments = map(str, given)
            return "" if who.endswith(f":{self._own}") else self._incoming(who, address, arguments)
        if message.address == FAIL and given[:1] == (_SWITCH,):
            why = printable(str(given[2])) if len(given) > 2 else "it does not tell what comes in."
            print(f"ear-engine: {why} Only what it sends is shown.", file=sys.stderr, flush=True)
            return ""
        if message.address in self._unheard:
            self._unheard.discard(message.address)
            return ""
        if self._json:
            return as_json(message, time=round(time.time(), 3), direction="out")
        return f"out                        {show(message)}"

    def _incoming(self, who: str, address: str, arguments: str) -> str:
        if self._json:
            facts = {"time": round(time.time(), 3), "direction": "in", "from": who}
            return json.dumps({**facts, "address": address, "arguments": arguments})
        return f"in  {printable(who):<22} {printable(address)} {printable(arguments)}".rstrip()
