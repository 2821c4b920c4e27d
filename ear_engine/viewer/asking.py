"""Questions to an engine's HTTP server and their answers, whole or not at all; nothing that it says is trusted."""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ear_engine.array_files import DAMAGED
from ear_engine.errors import UserError

TIMEOUT = 5.0  # seconds
_MOST = 256 << 20  # bytes of an answer
_MEND = "see whether that is an engine of this version"
_ABSENT, _UNCHANGED = (404, 410, 503), 304
_DAMAGED: tuple[type[Exception], ...] = (*DAMAGED, OverflowError)  # numbers of JSON have no bounds
# the last two by sizes below 0 and ports beyond 65535
_NO_HTTP: tuple[type[Exception], ...] = (http.client.HTTPException, ValueError, OverflowError)
_NO_ANSWER: tuple[type[Exception], ...] = (*_NO_HTTP, OSError)


@dataclass(frozen=True)
class Got:
    """An answer.

    Args:
        headers: names in small letters.
        body: unpacked; nothing if what is known already is still so.
        unchanged: whether it is.
    """

    headers: Mapping[str, str]
    body: bytes
    unchanged: bool = False

    @property
    def tag(self) -> str:
        """Names these bytes; nothing if they have no name."""
        return self.headers.get("etag", "")


class Asking:
    """One connection, kept open, for one thread.

    Args:
        host: name or address.
        port: what the engine calls ``http_port``.
        timeout: seconds that anything may take.
        packed: ask for packed answers: slower on one machine, faster over a slow network.
    """

    def __init__(self, host: str, port: int, timeout: float = TIMEOUT, packed: bool = False) -> None:
        self._subject = f"engine {host}:{port}"
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self._packed = packed

    def get(self, path: str, method: str = "GET", known: str = "") -> Got | None:
        """What is at ``path``; None if there is nothing (yet).

        Args:
            path: of the resource.
            method: GET or HEAD.
            known: tag of what is known of it already.

        Raises:
            OSError: nobody answers.
            UserError: the answer cannot be used.
        """
        try:
            response = self._ask(path, method, known)
        except _NO_ANSWER:  # it may have hung up meanwhile
            self._connection.close()
            try:
                response = self._ask(path, method, known)
            except _NO_HTTP as error:
                self._connection.close()
                raise ConnectionError(f"{self._subject} answers no HTTP ({type(error).__name__})") from None
        try:
            body = response.read(_MOST + 1)
            if response.length and len(body) <= _MOST:  # http.client says nothing of it
                raise http.client.IncompleteRead(body, response.length)
        except _NO_HTTP as error:
            self._connection.close()
            raise ConnectionError(f"{self._subject} has broken off ({type(error).__name__})") from None
        if response.status in _ABSENT:
            return None
        headers = {name.lower(): value for name, value in response.headers.items()}
        if known and response.status == _UNCHANGED:
            return Got(headers, b"", True)
        with self.checking("answer"):
            must(response.status == 200, f"says {response.status}: {body[:200].decode(errors='replace')}")
            if response.headers.get("Content-Encoding") == "gzip":
                body = _unpacked(body)
            must(len(body) <= _MOST, "is too long")
        return Got(headers, body)

    @contextmanager
    def checking(self, what: str) -> Iterator[None]:
        """Say of what goes wrong inside that ``what`` of the engine cannot be used.

        Raises:
            UserError: something did.
        """
        try:
            yield
        except _DAMAGED as error:
            self._connection.close()
            reason = f"{what} cannot be used ({str(error)[:200]})"
            raise UserError(self._subject, f"has sent something else: its {reason}", _MEND, "bad_answer") from None

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, path: str, method: str, known: str) -> http.client.HTTPResponse:
        headers = {"Accept-Encoding": "gzip" if self._packed else "identity"}
        if known:
            headers["If-None-Match"] = known
        self._connection.request(method, path, headers=headers)
        return self._connection.getresponse()


def said(error: Exception, what: str) -> str:
    """Why ``what`` cannot be fetched, for people, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join((f"{what} cannot be fetched: {reason}" if isinstance(error, OSError) else reason).split())[:300]


def must(holds: bool, otherwise: str) -> None:
    """Raise ``ValueError`` unless it holds."""
    if not holds:
        raise ValueError(otherwise)


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    found = unpacker.decompress(body, _MOST)
    must(unpacker.eof and not unpacker.unused_data, "is packed badly")
    return found
