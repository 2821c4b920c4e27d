"""OSC: how soon a real engine answers, idle and dreaming, what streams of all neurons cost, and how fast is packed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message_builder import build_msg

from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.osc_streams import stream_rows
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.errors import UserError
from ear_engine.osc.codec import FloatMessage, decode, encode

_ADDRESS = "/ear/dream/pull"
_PAUSE = 0.005  # seconds between questions
_MOST_LOST = 10  # answers
_PATIENCE = 2.0  # seconds until a question counts as lost
_START = 60.0  # seconds an engine may take until it dreams
_TARGET_P99 = 5.0
_FRAMES = 2000  # packed in one round
_STREAMING = 10.0  # seconds of each stream


def run(repetitions: int | None = None, *, ears: Sequence[str] = ("small", "paper")) -> list[Row]:
    """Milliseconds to an answer (``repetitions`` questions, to the first of ``ears``), what streams of all neurons of
    each of them cost, and microseconds to pack a message."""
    questions = 1500 if repetitions is None else repetitions
    seconds = _STREAMING if repetitions is None else min(_STREAMING, 0.02 * repetitions)
    rows = []
    for ear in ears:
        with _reference() as reference, _engine(ear) as engine:
            engine.prepare(True)
            if ear == ears[0]:
                rows += _replies("dreaming", True, engine.port, reference, questions)
            rows += stream_rows(engine.port, int(engine.status["pids"]["node"]), seconds, engine.speed)
            if ear == ears[0]:
                engine.prepare(False)
                rows += _replies("idle", False, engine.port, reference, questions)
    return rows + [_packing(floats, 15 if repetitions is None else min(repetitions, 15)) for floats in (256, 1)]


class _Engine:
    """A real engine in processes of its own; ``status`` is the latest it told."""

    def __init__(self, ear: str) -> None:
        command = [sys.executable, "-m", "ear_engine", "serve", "--no-restart", "--audio", "null", "--osc-port", "0"]
        command += ["--json-status", "--ear", ear, "--device", "cpu"]
        self._said = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._said, text=True)
        self.status: dict[str, Any] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.status = json.loads(line)

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self.status["osc_port"])

    def speed(self) -> float:
        """Steps of the dream a second."""
        return float(self.status["steps_per_second"])

    def wait(self, reached: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for a status.

        Raises:
            UserError: the engine ended, or did not get there in time.
        """
        until = time.monotonic() + _START
        while not (self.status and reached(self.status)):
            if self.process.poll() is not None:
                raise self._fault(f"ended with code {self.process.returncode}")
            if time.monotonic() > until:
                raise self._fault(f"did not get ready in {_START:.0f} s")
            time.sleep(0.05)

    def prepare(self, dreaming: bool) -> None:
        """Let the dream go on or stop, and wait until it does."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(encode("/ear/dream/run", dreaming), ("127.0.0.1", self.port))
        self.wait(lambda status: (status["steps_per_second"] > 0) == dreaming)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._said.close()

    def _fault(self, reason: str) -> UserError:
        self._said.seek(0)
        last = " ".join(self._said.read()[-300:].split())
        return UserError("engine", f"{reason} ({last})", "see `ear-engine doctor`", "engine_ended")


@contextmanager
def _engine(ear: str) -> Iterator[_Engine]:
    engine = _Engine(ear)
    try:
        engine.wait(lambda status: status["state"] == "running")
        yield engine
    finally:
        engine.close()


@contextmanager
def _reference() -> Iterator[int]:
    command = [sys.executable, "-m", "ear_engine.benchmarks.osc_reference"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.communicate("")


def _replies(state: str, dreaming: bool, engine: int, reference: int, questions: int) -> list[Row]:
    seconds = {"engine": np.zeros(questions), "reference": np.zeros(questions)}
    with _client(engine) as ours, _client(reference) as theirs:
        for turn in range(-5, questions):  # the first few are not counted
            order = [("engine", ours), ("reference", theirs)]
            for name, client in order if turn % 2 == 0 else reversed(order):
                taken = _ask(client, 1.0 + abs(turn) % 200)
                if turn >= 0:
                    seconds[name][turn] = taken
            if (seconds["engine"] >= _PATIENCE).sum() > _MOST_LOST:
                raise UserError("engine", f"lost {_MOST_LOST} answers", "see `ear-engine doctor`", "engine_ended")
            time.sleep(_PAUSE)
    rows = []
    for percent in (50, 99):
        value, plain = (_percentile(seconds[name], percent) for name in ("engine", "reference"))
        target = _TARGET_P99 if dreaming and percent == 99 else None
        case = f"answer while {state}, p{percent} of {questions}, against a python-osc server"
        rows.append(judged("osc", case, value, "ms", reference=plain, ratio=plain / value, target=target))
    return rows


def _percentile(seconds: NDArray[np.float64], percent: int) -> float:
    return 1e3 * float(np.percentile(seconds, percent))


def _client(port: int) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(_PATIENCE)
    client.connect(("127.0.0.1", port))
    return client


def _ask(client: socket.socket, value: float) -> float:
    """Seconds from sending a value and a question to the answer with that value; ``_PATIENCE`` if none came."""
    setting, question = encode(_ADDRESS, value), encode(_ADDRESS)
    start = time.perf_counter()
    client.send(setting)
    client.send(question)
    try:
        while True:
            (message, *_) = decode(client.recv(65536))
            if message.address == _ADDRESS and message.arguments == (value,):
                return time.perf_counter() - start
    except TimeoutError:
        return _PATIENCE


def _packing(floats: int, rounds: int) -> Row:
    values = np.linspace(0.0, 1.0, floats, dtype=np.float32)
    integers = [7, 3, 0, floats]
    packer = FloatMessage("/ear/activation/encoder_3_conv1", len(integers))
    arguments: list[int | float] = [*integers, *values.tolist()]

    def ours() -> None:
        for _ in range(_FRAMES):
            packer.encode(integers, values)

    def theirs() -> None:
        for _ in range(_FRAMES // 20):
            build_msg("/ear/activation/encoder_3_conv1", arguments)

    assert packer.encode(integers, values) == build_msg("/ear/activation/encoder_3_conv1", arguments).dgram
    timings = take_turns({"ours": ours, "theirs": theirs}, rounds)
    return judged(
        "osc",
        f"pack {floats} float{'s' if floats > 1 else ''} and {len(integers)} integers, against python-osc",
        1e6 * timings.median("ours") / _FRAMES,
        "µs",
        reference=1e6 * timings.median("theirs") / (_FRAMES // 20),
        ratio=timings.ratio("ours", "theirs") * 20.0,
    )
