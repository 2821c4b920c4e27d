"""Soundfonts by name, and MIDI played through one by FluidSynth, faster than real time."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ear_engine.corpora.makers import Audio
from ear_engine.errors import UserError

PLACES = ("/usr/share/sounds/sf3", "/usr/share/sounds/sf2", "/usr/share/soundfonts", "/opt/homebrew/share/soundfonts")
"""Folders that systems keep soundfonts in."""


@dataclass(frozen=True)
class Soundfont:
    """A soundfont that is known by name.

    Attributes:
        name: short.
        package: of Debian.
        file: its name in that package.
        license: of the samples.
        authors: whom to thank.
        copyright: the notice that the license asks to be kept.
    """

    name: str
    package: str
    file: str
    license: str
    authors: str
    copyright: str


SOUNDFONTS = (
    Soundfont(
        "fluidr3mono", "fluidr3mono-gm-soundfont", "FluidR3Mono_GM.sf3", "MIT",
        "Frank Wen, Michael Cowgill, Ethan Winer, Michael Schorsch",
        "Copyright (c) 2000-2002, 2008 Frank Wen; mono version (c) 2014-2017 Michael Cowgill; Temple Blocks (c) 2002 "
        "Ethan Winer; Drumline Percussion (c) 2016 Michael Schorsch",
    ),
    Soundfont(
        "fluidr3", "fluid-soundfont-gm", "FluidR3_GM.sf2", "MIT", "Frank Wen",
        "Copyright (c) 2000-2002, 2008 Frank Wen",
    ),
    Soundfont(
        "musescore", "musescore-general-soundfont-small", "MuseScore_General_Lite.sf3", "MIT",
        "S. Christian Collins, Frank Wen, Michael Cowgill, Ethan Winer, Michael Schorsch",
        "Copyright (c) 2000-2002, 2008 Frank Wen; mono version (c) 2014-2017 Michael Cowgill; Temple Blocks (c) 2002 "
        "Ethan Winer; Drumline Cymbals (c) 2016 Michael Schorsch; adaptation (c) 2018-2021 S. Christian Collins",
    ),
    Soundfont(
        "timgm6mb", "timgm6mb-soundfont", "TimGM6mb.sf2", "GPL-2.0-only", "Tim Brechbill",
        "Copyright (c) 2004 Tim Brechbill, 2010 David Bolton",
    ),
)  # fmt: skip
"""General MIDI soundfonts that Debian has; the first is the smallest that is permissively licensed."""


@dataclass(frozen=True)
class Room:
    """FluidSynth's reverberation; how much of it a part gets is the part's own controller.

    Attributes:
        size: 0..1, of the room.
        damping: 0..1, of high frequencies.
        level: 0..1.
    """

    size: float = 0.5
    damping: float = 0.3
    level: float = 0.7


def known_soundfont(name: str | Path) -> Soundfont:
    """What is known about a soundfont's name, or about a file of that name; else its license is called unknown."""
    for soundfont in SOUNDFONTS:
        if str(name) == soundfont.name or Path(name).name == soundfont.file:
            return soundfont
    return Soundfont(Path(name).stem, "", Path(name).name, "unknown", "unknown", "")


def find_soundfont(name: str | Path, *, fetch: Callable[[str], Path] | None = None) -> Path:
    """A soundfont's file.

    Args:
        name: of one of :data:`SOUNDFONTS`, or the path of any SF2 or SF3 file.
        fetch: gives the folder that a Debian package is unpacked in, downloaded at need; without it only what is
            installed is found.

    Raises:
        UserError: if it is not there.
    """
    path = Path(name)
    if path.suffix.lower() in (".sf2", ".sf3"):
        if path.is_file():
            return path
        raise UserError(f"soundfont {str(name)!r}", "is not there", "give the path of an SF2 or SF3 file", "no_file")
    known = known_soundfont(name)
    if not known.package:
        names = ", ".join(soundfont.name for soundfont in SOUNDFONTS)
        raise UserError(f"soundfont {str(name)!r}", "is not known", f"use one of {names}, or a file", "unknown_name")
    for place in PLACES:
        if (Path(place) / known.file).is_file():
            return Path(place) / known.file
    if fetch is not None:
        found = sorted(file for file in fetch(known.package).rglob(known.file) if file.is_file())
        if found:
            return found[0]
    mend = f"apt-get install {known.package}, or give the path of an SF2 or SF3 file"
    raise UserError(f"soundfont {str(name)!r}", "is not installed", mend, "no_soundfont")


