"""Subscriptions that outlive the engine they were made with: renewed, and made anew when one is there again."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ear_engine.osc.codec import Message
from ear_engine.osc.commands import DONE, FAIL
from ear_engine.osc.peer import Peer

_SUBSCRIBE, _RENEW, _END = "/ear/stream/subscribe", "/ear/stream/renew", "/ear/stream/unsubscribe"
_LEASE = 20.0  # seconds
_BEAT = 1.0  # between signs of life
_SILENT = 3.0  # seconds without a word after which nobody is there
_TURN = 0.25


@dataclass(frozen=True)
class Wish:
    """What shall be heard: a pattern, at most so often (Hz), in this format."""

    pattern: str
    rate: float
    format: str = "list"


class Refused(Exception):
    """The engine does not give what was asked for; its own sentence."""


class Follower:
    """Subscribes, renews, and yields what comes of it.

    Args:
        peer: the engine; it has answered already.
        wishes: what shall be heard; no pattern twice.
        switch: further message that is sent with the subscriptions: address and arguments.
    """

    def __init__(self, peer: Peer, wishes: Sequence[Wish], switch: tuple[object, ...] = ()) -> None:
        self._peer = peer
        self._wishes = tuple(wishes)
        self._switch = switch
        self._given: set[str] = set()  # patterns that were given once
        self._heard = self._beat = time.monotonic()
        self._missed = False

    def until(self, end: float) -> Generator[Message, None, None]:
        """All messages until ``end`` (:func:`time.monotonic`), but for those that keep the subscriptions.

        Raises:
            Refused: a subscription was refused that has never been given.
        """
        self._subscribe()
        try:
            while (left := end - time.monotonic()) > 0:
                for message in self._peer.receive(min(_TURN, left)):
                    self._heard = time.monotonic()
                    if self._is_news(message):
                        yield message
                self._keep()
        finally:
            self._peer.send(_END)

    def _subscribe(self) -> None:
        for wish in self._wishes:
            self._peer.send(_SUBSCRIBE, wish.pattern, wish.rate, wish.format, 0, _LEASE)
        if self._switch:
            address, *arguments = self._switch
            self._peer.send(str(address), *arguments)

    def _keep(self) -> None:
        at = time.monotonic()
        if not self._missed and at - self._heard > _SILENT:
            self._missed = True
            print(f"ear-engine: engine at {self._peer.place} is silent; waiting for it", file=sys.stderr, flush=True)
        if at - self._beat >= _BEAT:
            self._beat = at
            self._peer.send(_RENEW)

    def _is_news(self, message: Message) -> bool:
        about, *rest = message.arguments or ("",)
        if message.address == FAIL and about == _SUBSCRIBE:
            if len(self._given) < len(self._wishes):
                raise Refused(str(rest[1]) if len(rest) > 1 else "it was refused")
            return False  # an engine that has just begun knows no layers yet; it is asked again
        if message.address != DONE:
            return True
        if about == _RENEW:
            self._missed = False
            if rest[1:2] != [len(self._wishes)]:  # it has been started again, or has ended our lease
                self._subscribe()
        elif about == _SUBSCRIBE:
            self._given.update(part for part in rest[2:3] if isinstance(part, str))
        return about not in (_RENEW, _SUBSCRIBE, *self._switch[:1])
