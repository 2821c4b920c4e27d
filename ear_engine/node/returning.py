"""How what was heard is heard again: a loop, the one before, the way between two, or what sounds at the moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.memory.remembered import Remembered
from ear_engine.node.loop_morphs import LoopMorphs
from ear_engine.node.recalls import Ended, Recalls
from ear_engine.node.remembering import Remembering
from ear_engine.node.sources import Sources
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import read_loop
from ear_engine.shared_memory.states import AudioState

_ORIGIN = "node"
_AHEAD = 0.2  # seconds that are rendered already


class Returning:
    """Lets one thing be heard again at a time; the latest wish counts.

    Args:
        control: what is heard again is a change like any other.
        remembering: what was heard.
        sources: what is dreamed from.
        loops: folder of the session's loops.
        audio: latest state of the audio process.
    """

    def __init__(
        self,
        control: ControlLog,
        remembering: Remembering,
        sources: Sources,
        loops: Path,
        audio: Callable[[], AudioState | None],
    ) -> None:
        self._control = control
        self._remembering = remembering
        self._loops = loops
        self._audio = audio
        self.recalls = Recalls(control, sources, remembering, loops)
        """What hands loops to the dreamer."""
        self._morphs = LoopMorphs(control, remembering.store, self.recalls, audio)

    def look(self) -> None:
        """Call it a few times a second."""
        self.recalls.look()

    def recall(self, loop: Remembered, target: bool, origin: str, ended: Ended) -> None:
        """Let ``loop`` be heard, and aim at what it was made of if ``target``.

        Raises:
            UserError: its sound is gone.
        """
        self._morphs.end(origin)

        def aim(change: Change | None, error: UserError | None) -> None:
            if error is None and target:
                aimed = {name: value for name, value in loop.values.items() if name.startswith("target/")}
                try:
                    self._control.apply(aimed, origin, known=False, gesture="recall")
                except UserError as problem:  # the loop is heard, its target cannot be
                    change, error = None, problem
            ended(change, error)

        self.recalls.recall(loop, origin, aim)

    def back(self, origin: str, ended: Ended) -> Remembered:
        """Let the loop be heard that was heard before, and again, one before that.

        Raises:
            UserError: there is none.
        """
        store, way = self._remembering.store, self._remembering.way
        number = way.before(frozenset(loop.number for loop in store.loops if store.has_sound(loop.number)))
        if number is None:
            raise UserError("the memory", "has nothing from before", "wait until more was heard", "nothing_before")
        loop = store.find(number)
        self._morphs.end(origin)
        way.went_back(number, self._control.number + 1)

        def known(change: Change | None, error: UserError | None) -> None:
            if change is not None:
                way.went_back(number, change.number)
            ended(change, error)

        self.recalls.recall(loop, origin, known)
        return loop

    def morph(
        self, start: Remembered, end: Remembered, beats: float, origin: str, tell: Callable[[float], None], ended: Ended
    ) -> None:
        """Go from ``start`` to ``end`` in so many beats; ``tell`` is told each step's share of the way, 0..1.

        Raises:
            UserError: there is no way between them.
        """
        self.recalls.give_up()
        self._morphs.play(start, end, beats, origin, tell, ended)

    def end_morph(self, origin: str) -> None:
        """Stop where it is."""
        self._morphs.end(origin)

    def hold(self, origin: str, ended: Ended) -> None:
        """Take up what is heard a moment from now, so that nothing newer enters and the dream goes on from it.

        Raises:
            UserError: its file is gone.
        """
        audio = self._audio()
        self._morphs.end(origin)
        if audio is None:
            return
        position = audio.position + (now() - audio.time + _AHEAD) * audio.sample_rate
        entries = [entry for entry in audio.schedule if entry.start <= position]
        if entries and not entries[-1].silent:
            try:
                sound = read_loop(self._loops / entries[-1].file)
            except (OSError, ValueError):
                reason = "cannot be held, its file is gone"
                raise UserError("what is heard", reason, "recall a loop", "forgotten") from None
            self.recalls.hold(sound, origin, ended)

    def changed(self, change: Change) -> None:
        """A morph ends where a hand takes another source."""
        own = "recall" in change.engine
        if self._morphs.running and not own and ("source" in change.engine or "source/reset" in change.triggers):
            self._morphs.end(_ORIGIN)
