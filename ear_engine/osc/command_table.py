"""The built-in commands: what can be asked over OSC besides setting and getting parameters, one row each."""

from __future__ import annotations

from ear_engine.osc.commands import Command
from ear_engine.osc.groups.auditions import audition_commands
from ear_engine.osc.groups.library import library_commands
from ear_engine.osc.groups.parameters import parameter_commands
from ear_engine.osc.groups.streams import stream_commands
from ear_engine.osc.groups.system import PONG as PONG
from ear_engine.osc.groups.system import SYNCED as SYNCED
from ear_engine.osc.groups.system import system_commands
from ear_engine.osc.groups.targets import target_commands


def builtin_commands() -> tuple[Command, ...]:
    """All built-in commands."""
    groups = (
        system_commands,
        parameter_commands,
        stream_commands,
        target_commands,
        library_commands,
        audition_commands,
    )
    return tuple(command for group in groups for command in group())
