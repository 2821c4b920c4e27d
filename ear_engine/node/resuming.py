"""A set begins: its source, or what is there in its place, and the loop that was heard last, which sounds at once.

The loop is laid down as a dreamer would have left it that has died: the audio process plays it from its first sample,
and the dreamer goes on from it as it does whenever it was started again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.imprints import Imprints
from ear_engine.node.options import NodeOptions
from ear_engine.node.sources import Sources
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, loop_name, read_loop, write_loop
from ear_engine.shared_memory.states import DreamerState, StateWriter

Report = Callable[[str, str, str], None]  # level, code, message


def open_source(sources: Sources, options: NodeOptions, session: Path, report: Report) -> None:
    """Make the first source. If a set names a clip that is not there, the loop that was heard takes its place, or else
    the usual one.

    Raises:
        UserError: what was typed cannot be used.
    """
    try:
        sources.open(options.clip)
        return
    except UserError as error:
        if not options.instead:
            raise
        report("warning", error.code, f"{error} {_instead(options)}")
    loop = _loop(options.loop)
    if loop is not None:
        try:
            sources.open(str(_as_clip(loop, session)))
            return
        except (UserError, OSError) as error:
            report("warning", "bad_loop", f"The loop that was heard cannot be used ({error}).")
    sources.open(options.instead)


def open_imprints(imprints: Imprints, options: NodeOptions, control: ControlLog, report: Report) -> None:
    """See to the clips that targets name. If a set names one that is not there, another target is chosen.

    Raises:
        UserError: what was typed cannot be used.
    """
    try:
        imprints.open()
    except UserError as error:
        if not options.instead:
            raise
        report("warning", error.code, f"{error} The target is a layer now.")
        control.apply({"target/by": "layer"}, "node")
        imprints.open()


def lay_down(sources: Sources, options: NodeOptions, session: Path, report: Report) -> bool:
    """Let the loop that was heard last sound first, and the dream go on from it; return whether it does."""
    loop, source = _loop(options.loop), sources.current
    if loop is None:
        return False
    if (loop.samples, loop.beats, loop.sample_rate) != (source.samples, source.beats, source.sample_rate):
        report("warning", "bad_loop", "The loop that was heard last does not fit the source; the dream begins anew.")
        return False
    file = loop_name(1)
    plain = replace(
        loop, loop=1, source_number=1, sequence=0, name=source.name, frames=0, activations={}, gradient=None
    )
    try:
        write_loop(session / "loops" / file, plain)
        writer: StateWriter[DreamerState] = StateWriter(session, "dreamer")
        writer.write(
            DreamerState(
                pid=0,
                phase="loading",
                heartbeat=now(),
                ear=options.ear.name,
                device="",
                layers=[],
                step=loop.step,
                steps_per_second=0.0,
                objective=0.0,
                loop=1,
                file=file,
                source_number=1,
                sequence=0,
            )
        )
        writer.close()
    except OSError as error:
        report("warning", "bad_loop", f"The loop that was heard last cannot be used ({error}); the dream begins anew.")
        return False
    report("info", "resumed", f"The loop that was heard last plays; the dream goes on from step {loop.step}.")
    return True


def _loop(path: Path | None) -> LoopFile | None:
    if path is None:
        return None
    try:
        return read_loop(path)
    except (OSError, ValueError, KeyError, TypeError):  # half gone, or another file
        return None


def _as_clip(loop: LoopFile, session: Path) -> Path:
    """The loop as a clip that says its beats."""
    import soundfile

    letters = "".join(letter if letter.isalnum() else "_" for letter in loop.name)[:60]
    path = session / f"{letters or 'heard'}_{loop.beats}beats.wav"
    soundfile.write(path, loop.audio.T, loop.sample_rate, subtype="FLOAT")
    return path


def _instead(options: NodeOptions) -> str:
    if options.loop is not None:
        return "The loop that was heard last takes its place."
    return f"The loop {options.instead!r} takes its place."
