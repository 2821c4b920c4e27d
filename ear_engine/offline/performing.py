"""A dream as it would be played from its first beat on, without playing: a version enters with every beat.

The signal is the plan's (:mod:`ear_engine.playback.plan`), the crossfades with it; only when a version is made is
another's choice here: after so many steps a beat, not whenever the machine has got there. So the same request makes the
same film on one machine with as many threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.offline.dreaming import Progress, Ready, enough_memory, prepare
from ear_engine.offline.request import Request
from ear_engine.optimization.settings import settings_of
from ear_engine.playback.mix import correlation, level, mix_gains
from ear_engine.playback.plan import Plan, PlannedLoop, Stereo
from ear_engine.shared_memory.states import Entry


@dataclass(frozen=True, eq=False)
class PlayedBeat:
    """What is heard from one beat to the next.

    Shapes:
        audio: (2, samples)
        activations[layer]: (steps, neurons), of the whole loop that enters here

    Args:
        start: its first sample, counted from the beginning.
        phase: 0..1, where in the loop it begins.
        span: share of the loop that it takes.
        objective: after the steps so far.
    """

    audio: Stereo
    activations: Mapping[str, NDArray[np.float32]]
    start: int
    phase: float
    span: float
    objective: float


class Performance:
    """A dream from the first beat to the last.

    Args:
        request: what is dreamed; its beats are how long it is played, unless
        seconds: say so, rounded up to a whole beat.

    Attributes:
        ready: the dream, its source, values and terms.

    Raises:
        UserError: something of the request does not exist or cannot be.
    """

    def __init__(self, request: Request, seconds: float | None = None) -> None:
        self._request = request
        self.ready: Ready = prepare(request)
        self._seconds = seconds

    @property
    def sample_rate(self) -> int:
        """Of the sound, Hz."""
        return self.ready.dreaming.sample_rate

    @property
    def samples(self) -> int:
        """Of the loop."""
        return int(self.ready.source.shape[1])

    @property
    def beats(self) -> int:
        """That are played: whole ones, so that the last has its picture too."""
        if self._seconds is None:
            return max(1, round(self._request.beats))
        beat = self.samples / self.ready.dreaming.beats / self.sample_rate
        return max(1, math.ceil(self._seconds / beat - 1e-9))

    def start(self, beat: int) -> int:
        """First sample of a beat."""
        return round(beat * self.samples / self.ready.dreaming.beats)

    def play(self, progress: Progress = lambda _done, _all, _objective: None) -> Iterator[PlayedBeat]:
        """Beat after beat; the first is the source.

        Raises:
            UserError: the memory does not do.
        """
        dreaming, values = self.ready.dreaming, self.ready.values
        settings, every = settings_of(values), self.beats * self._request.steps
        fade = round(float(values["playback/crossfade"]) / 1000.0 * self.sample_rate)
        gain = level(float(values["playback/gain"]), mute=False)
        plan, objective, done = Plan(), 0.0, 0
        with enough_memory():
            dreaming.warm_up(settings)
        for beat in range(self.beats):
            audio, activations = self.ready.source, {}
            if beat:
                with enough_memory():
                    version = dreaming.version()
                audio, activations = version.audio, version.activations
            else:
                activations = dreaming.listen(audio)
            start, end = self.start(beat), self.start(beat + 1)
            entry = Entry(start, 0, beat, "", self.samples, round(dreaming.beats))
            alike = correlation(audio, self.ready.source)
            plan.add(PlannedLoop(entry, audio, self.ready.source, fade if beat else 0, correlation=alike))
            wet, dry = plan.render(start, end - start)
            plan.prune(start)
            much, little = mix_gains(float(values["playback/wet"]), alike)
            heard = np.asarray(gain * (much * wet + little * dry), np.float32)
            phase = start % self.samples / self.samples
            yield PlayedBeat(heard, activations, start, phase, (end - start) / self.samples, objective)
            for _ in range(self._request.steps):
                with enough_memory():
                    objective = dreaming.step(settings, 1.0 / self._request.steps).objective
                done += 1
                progress(done, every, objective)
