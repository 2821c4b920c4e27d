"""``ear-engine clips``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import soundfile

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.errors import UserError
from ear_engine.sources.library import ClipLibrary
from ear_engine.sources.loops import builtin_names


def run(typed: argparse.Namespace) -> int:
    """List the clips, or write the built-in ones as WAV files."""
    library = ClipLibrary((platform.user_clip_dir(),))
    if typed.export is not None:
        return _export(library, Path(typed.export).expanduser())
    rows = []
    described = library.describe()
    for fault in library.faults:
        print(f"ear-engine: {fault}", file=sys.stderr)
    for row in described:
        beats = "" if row.beats is None else str(row.beats)
        tempo = "" if row.tempo is None else f"{row.tempo:.4g}"
        rows.append((row.name, f"{row.seconds:.2f}", beats, tempo, row.description))
    print_table(("Clip", "Seconds", "Beats", "BPM", "About"), rows, right=("Seconds", "Beats", "BPM"))
    print(f"\nYour own go to {platform.user_clip_dir()}, or give --clip a path.")
    return 0


def _export(library: ClipLibrary, folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in builtin_names():
            clip = library.load(name)
            path = folder / f"{name}_{clip.beats}beats_{round(clip.tempo)}bpm.wav"
            soundfile.write(path, clip.audio.T, clip.sample_rate, subtype="FLOAT")
            print(path)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"folder {str(folder)!r}", f"cannot be written ({error})", "choose another") from None
    return 0
