"""What a client asks for and what it gets, whoever serves it; answers that are asked for again are kept."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ear_engine.errors import UserError

JSON = "application/json"
BINARY = "application/octet-stream"


class WebError(UserError):
    """What is asked for cannot be had; ``status`` is that of HTTP."""

    def __init__(self, status: int, subject: str, reason: str, mend: str, code: str) -> None:
        super().__init__(subject, reason, mend, code)
        self.status = status


@dataclass(frozen=True, eq=False)
class Answer:
    """What a client gets.

    Args:
        body: its bytes.
        kind: media type.
        packs: whether it gets smaller by packing.
        headers: further ones.
    """

    body: bytes
    kind: str = JSON
    packs: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Resource:
    """What a client asks for.

    Args:
        make: makes the answer.
        tag: names the answer's bytes; nothing for what is another each time.
        quick: whether it is made within two milliseconds, so that the event loop can do it.
        headers: those of the answer, known before it is made.
    """

    make: Callable[[], Answer]
    tag: str = ""
    quick: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class Kept:
    """Answers by their tags; the oldest go, but for the newest.

    Args:
        room: bytes that they may take.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._taken = 0

    def get(self, tag: str) -> Answer | None:
        """The answer of that tag."""
        if tag in self._answers:
            self._answers.move_to_end(tag)
        return self._answers.get(tag)

    def put(self, tag: str, answer: Answer) -> None:
        """Keep it, unless it has no tag."""
        if not tag or tag in self._answers:
            return
        self._answers[tag] = answer
        self._taken += len(answer.body)
        while self._taken > self._room and len(self._answers) > 1:
            self._taken -= len(self._answers.popitem(last=False)[1].body)


def as_json(value: object) -> bytes:
    """JSON in UTF-8, compact.

    Raises:
        ValueError: a number that is not finite.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
