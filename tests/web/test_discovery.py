"""Programs on the network find the engine, and see it go. All of it stays on this machine."""

from __future__ import annotations

import asyncio
import builtins
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from ear_engine.web import discovery
from ear_engine.web.discovery import OSC, OSCQUERY, Discovery, announced_addresses, service_name


class Ears(ServiceListener):
    """Someone who looks around on this machine."""

    def __init__(self) -> None:
        self.there: dict[str, set[str]] = {OSC: set(), OSCQUERY: set()}
        self.zeroconf = Zeroconf(interfaces=["127.0.0.1"])
        self.browser = ServiceBrowser(self.zeroconf, [OSC, OSCQUERY], self)

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.there[type_].add(name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.there[type_].discard(name)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        pass

    def port(self, kind: str, name: str) -> tuple[int, list[str]]:
        info = self.zeroconf.get_service_info(kind, name)
        assert info is not None and info.port is not None
        return info.port, info.parsed_addresses()

    def until(self, condition: Callable[[], Any], seconds: float = 15.0) -> None:
        end = time.perf_counter() + seconds
        while not condition():
            assert time.perf_counter() < end, self.there
            time.sleep(0.02)


def opened(osc_port: int, http_port: int) -> Discovery:
    made = Discovery("127.0.0.1", "on", lambda: osc_port, lambda: http_port)
    made.open()
    return made


@pytest.mark.slow
def test_two_engines_are_found_by_different_names_and_one_that_ends_is_gone() -> None:
    ears = Ears()
    first = opened(41_001, 41_002)
    try:
        ears.until(lambda: all(ears.there.values()))
        second = opened(41_003, 41_004)
        try:
            ears.until(lambda: all(len(names) == 2 for names in ears.there.values()))
            for kind, ports in ((OSC, {41_001, 41_003}), (OSCQUERY, {41_002, 41_004})):
                found = [ears.port(kind, name) for name in ears.there[kind]]
                assert {port for port, _ in found} == ports
                assert all(addresses == ["127.0.0.1"] for _, addresses in found)
                assert f"{service_name()}.{kind}" in ears.there[kind]
        finally:
            asyncio.run(second.close())
        ears.until(lambda: all(len(names) == 1 for names in ears.there.values()), 5.0)
        begun = time.perf_counter()
    finally:
        asyncio.run(first.close())
    assert time.perf_counter() - begun < 1.0
    ears.until(lambda: not any(ears.there.values()), 5.0)
    ears.zeroconf.close()


def test_who_says_that_every_name_is_theirs_is_not_asked_for_ever() -> None:
    asked: list[str] = []

    class Greedy:
        def get_service_info(self, kind: str, name: str, *how: object) -> str:
            asked.append(name)
            return "mine"

    assert discovery._free_name(Greedy(), OSC).startswith(service_name())  # type: ignore[arg-type]
    assert 1 < len(asked) == len(set(asked)) <= 32


def test_only_where_other_machines_can_reach_it_unless_asked() -> None:
    assert announced_addresses("127.0.0.1", "auto") == announced_addresses("::1", "auto") == []
    assert announced_addresses("127.0.0.1", "on") == ["127.0.0.1"]
    assert announced_addresses("192.168.1.7", "auto") == ["192.168.1.7"]
    assert announced_addresses("192.168.1.7", "off") == announced_addresses("0.0.0.0", "off") == []
    assert not any(address.startswith("127.") or ":" in address for address in announced_addresses("0.0.0.0", "auto"))


def test_without_zeroconf_nothing_happens_and_it_is_said_if_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain = builtins.__import__

    def lacking(name: str, *rest: Any, **named: Any) -> Any:
        if name == "zeroconf":
            raise ImportError(name)
        return plain(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with caplog.at_level(logging.WARNING, discovery.__name__):
        made = opened(41_001, 41_002)
        assert made._thread is not None
        made._thread.join(5)
        asyncio.run(made.close())
    assert ["zeroconf is missing" in record.message for record in caplog.records] == [True]


def test_an_address_that_is_not_there_is_said_and_the_end_is_not_held_up(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, discovery.__name__):
        made = Discovery("203.0.113.9", "on", lambda: 41_001, lambda: 41_002)
        made.open()
        assert made._thread is not None
        made._thread.join(10)
    assert any("not announced" in record.message for record in caplog.records)
    begun = time.perf_counter()
    asyncio.run(made.close())
    assert time.perf_counter() - begun < 1.0
