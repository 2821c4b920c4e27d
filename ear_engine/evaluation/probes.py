"""All probes by name, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ear_engine.errors import UserError
from ear_engine.evaluation import follows, identity, musical
from ear_engine.evaluation.study import Library, Settings, Study
from ear_engine.yaml_files import nearest

Maker = Callable[[Library, Settings], tuple[Study, ...]]


@dataclass(frozen=True)
class Family:
    """Probes that are made together.

    Args:
        names: of the probes.
        make: their studies.
    """

    names: tuple[str, ...]
    make: Maker


PAPER = ("tracks", "tracks_random", "composers", "composers_random")
"""The probes of the paper's Table 2, leak-free and by its own random split."""
PLAIN = ("tracks", "tracks_random", "composers_random", "follows_easy")
"""Probes that timbre alone may solve; the others need music."""


def families() -> tuple[Family, ...]:
    """All there are."""

    def labeled(make: Callable[[Library, Settings, str, str], tuple[Study, ...]], corpus: str, name: str) -> Family:
        return Family((name,), lambda library, settings: make(library, settings, corpus, name))

    def pairs(corpus: str, name: str) -> Family:
        names = (f"{name}_hard", f"{name}_easy")
        return Family(names, lambda library, settings: follows.follows(library, settings, corpus, name))

    return (
        Family(("tracks", "tracks_changed", "tracks_random"), identity.tracks),
        Family(
            ("composers", "composers_changed", "composers_across_soundfonts", "composers_random"), identity.composers
        ),
        labeled(musical.tempo, "procedural_test", "tempo"),
        labeled(musical.beat_phase, "procedural_test", "beat_phase"),
        labeled(musical.key, "procedural_test", "key"),
        labeled(musical.tempo, "band_test", "band_tempo"),
        labeled(musical.meter, "band_test", "meter"),
        labeled(musical.beat_phase, "band_test", "band_beat_phase"),
        labeled(musical.key, "band_test", "band_key"),
        pairs("tracks", "follows"),
        pairs("piano", "follows_piano"),
    )


@dataclass(frozen=True)
class Chosen:
    """Studies to run, and the probes that cannot be, with the reason."""

    studies: tuple[Study, ...]
    left_out: dict[str, str]


def choose(names: Sequence[str], library: Library, settings: Settings) -> Chosen:
    """Make the studies of these probes, or of all if none is named.

    Where all are wanted, those whose corpus is not to be had are left out.

    Raises:
        UserError: a name is unknown, a probe that was named cannot be made, or none can.
    """
    everything = families()
    known = [name for family in everything for name in family.names]
    for name in names:
        if name not in known:
            raise UserError(f"probe {name!r}", "does not exist", nearest(name, known), "unknown_probe")
    studies: list[Study] = []
    left_out: dict[str, str] = {}
    for family in everything:
        wanted = [name for name in family.names if name in names or not names]
        if not wanted:
            continue
        try:
            made = family.make(library, settings)
        except UserError as error:
            if names:
                raise
            left_out.update(dict.fromkeys(family.names, str(error)))
            continue
        there = {test.name for study in made for test in study.tests}
        missing = [name for name in wanted if name not in there]
        if missing and names:
            library("piano_other")  # says why
            raise UserError(f"probe {missing[0]!r}", "has no excerpts", "build its corpus again", "too_little_music")
        left_out.update(dict.fromkeys(missing, "its corpus is not to be had"))
        studies += [part for study in made if (part := study.only(wanted)).tests]
    if not studies:
        reason = next(iter(left_out.values()), "nothing was asked")
        raise UserError("an evaluation", f"has no probe that can be made ({reason})", "build a corpus", "empty_corpus")
    return Chosen(tuple(studies), left_out)
