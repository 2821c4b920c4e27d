"""How soon hands are answered: a real window on a real X server beside a real engine that dreams.

- **Shines**: another OSC client sends another target, until the frame in which its neurons shine is shown.
- **Heard**: the hand moves the brush for the last time (``xdotool``), until the first sample of a loop that was dreamed
  for what has been painted, as the audio process schedules it.

Needs ``Xvfb`` and ``xdotool``; without them there are no rows. The viewer runs in a process of its own, as it does.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ear_engine import platform
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.shared_memory.owner import session_of

_TARGETS, _STROKES = 50, 12
_SHINES = 50.0  # ms, what the project asks for
_PATIENCE = 60.0  # seconds until an engine plays
_ANSWER = 8.0  # seconds that any answer may take
_LONG = 300.0  # seconds for all of it


def available() -> bool:
    """Whether there is what it takes."""
    return shutil.which("Xvfb") is not None and shutil.which("xdotool") is not None


def run(repetitions: int | None = None) -> list[Row]:
    """Median and worst of both; ``repetitions`` targets, and a quarter as many strokes."""
    if not available():
        return []
    targets, strokes = (_TARGETS, _STROKES) if repetitions is None else (repetitions, max(1, repetitions // 4))
    with tempfile.TemporaryDirectory() as folder, _display() as display, _engine(Path(folder), display) as engine:
        typed = [sys.executable, "-m", __name__, json.dumps(engine), str(targets), str(strokes)]
        environment = {**os.environ, "DISPLAY": display}
        done = subprocess.run(typed, capture_output=True, text=True, timeout=_LONG, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(f"the viewer that was to be measured has ended: {done.stderr[-2000:]}")
        found = json.loads(done.stdout)
    head = f"{found['neurons']:,} neurons, {found['renderer']}, while an engine dreams"
    beat = 60_000.0 / float(engine["tempo"])
    rows = []
    for values, what, target in (
        (found["shines"], "a target is sent until its neurons shine", _SHINES),
        (found["heard"], f"the brush moves last until the dream of it is heard (a beat lasts {beat:.0f} ms)", None),
    ):
        for name, value in (("median", np.median(values)), ("worst", np.max(values))):
            case = f"{head}: {what}, {name} of {len(values)}"
            rows.append(judged("view", case, round(float(value), 1), "ms", target=target))
    return rows


@contextmanager
def _display() -> Iterator[str]:
    """The name of a display that nobody sees."""
    read, write = os.pipe()
    typed = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(typed, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def _engine(folder: Path, display: str) -> Iterator[dict[str, Any]]:
    """What an engine says of itself that renders in real time to a file."""
    typed = [sys.executable, "-m", "ear_engine", "serve", "--no-restart", "--audio", "null", "--osc-port", "0"]
    typed += ["--json-status", "--record", str(folder / "heard.wav"), "--clip", "beat"]
    process = subprocess.Popen(typed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the engine that was to be measured has ended")
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class _Trial:
    """A viewer, and what is done to it and its engine.

    Args:
        engine: as it says of itself.
    """

    def __init__(self, engine: dict[str, Any]) -> None:
        from ear_engine.osc.place import Place
        from ear_engine.shared_memory.states import AudioState, ControlState, StateReader
        from ear_engine.viewer.app import App
        from ear_engine.viewer.options import ViewOptions

        session = session_of(int(engine["pids"]["node"]))
        if session is None:
            raise RuntimeError("the engine has ended")
        self._session = session
        self._control = StateReader(self._session, "control", ControlState)
        self._audio = StateReader(self._session, "audio", AudioState)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.connect(("127.0.0.1", int(engine["osc_port"])))
        self._random = np.random.default_rng(0)
        self.app = App(ViewOptions(Place("127.0.0.1", int(engine["osc_port"]))))

    def begin(self) -> None:
        """Wait until it plays and shines."""
        self.app.start()
        app = self.app
        self._until(lambda: app.stage.playing is not None and app.asker.answered.weights is not None, _PATIENCE)
        self._pass(2.0)

    def shines(self, count: int) -> list[float]:
        """Milliseconds from sending a target until it shines."""
        from ear_engine.osc.codec import encode

        layers = [layer.name for layer in self.app.client.snapshot().layers[1:]]
        picture = self.app.stage.picture
        assert picture is not None
        found = []
        for number in range(count):
            name = layers[(7 * number) % len(layers)]
            span = picture.index[name].span

            def shine(span: slice = span) -> bool:
                weights = self.app.shown[0]
                return weights is not None and bool(weights[span].any())

            self._pass(self._random.uniform(0.15, 0.4))
            sent = time.perf_counter()  # at any moment of a frame: frames come when they come
            self._sock.send(encode("/ear/target/layer", name))
            self._until(shine, _ANSWER)
            found.append(1e3 * (self.app.shown[1] - sent))
        return found

    def heard(self, count: int) -> list[float]:
        """Milliseconds from the last move of the brush until it is heard."""
        return [self._stroke(number) for number in range(count)]

    def _stroke(self, number: int) -> float:
        app = self.app
        assert app.stage.picture is not None
        layers = app.stage.picture.index.layers
        layer = layers[1 + (5 * number) % (len(layers) - 1)]
        places = app.stage.camera.to_screen(app.stage.picture.positions[layer.span])
        x, y = np.clip(places[len(places) // 2], (340, 60), (960, 640))
        self._pass(self._random.uniform(0.3, 0.9))
        app.touch.clear()
        _hand("mousemove", x - 30, y, "keydown", "ctrl", "mousedown", 1)
        self._until(lambda: app.gestures.brushing, _ANSWER)
        for step in range(4):
            _hand("mousemove", x - 20 + 10 * step, y)
            app.step()
        last = time.perf_counter()
        _hand("mousemove", x + 20, y + 4)
        _hand("mouseup", 1, "keyup", "ctrl")
        self._until(lambda: not app.gestures.brushing and app.touch.count, _ANSWER)
        self._pass(0.05)
        control = self._control.read()
        assert control is not None and control.values["target/by"] == "neurons"
        change = control.sequence
        return 1e3 * (self._sounds(change) - last)

    def _sounds(self, change: int) -> float:
        """When the first loop that knows of a change is first heard, seconds."""
        from ear_engine.shared_memory.loops import read_loop

        known: dict[str, int] = {}
        end = time.perf_counter() + _ANSWER
        while time.perf_counter() < end:
            audio = self._audio.read()
            for entry in audio.schedule if audio is not None else ():
                if entry.file not in known:
                    with contextlib.suppress(OSError, ValueError):
                        known[entry.file] = read_loop(self._session / "loops" / entry.file).sequence
                if audio is not None and known.get(entry.file, -1) >= change and entry.start <= audio.position:
                    return audio.time + (entry.start - audio.position) / audio.sample_rate
            self.app.step()
        raise RuntimeError("what was painted is not heard")

    def close(self) -> None:
        """Free everything."""
        self.app.close()
        self._sock.close()
        self._control.close()
        self._audio.close()

    def _pass(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.app.step()

    def _until(self, true: Callable[[], object], seconds: float) -> None:
        end = time.perf_counter() + seconds
        while not true():
            if time.perf_counter() > end:
                raise RuntimeError("the viewer does not answer")
            self.app.step()


def _hand(*words: object) -> None:
    typed = [str(round(float(word))) if isinstance(word, float) else str(word) for word in words]
    subprocess.run(["xdotool", *typed], check=True, timeout=20)


def main() -> None:
    """The process with the viewer: engine, number of targets, number of strokes on the command line."""
    from ear_engine.commands.view import PRIORITY

    platform.lower_priority(PRIORITY)
    engine, targets, strokes = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    trial = _Trial(engine)
    try:
        trial.begin()
        shines = trial.shines(targets)
        heard = trial.heard(strokes)
        weights = trial.app.asker.answered.weights
        neurons = 0 if weights is None else len(weights)
        found = {"shines": shines, "heard": heard, "neurons": neurons, "renderer": trial.app.window.renderer}
    finally:
        trial.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
