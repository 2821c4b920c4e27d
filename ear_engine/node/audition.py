"""Auditions: the music that excites a neuron, from what its number says to a file that the audio process plays.

An excerpt is read, made as loud as the loop that is heard, and written beside the event loop; then the control state
names its file. Only the latest wish counts: an older one that is not served yet is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.audition.cut import USUAL, as_loud_as, cut
from ear_engine.audition.excerpts import Excerpt, Turns, choose, excerpts_of
from ear_engine.audition.recordings import Recordings
from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from ear_engine.node.threads import in_thread
from ear_engine.osc.commands import Sounding
from ear_engine.shared_memory.clock import now, playhead
from ear_engine.shared_memory.loops import LoopFile, last_number, read_loop, write_loop
from ear_engine.shared_memory.states import AudioState
from ear_engine.targets.facts import EarFacts

ORIGIN = "node"
STOP = "audition/stop"
SECONDS = "audition/seconds"
_KEPT = 2  # files
_PATIENCE = 5.0  # seconds for a disk

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Wish:
    """An excerpt that shall sound; ``rate`` in Hz is that of the device, ``heard`` the file of the loop."""

    excerpt: Excerpt
    seconds: float
    rate: int
    heard: str
    done: Callable[[Sounding], None]
    refuse: Callable[[UserError], None]


class Auditions:
    """Lets excerpts sound.

    Args:
        control: names the file that sounds; ``audition/stop`` ends it.
        folder: the session's loops.
        facts: what is known of the ear, as soon as anything is.
        audio: latest state of the audio process.
    """

    def __init__(
        self,
        control: ControlLog,
        folder: Path,
        facts: Callable[[], EarFacts | None],
        audio: Callable[[], AudioState | None],
    ) -> None:
        self._control = control
        self._folder = folder
        self._facts = facts
        self._audio = audio
        self._recordings = Recordings()
        self._turns = Turns()
        self._wish: _Wish | None = None
        self._serving: _Wish | None = None
        self._number = last_number(folder, "audition")
        self._file = ""
        self._sounding: Sounding | None = None
        self._wake = asyncio.Event()
        control.listen(self._changed)

    def excerpts(self, neuron: int) -> tuple[Excerpt, ...]:
        """What excites a neuron most, the strongest first.

        Raises:
            UserError: nothing is known of the ear yet, it has no statistics, or no such neuron.
        """
        return excerpts_of(self._known().statistics, neuron)

    def play(
        self, neuron: int, which: int, done: Callable[[Sounding], None], refuse: Callable[[UserError], None]
    ) -> Callable[[], None]:
        """Let an excerpt sound as soon as it can.

        Args:
            neuron: its number.
            which: 1 is the strongest; 0 the next one, after the one that was asked for last.
            done: told what sounds, once it has been handed over.
            refuse: told why it does not, if that is found out later.

        Returns:
            what takes the wish back, as long as it is not served.

        Raises:
            UserError: there is no such excerpt, or nothing sounds yet.
        """
        facts, audio = self._known(), self._audio()
        excerpts = excerpts_of(facts.statistics, neuron)
        ear = facts.statistics.weights if facts.statistics is not None else ""
        excerpt = choose(excerpts, neuron, which or self._turns.next(ear, excerpts))
        if audio is None or not audio.schedule:
            raise UserError("the sound", "has not begun", "ask again in a moment", "not_ready")
        self._turns.take(ear, excerpt)
        head = playhead(audio, now())
        heard = head.entry.file if head is not None else audio.schedule[-1].file
        seconds = float(self._control.tree.values[SECONDS])
        self._drop(UserError("this excerpt", "gives way to a later one", "ask for it again", "superseded"))
        wish = self._wish = _Wish(excerpt, seconds, audio.device_rate, heard, done, refuse)
        self._wake.set()
        return lambda: self._take_back(wish)

    def now(self) -> Sounding | None:
        """What sounds at the moment; None if nothing does."""
        audio = self._audio()
        if self._sounding is None or not self._file or audio is None:
            return None
        if audio.audition != self._file:  # handed over, but not begun
            return self._sounding
        left = audio.audition_left - max(0.0, now() - audio.time)
        return Sounding(self._sounding.excerpt, left) if left > 0.0 else None

    async def run(self) -> None:
        """Serve what is wished for, one after the other."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wish, self._wish = self._wish, None
            if wish is not None:
                self._serving = wish
                await self._serve(wish)
                self._serving = None

    async def _serve(self, wish: _Wish) -> None:
        self._number += 1
        file = f"audition-{self._number:08d}.ear"
        try:
            job = in_thread(partial(self._make, wish, self._folder / file), "audition")
            length = await asyncio.wait_for(job, _PATIENCE)
            if self._serving is wish:
                self._file, self._sounding = file, Sounding(wish.excerpt, length)
                self._control.set_audition(file, ORIGIN)
                wish.done(self._sounding)
        except UserError as error:
            self._refuse(wish, error)
        except TimeoutError:
            reason = f"does not come within {_PATIENCE:.0f} s"
            self._refuse(wish, UserError("the recording", reason, "see whether its disk answers", "too_slow"))
        except Exception as problem:  # one excerpt must not end all later ones
            _log.exception("excerpt %s failed", wish.excerpt)
            reason = f"could not be prepared ({problem})"
            self._refuse(wish, UserError("the excerpt", reason, "choose another", "bad_excerpt"))
        self._prune()

    def _make(self, wish: _Wish, path: Path) -> float:
        """Read, match and write an excerpt; return its seconds. In a thread."""
        found = self._recordings.find(wish.excerpt.corpus, wish.excerpt.recording)
        made = cut(found, wish.excerpt, wish.seconds, wish.rate)
        audio = as_loud_as(made.audio, wish.rate, self._loudness(wish.heard))
        try:
            write_loop(path, LoopFile(0, audio[None, :], wish.rate, 1, name=wish.excerpt.recording))
        except OSError as error:
            reason = f"cannot be written ({error.strerror})"
            raise UserError("the excerpt", reason, "make room in memory or on the disk", "no_room") from None
        return made.seconds

    def _loudness(self, file: str) -> float:
        """LUFS of the loop that is heard, on both sides."""
        try:
            loop = read_loop(self._folder / file)
        except (OSError, ValueError):  # pruned just now
            return USUAL
        audio: NDArray[np.float32] = np.broadcast_to(loop.audio[:2], (2, loop.samples))
        return LoudnessMeter(loop.samples, loop.sample_rate).measure(audio)

    def _known(self) -> EarFacts:
        facts = self._facts()
        if facts is None:
            raise UserError("the ear", "is not known yet", "ask again in a moment", "not_ready")
        return facts

    def _changed(self, change: Change) -> None:
        if STOP in change.triggers:
            self._drop(UserError("this excerpt", "was ended before it began", "ask for it again", "superseded"))
            self._file, self._sounding = "", None
            if self._control.snapshot().audition:
                self._control.set_audition("", ORIGIN)

    def _drop(self, why: UserError) -> None:
        """Forget what has been wished for and does not sound yet."""
        wishes = (self._wish, self._serving)
        self._wish = self._serving = None
        for wish in wishes:
            if wish is not None:
                wish.refuse(why)

    def _take_back(self, wish: _Wish) -> None:
        self._wish = None if self._wish is wish else self._wish
        self._serving = None if self._serving is wish else self._serving

    def _refuse(self, wish: _Wish, error: UserError) -> None:
        if self._serving is wish:
            wish.refuse(error)

    def _prune(self) -> None:
        for path in sorted(self._folder.glob("audition-*"))[:-_KEPT]:
            with suppress(OSError):  # still mapped (Windows): it goes next time
                path.unlink()
