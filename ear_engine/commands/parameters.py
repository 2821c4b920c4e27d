"""``ear-engine parameters``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from ear_engine.control import ControlLog
from ear_engine.ear_files import EarFolder
from ear_engine.errors import UserError
from ear_engine.node.live_input import LiveInput
from ear_engine.node.map_making import MapMaking
from ear_engine.node.memory import Memory
from ear_engine.node.midi import Midi
from ear_engine.node.models import Models
from ear_engine.node.moving_map import MovingMap
from ear_engine.node.options import NodeOptions
from ear_engine.node.recording import Recording
from ear_engine.node.set_desk import SetDesk
from ear_engine.node.transport import Transport
from ear_engine.osc.command_table import builtin_commands
from ear_engine.osc.commands import Command
from ear_engine.osc.groups.session import session_commands
from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import ParameterTree
from ear_engine.reference import markdown, plain
from ear_engine.reference_html import page
from ear_engine.targets.functions import FUNCTIONS


def run(typed: argparse.Namespace) -> int:
    """Print the reference page: parameters, commands, and the functions of expressions; or write it for a browser.

    Raises:
        UserError: the file cannot be written.
    """
    tree = ParameterTree()
    commands = sorted(all_commands(tree), key=lambda command: command.name.partition("/")[0])
    functions = list(FUNCTIONS.values())
    if typed.html is not None:
        path = Path(typed.html).expanduser()
        try:
            path.write_text(page(tree, commands, stream_rows(), functions), encoding="utf-8")
        except OSError as problem:
            raise UserError(f"file {path}", f"cannot be written ({problem.strerror})", "use another", "file") from None
        print(path)
        return 0
    told = (commands, functions, stream_rows())
    text = markdown(tree, *told) if typed.markdown else plain(tree, None, *told)
    print(text, end="")
    return 0


def all_commands(tree: ParameterTree) -> tuple[Command, ...]:
    """Every command of an engine; none of them can be called."""
    control, nowhere = ControlLog(tree), Path()
    map_ = MovingMap(
        control, nowhere, device=str, pid=lambda: None, still=lambda: None, report=lambda level, code, message: None
    )
    making = MapMaking(
        control, nowhere, lacking=lambda: None, pid=lambda: None, report=lambda level, code, message: None
    )
    transport = Transport(control, lambda: None)
    midi = Midi(_never, control, transport, osc=_never, maps=(), report=_never)
    memory = Memory(control, nowhere, audio=_never, layers=_never, refuse=_never, report=_never)
    live = LiveInput(control, nowhere, audio=_never, pid=_never, source=_never, osc=_never, report=_never)
    ears = Models(control, EarFolder("", nowhere))
    options = NodeOptions(EarFolder("", nowhere))
    desk = SetDesk(control, options, (), str, lambda: None, _never, _never)
    parts = (
        ears.commands(),
        map_.commands(),
        making.commands(),
        desk.commands(),
        midi.commands(),
        memory.commands(),
        live.commands(),
        session_commands(Recording(control, nowhere, _never, _never)),
    )
    return (*builtin_commands(), *(command for part in parts for command in part))


def _never(*_: object) -> NoReturn:
    raise RuntimeError("no engine runs")
