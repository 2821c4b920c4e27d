"""A kept performance as light: its sound computed again, its loops heard again by the ear that dreamed them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.control import target_of
from ear_engine.ear.devices import choose_device
from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.errors import UserError
from ear_engine.layout.groups import no_links
from ear_engine.layout.map_file import identity
from ear_engine.offline.lighting import LitBeat, Opening
from ear_engine.offline.rebuilding import Rebuilt, audio_of, entry_of
from ear_engine.offline.replaying import need_sound
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.model import Choice, load_model
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.performance.log_states import LogStates
from ear_engine.performance.reading import Kept
from ear_engine.performance.timeline import offset_of
from ear_engine.playback.plan import Stereo
from ear_engine.plugins import Registry
from ear_engine.shared_memory.states import Entry
from ear_engine.targets.taken import taken
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.model import LoopLights, MapPicture


class Replayed:
    """A show (:class:`ear_engine.offline.lighting.Show`) of what was heard, at the rate of its first sound.

    Args:
        kept: the performance.
        ear: folder of the ear that dreamed it.

    Raises:
        UserError: there is no sound, or the ear cannot be used.
    """

    def __init__(self, kept: Kept, ear: Path) -> None:
        need_sound(kept)
        self._kept = kept
        first = kept.sounds[0]
        model = load_model(Choice(ear, "auto"), choose_device("auto"), Registry(), lambda _fault: None)
        entry = first.entries[0]
        audio = audio_of(first.loops[entry["wet"]])
        around = Surroundings(model.statistics, directions=model.directions)
        self._ear = Dream(model.ear, audio, entry["beats"], device=model.device, surroundings=around)
        self._resolver = model.resolver(self._ear.index)
        facts = self._facts = self._resolver.facts
        if facts.stored is None:
            picture = MapPicture(identity(facts.positions), facts.index, facts.positions, no_links())
        else:
            picture = MapPicture(facts.stored.id, facts.index, facts.stored.positions, facts.stored.links)
        self._rate = first.rate
        loop = round(entry["samples"] * self._rate / int(first.head["sample_rate"]))
        self.opening = Opening(picture, self._rate, loop, float(entry["beats"]))
        self.seconds = offset_of(kept, self._last()) + kept.sounds[self._last()].seconds
        """That are heard and seen."""
        self._states = LogStates(kept) if kept.head else None
        self._aimed: object = None

    def beats(self) -> Iterator[LitBeat]:
        """Entry after entry."""
        written = 0
        for number in range(self._last() + 1):
            part, offset = self._kept.sounds[number], offset_of(self._kept, number)
            pause = round(offset * self._rate) - written
            if number and pause > 0:
                yield LitBeat(np.zeros((2, pause), np.float32), None, None, written, 0.0)
                written += pause
            blocks = Rebuilt(part).blocks()
            ready = np.zeros((2, 0), np.float32)
            entries = [entry_of(head) for head in part.entries]
            keys = [head["wet"] for head in part.entries]
            ends = [max(0, round(part.time_of(entry.start) * self._rate)) for entry in entries[1:]]
            ends.append(part.end - part.at)
            done = 0
            for entry, key, end in zip(entries, keys, ends, strict=True):
                while ready.shape[1] < end - done and (block := next(blocks, None)) is not None:
                    ready = np.concatenate((ready, block), axis=1)
                audio, ready = ready[:, : max(0, end - done)], ready[:, max(0, end - done) :]
                if not audio.shape[1]:
                    continue
                lights = None if entry.silent else self._lights(audio_of(part.loops[key]))
                position = entry.start + (done - part.time_of(entry.start) * self._rate) * self._ratio(number)
                phase = (position - entry.origin) / entry.samples % 1.0
                loop = entry.samples / self._ratio(number)
                focus = self._focus(entry, float(part.head["time"]) + done / self._rate)
                yield LitBeat(audio, lights, focus, written, phase, loop)
                done += audio.shape[1]
                written += audio.shape[1]

    def _last(self) -> int:
        """Number of the last part in a row that was played at the same rate."""
        rates = [part.rate == self._kept.sounds[0].rate for part in self._kept.sounds]
        return rates.index(False) - 1 if False in rates else len(rates) - 1

    def _ratio(self, number: int) -> float:
        part = self._kept.sounds[number]
        return int(part.head["sample_rate"]) / part.rate

    def _lights(self, audio: Stereo) -> PreparedLoop:
        activations = self._ear.listen(audio)
        frames = max(len(steps) for steps in activations.values())
        ranks = loop_ranks(activations, frames, self._facts.statistics)
        return PreparedLoop.of(self._facts.index, LoopLights(0, ranks))

    def _focus(self, entry: Entry, time: float) -> NDArray[np.float32] | None:
        """What was aimed at, at clock time ``time``, unless it is as before."""
        if self._states is None:
            return None
        numbers = [change.number for change in self._kept.changes if change.time <= time]
        control = self._states.at(max(numbers, default=0))
        wish = target_of(control.values), tuple(control.kept), tuple(control.stored.items())
        if wish == self._aimed:
            return None
        self._aimed = wish
        try:
            terms = self._resolver.resolve((wish[0], *control.kept), entry.beats, control.stored)
        except UserError:  # it was refused then, too
            return None
        return taken(terms, self._facts)
