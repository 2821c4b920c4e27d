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

from ear_engine.control import target_of
from ear_engine.errors import UserError
from ear_engine.offline.course import Course
from ear_engine.offline.dreaming import Progress, Ready, enough_memory, prepare
from ear_engine.offline.request import Request
from ear_engine.optimization.settings import settings_of
from ear_engine.parameters import ParameterTree, Value
from ear_engine.playback.mix import correlation, level, mix_gains
from ear_engine.playback.plan import Plan, PlannedLoop, Stereo
from ear_engine.score import Score
from ear_engine.shared_memory.states import Entry
from ear_engine.targets.terms import Term


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
        terms: what is aimed at from here on.
    """

    audio: Stereo
    activations: Mapping[str, NDArray[np.float32]]
    start: int
    phase: float
    span: float
    objective: float
    terms: tuple[Term, ...]


class Performance:
    """A dream from the first beat to the last.

    Args:
        request: what is dreamed; its beats are how long it is played, unless
        seconds: say so, rounded up to a whole beat.
        score: what changes meanwhile.

    Attributes:
        ready: the dream, its source, values and terms.

    Raises:
        UserError: something of the request or the score does not exist or cannot be.
    """

    def __init__(self, request: Request, seconds: float | None = None, score: Score = ()) -> None:
        self._request = request
        self.ready: Ready = prepare(request, film=True)
        self._seconds = seconds
        lasts = self.samples / self.ready.dreaming.beats / self.sample_rate
        self._course = Course(self.ready.values, score, lasts, ParameterTree())
        for where, values in self._course.marks:
            try:
                self.ready.resolve(values)
            except UserError as error:
                raise UserError(f"{where}: {error.subject}", error.reason, error.mend, error.code) from None

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
        dreaming, steps = self.ready.dreaming, self._request.steps
        steering = _Steering(self.ready, self._course)
        fade = round(float(self.ready.values["playback/crossfade"]) / 1000.0 * self.sample_rate)
        plan, objective, done = Plan(), 0.0, 0
        with enough_memory():
            dreaming.warm_up(steering.settings)
        for beat in range(self.beats):
            steering.go_to(beat)
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
            heard = self._mixed(wet, dry, alike, beat)
            phase = start % self.samples / self.samples
            span = (end - start) / self.samples
            yield PlayedBeat(heard, activations, start, phase, span, objective, steering.terms)
            for step in range(steps):
                steering.go_to(beat + step / steps)
                with enough_memory():
                    objective = dreaming.step(steering.settings, 1.0 / steps).objective
                done += 1
                progress(done, self.beats * steps, objective)

    def _mixed(self, wet: Stereo, dry: Stereo, alike: float, beat: int) -> Stereo:
        """A beat as it is heard: wet and dry, and their loudness; a change since the beat before comes gradually."""
        gains = []
        for at in (beat - 1, beat) if beat else (0, 0):
            values = self._course.at(at)
            gain = level(float(values["playback/gain"]), mute=False)
            gains.append([gain * one for one in mix_gains(float(values["playback/wet"]), alike)])
        if gains[0] == gains[1]:
            much, little = gains[1]
            return np.asarray(much * wet + little * dry, np.float32)
        way = np.linspace(0.0, 1.0, wet.shape[1], endpoint=False, dtype=np.float32)
        much, little = (one + (other - one) * way for one, other in zip(*gains, strict=True))
        return np.asarray(much * wet + little * dry, np.float32)


class _Steering:
    """What holds at a moment of a performance; the dream follows.

    Args:
        ready: the dream.
        course: of all values.

    Attributes:
        settings: of the next step.
        terms: what is aimed at.
    """

    def __init__(self, ready: Ready, course: Course) -> None:
        self._ready, self._course = ready, course
        self._at = -1.0
        self._values: Mapping[str, Value] = ready.values
        self.terms = ready.terms
        self.settings = settings_of(ready.values)

    def go_to(self, beat: float) -> None:
        """A later moment."""
        if self._course.resets(self._at, beat):
            self._ready.dreaming.reset()
            self._ready.dreaming.warm_up(self.settings)
        self._at = beat
        values = self._course.at(beat)
        if values == self._values:
            return
        if target_of(values) != target_of(self._values):
            self.terms = self._ready.resolve(values)
            self._ready.dreaming.aim(self.terms)
        self.settings, self._values = settings_of(values), values
