"""``ear-engine osc listen``: what an engine sends, or what anyone sends to a port of this machine."""

from __future__ import annotations

import argparse
import math
import select
import sys
import time
from collections.abc import Generator
from contextlib import closing

from ear_engine.commands.osc_following import Follower, Refused, Wish
from ear_engine.errors import UserError
from ear_engine.osc.codec import MAX_DATAGRAM, MalformedPacket, Message, decode
from ear_engine.osc.formats import FORMATS
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import read_place
from ear_engine.osc.server import bind_socket
from ear_engine.osc.spelling import as_json, printable, show
from ear_engine.osc.subscriptions import MAX_RATE

EVERYTHING_SHORT = "/ear/*"
"""Streams and events that say what goes on, in a line each."""
_REFUSED = 1
_TURN = 0.25  # seconds


def run(typed: argparse.Namespace) -> int:
    """Print what is heard until Ctrl-C, or for so many seconds; return 1 if the engine refuses.

    Raises:
        UserError: a bad pattern, rate or format, no engine answers, or the port is taken.
    """
    patterns = [Pattern(text) for text in typed.patterns]
    end = math.inf if typed.seconds is None else time.monotonic() + typed.seconds
    if typed.port is not None:
        heard = _plain(typed.bind, typed.port, patterns, end)
        return _print(heard, typed.json)
    if not 0 < typed.rate <= MAX_RATE:
        raise UserError(
            f"--rate {typed.rate:g}", f"is not above 0 and at most {MAX_RATE:g} Hz", "change it", "bad_value"
        )
    if typed.format not in FORMATS:
        raise UserError(f"--format {typed.format}", "does not exist", f"use {', '.join(FORMATS)}", "bad_value")
    wishes = [Wish(text, typed.rate, typed.format) for text in dict.fromkeys(typed.patterns or [EVERYTHING_SHORT])]
    with Peer(read_place(typed.engine)) as peer:
        peer.greet()
        return _print(Follower(peer, wishes).until(end), typed.json)


def _print(heard: Generator[Message, None, None], as_lines: bool) -> int:
    try:
        with closing(heard):
            for message in heard:
                print(as_json(message, time=round(time.time(), 3)) if as_lines else show(message), flush=True)
    except Refused as refusal:
        print(f"ear-engine: {printable(str(refusal))}", file=sys.stderr)
        return _REFUSED
    except KeyboardInterrupt:  # the way to end it
        return 0
    return 0


def _plain(bind: str, port: int, patterns: list[Pattern], end: float) -> Generator[Message, None, None]:
    """What anyone sends to ``port``, of these addresses only if any are given."""
    try:
        sock = bind_socket(bind, port)
    except UserError as error:
        mend = error.mend.replace("--osc-port 9000", "--port 9001").replace("--osc-port", "--port")
        raise UserError(error.subject, error.reason, mend, error.code) from None
    with sock:
        if port == 0:
            print(f"ear-engine: listening at {bind}:{sock.getsockname()[1]}", file=sys.stderr, flush=True)
        while (left := end - time.monotonic()) > 0:
            if not select.select([sock], [], [], min(_TURN, left))[0]:
                continue
            data, sender = sock.recvfrom(MAX_DATAGRAM)
            try:
                messages = decode(data)
            except MalformedPacket as error:
                print(f"ear-engine: a packet from {sender[0]}:{sender[1]} {error}", file=sys.stderr, flush=True)
                continue
            for message in messages:
                if not patterns or any(pattern.matches(message.address) for pattern in patterns):
                    yield message
