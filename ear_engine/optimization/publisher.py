"""When a version of the dream goes out, and how: whole, numbered, and just in time for the next grid point.

A version is published shortly before the next point at which the audio process could let it in, so what sounds is as
fresh as can be.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from ear_engine.errors import UserError
from ear_engine.optimization.dream import Dream
from ear_engine.shared_memory.clock import next_boundary, now, playhead
from ear_engine.shared_memory.loops import LoopFile, loop_name, write_loop
from ear_engine.shared_memory.states import AudioState, StateReader

_LEAD = 0.25  # seconds before a grid point by which the audio process must see a version (it renders 0.15 s ahead)
_PATIENCE = 2.0  # seconds until a loop that must be heard is in the schedule, if the audio process can play it at all
_TAKES = 0.02  # seconds to make a version, until it is known
_COMPARED = 6  # versions, of which the slowest says how long the next takes
_SLOWEST = 1.0  # steps a second
_DIVISIONS = {"half": 0.5, "beat": 1.0, "bar": 4.0, "loop": 0.0}  # beats between grid points, 0 = the whole loop


class Speed:
    """Steps a second over about the last second."""

    def __init__(self) -> None:
        self._steps = 0
        self._since = now()
        self.value = 0.0

    def count(self) -> None:
        """Count one step."""
        self._steps += 1
        self.look()

    def look(self) -> None:
        """Bring ``value`` up to date."""
        elapsed = now() - self._since
        if elapsed >= 1.0:
            self.value, self._steps, self._since = self._steps / elapsed, 0, now()


class Publisher:
    """Publishes versions of dreams as loop files.

    Args:
        session: the session folder.
        loop: number of the newest loop so far, 0 if there is none.
        file: its file name.
    """

    def __init__(self, session: Path, loop: int = 0, file: str = "") -> None:
        self._loops = session / "loops"
        self._audio = StateReader(session, "audio", AudioState)
        self._last = now()
        self._took: deque[float] = deque([_TAKES], maxlen=_COMPARED)  # seconds to make each of the last versions
        self._pledged = ""  # file that must be heard before a newer one takes its place
        self.loop = loop
        self.file = file

    def due(self, dream: Dream, quantize: str, steps_per_second: float) -> bool:
        """Whether the next grid point is so near that after another step it would be too late.

        Without a playing audio process, a version is due every beat.
        """
        division = _DIVISIONS[quantize]
        audio = self._audio.read()
        moment = now()
        head = playhead(audio, moment) if audio is not None and moment - audio.time < 1.0 else None
        if audio is None or head is None:
            return moment - self._last >= 60.0 / dream.tempo
        ahead = _LEAD + max(self._took) + 1.5 / max(steps_per_second, _SLOWEST)
        boundary = next_boundary(round(head.position + _LEAD * audio.sample_rate), head.entry, division)
        if self._pledged:
            entered = [entry.start for entry in audio.schedule if entry.file == self._pledged]
            if entered[-1] >= boundary if entered else moment - self._last < _PATIENCE:
                return False
            self._pledged = ""
        remaining = (boundary - head.position) / audio.sample_rate
        gap = 0.4 * (head.entry.samples if division == 0 else head.entry.samples * division / head.entry.beats)
        return remaining < ahead and moment - self._last > gap / audio.sample_rate

    def publish(
        self, dream: Dream, name: str, source_number: int, sequence: int, objective: float, pledged: bool = False
    ) -> None:
        """Write the dream as it is to be heard now, with its activations, as the next loop.

        Nothing is due before one that is ``pledged`` has begun to sound.

        Raises:
            OSError: no room for it; the loops before it stay, and it is not tried again before it is due again.
            UserError: it has values that are not finite.
        """
        self._last = began = now()
        version = dream.version()
        if not np.isfinite(version.audio.sum(dtype=np.float64)):
            reason, mend = "has values that are not finite, and the loop before it plays on", "fire source/reset"
            raise UserError("this version of the dream", reason, mend, "not_finite")
        number = self.loop + 1
        loop = LoopFile(
            loop=number,
            audio=version.audio,
            sample_rate=dream.sample_rate,
            beats=dream.beats,
            source_number=source_number,
            step=dream.step_number,
            sequence=sequence,
            objective=objective,
            frames=version.frames,
            name=name,
            activations=version.activations,
            gradient=version.gradient,
        )
        write_loop(self._loops / loop_name(number), loop)
        self._took.append(now() - began)
        self.loop, self.file = number, loop_name(number)
        self._pledged = self.file if pledged else ""
