"""``ear-engine serve``: checks everything that was asked for, then runs the node."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from dataclasses import replace
from pathlib import Path

from ear_engine import platform
from ear_engine.commands.options import typed_parameters
from ear_engine.ear_files import EarFolder, find_ear
from ear_engine.errors import UserError
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.maps import list_maps
from ear_engine.node.conductor import run_node
from ear_engine.node.console import Console, TerminalConsole
from ear_engine.node.options import NodeOptions
from ear_engine.osc.allowed import Allowed
from ear_engine.parameters import ParameterTree
from ear_engine.playback.input_file import check_input_file
from ear_engine.playback.options import AudioOptions
from ear_engine.playback.recorder import check_record_path
from ear_engine.presets import find_preset
from ear_engine.setfile import overlay
from ear_engine.sets.contents import Contents, read_contents
from ear_engine.sets.last import find_last, folder_of, loop_beside
from ear_engine.sets.places import LAST, named_or_path

DEFAULT_EAR = "small"
DEFAULT_CLIP = "beat"
_SWITCH = 0.0005  # seconds: what reads and writes files beside the event loop lets go of the interpreter that soon.
# Five packets beside a thread that writes YAML: p99 0.12 ms; with Python's own 5 ms it is 11.8 ms (measured).


def run(typed: argparse.Namespace) -> int:
    """Play until it is ended."""
    options = node_options(typed)
    platform.raise_priority(platform.Urgency.ANSWERS)  # before there is a thread that keeps it from Python
    platform.steady_memory()
    console = TerminalConsole(sys.stdout, sys.stderr, json_status=typed.json_status)
    logging.basicConfig(level=logging.WARNING, handlers=[_ConsoleHandler(console)], format="  %(message)s")
    sys.setswitchinterval(_SWITCH)
    try:
        asyncio.run(run_node(options, console))
    finally:
        console.close()
    return 0


def node_options(typed: argparse.Namespace) -> NodeOptions:
    """What was typed, checked as far as that can be done at once.

    Raises:
        UserError: something that was asked for cannot be used.
    """
    tree = ParameterTree()
    start, path = _set(typed, tree)
    chosen = start.plain
    options = typed_parameters(typed, tree)
    if typed.autopilot:
        options["dream/autopilot"] = True
    preset = {} if typed.preset is None else find_preset(typed.preset, tree).changes(tree)
    values = overlay(overlay(preset, chosen.values, tree), options, tree)
    clip = values.pop("source/clip", None)  # --clip may be a path, a parameter may not
    if typed.seconds is not None and not 0 < typed.seconds < float("inf"):
        raise UserError(f"--seconds {typed.seconds:g}", "is not a time", "use a number above 0", "bad_value")
    seed = chosen.seed if typed.seed is None else typed.seed
    if seed is not None and not 0 <= seed < 1 << 63:
        raise UserError(f"--seed {seed}", "is not a whole number from 0", "use one, such as 7", "bad_value")
    record = None if typed.record is None else Path(typed.record).expanduser().absolute()
    if record is not None:
        check_record_path(record)
    ear, start = _ear(typed, start)
    named = typed.clip or clip
    return NodeOptions(
        ear=ear,
        clip=str(named or chosen.clip or DEFAULT_CLIP),
        values=values,
        audio=_audio(typed, record),
        device=typed.device,
        osc_port=typed.osc_port,
        http_port=typed.http_port,
        bind=typed.bind,
        announce=typed.announce,
        allow=_allowed(typed.allow),
        send=tuple(_target(text) for text in typed.send),
        seed=seed or 0,
        seconds=typed.seconds,
        origin="command line" if typed.set is None else f"set {Path(typed.set).name}",
        clip_folders=(platform.user_clip_dir(), *start.clip_folders),
        keep=typed.keep,
        view=typed.view,
        outputs=_outputs(typed.output),
        midi=typed.midi,
        midi_maps=_midi_maps(typed.midi_map, tree),
        keeper=typed.kept,
        afresh=typed.afresh,
        start=start,
        instead="" if named else DEFAULT_CLIP if typed.set is not None else "",
        forgiving=typed.set is not None and bool(start.faults or typed.set == LAST),
        loop=None if path is None or named or typed.preset is not None else loop_beside(path),
        left=None if path is None else folder_of(path),
        autosave=True,
    )


def _set(typed: argparse.Namespace, tree: ParameterTree) -> tuple[Contents, Path | None]:
    """The set that was asked for, and its file."""
    if typed.set is None:
        return Contents(), None
    if typed.set == LAST:
        path = find_last(typed.osc_port).path
        return read_contents(path, tree, lenient=True), path
    path = named_or_path(typed.set)
    return read_contents(path, tree), path


def _ear(typed: argparse.Namespace, start: Contents) -> tuple[EarFolder, Contents]:
    """The ear that listens; if that of the last set, or of a newer one, is not there, the usual one, which is said."""
    name = typed.ear or start.plain.ear
    try:
        return find_ear(name or DEFAULT_EAR), start
    except UserError as error:
        if typed.ear is not None or not (typed.set == LAST or start.faults):
            raise
        return find_ear(DEFAULT_EAR), replace(start, faults=(*start.faults, error))


def _outputs(specs: list[str]) -> tuple[str, ...]:
    if specs:
        from ear_engine.viewer.sinks.names import check_specs

        check_specs(specs)
    return tuple(specs)


def _audio(typed: argparse.Namespace, record: Path | None) -> AudioOptions:
    if typed.audio_device is not None and typed.audio in ("jack", "null"):
        reason, mend = f"is for PortAudio, not for {typed.audio}", "leave it out, or use --audio portaudio"
        raise UserError("--audio-device", reason, mend, "bad_value")
    for name, value, low, high, unit, jack in (
        ("--rate", typed.rate, 8000, 192000, "Hz", "-r"),
        ("--buffer", typed.buffer, 64, 4096, "samples", "-p"),
    ):
        if value is not None and not low <= value <= high:
            raise UserError(f"{name} {value}", f"is not from {low} to {high} {unit}", "use one that is", "bad_value")
        if value is not None and typed.audio == "jack":
            raise UserError(
                name, "is JACK's to decide", f"leave it out, or start jackd with {jack} {value}", "bad_value"
            )
    return AudioOptions(
        backend=typed.audio,
        device=typed.audio_device,
        buffer_size=typed.buffer or AudioOptions.buffer_size,
        device_rate=typed.rate,
        channels=typed.channels,
        record=record,
        input=typed.input == "",
        input_file=_input_file(typed.input),
    )


def _input_file(typed: str | None) -> Path | None:
    if not typed:
        return None
    path = Path(typed).expanduser().absolute()
    check_input_file(path)
    return path


def _allowed(networks: list[str]) -> tuple[str, ...]:
    Allowed(networks)
    return tuple(networks)


def _midi_maps(texts: list[str], tree: ParameterTree) -> tuple[tuple[str, str], ...]:
    chosen = tuple((name, port) for name, _, port in (text.partition("=") for text in texts))
    if chosen:
        known = MidiBindings(list_maps(tree, {}), tree, {})
        for name, port in chosen:
            known.choose(name, port)
    return chosen


def _target(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 1 << 16:
        raise UserError(f"--send {text}", "is not HOST:PORT", "use one such as 127.0.0.1:57120", "bad_value")
    return host, int(port)


class _ConsoleHandler(logging.Handler):
    """Log lines go where all lines go, so that they do not break the status line."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.warn(self.format(record))
