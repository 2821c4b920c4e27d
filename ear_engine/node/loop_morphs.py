"""A morph from loop to loop over beats: each beat a step of the way enters as a loop, the last one as it was heard.

The dream rests meanwhile, and goes on from the end. Steps are made beside the event loop, one ahead; where that takes
longer than a beat (long loops, a busy machine), steps are left out, so the end comes in time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.memory.morph import SpectralMorph
from ear_engine.memory.remembered import Remembered
from ear_engine.memory.store import MemoryStore
from ear_engine.node.recalls import Ended, Recalls
from ear_engine.node.threads import in_thread
from ear_engine.shared_memory.clock import next_boundary, now, playhead
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.shared_memory.states import AudioState

MOST_BEATS = 256.0
_LEAD = 0.35  # seconds from handing over a step until it can be heard
_AFTER = 0.1  # seconds before a beat is heard, from when on what is handed over enters on the next one

_log = logging.getLogger(__name__)


class LoopMorphs:
    """Plays one morph at a time; the latest wins.

    Args:
        control: tells the dream to rest, and to go on.
        store: the loops.
        recalls: what hands each step over.
        audio: where the sound is.
    """

    def __init__(
        self, control: ControlLog, store: MemoryStore, recalls: Recalls, audio: Callable[[], AudioState | None]
    ) -> None:
        self._control = control
        self._store = store
        self._recalls = recalls
        self._audio = audio
        self._task: asyncio.Task[None] | None = None
        self._stop: Callable[[], None] = lambda: None

    @property
    def running(self) -> bool:
        """Whether one is on its way."""
        return self._task is not None and not self._task.done()

    def play(
        self, start: Remembered, end: Remembered, beats: float, origin: str, tell: Callable[[float], None], ended: Ended
    ) -> None:
        """Go from ``start`` to ``end`` in ``beats``; ``tell`` is told each step's share of the way.

        Raises:
            UserError: there is no way between them.
        """
        for loop in (start, end):
            if not self._recalls.fits(loop):
                reason = f"has {loop.beats} beats at {loop.tempo:.4g} BPM, another length than what is heard"
                raise UserError(f"loop {loop.number}", reason, "recall it instead", "other_length")
        pair = self._store.read(start.number), self._store.read(end.number)
        steps = max(1, round(min(beats, MOST_BEATS)))
        self.end(origin)
        self._stop = lambda: ended(None, UserError("the morph", "gives way to another", "begin it again", "cancelled"))
        self._task = asyncio.get_running_loop().create_task(self._play(pair, end, steps, origin, tell, ended))

    def end(self, origin: str) -> None:
        """Stop where it is; the dream goes on from there."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._stop()
        self._task = None
        self._control.move_on(origin)

    async def _play(
        self,
        pair: tuple[LoopFile, LoopFile],
        end: Remembered,
        steps: int,
        origin: str,
        tell: Callable[[float], None],
        ended: Ended,
    ) -> None:
        def over(change: Change | None, error: UserError | None) -> None:
            if error is not None:  # its source cannot come: the dream must not rest for ever
                self._control.move_on(origin)
            ended(change, error)

        try:
            morph = await in_thread(partial(_morph_of, pair), "morph")
            audio = await in_thread(partial(morph.at, 1 / steps), "morph")
            (first, beat), step = self._times(pair[0]), 1
            while step < steps:
                if step > 1:
                    audio = await in_thread(partial(morph.at, step / steps), "morph")
                await asyncio.sleep(max(0.0, first + (step - 2) * beat - _AFTER - now()))
                sound = replace(pair[0], audio=audio, objective=0.0)
                await self._recalls.step(sound, origin)
                tell(step / steps)
                step = max(step + 1, int((now() + _LEAD - first) / beat) + 1)
            await asyncio.sleep(max(0.0, first + (steps - 2) * beat - _AFTER - now()))
            self._task = None  # what follows ends a morph that is running
            self._recalls.recall(end, origin, over, pair[1])
        except UserError as error:
            self._control.move_on(origin)
            ended(None, error)
        except Exception as problem:  # whoever waits for it must be told
            _log.exception("the morph failed")
            self._control.move_on(origin)
            ended(None, UserError("the morph", f"failed ({problem})", "recall the loop instead", "failed"))

    def _times(self, loop: LoopFile) -> tuple[float, float]:
        """Clock time at which the first step can be heard, and seconds of a beat."""
        beat, audio, at = loop.seconds / loop.beats, self._audio(), now()
        head = playhead(audio, at) if audio is not None else None
        if audio is None or head is None:
            return at + _LEAD, beat
        soon = round(head.position + _LEAD * audio.sample_rate)
        return at + (next_boundary(soon, head.entry, 1.0) - head.position) / audio.sample_rate, beat


def _morph_of(pair: tuple[LoopFile, LoopFile]) -> SpectralMorph:
    first, last = (np.ascontiguousarray(np.broadcast_to(loop.audio[:2], (2, loop.samples))) for loop in pair)
    return SpectralMorph(first, last)
