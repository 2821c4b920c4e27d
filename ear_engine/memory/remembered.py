"""A loop that was heard, and what it was made of; and what it is called."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ear_engine.errors import UserError
from ear_engine.parameters import Value
from ear_engine.shared_memory.states import Target

Kind = Literal["source", "dream", "morph"]
_LONGEST_WORDS = 24
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Remembered:
    """One loop; its audio lies beside it, see :class:`ear_engine.memory.store.MemoryStore`.

    Args:
        number: 1, 2, … in the order of hearing.
        name: for people, never all digits.
        kind: a source as it is, a dream, or a step of a morph between two.
        parent: the loop that it was dreamed on from; 0 for a source.
        generations: how many loops later it was heard; those in between are forgotten.
        source: the remembered source that it descends from; its own number if it is one.
        clip: name of the source's clip.
        samples, sample_rate, beats: its length.
        objective: how well it did what was aimed at.
        loudness: LUFS.
        step: of the dream.
        sequence: last control change that shaped it.
        seed: of the session.
        ear: its name.
        heard: wall clock, seconds, when it was heard first; 0 if it never was (a source that only its dreams were of).
        target: what was aimed at.
        held: targets that were kept besides.
        values: of all parameters.
        kept: whether it stays however many are heard.
        digest: of its audio.
    """

    number: int
    name: str
    kind: Kind
    parent: int
    source: int
    clip: str
    samples: int
    sample_rate: int
    beats: int
    objective: float
    loudness: float
    step: int
    sequence: int
    seed: int
    ear: str
    heard: float
    target: Target
    digest: str
    held: tuple[Target, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    kept: bool = False
    generations: int = 1

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate

    @property
    def tempo(self) -> float:
        """Beats a minute."""
        return self.beats * 60.0 / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def remembered(raw: Mapping[str, Any]) -> Remembered:
    """The opposite of :meth:`Remembered.as_dict`.

    Raises:
        TypeError, KeyError, ValueError: it is no such thing.
    """
    target, held = Target(**raw["target"]), tuple(Target(**one) for one in raw["held"])
    return Remembered(**{**raw, "target": target, "held": held})


def words_of(target: Target) -> str:
    """What is aimed at, in a few words: ``encoder_3_conv1``, ``map 0.31 0.72``, ``bright hats``."""
    words = {
        "layer": target.layer,
        "depth": f"depth {target.depth:.2f}",
        "map": f"map {target.x:.2f} {target.y:.2f}",
        "neurons": f"neurons {target.neurons}",
        "name": target.name,
        "imprint": f"like {target.imprint}",
        "objective": target.objective,
        "morph": f"a to b {target.morph:.2f}",
    }.get(target.by, target.by)
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1].rstrip() + "…"


def name_of(number: int, kind: Kind, clip: str, target: Target, heard: float) -> str:
    """Number, what it is of, and when it was heard: ``12 encoder_3_conv1 22:14:05``."""
    words = {"source": clip, "morph": "morph"}.get(kind) or words_of(target)
    when = time.strftime(" %H:%M:%S", time.localtime(heard)) if heard else ""
    return f"{number} {words}{when}"


def check_name(name: str) -> str:
    """A name that a performer gives.

    Raises:
        UserError: it cannot be one.
    """
    found = " ".join(name.split())
    problem = ""
    if not found:
        problem = "is empty"
    elif len(found) > _LONGEST_NAME:
        problem = f"is longer than {_LONGEST_NAME} characters"
    elif not found.isprintable():
        problem = "has characters that no name has"
    elif found.isdigit():
        problem = "is a number, as loops have anyway"
    if problem:
        raise UserError(f"name {name[:40]!r}", problem, "choose another", "bad_name")
    return found
