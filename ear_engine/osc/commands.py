"""What a command is: its arguments, its answer, and the call it handles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ear_engine.audition.excerpts import Excerpt
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.nearest import nearest
from ear_engine.osc.codec import encode
from ear_engine.osc.jobs import Jobs
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.regions import Regions
from ear_engine.osc.reports import ClipInfo, LayerInfo, StatusReport
from ear_engine.osc.subscriptions import Client, ClientTable, Subscription
from ear_engine.targets.resolve import Resolver

DONE = "/ear/done"
FAIL = "/ear/fail"
_MAX_NAME = 128


class Unknown(UserError):
    """A name that means nothing here.

    Args:
        name: as it was sent.
        code: short word for programs.
        candidates: names that would do; asked only when the refusal is sent, because finding the nearest takes a while.
    """

    def __init__(self, name: str, code: str, candidates: Callable[[], Iterable[str]]) -> None:
        super().__init__(name[:_MAX_NAME], "does not exist", "ask /ear/parameters/list and /ear/layers/list", code)
        self._candidates = candidates

    def sentence(self) -> str:
        """The message, with the nearest names."""
        near = nearest(self.subject, self._candidates(), 2, 0.6)
        mend = f"did you mean {' or '.join(near)}" if near else self.mend
        return f"{self.subject} {self.reason}; {mend}."


@dataclass(frozen=True)
class Argument:
    """One argument: ``tag`` i, f, s, or a (integer or text); left out, it is ``default``; None must be given."""

    name: str
    tag: str
    default: float | int | str | None = None


@dataclass(frozen=True)
class Sounding:
    """An excerpt that sounds over the loop, and for how many seconds still."""

    excerpt: Excerpt
    seconds: float


class Auditions(Protocol):
    """Lets the music sound that excites neurons (:class:`ear_engine.node.audition.Auditions`)."""

    def excerpts(self, neuron: int) -> tuple[Excerpt, ...]:
        """What excites a neuron most, the strongest first; raises UserError."""

    def play(
        self, neuron: int, which: int, done: Callable[[Sounding], None], refuse: Callable[[UserError], None]
    ) -> Callable[[], None]:
        """Let one sound: ``which`` from 1 on, 0 the next; raises UserError, or is refused later. What is returned takes
        the wish back."""

    def now(self) -> Sounding | None:
        """What sounds."""


@dataclass
class Engine:
    """What commands act on."""

    control: ControlLog
    clients: ClientTable
    status: Callable[[], StatusReport]
    layers: Callable[[], Sequence[LayerInfo]]
    clips: Callable[[], Sequence[ClipInfo]]
    quit: Callable[[], None]
    matches: Callable[[Pattern, str], int]  # how many addresses it means in a format; UserError if none
    subscribed: Callable[[Subscription], None]  # lets the streams know of it
    engine_id: str
    version: str
    targets: Callable[[], Resolver | None] = lambda: None  # resolves targets for the ear, as soon as it is known
    auditions: Callable[[], Auditions | None] = lambda: None
    regions: Regions = field(default_factory=lambda: Regions(lambda: None))
    jobs: Jobs = field(default_factory=Jobs)
    aliases: Mapping[str, str] = field(default_factory=dict)  # old address → new one
    dump: Callable[[Client, bool], None] = lambda client, on: None
    addresses: Callable[[], Sequence[Described]] = tuple  # every address there is


@dataclass(frozen=True)
class Described:
    """An address in words: ``kind`` is parameter, command, stream or event, ``usage`` what is sent there (by a stream:
    what it sends), ``answer`` what comes back."""

    address: str
    kind: str
    usage: str
    answer: str
    description: str


@dataclass(frozen=True)
class Call:
    """One request: arguments by name, checked; ``request`` is the caller's number for it, 0 if none.

    ``refuse`` tells the caller later that it cannot be; what is known at once is raised.
    """

    engine: Engine
    client: Client
    address: str
    arguments: dict[str, Any]
    request: int
    send: Callable[[bytes], None]
    refuse: Callable[[UserError], None] = lambda error: None

    def reply(self, address: str, *values: object) -> None:
        """Send one message to the caller."""
        self.send(encode(address, *values))

    def done(self, *values: object) -> None:
        """Tell the caller that it is done: ``/ear/done address request values…``."""
        self.reply(DONE, self.address, self.request, *values)


@dataclass(frozen=True)
class Command:
    """One row of the table.

    An integer after the declared arguments is the request's number; it comes back in ``/ear/done`` and ``/ear/fail``.

    Args:
        name: address without ``/ear/``.
        arguments: what it takes.
        answer: address and arguments of the answer, for the reference page.
        description: one line.
        run: does it; may raise UserError.
        together: all of the arguments or none.
        cost: how many small messages it is as heavy as, for the limit of each client.
        before: arguments after which the request's number may come already, in place of the rest: as a whole number
            that is the last argument; None if only after all.
    """

    name: str
    arguments: tuple[Argument, ...]
    answer: str
    description: str
    run: Callable[[Call], None]
    together: bool = False
    cost: float = 0.0
    before: int | None = None

    @property
    def address(self) -> str:
        """OSC address."""
        return f"/ear/{self.name}"

    def parse(self, raw: Sequence[Any]) -> tuple[dict[str, Any], int]:
        """Arguments by name and the request number.

        Strict about their count, so that one engine's answer is never another engine's request.

        Raises:
            UserError: missing, of another type, or too many.
        """
        raw, numbered = self._numbered(raw)
        values: dict[str, Any] = {}
        for number, argument in enumerate(self.arguments):
            if number < len(raw):
                values[argument.name] = self._convert(argument, raw[number])
            elif argument.default is None and not (self.together and not raw):
                raise self._refuse(f"needs {argument.name}")
            elif argument.default is not None:
                values[argument.name] = argument.default
        if len(numbered) > 1:
            raise self._refuse("has too many arguments")
        return values, int(self._convert(Argument("request", "i"), numbered[0])) if numbered else 0

    def request(self, raw: Sequence[Any]) -> int:
        """The request's number, whatever is wrong with the arguments; 0 if there is none."""
        _, numbered = self._numbered(raw)
        whole = len(numbered) == 1 and isinstance(numbered[0], int | float) and numbered[0] == int(numbered[0])
        return int(numbered[0]) if whole and abs(numbered[0]) < 1 << 31 else 0

    def _numbered(self, raw: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """The arguments, and what follows them."""
        count = len(self.arguments)
        if self.before is not None and len(raw) == self.before + 1 and type(raw[-1]) is int:
            count = self.before
        return raw[:count], raw[count:]

    @property
    def usage(self) -> str:
        """Address and arguments, optional ones in brackets."""
        words = [f"{a.tag}:{a.name}" if a.default is None else f"[{a.tag}:{a.name}]" for a in self.arguments]
        return " ".join([self.address, *words])

    def _convert(self, argument: Argument, raw: Any) -> int | float | str:
        number = isinstance(raw, int | float)
        if argument.tag in "sa" and isinstance(raw, str):
            return raw
        if argument.tag == "f" and number:
            return float(raw)
        if argument.tag in "ia" and number and raw == int(raw) and abs(raw) < 1 << 31:
            return int(raw)
        kind = {"i": "a whole number", "f": "a number", "s": "text", "a": "a whole number or text"}[argument.tag]
        raise self._refuse(f"takes {kind} as {argument.name}")

    def _refuse(self, reason: str) -> UserError:
        return UserError(self.address, reason, f"send {self.usage}", "bad_arguments")
