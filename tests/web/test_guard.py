"""Who may ask."""

from __future__ import annotations

import pytest

from ear_engine.web.answers import WebError
from ear_engine.web.guard import Guard


@pytest.mark.parametrize(
    ("bound", "reached", "host"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1:9000"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "localhost:9000"),
        ("127.0.0.1", "127.0.0.1", "LOCALHOST"),
        ("::1", "::1", "[::1]:9000"),
        ("0.0.0.0", "192.168.1.7", "192.168.1.7:9000"),
        ("::", "::ffff:192.168.1.7", "192.168.1.7:9000"),
        ("::", "fe80::1%eth0", "[fe80::1]:9000"),
        ("0.0.0.0", "192.168.1.7", "Stage:9000"),
        ("0.0.0.0", "192.168.1.7", "stage.local."),
    ],
)
def test_names_of_this_machine_pass(bound: str, reached: str, host: str) -> None:
    guard = Guard(bound, "stage")
    guard.check(host, None, reached)
    guard.check(host, f"http://{host}", reached)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:9000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.1.8",
        "stage.evil.example",
        "[::1",
        "a b",
        "stage:port",
        "stage:9000:9000",
        "stage\r\n",
        "x" * 10_000,
        "127.0.0.1@evil.example",
    ],
)
def test_other_names_do_not(host: str | None) -> None:
    with pytest.raises(WebError) as refusal:
        Guard("0.0.0.0", "stage").check(host, None, "192.168.1.7")
    assert (refusal.value.status, refusal.value.code) == (403, "bad_host")


def test_localhost_is_not_the_network() -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        with pytest.raises(WebError):
            Guard("0.0.0.0", "stage").check(host, None, "192.168.1.7")


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://evil.example:9000",
        "file://",
        "http://localhost@evil.example",
        "http://[",
    ],
)
def test_pages_from_elsewhere_do_not(origin: str) -> None:
    with pytest.raises(WebError) as refusal:
        Guard("127.0.0.1", "stage").check("127.0.0.1:9000", origin, "127.0.0.1")
    assert (refusal.value.status, refusal.value.code) == (403, "bad_origin")
