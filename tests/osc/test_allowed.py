from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ear_engine.errors import UserError
from ear_engine.osc.allowed import Allowed
from ear_engine.osc.server import OscServer
from ear_engine.web.answers import WebError
from ear_engine.web.guard import Guard
from tests.osc.synthetic import Session
from tests.osc.test_service import Rig, play


def test_without_a_list_everyone_may() -> None:
    assert "10.0.0.1" in Allowed() and "fe80::1%eth0" in Allowed()


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("192.168.1.9", True),
        ("192.168.2.9", False),
        ("10.0.0.7", True),
        ("10.0.0.8", False),
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:192.168.1.9", True),
        ("fe80::1%eth0", False),
        ("fd00::5", True),
        ("", False),
        ("nonsense", False),
    ],
)
def test_a_list_of_networks(host: str, may: bool) -> None:
    assert (host in Allowed(["192.168.1.77/24", "10.0.0.7", "fd00::/8"])) is may


@pytest.mark.parametrize("text", ["", "192.168.1", "10.0.0.0/40", "example.org", "../etc"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no network"):
        Allowed([text])


def test_datagrams_of_others_are_not_taken() -> None:
    taken: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        server = OscServer(
            sock, lambda data, sender: taken.append(data), lambda gone: None, float, Allowed(["10.0.0.0/8"])
        )
        server._sock.setblocking(False)
        server.datagram_received(b"theirs", ("192.168.1.9", 5000))
        server.datagram_received(b"ours", ("10.1.2.3", 5000))
        server.close()
    assert taken == [b"ours"] and server.turned_away == 1


def test_this_machine_is_always_listened_to(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        assert (await rig.client().ask("/ear/dream/rate"))[1] == -18.0

    play(session, scene, allow=["10.0.0.0/8"])


def test_http_has_the_same_list() -> None:
    guard = Guard("0.0.0.0", "stage", Allowed(["192.168.1.0/24"]))
    guard.check("192.168.1.7:9000", None, "192.168.1.7", "192.168.1.20")
    with pytest.raises(WebError, match="is not among those that may ask"):
        guard.check("192.168.1.7:9000", None, "192.168.1.7", "192.168.2.20")


def test_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ear_engine.cli import main

    assert main(["serve", "--no-restart", "--allow", "everyone"]) == 2
    assert "--allow everyone is no network" in capsys.readouterr().err