def find_fluidsynth() -> str:
    """The path of the program ``fluidsynth``.

    Raises:
        UserError: if it is not installed.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        mend = "apt-get install fluidsynth (macOS: brew install fluid-synth)"
        raise UserError("fluidsynth", "is not installed, and it plays the scores", mend, "no_fluidsynth")
    return program


def play(
    midi: bytes | Path,
    soundfont: Path,
    *,
    sample_rate: int = 44100,
    gain: float = 0.5,
    room: Room | None = None,
    chorus: bool = False,
    timeout: float = 600.0,
) -> Audio:
    """Plays a MIDI file through a soundfont; the same arguments give the same samples.

    Args:
        midi: the bytes of a Standard MIDI File, or where one is.
        soundfont: an SF2 or SF3 file.
        sample_rate: in Hz, 8000 to 96000.
        gain: FluidSynth's, 0..10.
        room: reverberation, none if None.
        chorus: whether parts get what their chorus controllers ask for.
        timeout: in seconds.

    Returns:
        Mono float32, shape ``(samples,)``: the mean of both channels, not limited, to the end of the last sound.

    Raises:
        UserError: if FluidSynth is missing, fails or takes too long, or the file is no soundfont.
    """
    program = find_fluidsynth()
    _check_soundfont(soundfont)
    with tempfile.TemporaryDirectory(prefix="ear-engine-") as folder:
        out, empty = Path(folder, "out.wav"), Path(folder, "no_settings")
        empty.touch()
        score = Path(folder, "score.mid") if isinstance(midi, bytes) else midi
        if isinstance(midi, bytes):
            score.write_bytes(midi)
        settings = {"synth.dynamic-sample-loading": "1", "synth.reverb.active": "0", "synth.chorus.active": "0"}
        if room is not None:
            settings |= {"synth.reverb.active": "1", "synth.reverb.room-size": f"{room.size:.4f}"}
            settings |= {"synth.reverb.damp": f"{room.damping:.4f}", "synth.reverb.level": f"{room.level:.4f}"}
        if chorus:
            settings["synth.chorus.active"] = "1"
        command = [program, "-q", "-n", "-i", "-f", str(empty), "-T", "wav", "-O", "float", "-F", str(out)]
        command += ["-r", str(sample_rate), "-g", f"{gain:.4f}"]
        command += [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        try:
            done = subprocess.run(
                [*command, str(soundfont), str(score)], capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as error:
            reason = f"took more than {timeout:g} s"
            raise UserError("fluidsynth", reason, "try again on a quieter machine", "fluidsynth_failed") from error
        if not out.is_file():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            mend = "check that the soundfont is an SF2 or SF3 file"
            raise UserError("fluidsynth", f"could not play ({last})", mend, "fluidsynth_failed")
        try:
            stereo, _ = soundfile.read(out, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise UserError(
                "fluidsynth", f"wrote no audio ({error})", "free some space", "fluidsynth_failed"
            ) from error
    mono = stereo.mean(axis=1, dtype=np.float32)
    loud = np.flatnonzero(np.abs(mono) > 1e-5)
    return np.ascontiguousarray(mono[: loud[-1] + 1 if loud.size else 0], dtype=np.float32)


def _check_soundfont(path: Path) -> None:
    """FluidSynth plays silence from what is no soundfont, so it is looked at first."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise UserError(
            f"soundfont {str(path)!r}", f"cannot be read ({error.strerror})", "choose another", "no_file"
        ) from None
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise UserError(f"soundfont {str(path)!r}", "is no SF2 or SF3 file", "choose another", "bad_file")
