"""Music by ten composers as one instrument plays it: scores that music21 ships, as MIDI files and as recordings.

The scores are old and free, their encodings are not all: music21 distributes them "with permission", some not for
commercial use. They serve to measure ears and to train your own; ears that ship are not trained on them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from ear_engine.corpora.encodings import COMPOSERS, Piece, find_pieces, read_piece
from ear_engine.corpora.makers import Audio, Job, Progress, write_recordings
from ear_engine.corpora.soundfont import find_fluidsynth, known_soundfont, play
from ear_engine.errors import UserError

LICENSE = "music21"
"""Name in ``configs/corpora/licenses.yaml`` of what may be done with the recordings."""

MUSIC21 = "10.5.1"
"""The version whose corpus was used and measured."""

SHORTEST = 10.0
"""Seconds; shorter pieces are left out."""


def write_midi(
    folder: Path,
    *,
    minutes: float = 30.0,
    composers: tuple[str, ...] = COMPOSERS,
    library: Path | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes pieces of each composer as ``COMPOSER/PIECE.mid``, with their labels in ``labels.json``.

    Pieces are taken evenly from all that there are, until the composer's minutes are reached. Long ones are cut, the
    earlier the more pieces there are (2 to 10 minutes), so that no composer is known by a few works. What music21
    cannot read within a minute is left out.

    Args:
        folder: made if missing.
        minutes: of each composer, at most.
        composers: of :data:`~ear_engine.corpora.encodings.COMPOSERS`.
        library: music21's corpus folder; that of the installed package if None.
        workers: pieces read at once, each in a process.
        progress: called with (composers done, composers).

    Returns:
        The paths, by composer.

    Raises:
        UserError: if music21 is missing, or the folder cannot be written.
    """
    library = find_library() if library is None else library
    found, labels = find_pieces(library), dict[str, Mapping[str, str]]()
    try:
        with ThreadPoolExecutor(workers) as pool:
            for done, composer in enumerate(composers, start=1):
                longest = min(600.0, max(120.0, 78.0 * minutes / max(1, len(found[composer]))))
                seconds, queue = 0.0, list(found[composer])
                while queue and seconds < 60.0 * minutes - 0.5 * longest:
                    batch, queue = queue[:workers], queue[workers:]
                    for path, piece in zip(batch, pool.map(partial(_try_piece, longest), batch), strict=True):
                        if piece is None or piece.seconds < SHORTEST:
                            continue
                        name = "_".join(path.relative_to(library / composer).with_suffix("").parts).replace(" ", "_")
                        labels[f"{composer}/{name}.mid"] = _label(composer, name, piece)
                        (folder / composer).mkdir(parents=True, exist_ok=True)
                        (folder / composer / f"{name}.mid").write_bytes(piece.midi)
                        seconds += piece.seconds
                if progress is not None:
                    progress(done, len(composers))
        (folder / "labels.json").write_text(json.dumps(labels, indent=1, ensure_ascii=False, sort_keys=True))
    except OSError as error:
        reason = f"cannot be written ({error})"
        raise UserError(
            f"folder {str(folder)!r}", reason, "choose another, or free some space", "unwritable"
        ) from error
    return tuple(folder / name for name in labels)


def write_scores(
    folder: Path,
    soundfont: Path,
    *,
    midi: Path | None = None,
    minutes: float = 30.0,
    gain: float = 0.6,
    sample_rate: int = 44100,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Records pieces of each composer on the soundfont's piano, dry, as ``COMPOSER/PIECE.flac`` with ``labels.json``.

    Every part is played on the same piano, so that nothing but the notes tells composers apart; the level is the same
    for all pieces. Labels: composer, piece, group (the same for all renderings of a piece), tempo where the score gives
    exactly one, soundfont, license, author, title, source.

    Args:
        folder: made if missing; files that hold the same recordings are kept.
        soundfont: an SF2 or SF3 file.
        midi: a folder that :func:`write_midi` wrote, so that music21 is not needed; ``folder/.midi``, made at need, if
            None.
        minutes: of each composer, at most, where the MIDI files are made.
        gain: FluidSynth's.
        sample_rate: in Hz.
        workers: processes; one for each processor if None.
        progress: called with (recordings done, recordings).

    Returns:
        The paths, by name.

    Raises:
        UserError: if FluidSynth or music21 is missing, or a folder cannot be read or written.
    """
    find_fluidsynth()
    if midi is None:
        midi = folder / ".midi"
        if not (midi / "labels.json").is_file():
            write_midi(midi, minutes=minutes, workers=workers or 2)
    try:
        rows: dict[str, dict[str, str]] = json.loads((midi / "labels.json").read_text())
        if not rows:
            raise ValueError("no pieces")
    except (OSError, ValueError) as error:
        mend = "give a folder that write_midi wrote"
        raise UserError(f"scores {str(midi)!r}", f"cannot be read ({error})", mend, "no_scores") from error
    font, jobs = known_soundfont(soundfont), []
    for name, labels in sorted(rows.items()):
        recipe = f"piano {_digest(midi / name)}, {font.name}, gain {gain}, {sample_rate} Hz"
        source = f"{labels['source']}, on the piano of {font.file} ({font.license})"
        labels = {**labels, "soundfont": font.name, "source": source, "copyright": font.copyright}
        render = partial(_play, midi / name, soundfont, gain, sample_rate)
        jobs.append(Job(name.removesuffix(".mid"), render, recipe, labels, sample_rate))
    return write_recordings(folder, jobs, workers=workers, progress=progress)


def find_library() -> Path:
    """The folder of scores in the installed package music21, found without importing it.

    Raises:
        UserError: if it is not installed.
    """
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        mend = f"pip install music21=={MUSIC21}"
        raise UserError("the package music21", "is not installed, and it holds the scores", mend, "no_music21")
    return Path(spec.origin).parent / "corpus"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise UserError(
            f"score {str(path)!r}", f"cannot be read ({error.strerror})", "make it anew", "no_scores"
        ) from error


def _play(midi: Path, soundfont: Path, gain: float, sample_rate: int) -> Audio:
    """The piece, clipped where it is louder than full scale, which at the usual gain none is."""
    return np.clip(play(midi, soundfont, gain=gain, sample_rate=sample_rate), -1.0, 1.0)


def _try_piece(longest: float, path: Path) -> Piece | None:
    """The piece, or None where music21 fails."""
    try:
        return read_piece(path, longest=longest)
    except UserError:
        return None


def _label(composer: str, name: str, piece: Piece) -> dict[str, str]:
    labels = {
        "license": LICENSE,
        "author": composer,
        "composer": composer,
        "title": piece.title or name,
        "piece": name,
        "group": f"{composer}/{name}",
        "source": "scores of music21",
    }
    return labels if piece.tempo is None else {**labels, "tempo": f"{piece.tempo:g}"}
