"""``ear-engine replay``: a performance that was kept, heard, seen and dreamed again."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.progress import Stages
from ear_engine.errors import UserError
from ear_engine.offline.outputs import need_file
from ear_engine.offline.replaying import Played, need_sound, play_again, write_loops
from ear_engine.performance.reading import Kept, find_performance, read_performance
from ear_engine.performance.timeline import timeline

_NAMED = 8  # differences


def run(typed: argparse.Namespace) -> int:
    """Do what was asked for; with nothing but a name, compute the sound and say whether it is what was heard."""
    kept = read_performance(find_performance(typed.file, platform.user_recording_dir()))
    output = None if typed.output is None else Path(typed.output).expanduser()
    if output is not None and output.suffix.lower() not in (".wav", ".mp4"):
        mend = "end its name with .wav or .mp4"
        raise UserError(f"file {str(output)!r}", "ends in nothing that a performance can become", mend, "bad_value")
    if output is not None:
        need_sound(kept)
        need_file(output)
    print(_about(kept))
    for fault in kept.faults:
        print(f"ear-engine: {fault}", file=sys.stderr)
    if typed.list:
        for moment in timeline(kept):
            print(f"{_clock(moment.seconds)}  {moment.who:<24}  {moment.what}")
    if typed.loops is not None:
        files = write_loops(kept, Path(typed.loops).expanduser())
        print(f"{len(files)} loops in {typed.loops}")
    if typed.recompute:
        _dream_again(kept, typed.ear)
    if output is not None and output.suffix.lower() == ".mp4":
        from ear_engine.commands.replay_film import write_film

        write_film(kept, output, typed)
    elif output is not None or not (typed.list or typed.loops or typed.recompute):
        _play_again(kept, output)
    return 0


def _about(kept: Kept) -> str:
    ear = kept.head.get("ear", {}).get("name", "unknown ear")
    loops = len({entry["wet"] for part in kept.sounds for entry in part.entries})
    created = str(kept.head.get("created", ""))[:16].replace("T", " ")
    when = f", {created}" if created else ""
    return f"{kept.name}{when}: {_clock(kept.seconds)} of {ear}, {loops} loops, {len(kept.changes)} changes"


def _play_again(kept: Kept, output: Path | None) -> None:
    began = time.monotonic()
    with Stages(Console(file=sys.stderr, soft_wrap=True)) as stages:
        played, files = play_again(kept, output, lambda done, every: stages("computing sound", done, every))
    took = max(time.monotonic() - began, 1e-3)
    for file in files:
        print(file)
    print(f"{played.seconds:.1f} s of sound in {took:.1f} s ({played.seconds / took:.3g} times real time)")
    print(_compared(played))


def _compared(played: Played) -> str:
    if not played.differences:
        return f"all {played.compared:.1f} s whose checksum is known are what was heard, bit for bit"
    places = ", ".join(f"{_clock(at)} ({seconds:.1f} s)" for at, seconds in played.differences[:_NAMED])
    more = f" and {len(played.differences) - _NAMED} more" if len(played.differences) > _NAMED else ""
    different = sum(seconds for _, seconds in played.differences)
    return f"{different:.1f} of {played.compared:.1f} s are not what was heard to the bit: at {places}{more}"


def _dream_again(kept: Kept, ear: str | None) -> None:
    from ear_engine.offline.redreaming import Redreamed

    began = time.monotonic()
    again = Redreamed(kept, ear)
    same = others = 0
    with Stages(Console(file=sys.stderr, soft_wrap=True)) as stages:
        for found in again.loops(lambda done, every: stages("dreaming again", done, every)):
            if found.first < 0:
                same += 1
            else:
                others += 1
                if others <= _NAMED:
                    much = "of another length" if math.isinf(found.decibels) else f"{found.decibels:.1f} dB"
                    print(f"loop {found.loop} (step {found.step}) differs from sample {found.first} on: {much}")
    if others > _NAMED:
        print(f"and {others - _NAMED} more loops")
    took = time.monotonic() - began
    print(f"{again.steps} steps in {took:.1f} s: {same} of {same + others} loops are the same, bit for bit")


def _clock(seconds: float) -> str:
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{int(seconds // 60)}:{seconds % 60:06.3f}"
