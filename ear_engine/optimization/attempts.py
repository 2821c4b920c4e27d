"""What is tried with settings that may not work, and who is to blame if it fails: a plug-in, a target, the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ear_engine.errors import UserError
from ear_engine.optimization.aiming import Aim
from ear_engine.optimization.ascent import PluginFault
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.fallback import Fallback
from ear_engine.optimization.memory import free_memory, memory_error
from ear_engine.optimization.objectives.base import Objective
from ear_engine.optimization.plugged import Parts
from ear_engine.optimization.settings import DreamSettings, settings_of
from ear_engine.shared_memory.states import ControlState

Result = TypeVar("Result")


class Attempts:
    """Tries things with the settings that are asked for, or the last that worked.

    Args:
        aim: drops a target whose objective fails.
        bulletin: told who is to blame.
        rest: called when nothing can be done but to try again.
    """

    def __init__(self, aim: Aim, bulletin: Bulletin, rest: Callable[[], None]) -> None:
        self._aim = aim
        self._bulletin = bulletin
        self._rest = rest
        self._fallback = Fallback()
        self.parts: Parts | None = None  # plug-ins, without those that have failed

    def attempt(self, dream: Dream, control: ControlState, act: Callable[[DreamSettings], Result]) -> Result | None:
        """What ``act`` does with the settings; None if it fails, and whoever is to blame for that is told.

        Raises:
            RuntimeError: it fails for a reason that is nobody's.
        """
        settings = self._fallback.usable(settings_of(control.values))
        try:
            result = act(settings)
        except PluginFault as fault:
            if isinstance(fault.part, Objective):
                self._aim.drop(dream, control.sequence, fault)
            else:
                self.parts = dream.parts = dream.parts.without(fault.part)
                self._bulletin.event("warning", fault.code, str(fault))
        except (UserError, MemoryError, RuntimeError) as error:
            told = error if isinstance(error, UserError) else memory_error(error, "this step", "use a smaller batch")
            if told is None:
                raise
            free_memory()
            if not self._fallback.failed(settings, told, partial(self._bulletin.decline, control.sequence)):
                self._bulletin.trouble("step", told)
                self._rest()
        else:
            self._bulletin.trouble("step", None)
            return result
        return None

    def worked(self, settings: DreamSettings) -> None:
        """A step with ``settings`` has been made."""
        self._fallback.worked(settings)

    def renew(self) -> None:
        """There is another ear or device: what did not work may work with it."""
        self._fallback = Fallback()
