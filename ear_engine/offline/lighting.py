"""A performance as light: what is drawn of it, beat after beat, in which no torch is left.

It can be played in this process, or by another one while this one draws (:mod:`ear_engine.offline.elsewhere`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.layout.groups import no_links
from ear_engine.layout.map_file import identity
from ear_engine.targets.taken import taken
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.model import LoopLights, MapPicture

if TYPE_CHECKING:
    from ear_engine.offline.performing import Performance, PlayedBeat


@dataclass(frozen=True, eq=False)
class Opening:
    """What is known before the first beat.

    Args:
        picture: the map of the ear that dreams; its chart if it has not been laid out.
        sample_rate: of the sound, Hz.
        samples: of the loop.
        beats: of the loop.
    """

    picture: MapPicture
    sample_rate: int
    samples: int
    beats: float


@dataclass(frozen=True, eq=False)
class LitBeat:
    """What is heard and seen from one beat to the next.

    Shapes:
        audio: (2, samples), float32
        focus: (neurons,), 0..1, what is aimed at; None if it is as before

    Args:
        lights: of the whole loop that enters here; None where nobody looks.
        start: its first sample, counted from the beginning.
        phase: 0..1, where in the loop it begins.
        loop: samples of the loop; 0 if it is as long as the opening says.
    """

    audio: NDArray[np.float32]
    lights: PreparedLoop | None
    focus: NDArray[np.float32] | None
    start: int
    phase: float
    loop: float = 0.0


class Show(Protocol):
    """What is played, wherever."""

    @property
    def opening(self) -> Opening:
        """What is known before the first beat."""

    def beats(self) -> Iterator[LitBeat]:
        """Beat after beat, once.

        Raises:
            UserError: the dream cannot go on.
        """


class Here:
    """A show that this process plays, whenever the next beat is asked for.

    Args:
        performance: what is played.
        since: second of the first frame that is drawn; beats that do not shine any more then are only heard.
    """

    def __init__(self, performance: Performance, since: float = 0.0) -> None:
        self._performance, self._since = performance, since
        facts, stored = performance.ready.facts, performance.ready.facts.stored
        if stored is None:
            picture = MapPicture(identity(facts.positions), facts.index, facts.positions, no_links())
        else:
            picture = MapPicture(stored.id, facts.index, stored.positions, stored.links)
        beats = float(performance.ready.dreaming.beats)
        self.opening = Opening(picture, performance.sample_rate, performance.samples, beats)

    def beats(self) -> Iterator[LitBeat]:
        """Beat after beat."""
        ready, aimed = self._performance.ready, None
        for beat in self._performance.play():
            focus = None if beat.terms is aimed else taken(beat.terms, ready.facts)
            aimed = beat.terms
            length = beat.audio.shape[1]  # the light of a beat fades in the next one
            over = (beat.start + 2.5 * length) / self._performance.sample_rate
            lights = None if over < self._since else self._lights(beat)
            yield LitBeat(beat.audio, lights, focus, beat.start, beat.phase)

    def _lights(self, beat: PlayedBeat) -> PreparedLoop:
        frames = max(len(steps) for steps in beat.activations.values())
        facts = self._performance.ready.facts
        ranks = loop_ranks(beat.activations, frames, facts.statistics)
        return PreparedLoop.of(facts.index, LoopLights(0, ranks))
