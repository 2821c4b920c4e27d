"""The children of a node: what they run and how they show that they live. Imports neither torch nor pyo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ear_engine import platform
from ear_engine.node.options import NodeOptions
from ear_engine.node.supervisor import ChildSpec, Pulse
from ear_engine.playback.process import audio_main
from ear_engine.shared_memory.listen_state import ListenReader
from ear_engine.shared_memory.map_state import MapReader
from ear_engine.shared_memory.states import AudioState, DreamerState, StateReader

AUDIO = "audio"
DREAMER = "dreamer"
MAP = "map"
LAYOUT = "layout"
LISTEN = "listen"
BAD_INPUT = 2  # exit code of a child that was given something it cannot use

_DREAMER_HANGS = 8.0  # seconds without a heartbeat
_AUDIO_HANGS = 4.0  # seconds without a state; the process itself notices a lost device after two
_MAP_HANGS = 10.0
_LOADING = 60.0
_LISTEN_HANGS = 10.0
_LISTEN_LOADS = 180.0  # an ear and the codes that surprise is against, behind all that sounds
_LAYING_OUT = 600.0  # an ear without a map, on a busy machine


def run_dreamer(session: Path, ear: Path, device: str, seed: int) -> None:
    """Entry point of the dreamer process; torch is imported here, not where it is spawned."""
    platform.yield_cores()
    platform.few_kernels()
    from ear_engine.optimization.dreamer import DreamerOptions
    from ear_engine.optimization.process import dreamer_main

    dreamer_main(session, DreamerOptions(ear=ear, device=device, seed=seed))


def prepare_audio() -> None:
    """Import what the audio process imports."""
    from ear_engine.playback import backend, feeder, graph, recorder  # noqa: F401
    from ear_engine.playback.pyo_library import load_pyo

    load_pyo()


def audio_child(session: Path, options: NodeOptions) -> ChildSpec:
    """The audio process."""
    return ChildSpec(
        AUDIO,
        audio_main,
        (session, options.audio),
        meanwhile="the sound comes back in its place",
        pulse=audio_pulse(session),
        patience=_AUDIO_HANGS,
        loading=_LOADING,
        prepare=prepare_audio,
    )


def dreamer_child(session: Path, options: NodeOptions) -> ChildSpec:
    """The dreamer process."""
    return ChildSpec(
        DREAMER,
        run_dreamer,
        (session, options.ear.path, options.device, options.seed),
        meanwhile="the last loop plays on",
        pulse=dreamer_pulse(session),
        patience=_DREAMER_HANGS,
        loading=_LOADING,
        grace=0.9,
    )


def run_map(session: Path, device: str) -> None:
    """Entry point of the map process; torch is imported here, not where it is spawned."""
    platform.yield_cores()
    from ear_engine.layout.live_process import map_main

    map_main(session, device)


def map_child(session: Path, options: NodeOptions) -> ChildSpec:
    """The map process."""
    return ChildSpec(
        MAP,
        run_map,
        (session, options.device),
        meanwhile="the map lies still",
        pulse=map_pulse(session),
        patience=_MAP_HANGS,
        loading=_LAYING_OUT,
        grace=0.9,
    )


def run_listening(session: Path) -> None:
    """Entry point of the listening process; torch is imported here, not where it is spawned."""
    platform.yield_cores()
    from ear_engine.listening.process import listen_main

    listen_main(session)


def listen_child(session: Path) -> ChildSpec:
    """The listening process."""
    return ChildSpec(
        LISTEN,
        run_listening,
        (session,),
        meanwhile="nothing is heard of the live input",
        pulse=listen_pulse(session),
        patience=_LISTEN_HANGS,
        loading=_LISTEN_LOADS,
        grace=0.9,
    )


def run_layout(session: Path) -> None:
    """Entry point of the layout process; torch is imported here, not where it is spawned."""
    from ear_engine.layout.making_process import layout_main

    layout_main(session)


def layout_child(session: Path) -> ChildSpec:
    """The layout process, for an ear that has no map; it may take as long as it likes."""
    return ChildSpec(LAYOUT, run_layout, (session,), meanwhile="the map is a chart", grace=0.5)


def default_children(session: Path, options: NodeOptions) -> Sequence[ChildSpec]:
    """All."""
    playing = audio_child(session, options), dreamer_child(session, options)
    return *playing, map_child(session, options), layout_child(session), listen_child(session)


def audio_pulse(session: Path) -> Callable[[int], Pulse | None]:
    """Sign of life of the audio process: it keeps writing its state."""
    reader = StateReader(session, AUDIO, AudioState)

    def pulse(pid: int) -> Pulse | None:
        state = reader.read()
        return Pulse(state.time, bool(state.schedule)) if state is not None and state.pid == pid else None

    return pulse


def dreamer_pulse(session: Path) -> Callable[[int], Pulse | None]:
    """Sign of life of the dreamer: its heartbeat."""
    reader = StateReader(session, DREAMER, DreamerState)

    def pulse(pid: int) -> Pulse | None:
        state = reader.read()
        return Pulse(state.heartbeat, state.phase != "loading") if state is not None and state.pid == pid else None

    return pulse


def listen_pulse(session: Path) -> Callable[[int], Pulse | None]:
    """Sign of life of the listening process; it is quiet for long only as it loads an ear."""
    reader = ListenReader(session)

    def pulse(pid: int) -> Pulse | None:
        state = reader.read()
        if state is None or state.pid != pid:
            return None
        loading = state.phase == "loading"
        return Pulse(state.heartbeat + (_LISTEN_LOADS if loading else 0.0), ready=not loading)

    return pulse


def map_pulse(session: Path) -> Callable[[int], Pulse | None]:
    """Sign of life of the map process: it keeps writing where neurons are, and is quiet for long only as it loads."""
    reader = MapReader(session)

    def pulse(pid: int) -> Pulse | None:
        state = reader.read()
        if state is None or state.pid != pid:
            return None
        if state.phase == "loading":  # maybe another ear than the first
            return Pulse(state.heartbeat + _LAYING_OUT - _MAP_HANGS, ready=False)
        return Pulse(state.heartbeat)

    return pulse
