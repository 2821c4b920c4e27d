"""Small questions to the engine, in a thread of their own, so that highlights and names wait for no map and no loop."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.viewer.asking import Asking, must, said
from ear_engine.viewer.words import words
from ear_engine.web.blocks import read_block

_LOOK = 0.5  # seconds between looks at the target if nobody says that it is another: messages may be lost
_TIMEOUT = 2.0
_AGAIN = 0.2  # after a failure

Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Answered:
    """What is known so far; another object whenever something is new.

    Args:
        weights: how much each neuron counts in the target, (neurons,), 0..1; the same object until they are others;
            None if nobody knows, or none counts.
        by: the way in which the target was chosen.
        asked: seconds (:func:`time.perf_counter`) at which the engine was asked for them.
        words: what the neuron ``words_for`` is.
        problem: why something does not come, for people; nothing as soon as it does.
    """

    weights: Weights | None = None
    by: str = ""
    asked: float = -1e9
    words: tuple[str, ...] = ()
    words_for: int = -1
    problem: str = ""


class Asker:
    """Asks one engine after the other.

    Args:
        host: of the engines.
        arrived: called, from another thread, when other neurons are the target.
    """

    def __init__(self, host: str, arrived: Callable[[], None] = lambda: None) -> None:
        self.answered = Answered()
        self.cpu = 0.0
        """Seconds of the processor that asking has taken so far."""
        self._host, self._arrived = host, arrived
        self._engine: tuple[str, int] = ("", 0)
        self._neuron = -1
        self._asking: Asking | None = None
        self._asked_of: tuple[str, int] = ("", 0)
        self._tag = ""
        self._due = 0.0
        self._hurried, self._wake, self._quit = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def quit(self) -> None:
        """Ask it to end; returns at once."""
        self._quit.set()
        self._wake.set()

    def close(self, patience: float = 1.0) -> None:
        """End; a question that takes longer than ``patience`` seconds is left to itself."""
        self.quit()
        if self._thread.is_alive():
            self._thread.join(patience)

    def want(self, engine: tuple[str, int], neuron: int) -> None:
        """Say who is to be asked (name, HTTP port; port 0 is nobody yet), and about which neuron; -1 is none."""
        if (engine, neuron) != (self._engine, self._neuron):
            self._engine, self._neuron = engine, neuron
            self._wake.set()

    def hurry(self) -> None:
        """The target is another one: ask now. From any thread."""
        self._hurried.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._quit.is_set():
            self._wake.wait(max(self._due - time.perf_counter(), 0.0) if self._asking is not None else _LOOK)
            self._wake.clear()
            try:
                self._turn()
            except (OSError, UserError) as error:
                self._trouble(said(error, "the target"))
                self._drop()
                self._quit.wait(_AGAIN)
            except Exception as error:  # whatever it is: the thread goes on, with a new connection
                self._trouble(f"the target cannot be used ({type(error).__name__})")
                self._drop()
                self._quit.wait(_AGAIN)
            self.cpu = time.thread_time()
        self._drop()

    def _turn(self) -> None:
        engine, neuron = self._engine, self._neuron
        if engine != self._asked_of:
            self._drop()
            self._asked_of = engine
            if self.answered.weights is not None or self.answered.problem:
                self.answered = Answered()
        if not engine[1]:
            return
        if self._asking is None:
            self._asking = Asking(self._host, engine[1], _TIMEOUT)
        at = time.perf_counter()
        if self._hurried.is_set() or at >= self._due:
            self._hurried.clear()  # before asking: whoever hurries now means what comes after
            self._due = at + _LOOK
            self._target(self._asking, at)
            self._trouble("")
        if neuron != self.answered.words_for:
            self._describe(self._asking, neuron)

    def _target(self, asking: Asking, at: float) -> None:
        got = asking.get("/target", known=self._tag)
        if got is None:
            return
        if got.unchanged:
            self.answered = replace(self.answered, asked=at)
            return
        with asking.checking("target"):
            about, values = read_block(got.body)
            must(values.dtype == np.uint8 and len(values) == 1, "is of another kind")
            weights = values[0].astype(np.float32) / np.float32(255.0) if values.any() else None
        self._tag = got.tag
        self.answered = replace(self.answered, weights=weights, by=str(about.get("by", "")), asked=at)
        self._arrived()

    def _describe(self, asking: Asking, number: int) -> None:
        got = asking.get(f"/neurons/{number}") if number >= 0 else None
        self.answered = replace(self.answered, words=(), words_for=number)  # nor is it asked again for what is damaged
        if got is not None:
            with asking.checking(f"neuron {number}"):
                about = json.loads(got.body)
                must(isinstance(about, dict) and about.get("number") == number, "is another one")
                self.answered = replace(self.answered, words=words(about))

    def _trouble(self, problem: str) -> None:
        if problem != self.answered.problem:
            self.answered = replace(self.answered, problem=problem)

    def _drop(self) -> None:
        if self._asking is not None:
            self._asking.close()
        self._asking, self._tag, self._due = None, "", 0.0
