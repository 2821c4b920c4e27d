"""A show as pictures: the map that shines with what is heard, without a display, frame after frame.

Time is that of the sound, so picture and sound belong together to the sample, however long a frame takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ear_engine.offline.lighting import LitBeat, Show
from ear_engine.viewer.offscreen import Offscreen

_FADE = 0.12  # seconds from the light of one version to the next one's

Frame = NDArray[np.uint8]
Stereo = NDArray[np.float32]


@dataclass(frozen=True)
class Timing:
    """When frames are.

    Args:
        seconds: that are shown.
        rate: frames a second.
    """

    seconds: float
    rate: Fraction

    @property
    def frames(self) -> int:
        """How many."""
        return max(1, round(self.seconds * self.rate))

    def samples(self, sample_rate: int) -> int:
        """Of the sound that goes with them."""
        return round(self.frames / self.rate * sample_rate)

    def at(self, number: int) -> float:
        """Second at which a frame is."""
        return float(number / self.rate)


class Rendering:
    """A show, its sound and its pictures.

    Args:
        show: what is heard, and what fires.
        drawing: what draws, with its size and colors.
        timing: when frames are.
        hear: given the sound, (2, samples), full scale 1, beat after beat, each before its frames.
    """

    def __init__(
        self,
        show: Show,
        drawing: Offscreen,
        timing: Timing,
        hear: Callable[[Stereo], object] = lambda _audio: None,
    ) -> None:
        self._show, self._drawing, self._timing, self._hear = show, drawing, timing, hear
        picture = show.opening.picture
        drawing.scene.show_map(picture)
        drawing.camera.view = drawing.camera.fitted(picture.positions[:, :2])

    def frames(
        self, first: int = 0, progress: Callable[[int, int], object] = lambda _done, _all: None
    ) -> Iterator[Frame]:
        """Frames, (height, width, 3), the top row first; each is written over by the next.

        Args:
            first: number of the first that is drawn; those before would not change how it looks.
            progress: told how many frames are past, of all.

        Raises:
            UserError: the dream cannot go on.
        """
        opening, timing = self._show.opening, self._timing
        rate = opening.sample_rate
        number, every, samples = 0, timing.frames, timing.samples(opening.sample_rate)
        for beat in self._show.beats():
            end = beat.start + beat.audio.shape[1]
            self._hear(beat.audio[:, : max(samples - beat.start, 0)])
            self._light(beat, rate)
            loop = beat.loop or opening.samples
            while number < every and timing.at(number) * rate < end:
                if number >= first:
                    phase = (beat.phase + (timing.at(number) * rate - beat.start) / loop) % 1.0
                    yield self._drawing.render(phase, timing.at(number))
                number += 1
                progress(number, every)
            if number >= every and end >= samples:
                return

    def last_loop(self, count: int) -> Iterator[Frame]:
        """The loop of the last version, in so many frames from its start to its end; each is written over.

        Raises:
            UserError: the dream cannot go on.
        """
        end = 0
        for beat in self._show.beats():
            self._light(beat, self._show.opening.sample_rate)
            end = beat.start + beat.audio.shape[1]
        faded = end / self._show.opening.sample_rate + _FADE
        for number in range(count):
            yield self._drawing.render(number / count, faded)

    def _light(self, beat: LitBeat, sample_rate: int) -> None:
        scene = self._drawing.scene
        if beat.focus is not None:
            scene.focus(beat.focus)
        if beat.lights is not None:
            scene.play(beat.lights, beat.start / sample_rate, _FADE if beat.start else 0.0)
