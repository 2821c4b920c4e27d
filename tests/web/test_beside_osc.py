"""Fifty clients that fetch as fast as they can do not keep OSC waiting, nor the end."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time

import numpy as np
import pytest

from ear_engine.osc.codec import encode
from tests.node.standin import playing


def fetch(port: int, stop: threading.Event, done: list[int]) -> None:
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/loops")
            newest = json.loads(connection.getresponse().read())[-1]["loop"]
            connection.request("GET", f"/loops/{newest}.wav")
            response = connection.getresponse()
            done.append(len(response.read()) if response.status == 200 else -response.status)
        except (OSError, http.client.HTTPException):
            done.append(0)
        finally:
            connection.close()


def pings(port: int, count: int) -> list[float]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5.0)
        for number in range(count):
            begun = time.perf_counter()
            client.sendto(encode("/ear/system/ping", number), ("127.0.0.1", port))
            client.recv(2000)
            found.append(time.perf_counter() - begun)
            time.sleep(0.005)
    return found


@pytest.mark.slow
def test_osc_answers_while_fifty_clients_fetch() -> None:
    async def play() -> None:
        async with playing() as (node, notes):
            assert node.board.report().http_port == node.parts.web.port > 0
            assert any(f"127.0.0.1:{node.parts.web.port} (TCP)" in line for line in notes.lines)
            stop, done = threading.Event(), list[int]()
            clients = [threading.Thread(target=fetch, args=(node.parts.web.port, stop, done)) for _ in range(50)]
            for client in clients:
                client.start()
            waits = await asyncio.to_thread(pings, node.osc.port, 300)
            stop.set()
            for client in clients:
                await asyncio.to_thread(client.join, 30)
            assert sum(size > 0 for size in done) >= 50
            assert np.percentile(waits, 95) < 0.1  # a few milliseconds; the clients share this process
            begun = time.perf_counter()
        assert time.perf_counter() - begun < 2.5

    asyncio.run(play())
