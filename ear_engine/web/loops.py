"""Loops by their numbers: what there is, how each sounds, what the ear does in it, and what would fire more.

A loop is there as soon as it is published, which is before it sounds. What is asked for is mapped at once, so a loop
that is removed meanwhile is still given whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from ear_engine.ear.loop_ranks import fitting, loop_ranks
from ear_engine.ear.statistics import Statistics
from ear_engine.osc.loops import wav_bytes
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.shared_memory.shelf import LoopFacts, Shelf
from ear_engine.web.answers import BINARY, Answer, Resource, WebError, as_json
from ear_engine.web.blocks import write_block


class Loops:
    """Answers about the loops of a session.

    Args:
        shelf: where they are.
        statistics: of the ear, as soon as they are known.
        session: a word that no other session has.
    """

    def __init__(self, shelf: Shelf, statistics: Callable[[], Statistics | None], session: str) -> None:
        self._shelf = shelf
        self._statistics = statistics
        self._session = session

    def all(self) -> Resource:
        """A list of :func:`describe`, by numbers."""
        return Resource(lambda: Answer(as_json([describe(facts) for facts in self._shelf.loops()])), quick=True)

    def wav(self, number: int) -> Resource:
        """RIFF, float32, stereo; also of the loops before, as long as what they were announced with is there."""
        path = self._shelf.wav(number)
        if path is not None and self._shelf.facts(number) is None:
            return Resource(lambda: Answer(self._announced(path, number), "audio/wav"), self._named(path.stem, "wav"))
        facts, loop = self._find(number)
        return Resource(lambda: Answer(wav_bytes(loop), "audio/wav"), self._tag(facts, "wav"))

    def activations(self, number: int) -> Resource:
        """A block (:mod:`ear_engine.web.blocks`) of uint8, (frames, neurons): percentile ranks, 0..255.

        Its line has ``loop, beats, seconds, layers`` ([name, neurons] of each, in order) and ``reference``: ``music``,
        or ``loop`` where the ear has no statistics and ranks are among the frames of this loop.
        """
        facts, loop = self._find(number)
        if not loop.activations or not loop.frames:
            raise _nothing(number, "activations", "nobody has listened to it")
        statistics = fitting(loop.activations, self._statistics())
        reference = "loop" if statistics is None else "music"
        about = {
            "loop": loop.loop,
            "beats": loop.beats,
            "seconds": loop.seconds,
            "reference": reference,
            "layers": [[name, steps.shape[1]] for name, steps in loop.activations.items()],
        }

        def make() -> Answer:
            return Answer(write_block(about, loop_ranks(loop.activations, loop.frames, statistics)), BINARY, packs=True)

        return Resource(make, self._tag(facts, f"ranks-{reference}"))

    def gradient(self, number: int) -> Resource:
        """A block of float32, (frames, bins): of what is aimed at by the level that the ear hears.

        Its line has ``loop, beats, seconds``.
        """
        facts, loop = self._find(number)
        gradient = loop.gradient
        if gradient is None:
            raise _nothing(number, "gradient", "no step has been made")
        about = {"loop": loop.loop, "beats": loop.beats, "seconds": loop.seconds}
        return Resource(lambda: Answer(write_block(about, gradient), BINARY), self._tag(facts, "gradient"))

    def _find(self, number: int) -> tuple[LoopFacts, LoopFile]:
        facts, loop = self._shelf.facts(number), self._shelf.open(number)
        if facts is None or loop is None:
            raise self._absent(number)
        return facts, loop

    def _absent(self, number: int) -> WebError:
        mend = "GET /loops lists those that are there"
        if self._shelf.gone(number):
            reason = "was heard before those that are kept"
            return WebError(410, f"loop {number}", reason, mend, "gone")
        return WebError(404, f"loop {number}", "is not there", mend, "not_found")

    def _announced(self, path: Path, number: int) -> bytes:
        try:
            return path.read_bytes()
        except OSError:  # removed just now
            raise self._absent(number) from None

    def _tag(self, facts: LoopFacts, what: str) -> str:
        return self._named(facts.file.removesuffix(".ear"), what)

    def _named(self, loop: str, what: str) -> str:
        return f"{self._session}-{loop}-{what}"


def describe(facts: LoopFacts) -> dict[str, object]:
    """A loop for programs: ``begins_in`` seconds it is first heard, below 0 if that was before; null if it waits."""
    return {
        "loop": facts.loop,
        "name": facts.name,
        "begins_in": None if facts.begins is None else round(facts.begins - now(), 4),
        "beats": facts.beats,
        "seconds": facts.seconds,
        "sample_rate": facts.sample_rate,
        "frames": facts.frames,
        "objective": facts.objective if math.isfinite(facts.objective) else 0.0,
        "step": facts.step,
        "gradient": facts.gradient,
    }


def _nothing(number: int, what: str, why: str) -> WebError:
    return WebError(404, f"loop {number}", f"has no {what}: {why}", "ask for a loop that was dreamed", f"no_{what}")
