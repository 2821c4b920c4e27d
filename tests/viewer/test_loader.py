"""The loader fetches each loop once, and nothing that an engine says ends its thread."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from ear_engine.shared_memory.shelf import LoopFacts
from ear_engine.viewer.asker import Asker
from ear_engine.viewer.bulk_http import HttpBulk
from ear_engine.viewer.following import close_all
from ear_engine.viewer.loader import Loader, Wanted
from ear_engine.viewer.model import LoopLights, MapPicture
from tests.viewer.maps import spread

PICTURE = spread((2, 2))


class Shelf:
    """An engine with loops that a test wants."""

    def __init__(self, there: tuple[int, ...], neurons: int = 4) -> None:
        self.there, self.neurons = there, neurons
        self.fetched: Counter[int] = Counter()
        self.errors: list[Exception] = []
        self.closed = 0

    def map_version(self) -> str:
        return "1"

    def map(self) -> MapPicture:
        return PICTURE

    def loops(self) -> tuple[LoopFacts, ...]:
        if self.errors:
            raise self.errors.pop()
        return tuple(LoopFacts(number, "", "", 8, 4.0, 44100, 9, 0.0, 1, False) for number in self.there)

    def lights(self, loop: int) -> LoopLights:
        self.fetched[loop] += 1
        return LoopLights(loop, np.zeros((7, self.neurons), np.uint8))

    def neuron(self, number: int) -> None:
        return None

    def close(self) -> None:
        self.closed += 1


@contextmanager
def loading(shelf: Shelf, loop: int, seen: bool = True) -> Iterator[Loader]:
    loader = Loader(lambda engine: shelf)
    loader.wanted = Wanted(("engine", 1), "ear", loop, seen)
    loader.start()
    try:
        yield loader
    finally:
        loader.close()


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < end, "it does not happen"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("heard", "fetched"),
    [(5, {5, 8, 9, 10}), (0, {8, 9, 10}), (9, {9, 10}), (-1, {10}), (2, {8, 9, 10}), (20, set())],
)
def test_each_loop_is_fetched_once_however_many_there_are(heard: int, fetched: set[int]) -> None:
    shelf = Shelf((4, 5, 6, 7, 8, 9, 10))
    with loading(shelf, heard) as loader:
        time.sleep(0.6)
        assert shelf.fetched == dict.fromkeys(fetched, 1)
        assert set(loader.loaded.loops or {}) == fetched


def test_loops_are_held_as_the_sound_goes_on() -> None:
    shelf = Shelf((1, 2))
    with loading(shelf, 1) as loader:
        for heard in range(1, 8):
            shelf.there = tuple(range(1, heard + 2))
            loader.wanted = Wanted(("engine", 1), "ear", heard)
            until(lambda both={heard, heard + 1}: both <= set(loader.loaded.loops or {}))
            assert len(loader.loaded.loops or {}) <= 4
        assert set(shelf.fetched.values()) == {1}


def test_nothing_is_fetched_for_nobody() -> None:
    shelf = Shelf((1, 2))
    with loading(shelf, 1, seen=False) as loader:
        until(lambda: loader.loaded.picture)
        time.sleep(0.3)
        assert not shelf.fetched


def test_loops_of_another_ear_are_fetched_once() -> None:
    shelf = Shelf((1, 2, 3), neurons=80)
    with loading(shelf, 1) as loader:
        time.sleep(0.6)
        assert shelf.fetched == {1: 1, 2: 1, 3: 1} and not loader.loaded.loops


def test_what_waits_for_an_answer_does_not_hold_up_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes questions, and answers none
        port = mute.getsockname()[1]
        loader, asker = Loader(lambda engine: HttpBulk("127.0.0.1", port)), Asker("127.0.0.1")
        loader.wanted = Wanted(("one", port), "ear", 1)
        asker.want(("one", port), -1)
        loader.start()
        asker.start()
        mute.settimeout(5.0)
        held = [mute.accept()[0] for _ in range(2)]
        begun = time.perf_counter()
        close_all(loader, asker)
        assert time.perf_counter() - begun < 1.5
        for one in held:
            one.close()


def test_what_cannot_be_fetched_is_said_until_it_can_although_nothing_is_new() -> None:
    shelf = Shelf((1,))
    with loading(shelf, 1) as loader:
        until(lambda: loader.loaded.loops)
        shelf.errors.append(ConnectionRefusedError(111, "Connection refused"))
        until(lambda: loader.loaded.problem == "the map and loops cannot be fetched: Connection refused")
        assert loader.loaded.picture is PICTURE and loader.loaded.loops
        until(lambda: not loader.loaded.problem)
        assert shelf.fetched == {1: 1}


@pytest.mark.parametrize("error", [OverflowError("inf"), RuntimeError("?"), IndexError(), AttributeError()])
def test_no_error_ends_the_thread(error: Exception) -> None:
    shelf = Shelf((1,))
    shelf.errors.append(error)
    with loading(shelf, 1) as loader:
        until(lambda: loader.loaded.problem)
        assert type(error).__name__ in loader.loaded.problem and shelf.closed == 1
        until(lambda: loader.loaded.loops)
        assert loader.loaded.problem == ""
