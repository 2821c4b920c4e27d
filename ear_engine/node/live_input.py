"""All that the node does about the live input: takes, and the ear that listens to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ear_engine import platform
from ear_engine.clip import Clip
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.listening import Listening
from ear_engine.node.supervisor import Exit
from ear_engine.node.takes import Takes
from ear_engine.osc.commands import Command
from ear_engine.osc.service import OscService
from ear_engine.shared_memory.states import AudioState


class LiveInput:
    """:class:`Takes` and :class:`Listening` of one node.

    Args:
        control: the control log.
        session: the session folder.
        audio: latest state of the audio process.
        pid: of the listening process; None while there is none.
        source: the clip that is dreamed from.
        osc: told how takes go, and of what cannot be.
        report: told level, code and sentence.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        *,
        audio: Callable[[], AudioState | None],
        pid: Callable[[], int | None],
        source: Callable[[], Clip],
        osc: Callable[[], OscService],
        report: Callable[[str, str, str], None],
    ) -> None:
        def refuse(origin: str, address: str, error: UserError) -> None:
            osc().fail(origin, address, error)
            report("warning", error.code, str(error))

        def tell(phase: str, share: float, name: str) -> None:
            osc().take(phase, share, name)

        self._listening = Listening(control, session, audio=audio, pid=pid, report=report)
        self.takes = Takes(
            control,
            session / "loops",
            platform.user_clip_dir(),
            audio=audio,
            source=source,
            refuse=refuse,
            tell=tell,
        )
        """Clips that were recorded."""

    def wanted(self) -> bool:
        """Whether the listening process shall run."""
        return self._listening.wanted()

    def ended(self, ended: Exit) -> bool:
        """Deal with the end of the listening process; False if it was another one, or is just started again."""
        return self._listening.ended(ended)

    def look(self) -> None:
        """Call it a few times a second."""
        self._listening.look()
        self.takes.look()

    def commands(self) -> tuple[Command, ...]:
        """Of both."""
        return (*self.takes.commands(), *self._listening.commands())

    def close(self) -> None:
        """Unmap the slot."""
        self._listening.close()
