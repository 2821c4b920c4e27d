"""When messages are meant: at once, in a moment, or too far ahead. What is meant together is done together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from ear_engine.errors import UserError
from ear_engine.osc.codec import Message

HORIZON = 10.0
"""Seconds a bundle may be ahead of its time."""
MAX_SCHEDULED = 1024
"""Messages waiting for their time."""
Do = Callable[[Message], object]
Refuse = Callable[[Message, UserError], object]


class Timetable:
    """Lets messages wait for their time without holding up anything.

    The messages of a bundle are done one right after the other, or none of them is; only questions beyond a client's
    limit are left out (:mod:`ear_engine.osc.dispatcher`).

    Args:
        later: calls a function after so many seconds (``loop.call_later``).
        wall: Unix seconds.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], object], wall: Callable[[], float]) -> None:
        self._later = later
        self._wall = wall
        self._waiting = 0

    def take(self, messages: Sequence[Message], do: Do, refuse: Refuse) -> None:
        """Do the messages of one datagram when they are meant; what cannot wait is refused once a bundle."""
        for timetag, together in groupby(messages, key=lambda message: message.timetag):
            bundle = tuple(together)
            ahead = 0.0 if timetag is None else timetag - self._wall()
            if ahead <= 0.0:
                for message in bundle:
                    do(message)
            elif ahead > HORIZON:
                reason = f"is meant for {ahead:.0f} s from now, more than {HORIZON:.0f}"
                refuse(bundle[0], UserError("bundle", reason, "check the clocks", "far_future"))
            elif self._waiting + len(bundle) > MAX_SCHEDULED:
                reason = f"finds {MAX_SCHEDULED} messages waiting for their time"
                refuse(bundle[0], UserError("bundle", reason, "send it later", "too_many"))
            else:
                self._waiting += len(bundle)
                self._later(ahead, lambda bundle=bundle: self._due(bundle, do))  # type: ignore[misc]

    def _due(self, bundle: Sequence[Message], do: Do) -> None:
        self._waiting -= len(bundle)
        for message in bundle:
            do(message)
