"""Plays for a while as on a stage, at full load, and measures."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ear_engine.errors import UserError
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import Place
from ear_engine.parameters import ParameterTree
from ear_engine.performance.reading import read_performance
from ear_engine.presets import list_presets
from ear_engine.shared_memory.clock import now
from ear_engine.soak.answers import Asker
from ear_engine.soak.engine import SoakedEngine
from ear_engine.soak.findings import Found, report_of
from ear_engine.soak.gain import Pulse
from ear_engine.soak.hands import Gesture, gestures
from ear_engine.soak.listeners import Listeners
from ear_engine.soak.machine import Memory, Probe
from ear_engine.soak.options import SoakOptions
from ear_engine.soak.report import Report
from ear_engine.soak.sound import look_at
from ear_engine.soak.viewer import Viewer, looking
from ear_engine.sources.library import ClipLibrary

_LOOK = 5.0  # seconds between looks at the memory
_PULSE = 3.0  # seconds between changes of the gain
_FINE = 16  # pairs of pulses, each a sixteenth of a decibel lower: so the log tells them apart
_FAULT = 20.0  # seconds between kills, in the mean
_BACK = 20.0  # seconds after the end in which what was killed may still come back
_HOME = ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DOCUMENTS_DIR", "XDG_MUSIC_DIR")

Progress = Callable[[float, str], object]


def soak(options: SoakOptions, progress: Progress = lambda _seconds, _text: None) -> Report:
    """Play, and report; Ctrl-C ends it sooner.

    Raises:
        UserError: the engine does not start.
    """
    with tempfile.TemporaryDirectory(prefix="ear-engine-soak-") as scratch:
        folder = options.keep or Path(scratch) / "performance"
        home = {name: str(Path(scratch) / name.lower()) for name in _HOME}  # nothing of the user's is touched
        typed = ["--audio", options.audio, "--osc-port", "0", "--ear", options.ear, "--keep", str(folder)]
        engine = SoakedEngine([*typed, "--seed", str(options.seed)], {**os.environ, **home})
        found = Found(options, watch=engine.watch)
        try:
            found.first_sound = engine.wait(lambda status: status["state"] == "running")
            engine.wait(lambda status: status["loop"] > 0)
            _play(engine, options, found, progress)
            found.dropouts = int(engine.status["dropouts"]) - found.dropouts
        finally:
            found.ended_in_order = engine.close()
            found.told(engine.said)
        progress(options.seconds, "computing the sound again")
        try:
            away = engine.watch.away(now())
            found.sound = look_at(read_performance(folder), away, found.pulses, found.ended)
        except UserError as error:  # an engine that has died early, or kept nothing
            found.no_sound = str(error)
    return report_of(found)


def _play(engine: SoakedEngine, options: SoakOptions, found: Found, progress: Progress) -> None:
    """All of it at once, until the time is over or someone says stop."""
    memory, draw = Memory(), random.Random(options.seed)
    listeners = Listeners(engine.port)
    asker, probe = Asker(engine.port), Probe()
    found.dropouts = int(engine.status["dropouts"])
    began = time.monotonic()
    kill = began + draw.uniform(0.3, 0.6) * _FAULT
    try:
        with _viewer(engine.port, options.view, found) as viewer, Peer(Place("127.0.0.1", engine.port)) as peer:
            hands = _acts(gestures(options.seed, *_names(engine.status)))
            look = pulse = began
            while (at := time.monotonic()) - began < options.seconds or _waits(engine, at - began - options.seconds):
                found.ended, found.over = now(), engine.over
                if found.over:
                    break
                if at >= look:
                    look = at + _LOOK
                    drawing = None if viewer is None else viewer.pid
                    memory.look({**engine.pids, **({} if drawing is None else {"viewer": drawing})}, at - began)
                    found.speeds.append(float(engine.status["steps_per_second"]))
                    progress(at - began, f"{engine.status['loop']} loops, {engine.status['dropouts']} dropouts")
                if at >= pulse:
                    pulse = at + _PULSE
                    found.pulses.append(Pulse(now(), pulse_value(len(found.pulses) + 1)))
                    peer.send("/ear/playback/gain", found.pulses[-1].value)
                if options.faults and at >= kill and at - began < options.seconds and not engine.watch.waiting:
                    kill = at + draw.uniform(0.5, 1.5) * _FAULT
                    _kill(engine, draw)
                for address, arguments in next(hands):
                    peer.send(address, *arguments)
                peer.receive(0.0)
                time.sleep(0.005)
    except KeyboardInterrupt:
        pass
    finally:
        found.seconds = time.monotonic() - began
        found.answers = asker.close()
        probe.close()
        found.probe, found.memory = probe, memory
        found.heard = listeners.close()


def pulse_value(number: int) -> float:
    """Gain of a pulse, dB, exact in 32 bits: a decibel from the one before, and none of the last thirty has it."""
    return 0.0 - number % 2 - (number // 2 % _FINE) / _FINE


@contextlib.contextmanager
def _viewer(port: int, wanted: bool, found: Found) -> Iterator[Viewer | None]:
    if not wanted:
        yield None
        return
    with looking(port) as viewer:
        try:
            yield viewer
        finally:
            found.viewed = viewer.close()


def _acts(drawn: Iterator[Gesture]) -> Iterator[tuple[tuple[str, tuple[object, ...]], ...]]:
    """What is due, whenever it is asked."""
    due = time.monotonic()
    for gesture in drawn:
        for number, message in enumerate(gesture.messages):
            while time.monotonic() < due:
                yield ()
            due = time.monotonic() + (gesture.pause if number + 1 < len(gesture.messages) else gesture.rest)
            yield (message,)


def _names(status: Mapping[str, object]) -> tuple[list[str], list[str], list[str]]:
    """Layers, clips and presets that can be chosen."""
    tree = ParameterTree()
    clips = [row.name for row in ClipLibrary(()).describe()]
    presets = [preset.name for preset in list_presets(tree) if not preset.problem]
    layers = [f"encoder_{block}_conv{number}" for block in range(8) for number in (1, 2)]
    return [*layers, *(f"autoregressive_{number}" for number in range(7))], clips, presets


def _waits(engine: SoakedEngine, late: float) -> bool:
    """Whether something that was killed may still come back, so many seconds after the end."""
    return engine.watch.waiting and late < _BACK


def _kill(engine: SoakedEngine, draw: random.Random) -> None:
    """Kill one of its processes."""
    pids = {name: pid for name, pid in engine.status.get("pids", {}).items() if name in ("node", "audio", "dreamer")}
    name: str = draw.choice(sorted(pids))
    at = now()
    with contextlib.suppress(ProcessLookupError):  # it has died by itself
        os.kill(pids[name], signal.SIGKILL)
        engine.watch.killed(name, pids[name], at)
