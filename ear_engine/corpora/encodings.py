"""Scores that the package music21 ships, read as notes: which pieces there are, and one piece as a MIDI score.

music21 (not a dependency of the engine) is imported in a process of its own, so that a piece that takes too long or
fails harms nothing: ``python -m ear_engine.corpora.encodings PIECE`` writes a JSON answer on its standard output.
Notes are taken from the parts as written, without repeats: an expansion of repeats only says the same music twice.
"""

from __future__ import annotations

import base64
import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ear_engine.corpora.midi import Note, Part, Score, midi_bytes
from ear_engine.errors import UserError

COMPOSERS = (
    "bach", "beethoven", "haydn", "josquin", "monteverdi", "mozart", "palestrina", "schumann_clara",
    "schumann_robert", "trecento",
)  # fmt: skip
"""Those with about a quarter of an hour or more (trecento: Landini, Jacopo da Bologna and others of their century)."""

DUPLICATES = ("dichterliebe_no2", "_bak")
"""Parts of names of files that hold a piece a second time."""

MARKER = "ear-engine piece "


@dataclass(frozen=True)
class Piece:
    """One score as read: MIDI bytes, seconds, the tempo in BPM if the score gives exactly one, and its title."""

    midi: bytes
    seconds: float
    tempo: float | None
    title: str


def find_pieces(library: Path) -> dict[str, list[Path]]:
    """Files of each of :data:`COMPOSERS` under music21's corpus folder, each piece once, in an order that is even.

    The order steps through the sorted list by the golden ratio, so that any first few pieces spread over all of it.
    """
    found = {}
    for composer in COMPOSERS:
        kinds = {".krn": 0, ".mxl": 1, ".xml": 2, ".abc": 3}
        files = [path for path in sorted((library / composer).rglob("*")) if path.suffix in kinds]
        files = [path for path in files if not any(mark in path.name for mark in DUPLICATES)]
        best: dict[Path, Path] = {}
        for path in sorted(files, key=lambda path: kinds[path.suffix]):
            best.setdefault(path.with_suffix(""), path)
        names = sorted(best)
        order = sorted(range(len(names)), key=lambda index: math.fmod(index * 0.6180339887498949, 1.0))
        found[composer] = [best[names[index]] for index in order]
    return found


def read_piece(path: Path, *, longest: float, timeout: float = 60.0, python: str = sys.executable) -> Piece:
    """Reads one score in a process of its own.

    Args:
        path: of a score that music21 reads.
        longest: in seconds; what comes after is left out.
        timeout: in seconds.
        python: the interpreter, which must have music21.

    Raises:
        UserError: if music21 fails or takes too long.
    """
    command = [python, "-m", __name__, str(path), str(longest)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise _unreadable(path, f"took music21 more than {timeout:g} s to read") from error
    answer = next((line for line in done.stdout.splitlines() if line.startswith(MARKER)), None)
    if done.returncode or answer is None:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise _unreadable(path, f"cannot be read by music21 ({last[0]})")
    data = json.loads(answer.removeprefix(MARKER))
    return Piece(base64.b64decode(data["midi"]), data["seconds"], data["tempo"], data["title"])


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(f"score {str(path)!r}", reason, "leave it out", "bad_score")


def _parse(path: Path) -> Any:
    """A music21 Score; files that hold a piece voice by voice are put together."""
    import music21  # type: ignore[import-not-found,unused-ignore]

    score: Any = music21.converter.parse(str(path), forceSource=True)
    if hasattr(score, "mergeScores"):  # an Opus
        score = score.mergeScores()
    return score.toSoundingPitch()


def _tempi(score: Any) -> tuple[tuple[float, float], ...]:
    """(quarter note, quarter notes a minute) of the score's marks; 120 where it has none."""
    tempi = {0.0: 120.0}
    for mark in score.flatten().getElementsByClass("MetronomeMark"):
        bpm = mark.getQuarterBPM()
        if bpm and 20.0 <= bpm <= 400.0:
            tempi[float(mark.offset)] = float(bpm)
    return tuple(sorted(tempi.items()))


def _notes(part: Any) -> list[Note]:
    """The part's notes with ties joined; a velocity of 80, or what the last dynamic mark says."""
    flat = part.stripTies().flatten()
    loud = [(float(mark.offset), float(mark.volumeScalar)) for mark in flat.getElementsByClass("Dynamic")]
    notes = []
    for element in flat.notes:
        if element.duration.isGrace or "Harmony" in element.classes or not hasattr(element, "pitches"):
            continue
        start, length = float(element.offset), float(element.quarterLength)
        scalar = next((value for offset, value in reversed(loud) if offset <= start), 0.5)
        velocity = round(35 + 90 * scalar)
        if length > 0.0:
            notes += [Note(start, length, int(pitch.midi), velocity) for pitch in element.pitches]
    return notes


def _cut(score: Score, longest: float) -> Score:
    """The score without what comes after ``longest`` seconds."""
    parts = []
    for part in score.parts:
        kept = [note for note in part.notes if score.seconds(note.start + note.length) <= longest]
        parts.append(Part(part.program, kept))
    return Score(tuple(part for part in parts if part.notes), score.tempi, score.meter)


def _main(path: str, longest: str) -> None:
    source = _parse(Path(path))
    tempi = _tempi(source)
    marks = {tempo for _, tempo in tempi} if source.flatten().getElementsByClass("MetronomeMark") else set()
    meters = source.flatten().getElementsByClass("TimeSignature")
    meter = (int(meters[0].numerator), int(meters[0].denominator)) if meters else (4, 4)
    parts = tuple(Part(0, _notes(part)) for part in source.parts)
    score = _cut(Score(parts[:15], tempi, meter), float(longest))
    if not score.parts:
        raise SystemExit("no notes")
    data = {
        "midi": base64.b64encode(midi_bytes(score)).decode(),
        "seconds": score.seconds(score.quarters),
        "tempo": marks.pop() if len(marks) == 1 else None,
        "title": str((source.metadata and source.metadata.bestTitle) or ""),
    }
    print(MARKER + json.dumps(data))


if __name__ == "__main__":
    _main(*sys.argv[1:])
