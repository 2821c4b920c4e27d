"""What is asked about labeled music to find directions in an ear: tempo, mode, meter, style, sound, key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ear_engine.evaluation.directions import Question
from ear_engine.evaluation.musical import NOTES, relative_major

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

CORPORA = ("procedural_test", "band_test")
_MAJOR = ("major", "ionian", "mixolydian", "lydian", "major_pentatonic")
_MINOR = ("minor", "aeolian", "dorian", "phrygian", "harmonic_minor", "melodic_minor", "minor_pentatonic")
_STYLES = 8  # recordings of a style, at least
_PLAYED = "soundfont"  # a label that only music of sampled instruments has


def questions(recordings: Sequence[Recording]) -> tuple[Question, ...]:
    """All that the labels of these recordings answer."""
    thirds = {source: np.quantile(tempi, (1 / 3, 2 / 3)) for source, tempi in _tempi(recordings).items()}

    def fast(recording: Recording) -> bool | None:
        if "tempo" not in recording.labels:
            return None
        tempo, (low, high) = float(recording.labels["tempo"]), thirds[_source(recording)]
        return True if tempo >= high else False if tempo <= low else None

    def major(recording: Recording) -> bool | None:
        scale = recording.labels.get("scale", "")
        return True if scale in _MAJOR else False if scale in _MINOR else None

    def triple(recording: Recording) -> bool | None:
        meter = recording.labels.get("meter", "")
        return True if meter in ("3/4", "6/8") else False if meter in ("2/4", "4/4") else None

    found = [
        Question(("fast", "slow"), ("the fastest third of its kind", "the slowest third of its kind"), fast),
        Question(("major", "minor"), ("scales with a major third", "scales with a minor third"), major),
        Question(("triple", "duple"), ("meters of 3/4 and 6/8", "meters of 2/4 and 4/4"), triple),
        Question(
            ("played", "electronic"),
            ("sampled instruments of a band", "synthesizers and drum machines"),
            lambda recording: _PLAYED in recording.labels,
        ),
    ]
    styles = [recording.labels.get("style", "") for recording in recordings]
    for style in sorted({style for style in styles if style and styles.count(style) >= _STYLES}):
        sources = frozenset(_source(one) for one, said in zip(recordings, styles, strict=True) if said == style)
        text = f"music in the style {style.replace('_', ' ')}"
        found.append(Question((style, ""), (text, ""), _is_style(style, sources)))
    for note in NOTES:
        text = f"notes of {note} major, in bands, whatever the mode"
        found.append(Question((f"key of {note.lower()}", ""), (text, ""), _is_key(note)))
    return tuple(found)


def _is_key(note: str) -> Callable[[Recording], bool | None]:
    def answer(recording: Recording) -> bool | None:
        key = relative_major(recording) if _PLAYED in recording.labels else None
        return None if key is None else key == note

    return answer


def _is_style(style: str, sources: frozenset[str]) -> Callable[[Recording], bool | None]:
    """Only music from where the style occurs is asked about: else what makes all of that music alike would answer."""

    def answer(recording: Recording) -> bool | None:
        said = recording.labels.get("style", "")
        return said == style if said and _source(recording) in sources else None

    return answer


def _source(recording: Recording) -> str:
    return recording.labels.get("source", "")


def _tempi(recordings: Sequence[Recording]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for recording in recordings:
        if "tempo" in recording.labels:
            found.setdefault(_source(recording), []).append(float(recording.labels["tempo"]))
    return found
