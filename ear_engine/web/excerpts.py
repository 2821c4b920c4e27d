"""The music that excites a neuron: which it is, whom to thank for it, and how it sounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ear_engine.audition.cut import SECONDS, cut, window
from ear_engine.audition.excerpts import Excerpt, choose, excerpts_of
from ear_engine.audition.recordings import Recordings
from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError
from ear_engine.osc.loops import wav_bytes
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.targets.facts import EarFacts
from ear_engine.web.answers import Answer, Resource, WebError, as_json

_LABELS = ("title", "author", "license", "copyright", "source", "homepage")
_LONGEST = 500  # characters of a label
Thing = TypeVar("Thing")


class Excerpts:
    """Answers about excerpts.

    Args:
        facts: what is known of the ear, as soon as anything is.
    """

    def __init__(self, facts: Callable[[], EarFacts | None]) -> None:
        self._facts = facts
        self._recordings = Recordings()

    def all(self, number: int) -> Resource:
        """What excites a neuron, the strongest first; see :meth:`_describe`."""
        statistics = self._statistics()
        excerpts = _found(lambda: excerpts_of(statistics, number))
        corpus = "" if statistics is None else statistics.heard.corpus

        def make() -> Answer:
            rows = [self._describe(excerpt) for excerpt in excerpts]
            return Answer(as_json({"neuron": number, "corpus": corpus, "excerpts": rows}))

        return Resource(make)

    def wav(self, number: int, which: int) -> Resource:
        """Four seconds of one around its moment, as it is in the corpus: RIFF, float32, on both sides."""
        statistics = self._statistics()
        excerpt = _found(lambda: choose(excerpts_of(statistics, number), number, which))

        def make() -> Answer:
            found = _found(lambda: self._recordings.find(excerpt.corpus, excerpt.recording))
            made = _found(lambda: cut(found, excerpt))
            loop = LoopFile(0, made.audio[None, :], made.sample_rate, 1)
            return Answer(wav_bytes(loop), "audio/wav")

        return Resource(make)

    def _describe(self, excerpt: Excerpt) -> dict[str, Any]:
        """An excerpt for programs.

        ``which`` (1 is the strongest), ``corpus, recording, seconds`` (the moment in it), ``activation, wav`` (where it
        is heard); where its recording is on this machine ``begins`` and ``length`` (seconds) and what is known of it
        (``title, author, license, copyright, source, homepage``), else ``problem``, a sentence.
        """
        row: dict[str, Any] = {
            "which": excerpt.which,
            "corpus": excerpt.corpus,
            "recording": excerpt.recording,
            "seconds": excerpt.seconds,
            "activation": excerpt.activation,
            "wav": f"/neurons/{excerpt.neuron}/excerpts/{excerpt.which}.wav",
        }
        try:
            found = self._recordings.find(excerpt.corpus, excerpt.recording)
            start, length = window(found, excerpt, SECONDS)
        except UserError as error:
            return {**row, "problem": str(error)}
        labels = {name: found.labels[name][:_LONGEST] for name in _LABELS if found.labels.get(name)}
        return {**row, "begins": start / found.sample_rate, "length": length / found.sample_rate, **labels}

    def _statistics(self) -> Statistics | None:
        facts = self._facts()
        if facts is None:
            raise WebError(503, "the ear", "is loading", "ask again in a second", "not_ready")
        return facts.statistics


def _found(look: Callable[[], Thing]) -> Thing:
    """What ``look`` returns.

    Raises:
        WebError: there is no such thing (404).
    """
    try:
        return look()
    except UserError as error:
        raise WebError(404, error.subject, error.reason, error.mend, error.code) from None
