"""Small questions to an engine that answers nonsense: the thread that asks goes on."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import pytest

from ear_engine.viewer import asker as module
from ear_engine.viewer.asker import Asker
from ear_engine.viewer.words import words
from ear_engine.web.blocks import write_block

GOOD = write_block({"by": "layer"}, np.full((1, 4), 255, np.uint8))
CHUNK = {"Transfer-Encoding": "chunked"}


class Liar(http.server.BaseHTTPRequestHandler):
    """Says something else the first time it is asked what the target is."""

    first: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    neuron: ClassVar[bytes] = b"{}"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers, body = {}, self.neuron
        if self.path == "/target":
            headers, body = self.first.pop() if self.first else ({}, GOOD)
        self.send_response(200)
        for name, value in (headers or {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Liar.first, Liar.neuron = [], b"{}"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asker() -> Iterator[Asker]:
    made = Asker("127.0.0.1")
    made.start()
    yield made
    made.close()


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < end, "it does not happen"
        time.sleep(0.01)


@pytest.mark.parametrize("body", [b"-5\r\nabc\r\n0\r\n\r\n", b"-1\r\nabc\r\n0\r\n\r\n", b"x\r\nabc\r\n"])
def test_chunks_of_no_size(port: int, asker: Asker, body: bytes) -> None:
    Liar.first = [(CHUNK, body)]
    asker.want(("engine", port), -1)
    until(lambda: asker.answered.weights is not None)


def test_a_port_that_is_none(port: int, asker: Asker) -> None:
    asker.want(("engine", 70000), -1)
    time.sleep(0.3)
    asker.want(("engine", port), -1)
    until(lambda: asker.answered.weights is not None)


def test_numbers_without_bounds_are_left_out(port: int, asker: Asker) -> None:
    Liar.neuron = json.dumps({"number": 1, "name": "n", "hertz": 10**400}).encode()
    asker.want(("engine", port), 1)
    until(lambda: asker.answered.words)
    assert asker.answered.words[0] == "n" and asker.answered.words_for == 1
    many = {"hertz": 1e999, "mean": 10**400, "deviation": 1, "active": 1}
    excerpts = [{"recording": "a", "seconds": 10**400}, {"recording": "b", "seconds": float("nan")}]
    assert len(words({**many, "number": 1, "excerpts": excerpts})) == 5


def test_no_error_ends_the_thread(port: int, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception] = [IndexError()]

    def failing(body: bytes) -> object:
        if errors:
            raise errors.pop()
        return {}, np.full((1, 4), 255, np.uint8)

    monkeypatch.setattr(module, "read_block", failing)
    asker.want(("engine", port), -1)
    until(lambda: asker.answered.problem == "the target cannot be used (IndexError)")
    until(lambda: asker.answered.weights is not None and not asker.answered.problem)


def test_what_cannot_be_fetched_is_said_until_it_can(port: int, asker: Asker) -> None:
    Liar.first = [({}, b"nonsense")] * 3
    asker.want(("engine", port), -1)
    until(lambda: asker.answered.problem)
    assert "has sent something else: its target cannot be used" in asker.answered.problem
    until(lambda: asker.answered.weights is not None and not asker.answered.problem)
    asker.want(("engine", 1), -1)  # nobody answers there
    until(lambda: asker.answered.problem == "the target cannot be fetched: Connection refused")
