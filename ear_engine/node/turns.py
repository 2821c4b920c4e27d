"""What is handed over is written beside the event loop, one after the other, in the order in which it was asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from ear_engine.errors import UserError
from ear_engine.node.aside import AsideFiles, drop
from ear_engine.node.threads import in_thread
from ear_engine.shared_memory.loops import LoopFile

_log = logging.getLogger(__name__)


class Turns:
    """Writes loops, each in its turn.

    Args:
        folder: of the session's loops.
        beside: what else takes long before a loop can be handed over; called in a thread.
    """

    def __init__(self, folder: Path, beside: Callable[[], Callable[[], None] | None]) -> None:
        self._files = AsideFiles(folder)
        self._beside = beside
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._given_up = 0  # how often

    @property
    def busy(self) -> bool:
        """Whether something is being written that was asked for with :meth:`begin`."""
        return bool(self._tasks)

    def give_up(self) -> None:
        """What is being written is not wanted any more."""
        self._given_up += 1

    def begin(self, sound: LoopFile, act: Callable[[Path], None], failed: Callable[[UserError], None]) -> None:
        """Write ``sound``, then ``act`` with its path; or say why it ``failed``."""
        before = self._given_up

        async def turn() -> None:
            try:
                async with self.written(sound) as path:
                    if before != self._given_up:
                        drop(path)
                        raise gives_way("the loop")
                    act(path)
            except UserError as error:
                failed(error)
            except Exception as problem:  # whoever waits for it must be told
                _log.exception("a loop is not taken up")
                failed(UserError("the loop", f"cannot be taken up ({problem})", "try again", "failed"))

        task = asyncio.get_running_loop().create_task(turn())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @asynccontextmanager
    async def written(self, sound: LoopFile) -> AsyncIterator[Path]:
        """The path of ``sound``, while nothing else has its turn.

        Raises:
            UserError: there is no room for it.
        """
        async with self._lock:
            path = self._files.new()
            try:
                await in_thread(partial(self._files.write, path, sound), "recall")
            except OSError as error:
                raise no_room(error) from None
            work = self._beside()
            if work is not None:
                await in_thread(work, "recall")
            yield path


def no_room(error: OSError) -> UserError:
    """What to say of a loop that cannot be written."""
    reason, mend = f"cannot be taken up ({error.strerror or error})", "make room in the temporary folder"
    return UserError("the loop", reason, mend, "no_room")


def gives_way(subject: str) -> UserError:
    """What to say of a loop that nobody waits for any more."""
    return UserError(subject, "gives way to another", "recall it again", "cancelled")
