"""A dream as a film: what is heard and the map that shines with it, without a display, frame after frame.

Time is that of the sound, so picture and sound belong together to the sample, however long a frame takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.layout.groups import no_links
from ear_engine.layout.map_file import identity
from ear_engine.offline.dreaming import Progress
from ear_engine.offline.performing import Performance, PlayedBeat
from ear_engine.targets.taken import taken
from ear_engine.viewer.model import LoopLights, MapPicture
from ear_engine.viewer.offscreen import Offscreen

_FADE = 0.12  # seconds from the light of one version to the next one's

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class Timing:
    """When frames are.

    Args:
        seconds: that are shown.
        rate: frames a second.
        sample_rate: of the sound, Hz.
    """

    seconds: float
    rate: Fraction
    sample_rate: int

    @property
    def frames(self) -> int:
        """How many."""
        return max(1, round(self.seconds * self.rate))

    @property
    def samples(self) -> int:
        """Of the sound that goes with them."""
        return round(self.frames / self.rate * self.sample_rate)

    def at(self, number: int) -> float:
        """Sample at which a frame is."""
        return float(number / self.rate * self.sample_rate)


class Rendering:
    """A performance, its sound and its pictures.

    Args:
        performance: what is heard.
        picture: the map.
        drawing: what draws, with its size and colors.
        timing: when frames are.

    Attributes:
        sound: (2, samples), full scale 1; filled as far as frames have been drawn, and a little farther.
        sample_rate: of it, Hz.
    """

    def __init__(self, performance: Performance, picture: MapPicture, drawing: Offscreen, timing: Timing) -> None:
        self._performance, self._drawing, self._timing = performance, drawing, timing
        self.sample_rate = timing.sample_rate
        self._statistics = performance.ready.facts.statistics
        self.sound = np.zeros((2, timing.samples), np.float32)
        drawing.scene.show_map(picture)
        drawing.scene.focus(taken(performance.ready.terms, performance.ready.facts))
        drawing.camera.view = drawing.camera.fitted(picture.positions[:, :2])

    def frames(self, progress: Progress = lambda _done, _all, _objective: None) -> Iterator[Frame]:
        """Frames, (height, width, 3), the top row first; each is written over by the next.

        Raises:
            UserError: the dream cannot go on.
        """
        number, every, timing = 0, self._timing.frames, self._timing
        for beat in self._performance.play():
            room = self.sound[:, beat.start : beat.start + beat.audio.shape[1]]
            room[:] = beat.audio[:, : room.shape[1]]
            self._light(beat)
            end = beat.start + beat.audio.shape[1]
            while number < every and timing.at(number) < end:
                phase = (beat.phase + (timing.at(number) - beat.start) / self._performance.samples) % 1.0
                yield self._drawing.render(phase, timing.at(number) / timing.sample_rate)
                number += 1
                progress(number, every, beat.objective)
            if number >= every and end >= timing.samples:
                return

    def _light(self, beat: PlayedBeat) -> None:
        frames = max(len(steps) for steps in beat.activations.values())
        ranks = loop_ranks(beat.activations, frames, self._statistics)
        now = beat.start / self._timing.sample_rate
        self._drawing.scene.play(LoopLights(0, ranks), now, _FADE if beat.start else 0.0)


def picture_of(performance: Performance) -> MapPicture:
    """The map of the ear that dreams; its chart if it has not been laid out."""
    facts = performance.ready.facts
    if facts.stored is None:
        return MapPicture(identity(facts.positions), facts.index, facts.positions, no_links())
    return MapPicture(facts.stored.id, facts.index, facts.stored.positions, facts.stored.links)
