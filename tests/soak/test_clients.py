"""The clients of the soak: what they ask, and for how long they have heard nothing."""

from __future__ import annotations

import os
import signal
import socket
import time

from ear_engine.osc.codec import decode, encode
from ear_engine.parameters import ParameterTree
from ear_engine.soak.answers import ASKED, Asker
from ear_engine.soak.listeners import SUBSCRIPTIONS, Heard, Listeners

PACKET = encode("/ear/beat", 1)


def test_silence_before_the_first_and_after_the_last_packet_counts() -> None:
    late, early, never = Heard(), Heard(), Heard()
    for heard in (late, early, never):
        heard.wait(100.0)
    late.add(PACKET, 107.0)
    early.add(PACKET, 101.0)
    early.add(PACKET, 103.0)
    for heard in (late, early, never):
        heard.wait(112.0)
    assert (late.longest, early.longest, never.longest) == (7.0, 9.0, 12.0)
    assert not never.messages


def test_clients_of_an_engine_that_says_nothing_tell_how_long_and_are_not_ended_by_ctrl_c() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as engine:
        engine.bind(("127.0.0.1", 0))
        engine.settimeout(30.0)
        listeners = Listeners(engine.getsockname()[1])
        assert os.getpgid(listeners.pid) != os.getpgid(0)
        engine.recv(1 << 16)  # they have begun
        time.sleep(1.0)
        heard = listeners.close()
    assert len(heard) == len(SUBSCRIPTIONS)
    assert all(one.longest > 0.9 and not one.messages for one in heard)


def test_what_is_asked_is_set_to_values_that_it_can_have() -> None:
    seen: list[object] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as engine:
        engine.bind(("127.0.0.1", 0))
        engine.settimeout(10.0)
        asker = Asker(engine.getsockname()[1])
        while len(seen) < 3:
            data, client = engine.recvfrom(1 << 16)
            (message,) = decode(data)
            assert message.address == f"/ear/{ASKED}"
            if message.arguments:
                seen.append(message.arguments[0])
                engine.sendto(data, client)
        answers = asker.close()
    row = ParameterTree()[ASKED]
    assert [row.check(value) for value in seen] == seen and len(set(seen)) == 3
    assert len(answers.seconds) >= 2 and answers.percentile(50) > 0.0


def test_what_a_client_that_has_died_would_have_told_is_missing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as engine:
        engine.bind(("127.0.0.1", 0))
        listeners = Listeners(engine.getsockname()[1])
        os.kill(listeners.pid, signal.SIGKILL)
        assert listeners.close() == []
