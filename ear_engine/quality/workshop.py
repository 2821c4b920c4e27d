"""What every part of the measurement needs, each computed once: clips and their values, dreams and theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.statistics_file import hash_weights
from ear_engine.evaluation.cache import Cache, code_digest
from ear_engine.quality.clips import Clips
from ear_engine.quality.dreaming import BEATS, LEVEL, Course, dream_loop, source_audio, values_of
from ear_engine.quality.judge import Judge, judge_of, layer_target
from ear_engine.quality.percentiles import corpus_values, leveled_middle
from ear_engine.quality.spectra import Floats, Loop
from ear_engine.targets.terms import Term

Report = Callable[[str, int, int], None]
_PACKAGE = Path(__file__).resolve().parent.parent
_SHARED = 500
_HEARING = ("ear", "targets", "optimization/objectives")


@lru_cache
def _code(*folders: str) -> str:
    modules = [path for folder in folders for path in sorted((_PACKAGE / folder).rglob("*.py"))]
    return code_digest(*(path.relative_to(_PACKAGE).as_posix() for path in modules))


@dataclass(frozen=True, eq=False)
class Workshop:
    """One ear, music, and dreams that are made when they are asked for.

    Args:
        folder: of the ear.
        clips: the music.
        music: names it in the cache: corpus, number of clips, seed.
        cache: where values and dreams are kept.
        course: how long is dreamed.
        device: torch device.
        report: of progress: (what, done, all).
    """

    folder: Path
    clips: Clips
    music: str
    cache: Cache
    course: Course
    device: str = "cpu"
    report: Report = lambda what, done, of: None

    @property
    def name(self) -> str:
        """Of the ear's folder."""
        return self.folder.name

    @cached_property
    def judge(self) -> Judge:
        """The ear, listening."""
        return judge_of(self.folder, load_ear(self.folder), BEATS, self.source("beat"), self.device)

    @cached_property
    def targets(self) -> Mapping[str, tuple[Term, ...]]:
        """The default target of each layer."""
        return {layer: self.judge.terms(layer_target(layer)) for layer in self.judge.layers}

    @cached_property
    def _weights(self) -> str:
        return hash_weights(self.folder)

    @cached_property
    def corpus(self) -> Mapping[str, Floats]:
        """Values of each layer's target on all clips, (clips,)."""
        path = self.cache.path("quality-values", self._weights, self.music, str(LEVEL), _code(*_HEARING))
        known = self.cache.read(path)
        if known is None:
            tell = partial(self.report, f"{self.name} hears music")
            values = corpus_values(self.judge, self.clips, list(self.targets.values()), LEVEL, tell)
            known = dict(zip(self.targets, values.T.copy(), strict=True))
            self.cache.write(path, known)
        return known

    @property
    def shared(self) -> NDArray[np.int64]:
        """Numbers of the clips that two ears are compared on, spread over all of them."""
        count = len(self.clips)
        return np.unique(np.linspace(0, count - 1, min(count, _SHARED)).astype(np.int64))

    def corpus_channels(self, layers: tuple[str, ...]) -> Mapping[str, Floats]:
        """Channel means of these layers on the clips numbered :attr:`shared`, (clips, channels)."""
        path = self.cache.path("quality-channels", self._weights, self.music, repr(layers), _code(*_HEARING))
        known = self.cache.read(path)
        if known is None:
            rows: dict[str, list[NDArray[np.float64]]] = {layer: [] for layer in layers}
            for done, number in enumerate(self.shared, 1):
                found = self.judge.channels(self.clips.leveled(int(number), LEVEL)[None], layers)
                for layer in layers:
                    rows[layer].append(found[layer][0])
                self.report(f"{self.name} hears music for another ear", done, len(self.shared))
            known = {layer: np.array(values) for layer, values in rows.items()}
            self.cache.write(path, known)
        return known

    @staticmethod
    def source(name: str) -> Loop:
        """The middle of a source at the common loudness."""
        return leveled_middle(source_audio(name), LEVEL)

    def dream(self, source: str, layer: str, changes: Mapping[str, object]) -> Loop:
        """What is heard after a dream of a layer, its middle at the common loudness, (samples,)."""
        values = sorted(values_of(changes).items())
        code = _code("ear", "targets", "optimization")
        key = (self._weights, source, layer, repr(values), repr(self.course), code)
        path = self.cache.path("quality-dream", *key)
        known = self.cache.read(path)
        if known is None:
            audio = dream_loop(
                load_ear(self.folder),
                source_audio(source),
                self.targets[layer],
                changes,
                self.course,
                self.judge.facts.statistics,
                self.device,
            )
            known = {"audio": leveled_middle(audio, LEVEL)}
            self.cache.write(path, known)
        return np.asarray(known["audio"])

    def value(self, loop: Loop, layer: str) -> float:
        """The value of a layer's target on a loop."""
        return float(self.judge.values(loop[None], [self.targets[layer]])[0, 0])
