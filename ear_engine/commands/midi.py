"""``ear-engine midi``: what is plugged in, and what it would play; no engine is needed."""

from __future__ import annotations

import argparse
import queue
import sys
import time
from collections.abc import Sequence
from functools import partial

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.commands.parameters import all_commands
from ear_engine.errors import UserError
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.controls import Pulse, Signal
from ear_engine.midi.desk import Action, Desk, Play
from ear_engine.midi.maps import list_maps
from ear_engine.midi.ports import MidiSystem
from ear_engine.midi.rtmidi_ports import open_system
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now

_MOST = 4096  # messages that wait to be printed
_TURN = 0.25  # seconds


def run(typed: argparse.Namespace) -> int:
    """List, or print what comes.

    Raises:
        UserError: there is no MIDI, or no map of that name.
    """
    tree = ParameterTree()
    commands = {command.address: command for command in all_commands(tree)}
    bindings = MidiBindings(list_maps(tree, commands), tree, commands)
    if typed.action == "list":
        return _list(bindings, typed.midi)
    for text in typed.midi_map:
        name, _, port = text.partition("=")
        bindings.choose(name, port)
    system = open_system(typed.midi)
    try:
        return monitor(system, bindings, tree, typed.seconds)
    finally:
        system.close()


def _list(bindings: MidiBindings, api: str) -> int:
    rows = [(found.name, found.title, ", ".join(found.ports), str(len(found.bindings))) for found in bindings.maps]
    print_table(("Map", "Device", "Ports that hold", "Controls"), rows)
    for found in bindings.maps:
        for problem in found.problems:
            print(f"ear-engine: {problem}", file=sys.stderr)
    print(f"\nYour own go to {platform.user_midi_dir()}.\n")
    try:
        system = open_system(api)  # type: ignore[arg-type]  # one of the choices
    except UserError as error:
        print(f"No ports: {error}")
        return 0
    try:
        inputs, outputs = system.inputs(), system.outputs()
    finally:
        system.close()
    ports = [(name, "in", _map_of(bindings, name)) for name in inputs] + [(name, "out", "") for name in outputs]
    print_table(("Port", "Way", "Map"), ports) if ports else print(f"No ports over {system.name}.")
    return 0


def monitor(system: MidiSystem, bindings: MidiBindings, tree: ParameterTree, seconds: float | None) -> int:
    """Print what comes from all ports, and what it would do.

    Args:
        system: the machine's ports.
        bindings: what controls do.
        tree: follows what would be done.
        seconds: how long; None is until Ctrl-C.

    Raises:
        UserError: nothing is plugged in.
    """
    from ear_engine.midi.wire import read

    heard: queue.Queue[tuple[str, Sequence[int]]] = queue.Queue(_MOST)

    def put(name: str, data: Sequence[int], at: float) -> None:
        if not heard.full():
            heard.put_nowait((name, data))

    names = system.inputs()
    if not names:
        raise UserError("MIDI", f"has no device over {system.name}", "connect one", "no_midi")
    desks = {name: Desk(name, bindings.of(name), tree) for name in names}
    ports = []
    end = None if seconds is None else time.monotonic() + seconds
    try:
        for name in names:
            ports.append(system.open_input(name, partial(put, name)))
            print(f"{name}: {_map_of(bindings, name) or 'no map'}", flush=True)
        while end is None or time.monotonic() < end:
            try:
                name, data = heard.get(timeout=_TURN)
            except queue.Empty:
                continue
            said = read(data)
            if said is None or (isinstance(said, Pulse) and said.beat == "clock"):
                continue
            actions = list(desks[name].take(said, now(), tree.values)) if isinstance(said, Signal) else []
            for action in actions:
                if isinstance(action, Play) and action.name in tree.values:
                    tree.values[action.name] = action.value
            print(f"{name}: {_told(said)}{''.join(f'  {_done(action)}' for action in actions)}", flush=True)
    except KeyboardInterrupt:  # the way to end it
        return 0
    finally:
        for port in ports:
            port.close()
    return 0


def _map_of(bindings: MidiBindings, port: str) -> str:
    found = bindings.map_of(port)
    return "" if found is None else found.name


def _told(said: Signal | Pulse) -> str:
    if isinstance(said, Pulse):
        return said.beat if said.beat != "position" else f"position {said.sixteenths}"
    return f"{said.control} = {said.value}"


def _done(action: Action) -> str:
    if isinstance(action, Play):
        value = f"{action.value:g}" if isinstance(action.value, float) else str(action.value)
        return f"/ear/{action.name} {value}"
    return " ".join([action.address, *map(str, action.arguments)])
